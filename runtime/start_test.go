package runtime_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is about what a flow says about its start.

// startsBy makes the flow say the key, the tenant and the priority of its runs: the
// card is both of the texts, the count the priority. With neither they fail.
func (f *shipFlow) startsBy() {
	text := flow.FromInput(func(p *flow.Plan, in shipment) string {
		return flow.At(p, "ship.flow.yaml:4: input.cards[0]", func() string {
			return flow.Index(p, strings.Fields(in.Card), 0)
		})
	})
	f.IdempotencyKey, f.Tenant = text, text
	f.Priority = flow.FromInput(func(p *flow.Plan, in shipment) int64 {
		return flow.At(p, "ship.flow.yaml:6: 10 / input.count", func() int64 {
			return flow.Div(p, 10, in.Count)
		})
	})
}

func TestAFlowSaysHowItsRunsAreStarted(t *testing.T) {
	b := newBench(t)
	b.flow.startsBy()
	b.open(shop{})
	none := []runtime.StartOption{runtime.WithIdempotencyKey(""), runtime.WithTenant(""), runtime.WithPriority(0)}
	const divided = "start ship: priority: ship.flow.yaml:6: 10 / input.count: "
	for name, test := range map[string]struct {
		in       shipment
		opts     []runtime.StartOption
		key      string
		tenant   string
		priority int
		err      string
	}{
		"the flow says all":      {in: shipment{5, "a"}, key: "a", tenant: "a", priority: 2},
		"the caller gives all":   {in: shipment{5, "b"}, opts: []runtime.StartOption{runtime.WithIdempotencyKey("k"), runtime.WithTenant("t"), runtime.WithPriority(-1)}, key: "k", tenant: "t", priority: -1},
		"the caller gives one":   {in: shipment{5, "c"}, opts: none[1:2], key: "c", priority: 2},
		"empty is given too":     {in: shipment{5, "d"}, opts: none},
		"given is not computed":  {opts: none},
		"the key fails":          {in: shipment{5, ""}, err: "start ship: idempotencyKey: ship.flow.yaml:4: input.cards[0]: "},
		"the tenant fails":       {in: shipment{5, ""}, opts: none[:1], err: "start ship: tenant: ship.flow.yaml:4: input.cards[0]: "},
		"the priority fails":     {in: shipment{0, "e"}, err: divided},
		"the last option counts": {in: shipment{5, "f"}, opts: append(none[:1:1], runtime.WithIdempotencyKey("g")), key: "g", tenant: "f", priority: 2},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := b.flow.start(t.Context(), test.in, test.opts...)
			if test.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.err) {
					t.Fatalf("the start returned %v, want %s…", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			d, err := b.rt.GetRun(t.Context(), run.ID())
			if err != nil {
				t.Fatal(err)
			}
			if d.IdempotencyKey != test.key || d.Tenant != test.tenant || d.Priority != test.priority {
				t.Errorf("key %q, tenant %q, priority %d; want %q, %q, %d", d.IdempotencyKey, d.Tenant, d.Priority, test.key, test.tenant, test.priority)
			}
		})
	}
}

func TestAFlowsKeyMakesOneRun(t *testing.T) {
	b := newBench(t)
	b.flow.startsBy()
	b.open(shop{})
	first, second := b.start(shipment{5, "a"}), b.start(shipment{2, "a"})
	other := b.start(shipment{5, "b"})
	apart := b.start(shipment{5, "a"}, runtime.WithIdempotencyKey(""))
	if first.ID() != second.ID() || first.Existing() || !second.Existing() {
		t.Errorf("the same key made the runs %s and %s", first.ID(), second.ID())
	}
	if other.Existing() || apart.Existing() {
		t.Errorf("another key gave an existing run: %v, none: %v", other.Existing(), apart.Existing())
	}
}

// TestTheKeyOfAStartInAHandler: what the caller says, then what the flow says, and
// only then one that is made for the step.
func TestTheKeyOfAStartInAHandler(t *testing.T) {
	for name, test := range map[string]struct {
		key    func([]byte) (string, error)
		opts   []runtime.StartOption
		stored string // "" for none, … for one that is made
		runs   int    // of two starts by two attempts
	}{
		"neither":         {stored: "…", runs: 1},
		"the flow":        {key: constantKey("of the flow"), stored: "of the flow", runs: 1},
		"an empty one":    {key: constantKey(""), stored: "…", runs: 1},
		"the caller":      {key: constantKey("of the flow"), opts: []runtime.StartOption{runtime.WithIdempotencyKey("mine")}, stored: "mine", runs: 1},
		"the caller none": {key: constantKey("of the flow"), opts: []runtime.StartOption{runtime.WithIdempotencyKey("")}, runs: 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.flow.IdempotencyKey = test.key
			b.flow.ship.Policy = flow.Policy{Retries: 1, Backoff: flow.Fixed, BackoffBase: time.Millisecond}
			var started []string
			b.open(shop{ship: func(ctx context.Context, _ shipment) error {
				run, err := b.flow.start(ctx, shipment{}, test.opts...)
				if err != nil {
					return err
				}
				if started = append(started, run.ID()); len(started) == 1 {
					return errors.New("after the start")
				}
				return nil
			}})
			if _, err := b.start(shipment{Count: 1}, runtime.WithIdempotencyKey("outer")).Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(started) != 2 || (started[0] == started[1]) != (test.runs == 1) {
				t.Fatalf("the attempts started %v, want %d runs", started, test.runs)
			}
			d, err := b.rt.GetRun(t.Context(), started[0])
			if err != nil {
				t.Fatal(err)
			}
			if made := test.stored == "…" && strings.Contains(d.IdempotencyKey, "/ship/"); !made && d.IdempotencyKey != test.stored {
				t.Errorf("the key is %q, want %q", d.IdempotencyKey, test.stored)
			}
		})
	}
}

func constantKey(key string) func([]byte) (string, error) {
	return flow.FromInput(func(*flow.Plan, shipment) string { return key })
}
