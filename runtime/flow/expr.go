// What compiled expressions are made of where Go's own operators do not mean
// what the language says: the logical operators and the conditional. The other
// expr files have the rest, each for one sort of value.
//
// A function that can fail takes the plan and the place of its expression: it
// calls Plan.Fail and returns a zero value, and what is computed from that is
// not used. So every function here must accept zero values.

package flow

// And is a && b where a can fail. A side that is false decides, whatever
// becomes of the other; else the failure of either side is the result's.
//
// Where only b can fail, Go's && has the same meaning.
func And(p *Plan, a, b func() bool) bool {
	return decide(p, a, b, false)
}

// Or is a || b where a can fail. A side that is true decides, whatever becomes
// of the other; else the failure of either side is the result's.
//
// Where only b can fail, Go's || has the same meaning.
func Or(p *Plan, a, b func() bool) bool {
	return decide(p, a, b, true)
}

// decide computes the sides until one has the value that decides the operator.
func decide(p *Plan, a, b func() bool, decisive bool) bool {
	left, leftErr := p.attempt(a)
	if leftErr == nil && left == decisive {
		return decisive
	}
	right, rightErr := p.attempt(b)
	if rightErr == nil && right == decisive {
		return decisive
	}
	p.adopt(leftErr)
	p.adopt(rightErr)
	return !decisive
}

// attempt computes a value apart from what failed in the plan so far.
func (p *Plan) attempt(f func() bool) (bool, *Error) {
	before := p.err
	p.err = nil
	value := f()
	err := p.err
	p.err = before
	return value, err
}

// adopt makes err the plan's failure unless it has one.
func (p *Plan) adopt(err *Error) {
	if p.err == nil {
		p.err = err
	}
}

// If is the conditional operator for values that cannot fail.
func If[T any](condition bool, then, otherwise T) T {
	if condition {
		return then
	}
	return otherwise
}

// IfFunc is the conditional operator: only the value that is chosen is computed.
func IfFunc[T any](condition bool, then, otherwise func() T) T {
	if condition {
		return then()
	}
	return otherwise()
}
