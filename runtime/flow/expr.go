// What compiled expressions are made of where Go's own operators do not mean
// what the language says: the logical operators and the conditional. The other
// expr files have the rest, each for one sort of value.
//
// A function that can fail takes the plan: it notes the failure there and returns
// a zero value, and what is computed from that is not used. So every function
// here must accept zero values.

package flow

// At computes an expression that can fail. If it does, the failure is told with
// the expression's place, file:line and its text.
func At[T any](p *Plan, place string, expression func() T) T {
	before := p.err
	value := expression()
	if before == nil && p.err != nil {
		p.err.Message = place + ": " + p.err.Message
	}
	return value
}

// failed notes that the expression cannot be computed; At adds the place.
func (p *Plan) failed(message string) {
	p.fail(ErrorExpression, message)
}

// And is the operator && for operands that can fail. One that is false decides,
// whatever becomes of the others; else the first failure is the result's.
//
// Where only the last operand can fail, Go's && has the same meaning.
func And(p *Plan, operands ...func() bool) bool {
	return decide(p, false, operands)
}

// Or is the operator || for operands that can fail. One that is true decides,
// whatever becomes of the others; else the first failure is the result's.
//
// Where only the last operand can fail, Go's || has the same meaning.
func Or(p *Plan, operands ...func() bool) bool {
	return decide(p, true, operands)
}

// decide computes operands until one has the value that decides.
func decide(p *Plan, decisive bool, operands []func() bool) bool {
	var failure *Error
	for _, operand := range operands {
		value, err := p.attempt(operand)
		if err == nil && value == decisive {
			return decisive
		}
		if failure == nil {
			failure = err
		}
	}
	if p.err == nil {
		p.err = failure
	}
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
