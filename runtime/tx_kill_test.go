package runtime_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// Exactly once, with real kills: what a step in a transaction wrote is there exactly
// if its result is, wherever the process was killed.

const (
	txKills    = 25
	txStarters = 10
)

func killTxFlow() *shipFlow {
	f := newShipFlow()
	f.pay.Transaction = true
	f.pay.Policy = flow.Policy{Timeout: 20 * time.Second, Retries: 1, Backoff: flow.Fixed, BackoffBase: time.Millisecond}
	return f
}

// killTxShop charges, at times only with the second attempt, and takes a moment before and after.
func killTxShop() shop {
	return shop{payTx: func(ctx context.Context, tx runtime.Tx, in shipment) (receipt, error) {
		time.Sleep(rand.N(2 * time.Millisecond))
		out, err := charged(ctx, tx, in)
		time.Sleep(rand.N(2 * time.Millisecond))
		if in.Count%3 == 0 && runtime.Info(ctx).Attempt == 1 {
			return receipt{}, fmt.Errorf("the bank is busy: %w", context.Canceled)
		}
		return out, err
	}}
}

// keepCharging runs flows for ever, and says so when the first ones are over.
func keepCharging(ctx context.Context, rt *runtime.Runtime, f *shipFlow) error {
	ctx = runtime.NewContext(ctx, rt)
	var count atomic.Int64
	failed := make(chan error)
	var first sync.WaitGroup
	first.Add(txStarters)
	for range txStarters {
		go func() { // until it is killed
			for i := 0; ; i++ {
				run, err := f.start(ctx, shipment{Count: count.Add(1)})
				if err != nil {
					failed <- err
					return
				}
				run.Wait(ctx) //nolint:errcheck // how it ends is read from the database
				if i == 0 {
					first.Done()
				}
			}
		}()
	}
	first.Wait()
	fmt.Println(busy)
	return <-failed
}

func TestKillsOfTransactions(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the kills take a while")
	}
	dir := t.TempDir()
	makeDatabase(t, dir)
	for n := range txKills {
		chargeAndKill(t, dir, rand.N(20*time.Millisecond))
		if n%5 == 0 {
			checkCharges(t, dir, false)
		}
	}
	if out, err := spawn(t, "finish-tx", dir).Output(); err != nil {
		t.Fatalf("the last process: %v\n%s", err, out)
	}
	checkCharges(t, dir, true)
}

// makeDatabase makes the store's tables, and then the program's own.
func makeDatabase(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "runs.db")
	db, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	openCharges(t, path).Close()
}

// chargeAndKill lets a child work until the first runs are over, and some time longer.
func chargeAndKill(t *testing.T, dir string, after time.Duration) {
	t.Helper()
	cmd := spawn(t, "kill-tx", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		time.AfterFunc(after, func() { cmd.Process.Kill() }) //nolint:errcheck // it may have died on its own, which fails the test below
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child ended by itself: %v", err)
	}
}

// checkCharges holds each run's charges against its log.
func checkCharges(t *testing.T, dir string, over bool) {
	t.Helper()
	db := openCharges(t, filepath.Join(dir, "runs.db"))
	defer db.Close()
	runs, results := 0, 0
	eachRun(t, dir, func(d *runtime.RunDetail) {
		paid := 0
		for _, e := range d.Log {
			if e.Kind == flow.KindStep && e.Step == "pay" && !e.Open() && e.Error == nil {
				paid++
			}
		}
		if n := charges(t, db, d.ID); n != paid || paid > 1 {
			t.Errorf("run %s has %d results of the step and %d charges", d.ID, paid, n)
		}
		if over && (d.Status != runtime.StatusCompleted || paid != 1) {
			t.Errorf("run %s is %s with %d charges at the end", d.ID, d.Status, paid)
		}
		runs, results = runs+1, results+paid
	})
	if over {
		t.Logf("%d runs, %d charges", runs, results)
	}
}
