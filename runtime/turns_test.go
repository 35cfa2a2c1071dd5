package runtime_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// This file is about whose turn it is when more runs wait than can be executed.

// turnsBench executes two runs at a time, and at first none: opened lets them go on. It
// tells of the tenants of those that have begun.
type turnsBench struct {
	*bench
	opened, over chan struct{}
	begun        chan string // a run goes on when somebody has heard that it has begun, until it is over
}

func newTurnsBench(t *testing.T, change ...func(f *shipFlow)) *turnsBench {
	b := &turnsBench{newBench(t), make(chan struct{}), make(chan struct{}), make(chan string)}
	for _, c := range change {
		c(b.flow)
	}
	b.storeOptions = []sqlite.Option{sqlite.WithSynchronous(sqlite.Normal)}
	b.open(shop{reserve: func(ctx context.Context, _ shipment) (receipt, error) {
		select {
		case b.begun <- runtime.Info(ctx).Tenant:
		case <-b.over:
		}
		<-b.opened
		return receipt{"r"}, nil
	}}, runtime.WithConcurrency(2))
	b.startMany(2, "first")
	for range 2 {
		<-b.begun
	}
	return b
}

// startMany starts runs of a tenant.
func (b *turnsBench) startMany(n int, tenant string, opts ...runtime.StartOption) {
	b.t.Helper()
	var all sync.WaitGroup
	var next atomic.Int64
	for range min(n, 50) {
		all.Go(func() {
			for next.Add(1) <= int64(n) {
				if _, err := b.flow.start(b.t.Context(), shipment{}, append(opts, runtime.WithTenant(tenant))...); err != nil {
					b.t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// before is how many runs begin before one of a tenant; each lets something happen.
func (b *turnsBench) before(tenant string, each func()) int {
	close(b.opened)
	defer close(b.over)
	n := 0
	for ; n < 500 && <-b.begun != tenant; n++ {
		each()
	}
	return n
}

func TestTenantsTakeTurns(t *testing.T) {
	oneKey := func(f *shipFlow) {
		f.Concurrency = flow.Concurrency{Limit: 2, Key: func([]byte) (string, error) { return "k", nil }}
	}
	for name, change := range map[string]func(*shipFlow){"for room": func(*shipFlow) {}, "for a place of a key": oneKey} {
		t.Run(name, func(t *testing.T) {
			b := newTurnsBench(t, change)
			b.startMany(1000, "many")
			b.startMany(1, "one")
			if n := b.before("one", func() {}); n > 10 {
				t.Errorf("%d runs of a tenant with many began before the one of another", n)
			}
			b.close()
		})
	}
}

func TestPrioritiesDoNotStarveOthers(t *testing.T) {
	b := newTurnsBench(t)
	high := func(n int) { b.startMany(n, "high", runtime.WithPriority(9)) }
	high(20)
	b.startMany(1, "low")
	n := b.before("low", func() { high(1) })
	if n < 5 || n > 100 {
		t.Errorf("%d runs of a high priority began before one of a low priority, while they went on coming", n)
	}
	b.close()
}
