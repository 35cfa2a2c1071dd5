package flow

// Parts is how far a long sequence is, of which bextgen makes several parts: those that
// are done are not walked again, so that its last step costs what its first did. The
// zero value is one that has not begun.
type Parts struct{ done int }

// Run says whether all parts are done. What is done stays done, so a part is walked
// until it says so and never again.
func (q *Parts) Run(p *Plan, parts ...func(*Plan) bool) bool {
	for q.done < len(parts) {
		if p.err != nil || !parts[q.done](p) {
			return false
		}
		q.done++
	}
	return true
}
