package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// transcript is a writer for many goroutines.
type transcript struct {
	mu     sync.Mutex
	text   bytes.Buffer
	onLine func(string)
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.onLine != nil {
		t.onLine(string(p))
	}
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// soldDir is where the shop takes all orders of the file to their end, once for all tests.
var soldDir string

// sold does that, and returns what the program printed.
var sold = sync.OnceValues(func() (string, error) {
	var out, errs transcript
	if code := command(context.Background(), flagsFor(soldDir, "-timeline", "-check"), &out, &errs); code != 0 {
		return "", errors.New("the shop failed: " + errs.String() + out.String())
	}
	return out.String(), nil
})

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "orders-test-")
	if err != nil {
		panic(err)
	}
	soldDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func flagsFor(dir string, more ...string) []string {
	return append([]string{
		"-db", filepath.Join(dir, "runs.db"), "-shop", filepath.Join(dir, "shop.db"),
		"-all", "-orders", "testdata/orders.json",
	}, more...)
}

// Each order ends as the file and the shop's database have it.
func TestFates(t *testing.T) {
	printed, err := sold()
	if err != nil {
		t.Fatal(err)
	}
	fates := map[string]string{}
	for _, line := range strings.Split(printed, "\n") {
		if id, fate, ok := strings.Cut(line, " "); ok && strings.HasPrefix(id, "ord_") {
			fates[id] = strings.TrimSpace(fate) // the last line of an order is its fate
		}
	}
	want := map[string][]string{
		"ord_1":  {"completed", "shipped"},
		"ord_4":  {"failed", "payment-declined", "the card has expired"},
		"ord_7":  {"failed", "out of stock: 5 × grinder"},
		"ord_8":  {"completed", "shipped", "in attempt 2"},
		"ord_9":  {"completed", "shipped"},
		"ord_10": {"completed"},
		"ord_12": {"failed", "no answer from the carrier"},
		"ord_13": {"failed", "the order has no address"},
		"ord_15": {"failed", "insufficient funds"},
		"ord_20": {"completed", "shipped"},
	}
	if len(fates) != 20 {
		t.Errorf("the fates of %d orders were printed, want 20:\n%s", len(fates), printed)
	}
	for id, parts := range want {
		for _, part := range parts {
			if !strings.Contains(fates[id], part) {
				t.Errorf("%s: %q does not say %q", id, fates[id], part)
			}
		}
	}
	if strings.Contains(fates["ord_10"], "shipped") {
		t.Errorf("ord_10 has no items: %q", fates["ord_10"])
	}
}

// The bank, the carrier and the mail server were asked as often as they should.
func TestBooks(t *testing.T) {
	if _, err := sold(); err != nil {
		t.Fatal(err)
	}
	db := openFile(t, filepath.Join(soldDir, "shop.db"))
	for query, want := range map[string]int{
		`SELECT count(*) FROM charges WHERE order_id = 'ord_8'`:                2,
		`SELECT count(*) FROM charges WHERE order_id = 'ord_12'`:               3,
		`SELECT count(*) FROM charges WHERE order_id IN ('ord_4', 'ord_15')`:   0,
		`SELECT count(*) FROM charges WHERE asked > 1`:                         0,
		`SELECT count(*) FROM refunds`:                                         5,
		`SELECT count(*) FROM refusals`:                                        7,
		`SELECT sum(remaining) FROM outages`:                                   0,
		`SELECT quantity FROM stock WHERE sku = 'grinder'`:                     1,
		`SELECT count(*) FROM shipments WHERE order_id IN ('ord_7', 'ord_12')`: 0,
	} {
		var got int
		if err := db.QueryRow(query).Scan(&got); err != nil {
			t.Fatal(query, err)
		}
		if got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
}

// A second start of the program finds every order done and does nothing again.
func TestSecondStartStartsNothing(t *testing.T) {
	dir := copySold(t)
	before := countRows(t, dir)
	var out, errs transcript
	if code := command(t.Context(), flagsFor(dir, "-check"), &out, &errs); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	if strings.Contains(out.String(), "charging") {
		t.Errorf("an order was charged again:\n%s", out.String())
	}
	if after := countRows(t, dir); after != before {
		t.Errorf("%d rows in the shop, there were %d", after, before)
	}
}

// A shop that is closed in the middle of a charge goes on with it later, under
// the same idempotency key.
func TestCloseInTheMiddleOfACharge(t *testing.T) {
	cfg := config{
		runs: filepath.Join(t.TempDir(), "runs.db"), shop: filepath.Join(t.TempDir(), "shop.db"),
		orders: writeOrders(t, `{"stock": {"mug": 9}, "orders": [
			{"id": "ord_1", "paymentMethod": "tok", "total": 9, "items": [{"sku": "mug", "quantity": 1}], "address": "1 Harbour Road"}]}`),
		concurrency: 2, chargeDelay: time.Hour, closeGrace: time.Millisecond,
		logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &transcript{onLine: func(line string) {
		if strings.HasPrefix(line, "charging") {
			cancel()
		}
	}}
	if err := sell(ctx, cfg, out); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Fatalf("the shop was interrupted, and says %v", err)
	}

	cfg.chargeDelay, cfg.check = 0, true
	if err := sell(t.Context(), cfg, out); err != nil {
		t.Fatalf("the second time: %v\n%s", err, out)
	}
	if !strings.Contains(out.String(), "1 charges (1 asked for twice, made once)") {
		t.Errorf("the charge was not asked for again with its key:\n%s", out)
	}
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"help", []string{"-h"}, 0, "-orders"},
		{"unknown flag", []string{"-nonsense"}, 2, "-nonsense"},
		{"no such file", []string{"-orders", "testdata/none.json"}, 1, "testdata/none.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs transcript
			if code := command(t.Context(), c.args, &out, &errs); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if !strings.Contains(errs.String(), c.says) {
				t.Errorf("%q does not say %q", errs.String(), c.says)
			}
		})
	}
}

// copySold is a copy of the databases of a shop that has taken all orders.
func copySold(t *testing.T) string {
	t.Helper()
	if _, err := sold(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"runs.db", "shop.db"} { // closed: all is in them, nothing in a WAL
		content, err := os.ReadFile(filepath.Join(soldDir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func countRows(t *testing.T, dir string) (n int) {
	t.Helper()
	err := openFile(t, filepath.Join(dir, "shop.db")).QueryRow(`
		SELECT (SELECT sum(asked) FROM charges) + (SELECT count(*) FROM refunds) +
		       (SELECT count(*) FROM shipments) + (SELECT count(*) FROM mails)`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func openFile(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
