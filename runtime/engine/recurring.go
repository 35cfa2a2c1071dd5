package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bextgen/bextgen/runtime/engine/timetable"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file starts the runs of flows that have schedules. The scheduler's goroutine
// alone does, and only where runs are executed.
//
// A time that is due starts its run, and then the store is told that it was dealt
// with. If the process dies in between, the run is found again by its id, which is
// made of the flow, the schedule and the time; where times before that are passed over,
// the id is noted before the start.

// recurring is a schedule of the newest version of a flow.
type recurring struct {
	code  *code
	def   *flow.ScheduleDef
	table timetable.Table
	// next is the first time that is not dealt with; zero if that has to be looked up.
	next time.Time
	// recalled says that nothing can have been started that is not noted.
	recalled bool
}

// recurringKey is what stays the same of a schedule when its times change.
type recurringKey struct{ flow, name string }

// burst is how many times of a schedule are dealt with in one go.
const burst = 20

// tables are the times of a flow's schedules.
func tables(f *Flow) ([]timetable.Table, error) {
	schedules := f.Definition.Schedules
	if len(schedules) > 0 && f.StartScheduled == nil {
		return nil, errors.New("it has schedules, and nothing that starts their runs")
	}
	list := make([]timetable.Table, len(schedules))
	names := map[string]bool{}
	for i := range schedules {
		s := &schedules[i]
		if names[s.Name] {
			return nil, fmt.Errorf("schedule %q is there twice", s.Name)
		}
		names[s.Name] = true
		var err error
		if list[i], err = timetable.New(s.Cron, s.Timezone, s.Every); err != nil {
			return nil, fmt.Errorf("schedule %q: %w", s.Name, err)
		}
	}
	return list, nil
}

// startRecurring starts what is due by a schedule, and says how long there is nothing
// more of it, at most the poll interval.
func (e *Embedded) startRecurring(ctx context.Context) time.Duration {
	e.listRecurring()
	pause := e.opts.PollInterval
	for _, r := range e.recurring {
		now := e.opts.Clock.Now().UTC().Truncate(time.Millisecond)
		if !due(r.next, now) && !r.next.IsZero() {
			pause = min(pause, r.next.Sub(now))
			continue
		}
		if at, ok := e.keepUp(ctx, r, now); ok {
			pause = min(pause, max(at.Sub(now), time.Millisecond))
		}
	}
	return pause
}

// listRecurring brings the list of schedules up to date with the code that is registered.
func (e *Embedded) listRecurring() {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := map[recurringKey]*recurring{}
	for name, versions := range e.flows {
		newest := versions[0]
		for _, c := range versions[1:] {
			if c.version.Major > newest.version.Major {
				newest = c
			}
		}
		for i := range newest.tables {
			def := &newest.Definition.Schedules[i]
			key := recurringKey{name, def.Name}
			if r := e.recurring[key]; r != nil && r.code == newest {
				list[key] = r
				continue
			}
			list[key] = &recurring{code: newest, def: def, table: newest.tables[i]}
		}
	}
	e.recurring = list
}

// keepUp deals with the times of a schedule that have come, and says when there is
// more of it; false where that cannot be told.
func (e *Embedded) keepUp(ctx context.Context, r *recurring, now time.Time) (time.Time, bool) {
	state, err := e.recall(ctx, r, now)
	for n := 0; err == nil; n++ {
		r.next = r.table.Next(state.Last)
		switch {
		case r.next.IsZero():
			r.next = now.AddDate(1, 0, 0) // there is none for many years
			return r.next, true
		case now.Before(r.next):
			return r.next, true
		case n == burst:
			return now, true // other work comes in between
		}
		var last *store.Run
		if last, err = e.lastRun(ctx, r, state); err != nil {
			break
		}
		d := r.decide(state, last, now)
		if d.verdict == waits {
			return time.Time{}, false
		}
		state, err = e.settle(ctx, r, state, d)
	}
	r.next, r.recalled = time.Time{}, false
	e.logStoreError("deal with the times of the schedule "+r.what(), err)
	return time.Time{}, false
}

// what names the schedule to people.
func (r *recurring) what() string {
	if r.def.Name == "" {
		return "of " + r.code.Definition.Flow
	}
	return r.def.Name + " of " + r.code.Definition.Flow
}

// recall reads where a schedule is. One that is new begins from now.
func (e *Embedded) recall(ctx context.Context, r *recurring, now time.Time) (store.Schedule, error) {
	state, err := e.store.Schedule(ctx, r.code.Definition.Flow, r.def.Name)
	if err != nil {
		return state, err
	}
	if state.Last.IsZero() {
		state = store.Schedule{Flow: r.code.Definition.Flow, Name: r.def.Name, Last: now}
		return state, e.store.SaveSchedule(ctx, state)
	}
	if r.recalled {
		return state, nil
	}
	next := r.table.Next(state.Last)
	if next.IsZero() || now.Before(next) {
		return state, nil
	}
	id, err := r.runID(next)
	if err != nil {
		return state, err
	}
	switch _, _, err := e.store.Get(ctx, id); {
	case errors.Is(err, store.ErrNotFound):
		r.recalled = true
		return state, nil
	case err != nil:
		return state, err
	}
	// It was started, and the process died before it was noted, or did not hear of it.
	state.Last, state.LastRun = next, id
	err = e.store.SaveSchedule(ctx, state)
	r.recalled = err == nil
	return state, err
}

// lastRun is the run that the schedule started last; nil if there is none, or it was deleted.
func (e *Embedded) lastRun(ctx context.Context, r *recurring, state store.Schedule) (*store.Run, error) {
	if state.LastRun == "" || r.def.Overlap == overlapAllow {
		return nil, nil
	}
	if e.isActive(state.LastRun) {
		return &store.Run{ID: state.LastRun, Status: flow.StatusRunning}, nil
	}
	run, _, err := e.store.Get(ctx, state.LastRun)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return &run, err
}

// settle carries out what was decided about the next time, and notes it.
func (e *Embedded) settle(ctx context.Context, r *recurring, state store.Schedule, d decision) (store.Schedule, error) {
	log := e.opts.Logger.With("flow", state.Flow, "schedule", state.Name)
	if d.verdict == passes {
		log.Warn("times of a schedule are passed over", "why", d.why, "first", r.next, "last", d.at)
	} else {
		id, err := r.runID(d.at)
		if err != nil {
			return state, err
		}
		if d.at.After(r.next) { // if the process dies now, recall does not look for the run of this time
			state.LastRun = id
			if err := e.store.SaveSchedule(ctx, state); err != nil {
				return state, err
			}
		}
		if id, err = r.start(ctx, id, d.at); err != nil {
			return state, err
		}
		log.Debug("a run was started by its schedule", "run", id, "due", d.at)
		state.LastRun = id
	}
	state.Last = d.at
	return state, e.store.SaveSchedule(ctx, state)
}

// start starts the run of a time, if that was not done before, and returns its id.
func (r *recurring) start(ctx context.Context, id string, at time.Time) (string, error) {
	due, name := at.UTC().Format(time.RFC3339Nano), r.def.Name
	key := "schedule/" + name + "/" + due
	if name == "" {
		name, key = r.code.Definition.Flow, "schedule/"+due
	}
	started, err := r.code.StartScheduled(ctx, Scheduled{
		Schedule: r.def.Name, RunID: id, Key: key, Labels: map[string]string{"schedule": name, "due": due},
	})
	if errors.Is(err, store.ErrExists) {
		return id, nil // by an older version of the code, which gave it another tenant or priority
	}
	return started, err
}
