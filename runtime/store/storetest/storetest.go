// Package storetest is what every store has to pass. A store's own tests call
// Run, RunSQL for a store.SQL and RunFeed for a store.Feed; what is special to it (its file, its
// connections) they test themselves.
package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// Open opens a store. All that one Open opens have the same data, as if they
// were in different processes. The test closes them; to close one earlier is fine.
type Open func(t *testing.T) store.Store

// Run runs the suite. Each test gets the Open of new, empty data.
func Run(t *testing.T, newData func(t *testing.T) Open) {
	for _, topic := range []topic{
		{"Create", createTests},
		{"Later", laterTests},
		{"Ending", endingTests},
		{"Claim", claimTests},
		{"Turns", turnsTests},
		{"Commit", commitTests},
		{"Lazy", lazyTests},
		{"Progress", progressTests},
		{"Send", sendTests},
		{"Children", childrenTests},
		{"Dormant", dormantTests},
		{"Places", placesTests},
		{"Schedules", scheduleTests},
		{"Coverage", coverageTests},
		{"Definitions", definitionTests},
		{"Expire", expireTests},
		{"NextDue", nextDueTests},
		{"List", listTests},
		{"Stats", statsTests},
		{"Acquire", acquireTests},
		{"Takeovers", takeoversTests},
		{"Close", closeTests},
		{"Load", loadTests},
	} {
		topic.run(t, newData)
	}
}

// RunSQL runs the part of the suite that is for a store.SQL. Such a store passes Run too.
func RunSQL(t *testing.T, newData func(t *testing.T) Open) {
	topic{"Lend", lendTests}.run(t, newData)
}

// RunFeed runs the part of the suite that is for a store.Feed. Such a store passes Run too.
func RunFeed(t *testing.T, newData func(t *testing.T) Open) {
	topic{"Feed", feedTests}.run(t, newData)
}

// topic is the tests of one part of the port.
type topic struct {
	name  string
	tests []test
}

func (topic topic) run(t *testing.T, newData func(t *testing.T) Open) {
	t.Run(topic.name, func(t *testing.T) {
		for _, one := range topic.tests {
			t.Run(one.name, func(t *testing.T) {
				open := newData(t)
				one.run(&suite{T: t, open: open, ctx: t.Context()})
			})
		}
	})
}

// test is one property of a store.
type test struct {
	name string
	run  func(s *suite)
}

// suite is what the tests have in common.
type suite struct {
	*testing.T
	open Open
	ctx  context.Context //nolint:containedctx // of one test, handed to each call of it
	ids  int
}

// start is when the tests take place; it is whole in milliseconds.
var start = time.Date(2026, 11, 1, 12, 0, 0, int(345*time.Millisecond), time.UTC)

// at is some milliseconds after start.
func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

// orders is the flow of most tests, as an engine asks for it.
var orders = store.FlowVersion{Flow: "orders", Major: 1, Minor: 2}

// executing opens a store that has the right to execute.
func (s *suite) executing() store.Store {
	s.Helper()
	st := s.open(s.T)
	ok, err := st.Acquire(s.ctx)
	if err != nil || !ok {
		s.Fatalf("Acquire: %v, %v; want the right to execute", ok, err)
	}
	return st
}

// newRun is a run with a new id. Ids of later runs are greater.
func (s *suite) newRun(changes ...func(*store.Run)) store.Run {
	s.ids++
	run := store.Run{
		ID: fmt.Sprintf("01JD%022d", s.ids), Flow: "orders", Version: "1.2", Attempt: 1,
		Input: json.RawMessage(`{"n": 1}`), CreatedAt: at(s.ids),
	}
	for _, change := range changes {
		change(&run)
	}
	return run
}

// create creates a run and wants no error.
func (s *suite) create(st store.Store, run store.Run, claim bool) store.Created {
	s.Helper()
	created, err := st.Create(s.ctx, run, claim, orders.Limit)
	if err != nil {
		s.Fatalf("Create %s: %v", run.ID, err)
	}
	return created
}

// claimed creates a run and claims it.
func (s *suite) claimed(st store.Store, changes ...func(*store.Run)) (store.Run, store.Claim) {
	s.Helper()
	created := s.create(st, s.newRun(changes...), true)
	if created.Claim == nil {
		s.Fatalf("Create %s gave no claim", created.Run.ID)
	}
	return created.Run, *created.Claim
}

// claim claims what is due and wants no error.
func (s *suite) claim(st store.Store, now time.Time, limit int, flows ...store.FlowVersion) []store.Claimed {
	s.Helper()
	if flows == nil {
		flows = []store.FlowVersion{orders}
	}
	claimed, err := st.Claim(s.ctx, store.ClaimQuery{Now: now, Limit: limit, Flows: flows})
	if err != nil {
		s.Fatalf("Claim: %v", err)
	}
	return claimed
}

// commit commits a change and wants no error.
func (s *suite) commit(st store.Store, c store.Change) {
	s.Helper()
	if err := st.Commit(s.ctx, c); err != nil {
		s.Fatalf("Commit: %v", err)
	}
}

// get gets a run and wants no error.
func (s *suite) get(st store.Store, id string) (store.Run, []flow.Entry) {
	s.Helper()
	run, entries, err := st.Get(s.ctx, id)
	if err != nil {
		s.Fatalf("Get %s: %v", id, err)
	}
	return run, entries
}

// same wants two values to be equal. Empty and nil are.
func (s *suite) same(what string, got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.Fatalf("%s is not what was expected (-want +got):\n%s", what, diff)
	}
}

// ids are those of claimed runs, in their order.
func ids(claimed []store.Claimed) []string {
	var all []string
	for _, c := range claimed {
		all = append(all, c.Run.ID)
	}
	return all
}

// step is an attempt of a step that is over.
func step(seq int64) flow.Entry {
	return flow.Entry{
		Seq: seq, EndSeq: seq + 1, Kind: flow.KindStep, Step: "charge", RunAttempt: 1, Attempt: 1,
		Input: json.RawMessage(`{"a":1}`), Output: json.RawMessage(`{"b":2}`), StartedAt: at(10), FinishedAt: at(20),
	}
}

// opened is an attempt of a step that is under way.
func opened(seq int64) flow.Entry {
	e := step(seq)
	e.EndSeq, e.Output, e.FinishedAt = 0, nil, time.Time{}
	return e
}

// running is the head of a run that is under way, or waits until a time.
func running(run store.Run, wake time.Time) *store.Run {
	run.Status, run.Phase, run.StartedAt, run.WakeAt = flow.StatusRunning, flow.PhaseForward, at(10), wake
	if !wake.IsZero() {
		run.Phase = flow.PhaseWaiting
	}
	return &run
}

// ended is the head of a run that is over.
func ended(run store.Run, status flow.Status) *store.Run {
	run.Status, run.StartedAt, run.FinishedAt, run.EndSeq = status, at(10), at(30), 9
	if status == flow.StatusCompleted {
		run.Output = json.RawMessage(`{"c":3}`)
	} else {
		run.Error = &flow.Error{Kind: flow.ErrorHandler, Message: "it <broke>", Step: "charge"}
	}
	return &run
}
