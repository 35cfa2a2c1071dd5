package runtime_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/engine"
	"github.com/bextgen/bextgen/runtime/store/memory"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// told are the events of a follower until it ends.
func told(t *testing.T, f *runtime.Follower) (names []string) {
	t.Helper()
	for {
		events, err := f.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			names = append(names, strings.TrimSpace(string(e.Name)+" "+e.Step))
		}
	}
}

// TestAnotherProcessFollows: who only reads the file learns what the process does that executes.
func TestAnotherProcessFollows(t *testing.T) {
	b := newBench(t)
	pause := make(chan struct{})
	b.open(shop{pay: func(ctx context.Context, _ shipment) (receipt, error) {
		select {
		case <-pause:
		case <-ctx.Done():
		}
		return receipt{"p"}, ctx.Err()
	}})
	defer b.close()
	run, err := b.flow.start(t.Context(), shipment{Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	file, err := sqlite.Open(b.path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	other, err := runtime.New(file, runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	one, err := other.FollowRun(t.Context(), run.ID(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	if events, err := one.Next(t.Context()); err != nil || events[0].Seq != 1 {
		t.Fatalf("the first events are %v, %v", events, err)
	}
	close(pause)
	rest := told(t, one)
	if last := rest[len(rest)-1]; last != "run_completed" {
		t.Errorf("the last event is %s", last)
	}
	if _, err := other.FollowRun(t.Context(), run.ID(), 99); err == nil {
		t.Error("a number that the run never had is followed")
	}
}

// TestASlowFollowerIsDroppedAndComesBack: it costs the others nothing, and it misses nothing.
func TestASlowFollowerIsDroppedAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := memory.New()
		st := data.Open()
		defer st.Close()
		rt, err := runtime.New(st, runtime.WithLogger(slog.New(slog.DiscardHandler)))
		if err != nil {
			t.Fatal(err)
		}
		f := newShipFlow()
		if err := f.register(rt, shop{}); err != nil {
			t.Fatal(err)
		}
		if err := rt.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		slow, err := rt.FollowRuns(t.Context(), runtime.RunFilter{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		from := slow.Position()
		const runs = 200 // of more than five events each: more than a queue takes
		for range runs {
			run, err := f.start(runtime.NewContext(t.Context(), rt), shipment{Count: 1})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := run.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if _, err := slow.Next(t.Context()); !errors.Is(err, runtime.ErrTooSlow) {
			t.Fatalf("who took nothing gets %v, want %v", err, runtime.ErrTooSlow)
		}
		slow.Close()
		again, err := rt.FollowRuns(t.Context(), runtime.RunFilter{}, &from)
		if err != nil {
			t.Fatal(err)
		}
		last := map[string]int64{}
		for ended := 0; ended < runs; {
			events, err := again.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if e.Seq <= last[e.RunID] || last[e.RunID] == 0 && e.Seq != 1 {
					t.Fatalf("event %d of run %s comes after %d", e.Seq, e.RunID, last[e.RunID])
				}
				if last[e.RunID] = e.Seq; e.Name.Ends() {
					ended++
				}
			}
		}
		wait, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if events, err := again.Next(wait); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("behind the last event: %v, %v", events, err)
		}
		if err := rt.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := again.Next(t.Context()); !errors.Is(err, engine.ErrClosed) {
			t.Fatalf("when the runtime is closed: %v", err)
		}
	})
}
