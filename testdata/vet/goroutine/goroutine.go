// Package goroutine has handlers that leave goroutines behind, and some that do not.
package goroutine

import (
	"context"
	"sync"

	"github.com/bextgen/bextgen/generated/orders"
)

// shop has the handlers that are not shown from elsewhere.
type shop struct {
	orders.ProcessOrderSteps
	queue chan string
}

func (s *shop) Validate(ctx context.Context, in orders.ProcessOrderValidateInput) (orders.ProcessOrderValidateOutput, error) {
	go s.tell(ctx, in.OrderID) // want `this goroutine may outlive the step Validate`
	go func() {                // want `this goroutine may outlive the step Validate`
		<-ctx.Done()
		s.queue <- in.OrderID
	}()
	go s.tell(context.Background(), in.OrderID) // what it does is not the step's any more
	return orders.ProcessOrderValidateOutput{}, nil
}

func (s *shop) ChargePayment(ctx context.Context, in orders.ProcessOrderChargePaymentInput) (orders.ProcessOrderChargePaymentOutput, error) {
	var group sync.WaitGroup
	group.Go(func() { s.tell(ctx, in.Method) })
	go s.tell(ctx, in.Method) // that all are waited for cannot be seen
	group.Wait()
	return orders.ProcessOrderChargePaymentOutput{}, nil
}

func (s *shop) RefundPayment(ctx context.Context, in orders.ProcessOrderChargePaymentInput, _ orders.ProcessOrderChargePaymentOutput) error {
	done := make(chan struct{})
	go func() {
		s.tell(ctx, in.Method)
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	return nil
}

// Notify does not wait for its goroutine, but for the end of the step alone.
func (s shop) Notify(ctx context.Context, in orders.ProcessOrderNotifyInput) (orders.ProcessOrderNotifyOutput, error) {
	go s.tell(ctx, in.Email) // want `this goroutine may outlive the step Notify`
	<-ctx.Done()
	return orders.ProcessOrderNotifyOutput{}, nil
}

// tell is no handler: it may do as it likes.
func (s *shop) tell(ctx context.Context, text string) {
	go func() { s.queue <- text; <-ctx.Done() }()
}

var _ orders.ProcessOrderSteps = (*shop)(nil)
