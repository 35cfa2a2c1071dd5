// What a flow says about its start, as generated code declares it.

package flow

import (
	"errors"
	"fmt"
)

// FromInput makes an expression over a flow's input one over the bytes in which
// the input is stored, so that it sees what the run will see.
func FromInput[In, T any](expression func(p *Plan, input In) T) func(input []byte) (T, error) {
	return func(raw []byte) (T, error) {
		var none T
		var input In
		if err := Decode(raw, &input); err != nil {
			return none, fmt.Errorf("the input does not fit the flow's type: %w", err)
		}
		p := new(Plan)
		value := expression(p, input)
		if p.err != nil {
			// The failure is that of a start, and none that a run stored.
			return none, errors.New(p.err.Message)
		}
		return value, nil
	}
}

// ConcurrencyKey is the key by which the number of runs under way is bounded, for the
// stored bytes of an input; nil for a flow without a bound.
func (d *Definition) ConcurrencyKey(input []byte) (*string, error) {
	switch {
	case d.Concurrency.Limit == 0:
		return nil, nil
	case d.Concurrency.Key == nil:
		return new(string), nil
	}
	key, err := d.Concurrency.Key(input)
	if err != nil {
		return nil, fmt.Errorf("concurrency: %w", err)
	}
	return &key, nil
}
