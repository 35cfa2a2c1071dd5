// The shop's own database: what is in stock, charged, refunded, shipped and mailed.
//
// Every call that does something takes the idempotency key of the step that asks. The
// key is unique in its table, so a handler that runs twice has done its work once.

package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/bextgen/bextgen/generated/orders"
)

//go:embed shop.sql
var shopSchema string

var (
	errOutOfStock = errors.New("out of stock")
	errOutage     = errors.New("no answer")
)

// shop is the shop's database.
type shop struct{ db *sql.DB }

// openShop opens the database; a new one begins with what the file says.
func openShop(ctx context.Context, path string, file *orderFile) (*shop, error) {
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"+
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open the shop's database %s: %w", path, err)
	}
	db.SetMaxOpenConns(1) // SQLite has one writer, and the shop is small
	s := &shop{db: db}
	if err := s.tx(ctx, func(tx *sql.Tx) error { return seed(ctx, tx, file) }); err != nil {
		return nil, errors.Join(fmt.Errorf("set up the shop's database %s: %w", path, err), db.Close())
	}
	return s, nil
}

func (s *shop) close() error { return s.db.Close() }

// seed creates the tables and fills them, unless that was done before.
func seed(ctx context.Context, tx *sql.Tx, file *orderFile) error {
	var tables int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'stock'`).Scan(&tables); err != nil || tables > 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, shopSchema); err != nil {
		return err
	}
	for sku, quantity := range file.Stock {
		if _, err := tx.ExecContext(ctx, `INSERT INTO stock (sku, quantity) VALUES (?, ?)`, sku, quantity); err != nil {
			return err
		}
	}
	for method, reason := range file.DeclinedCards {
		if _, err := tx.ExecContext(ctx, `INSERT INTO declined_cards (method, reason) VALUES (?, ?)`, method, reason); err != nil {
			return err
		}
	}
	for _, o := range file.Outages {
		if _, err := tx.ExecContext(ctx, `INSERT INTO outages (service, order_id, remaining) VALUES (?, ?, ?)`,
			o.Service, o.OrderID, o.Times); err != nil {
			return err
		}
	}
	return nil
}

// charge is what the bank is asked to take.
type charge struct {
	key        string
	orderID    string
	runID      string
	runAttempt int
	method     string
	cents      int64
}

// charge takes the money and returns the charge's id, or a PaymentDeclined.
func (s *shop) charge(ctx context.Context, c charge) (id int64, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		var reason string
		switch err := tx.QueryRowContext(ctx, `SELECT reason FROM declined_cards WHERE method = ?`, c.method).Scan(&reason); {
		case err == nil:
			return &orders.PaymentDeclined{Reason: reason}
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		return tx.QueryRowContext(ctx, `
			INSERT INTO charges (idempotency_key, order_id, run_id, run_attempt, cents) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (idempotency_key) DO UPDATE SET asked = asked + 1
			RETURNING id`, c.key, c.orderID, c.runID, c.runAttempt, c.cents).Scan(&id)
	})
	return id, err
}

// refund gives the money of a charge back.
func (s *shop) refund(ctx context.Context, key string, chargeID int64) error {
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO refunds (idempotency_key, charge_id) VALUES (?, ?)
		ON CONFLICT (idempotency_key) DO NOTHING`, key, chargeID)
	return err
}

// ship takes the items from stock and hands them to the carrier.
func (s *shop) ship(ctx context.Context, key, orderID, address string, items []orders.Item) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		shipped, err := tx.ExecContext(ctx, `
			INSERT INTO shipments (idempotency_key, order_id, address) VALUES (?, ?, ?)
			ON CONFLICT (idempotency_key) DO NOTHING`, key, orderID, address)
		if err != nil {
			return err
		}
		if n, err := shipped.RowsAffected(); err != nil || n == 0 {
			return err // shipped before, under the same key
		}
		for _, item := range items {
			if err := takeFromStock(ctx, tx, item); err != nil {
				return err
			}
		}
		return nil
	})
}

func takeFromStock(ctx context.Context, tx *sql.Tx, item orders.Item) error {
	taken, err := tx.ExecContext(ctx, `UPDATE stock SET quantity = quantity - ?1 WHERE sku = ?2 AND quantity >= ?1`,
		item.Quantity, item.SKU)
	if err != nil {
		return err
	}
	n, err := taken.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("%w: %d × %s", errOutOfStock, item.Quantity, item.SKU)
	}
	return nil
}

// mail sends the confirmation.
func (s *shop) mail(ctx context.Context, key, orderID, email string) error {
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO mails (idempotency_key, order_id, email) VALUES (?, ?, ?)
		ON CONFLICT (idempotency_key) DO NOTHING`, key, orderID, email)
	return err
}

// reach fails as often as the service is out for this order. A call is told by
// its key: one that was refused before is refused again and counts once, so a
// shop that was killed in between does not change how the story goes.
func (s *shop) reach(ctx context.Context, service, orderID, call string) error {
	refused := false
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM refusals WHERE call = ?`, call).Scan(&refused); err != nil || refused {
			return err
		}
		out, err := tx.ExecContext(ctx, `
			UPDATE outages SET remaining = remaining - 1
			WHERE service = ? AND order_id = ? AND remaining > 0`, service, orderID)
		if err != nil {
			return err
		}
		if n, err := out.RowsAffected(); err != nil || n == 0 {
			return err
		}
		refused = true
		_, err = tx.ExecContext(ctx, `INSERT INTO refusals (call) VALUES (?)`, call)
		return err
	})
	if err == nil && refused {
		return fmt.Errorf("%w from the %s", errOutage, service)
	}
	return err
}

// tx runs f in a transaction, which is rolled back if f fails.
func (s *shop) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, undo)
		}
		return err
	}
	return tx.Commit()
}
