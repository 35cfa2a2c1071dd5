// Package register has flows that are registered twice, and some that are not.
package register

import (
	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
)

func register(rt, other *runtime.Runtime, s orders.ProcessOrderSteps, twice bool) error {
	if err := orders.RegisterProcessOrder(rt, s); err != nil {
		return err
	}
	if err := orders.RegisterProcessOrder(other, s); err != nil {
		return err
	}
	return orders.RegisterProcessOrder(rt, s) // want `RegisterProcessOrder was called with rt before`
}

func registerOne(rt *runtime.Runtime, s orders.ProcessOrderSteps, kind string) error {
	switch kind {
	case "a":
		return orders.RegisterProcessOrder(rt, s)
	case "b":
		return orders.RegisterProcessOrder(rt, s)
	}
	if kind == "c" {
		return orders.RegisterProcessOrder(rt, s)
	} else {
		return orders.RegisterProcessOrder(rt, nil)
	}
}

var _ = []any{register, registerOne}
