// Package start has starts that make a second run when they are repeated, and some that do not.
package start

import (
	"context"

	"github.com/bextgen/bextgen/generated/onboarding"
	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
)

func start(ctx context.Context, opts []runtime.StartOption, own runtime.StartOption) error {
	input := orders.ProcessOrderInput{OrderID: "ord_1"}
	_, err := orders.StartProcessOrder(ctx, input)                         // want `StartProcessOrder without an idempotency key`
	_, err = orders.StartProcessOrder(ctx, input, runtime.WithPriority(3)) // want `StartProcessOrder without an idempotency key`
	_, err = orders.StartProcessOrder(ctx, input, runtime.WithIdempotencyKey("ord_1"), runtime.WithPriority(3))
	_, err = orders.StartProcessOrder(ctx, input, runtime.WithRunID("01JD0000000000000000000001"))
	_, err = orders.StartProcessOrder(ctx, input, opts...)
	_, err = orders.StartProcessOrder(ctx, input, own)
	return err
}

// A handler has the key of its step.
type shop struct{ orders.ProcessOrderSteps }

func (s *shop) Notify(ctx context.Context, _ orders.ProcessOrderNotifyInput) (orders.ProcessOrderNotifyOutput, error) {
	_, err := orders.StartProcessOrder(ctx, orders.ProcessOrderInput{OrderID: "ord_2"})
	return orders.ProcessOrderNotifyOutput{}, err
}

// The flow computes a key from its input.
func onboard(ctx context.Context) error {
	_, err := onboarding.StartOnboardCustomer(ctx, onboarding.OnboardCustomerInput{})
	return err
}

var _ = []any{start, onboard, (*shop)(nil)}
