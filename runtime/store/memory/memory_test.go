package memory_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
	"github.com/bextgen/bextgen/runtime/store/storetest"
)

func TestConformance(t *testing.T) {
	newData := func(*testing.T) storetest.Open {
		data := memory.New()
		return func(t *testing.T) store.Store {
			s := data.Open()
			t.Cleanup(func() { s.Close() })
			return s
		}
	}
	storetest.Run(t, newData)
	storetest.RunFeed(t, newData)
}

// What is lazy goes with its process, and what was committed stays.
func TestKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, data := t.Context(), memory.New()
		first := data.Open()
		if ok, err := first.Acquire(ctx); !ok || err != nil {
			t.Fatalf("Acquire: %v, %v", ok, err)
		}
		created, err := first.Create(ctx, store.Run{ID: "1", Flow: "f", Version: "1.0"}, true, 0)
		if err != nil || created.Claim == nil {
			t.Fatalf("Create: %+v, %v; want a claim", created, err)
		}
		start := func(seq int64) {
			change := store.Change{Claim: *created.Claim, Lazy: true, Entries: []flow.Entry{{Seq: seq, Kind: flow.KindStep}}}
			if err := first.Commit(ctx, change); err != nil {
				t.Fatal(err)
			}
		}
		start(2)
		time.Sleep(time.Second)
		start(4)
		first.Kill()
		time.Sleep(time.Second)
		if _, err := first.Acquire(ctx); !errors.Is(err, store.ErrClosed) {
			t.Errorf("Acquire behind the end: %v; want ErrClosed", err)
		}
		wantLog(t, data, 2)
	})
}

// wantLog wants the run to be free for the next process, with so much of its log.
func wantLog(t *testing.T, data *memory.Data, lastSeq int64) {
	t.Helper()
	second := data.Open()
	if ok, err := second.Acquire(t.Context()); !ok || err != nil {
		t.Fatalf("Acquire: %v, %v", ok, err)
	}
	flows := []store.FlowVersion{{Flow: "f", Major: 1}}
	claimed, err := second.Claim(context.Background(), store.ClaimQuery{Now: time.Now(), Limit: 1, Flows: flows})
	if err != nil || len(claimed) != 1 || len(claimed[0].Entries) != 1 || claimed[0].Entries[0].Seq != lastSeq {
		t.Errorf("Claim: %+v, %v; want the run with an entry at %d", claimed, err, lastSeq)
	}
}
