// The handlers of process-order: what its steps do in this shop.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
)

// handlers are the steps of process-order.
type handlers struct {
	file *orderFile
	shop *shop
	// chargeDelay is how long the bank takes to answer.
	chargeDelay time.Duration
	// out is told when a charge begins and ends. The demo waits for that.
	out io.Writer
}

var _ orders.ProcessOrderSteps = (*handlers)(nil)

// Validate finds the order.
func (h *handlers) Validate(_ context.Context, in orders.ProcessOrderValidateInput) (orders.ProcessOrderValidateOutput, error) {
	order, ok := h.file.order(in.OrderID)
	if !ok {
		return orders.ProcessOrderValidateOutput{}, runtime.Permanent(fmt.Errorf("there is no order %s", in.OrderID))
	}
	if order.Address == "" {
		return orders.ProcessOrderValidateOutput{}, runtime.Permanent(errors.New("the order has no address"))
	}
	return orders.ProcessOrderValidateOutput{Order: order}, nil
}

// ChargePayment takes the money. The bank does so at once and answers later: who
// is killed in between has taken money without knowing it.
func (h *handlers) ChargePayment(ctx context.Context, in orders.ProcessOrderChargePaymentInput) (orders.ProcessOrderChargePaymentOutput, error) {
	info := runtime.Info(ctx)
	id, err := h.shop.charge(ctx, charge{
		key:        info.IdempotencyKey,
		orderID:    in.OrderID,
		runID:      info.RunID,
		runAttempt: info.RunAttempt,
		method:     in.Method,
		cents:      int64(math.Round(in.Total * 100)),
	})
	if err != nil {
		return orders.ProcessOrderChargePaymentOutput{}, fmt.Errorf("charge the card: %w", err)
	}
	fmt.Fprintf(h.out, "charging %s\n", in.OrderID)
	if err := wait(ctx, h.chargeDelay); err != nil {
		return orders.ProcessOrderChargePaymentOutput{}, fmt.Errorf("wait for the bank: %w", err)
	}
	fmt.Fprintf(h.out, "charged %s\n", in.OrderID)
	return orders.ProcessOrderChargePaymentOutput{ChargeID: chargeName(id)}, nil
}

// RefundPayment gives back what ChargePayment took.
func (h *handlers) RefundPayment(ctx context.Context, _ orders.ProcessOrderChargePaymentInput, out orders.ProcessOrderChargePaymentOutput) error {
	id, err := strconv.ParseInt(strings.TrimPrefix(out.ChargeID, "ch_"), 10, 64)
	if err != nil {
		return runtime.Permanent(fmt.Errorf("refund: %q is no charge: %w", out.ChargeID, err))
	}
	return h.shop.refund(ctx, runtime.Info(ctx).IdempotencyKey, id)
}

// Fulfill ships the items. What is not in stock will not come by trying again.
func (h *handlers) Fulfill(ctx context.Context, in orders.ProcessOrderFulfillInput) (orders.ProcessOrderFulfillOutput, error) {
	if err := h.shop.reach(ctx, "carrier", in.OrderID, call(ctx)); err != nil {
		return orders.ProcessOrderFulfillOutput{}, err
	}
	err := h.shop.ship(ctx, runtime.Info(ctx).IdempotencyKey, in.OrderID, in.Address, in.Items)
	if errors.Is(err, errOutOfStock) {
		return orders.ProcessOrderFulfillOutput{}, runtime.Permanent(err)
	}
	return orders.ProcessOrderFulfillOutput{Shipped: err == nil}, err
}

// Notify sends the confirmation.
func (h *handlers) Notify(ctx context.Context, in orders.ProcessOrderNotifyInput) (orders.ProcessOrderNotifyOutput, error) {
	if err := h.shop.reach(ctx, "mail server", in.OrderID, call(ctx)); err != nil {
		return orders.ProcessOrderNotifyOutput{}, err
	}
	err := h.shop.mail(ctx, runtime.Info(ctx).IdempotencyKey, in.OrderID, in.Email)
	return orders.ProcessOrderNotifyOutput{Notified: err == nil}, err
}

// call names one attempt of the step: the same again if it is interrupted.
func call(ctx context.Context) string {
	info := runtime.Info(ctx)
	return fmt.Sprintf("%s#%d", info.IdempotencyKey, info.Attempt)
}

// chargeName is how a charge is called outside of the database.
func chargeName(id int64) string { return fmt.Sprintf("ch_%d", id) }

// wait returns after d, or with the reason why ctx ended before.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
