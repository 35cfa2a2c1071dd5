package engine

import (
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime/engine/timetable"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// TestDecide is about a schedule of every ten minutes that was dealt with up to 12:00.
func TestDecide(t *testing.T) {
	at := func(hour, minute, second int) time.Time {
		return time.Date(2026, 11, 23, hour, minute, second, 0, time.UTC)
	}
	table, err := timetable.Every(10 * time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	under := &store.Run{Status: flow.StatusRunning}
	ended := func(hour, minute int) *store.Run {
		return &store.Run{Status: flow.StatusFailed, FinishedAt: at(hour, minute, 0)}
	}
	for name, test := range map[string]struct {
		catchUp, overlap string
		last             *store.Run
		now              time.Time
		verdict          verdict
		upTo             time.Time
	}{
		"on time":                         {now: at(12, 10, 0), verdict: starts, upTo: at(12, 10, 0)},
		"a minute late":                   {now: at(12, 11, 0), verdict: starts, upTo: at(12, 10, 0)},
		"missed":                          {now: at(12, 11, 1), verdict: passes, upTo: at(12, 10, 0)},
		"several missed":                  {now: at(12, 35, 0), verdict: passes, upTo: at(12, 30, 0)},
		"missed and one on time":          {now: at(12, 30, 30), verdict: passes, upTo: at(12, 20, 0)},
		"missed and allow":                {overlap: "allow", now: at(12, 35, 0), verdict: passes, upTo: at(12, 30, 0)},
		"missed, the run goes on":         {last: under, now: at(12, 35, 0), verdict: passes, upTo: at(12, 30, 0)},
		"last":                            {catchUp: "last", now: at(12, 35, 0), verdict: starts, upTo: at(12, 30, 0)},
		"last and one on time":            {catchUp: "last", now: at(12, 30, 30), verdict: starts, upTo: at(12, 20, 0)},
		"last waits":                      {catchUp: "last", last: under, now: at(12, 35, 0), verdict: waits},
		"last and allow":                  {catchUp: "last", overlap: "allow", last: under, now: at(12, 35, 0), verdict: starts, upTo: at(12, 30, 0)},
		"all":                             {catchUp: "all", last: ended(12, 5), now: at(12, 35, 0), verdict: starts, upTo: at(12, 10, 0)},
		"all waits":                       {catchUp: "all", last: under, now: at(12, 35, 0), verdict: waits},
		"all and allow":                   {catchUp: "all", overlap: "allow", now: at(12, 35, 0), verdict: starts, upTo: at(12, 10, 0)},
		"skip":                            {overlap: "skip", last: under, now: at(12, 10, 0), verdict: passes, upTo: at(12, 10, 0)},
		"skip, over":                      {last: ended(12, 9), now: at(12, 10, 0), verdict: starts, upTo: at(12, 10, 0)},
		"skip is for times that are due":  {catchUp: "all", last: under, now: at(12, 10, 0), verdict: passes, upTo: at(12, 10, 0)},
		"allow":                           {overlap: "allow", last: under, now: at(12, 10, 0), verdict: starts, upTo: at(12, 10, 0)},
		"queue":                           {overlap: "queue", last: under, now: at(12, 10, 0), verdict: waits},
		"queue, long":                     {overlap: "queue", last: under, now: at(15, 0, 0), verdict: waits},
		"queue, over":                     {overlap: "queue", last: ended(12, 9), now: at(12, 10, 0), verdict: starts, upTo: at(12, 10, 0)},
		"what queued was not missed":      {overlap: "queue", last: ended(14, 59), now: at(15, 0, 0), verdict: starts, upTo: at(12, 10, 0)},
		"what came behind the end was":    {overlap: "queue", last: ended(12, 9), now: at(12, 35, 0), verdict: passes, upTo: at(12, 30, 0)},
		"the queue catches up with last":  {overlap: "queue", catchUp: "last", last: ended(12, 9), now: at(12, 35, 0), verdict: starts, upTo: at(12, 30, 0)},
		"the queue catches up with all":   {overlap: "queue", catchUp: "all", last: ended(12, 9), now: at(12, 35, 0), verdict: starts, upTo: at(12, 10, 0)},
		"the queue of a run that is gone": {overlap: "queue", now: at(12, 35, 0), verdict: passes, upTo: at(12, 30, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recurring{def: &flow.ScheduleDef{CatchUp: test.catchUp, Overlap: test.overlap}, table: table, next: at(12, 10, 0)}
			d := r.decide(store.Schedule{Last: at(12, 0, 0)}, test.last, test.now)
			if d.verdict != test.verdict || !d.at.Equal(test.upTo) {
				t.Errorf("verdict %d up to %v, want %d up to %v", d.verdict, d.at, test.verdict, test.upTo)
			}
		})
	}
}
