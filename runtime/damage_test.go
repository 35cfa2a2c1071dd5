package runtime_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

const damagedCopies = 60

// Flows are run on copies of a database with bytes changed, a page zeroed or the end cut
// off: the runtime closes in good order whatever it finds, and refuses with an error that
// has a name what it cannot open. (What is read of 500 copies is in package sqlite.)
func TestFlowsOnDamagedCopies(t *testing.T) {
	t.Parallel()
	whole := databaseUnderWay(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	refused, completed := 0, 0
	for range damagedCopies {
		path := filepath.Join(t.TempDir(), "runs.db")
		damaged := damagedBy(random, whole)
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := sqlite.Open(path)
		if err != nil {
			refused++
			if now, _ := os.ReadFile(path); !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrNewer) || string(now) != string(damaged) {
				t.Errorf("the file was changed, or refused with an error that has no name: %v", err)
			}
			continue
		}
		completed += runDamaged(t, db)
	}
	t.Logf("%d of %d copies were refused; on the others %d runs were completed", refused, damagedCopies, completed)
	if refused == 0 || completed == 0 {
		t.Error("the test proves nothing")
	}
}

// databaseUnderWay is the file of a database with runs that have begun and are not over.
func databaseUnderWay(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "runs.db")
	db, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	rt, err := runtime.New(db, runtime.WithLogger(slog.New(slog.DiscardHandler)), runtime.WithConcurrency(100))
	if err != nil {
		t.Fatal(err)
	}
	f := newShipFlow()
	paying := make(chan struct{}, 100)
	err = f.register(rt, shop{pay: func(ctx context.Context, in shipment) (receipt, error) {
		if in.Count%2 == 0 {
			return receipt{"p"}, nil
		}
		paying <- struct{}{}
		<-ctx.Done()
		return receipt{}, ctx.Err()
	}})
	if err := errors.Join(err, rt.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	ctx := runtime.NewContext(t.Context(), rt)
	for i := range int64(100) {
		if _, err := f.start(ctx, shipment{Count: i}); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 {
		<-paying
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = rt.Close(over) // says that handlers were cut off
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// damagedBy changes some bytes, zeroes a page, or cuts the end off.
func damagedBy(random *rand.Rand, whole []byte) []byte {
	data := append([]byte(nil), whole...)
	switch random.IntN(3) {
	case 0:
		return data[:random.IntN(len(data))]
	case 1:
		clear(data[random.IntN(len(data)/8192)*8192:][:8192])
	default:
		for range 1 + random.IntN(3) { // with many of them, none is opened
			data[random.IntN(len(data))] = byte(random.IntN(256))
		}
	}
	return data
}

// runDamaged lets the runs of a damaged database go on for a moment, starts another one,
// and closes all. It returns how many completed.
func runDamaged(t *testing.T, db *sqlite.Store) (completed int) {
	t.Helper()
	rt, err := runtime.New(db, runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	f := newShipFlow()
	done := make(chan struct{}, 1000)
	if err := f.register(rt, shop{ship: func(context.Context, shipment) error { done <- struct{}{}; return nil }}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := rt.Start(ctx); err == nil {
		if run, err := f.start(runtime.NewContext(ctx, rt), shipment{Count: 1}); err == nil {
			run.Wait(ctx) //nolint:errcheck // it may be damaged, or out of time
		}
	}
	<-ctx.Done()
	over, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := rt.Close(over); errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the runtime does not close: %v", err)
	}
	_ = db.Close() // may say what is wrong with the file
	return len(done)
}
