// Package loop has handlers with loops that heed their context, and some that do not.
package loop

import (
	"context"
	"time"

	"github.com/bextgen/bextgen/generated/orders"
)

// shop has the handlers that are not shown from elsewhere.
type shop struct {
	orders.ProcessOrderSteps
	queue chan string
}

func (s *shop) Validate(context.Context, orders.ProcessOrderValidateInput) (orders.ProcessOrderValidateOutput, error) {
	for { // want `this loop does not heed ctx.Done\(\): it goes on when the attempt of Validate is over`
		s.queue <- "again"
	}
}

func (s *shop) ChargePayment(ctx context.Context, in orders.ProcessOrderChargePaymentInput) (orders.ProcessOrderChargePaymentOutput, error) {
	for range 3 {
		s.queue <- in.Method
	}
	for i := 0; i < 3; i++ { // want `this loop does not heed ctx.Done\(\)`
		time.Sleep(time.Second)
	}
	for range s.queue { // want `this loop does not heed ctx.Done\(\)`
		time.Sleep(time.Second)
	}
	for ctx.Err() == nil {
		time.Sleep(time.Second)
	}
	for {
		if len(s.queue) > 0 {
			break
		}
	}
	for {
		if err := s.tell(ctx); err != nil { // it is for the function to heed it
			return orders.ProcessOrderChargePaymentOutput{}, err
		}
	}
}

func (s *shop) Fulfill(ctx context.Context, _ orders.ProcessOrderFulfillInput) (orders.ProcessOrderFulfillOutput, error) {
	for {
		select {
		case <-ctx.Done():
			return orders.ProcessOrderFulfillOutput{}, ctx.Err()
		case s.queue <- "more":
		}
	}
}

// tell is no handler.
func (s *shop) tell(context.Context) error {
	for {
		time.Sleep(time.Second)
	}
}

var _ orders.ProcessOrderSteps = (*shop)(nil)
