package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// For each rule of the check: books in which it is broken, and what it says.
func TestCheckFindsWrongBooks(t *testing.T) {
	for _, c := range []struct{ name, tamper, says string }{
		{
			"a failed order's charge not refunded",
			`DELETE FROM refunds WHERE charge_id = (SELECT id FROM charges WHERE order_id = 'ord_7')`,
			"of attempt 1, which failed, was refunded 0 times",
		},
		{
			"a failed order's charge refunded twice",
			`INSERT INTO refunds (idempotency_key, charge_id) SELECT 'again', id FROM charges WHERE order_id = 'ord_7'`,
			"of attempt 1, which failed, was refunded 2 times",
		},
		{
			"a failed attempt's charge not refunded, though the order completed in the next",
			`DELETE FROM refunds WHERE charge_id = (SELECT id FROM charges WHERE order_id = 'ord_8' AND run_attempt = 1)`,
			"of attempt 1, which failed, was refunded 0 times",
		},
		{
			"the charge of a completed order refunded",
			`INSERT INTO refunds (idempotency_key, charge_id) SELECT 'extra', id FROM charges WHERE order_id = 'ord_1'`,
			"paid for a completed order and was refunded",
		},
		{
			"a completed order not charged",
			`DELETE FROM charges WHERE order_id = 'ord_1'`,
			"ord_1: completed without a charge",
		},
		{
			"charged twice in one attempt",
			`INSERT INTO charges (idempotency_key, order_id, run_id, run_attempt, cents)
			 SELECT 'second', order_id, run_id, run_attempt, cents FROM charges WHERE order_id = 'ord_1'`,
			"ord_1: attempt 1 charged 2 times",
		},
		{
			"a charge of an attempt that never was",
			`INSERT INTO charges (idempotency_key, order_id, run_id, run_attempt, cents)
			 SELECT 'stray', order_id, run_id, 9, cents FROM charges WHERE order_id = 'ord_1'`,
			"of attempt 9, which failed, was refunded 0 times",
		},
		{
			"a charge of another run",
			`UPDATE charges SET run_id = 'somebody' WHERE order_id = 'ord_1'`,
			"is of another run, somebody",
		},
		{"no mail", `DELETE FROM mails WHERE order_id = 'ord_9'`, "ord_9: 0 mails, and it should be 1"},
		{
			"two mails",
			`INSERT INTO mails (idempotency_key, order_id, email) VALUES ('more', 'ord_9', 'x')`,
			"ord_9: 2 mails, and it should be 1",
		},
		{
			"a mail for a failed order",
			`INSERT INTO mails (idempotency_key, order_id, email) VALUES ('more', 'ord_7', 'x')`,
			"ord_7: 1 mails, and it should be 0",
		},
		{"no shipment", `DELETE FROM shipments WHERE order_id = 'ord_2'`, "ord_2: 0 shipments, and it should be 1"},
		{
			"two shipments",
			`INSERT INTO shipments (idempotency_key, order_id, address) VALUES ('more', 'ord_2', 'x')`,
			"ord_2: 2 shipments, and it should be 1",
		},
		{
			"a shipment of nothing",
			`INSERT INTO shipments (idempotency_key, order_id, address) VALUES ('more', 'ord_10', 'x')`,
			"ord_10: 1 shipments, and it should be 0",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copySold(t)
			db := openFile(t, filepath.Join(dir, "shop.db"))
			changed, err := db.Exec(c.tamper)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := changed.RowsAffected(); err != nil || n != 1 {
				t.Fatalf("%d rows were tampered with, want 1 (%v)", n, err)
			}
			var out, errs transcript
			if code := command(t.Context(), flagsFor(dir, "-check"), &out, &errs); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			if !strings.Contains(out.String(), c.says) {
				t.Errorf("the check does not say %q:\n%s%s", c.says, out.String(), errs.String())
			}
		})
	}
}

func TestCheckFindsAnOrderThatIsMissing(t *testing.T) {
	file, err := readOrders("testdata/orders.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := openShop(t.Context(), filepath.Join(t.TempDir(), "shop.db"), file)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	wrong, err := checkAll(t.Context(), s, file.Orders[:1], nil)
	if err != nil || len(wrong) != 1 || wrong[0] != "ord_1 has no run" {
		t.Errorf("got %q, %v", wrong, err)
	}
}
