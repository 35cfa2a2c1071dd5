package simulation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// This file is the rules about runs that are started by a schedule.

func scheduleRules() []rule {
	return []rule{
		{"Each time of a schedule starts one run of the newest registered version of the flow, however often the program restarts and however many processes have the database open", timesStartOneRun},
		{"A schedule begins when a program first executes with it; times before that are not its own.", timesStartOneRun},
		{"A time is **missed** if the program comes to it more than a minute late, so the restart of a deployment misses none.", noTimeIsMissed},
		{"With `overlap: skip`, a time that is due while the schedule's last run is not over is passed over, and logged. With `queue` it waits, however long, and is not missed by waiting: when the run is over, also in a later process, the next one starts, one for each time that came since.", noneOverlap},
		{"A wall clock that is set back fires nothing twice", timesStartOneRun},
	}
}

// due is a run of the schedule, with its time.
type due struct {
	*run
	at time.Time
}

// dues are all of them, by their times.
func (h *history) dues() (all []due, err error) {
	for _, r := range slices.Concat(slices.Collect(maps.Values(h.runs)), h.leftOver) {
		if r.Flow != scheduled {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, r.Labels["due"])
		if err != nil {
			return nil, fmt.Errorf("a run of the schedule does not say when it was due: %w\n%s", err, r)
		}
		all = append(all, due{r, at})
	}
	slices.SortFunc(all, func(a, b due) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.created, b.created)) })
	return all, nil
}

// timesStartOneRun: not before the time, and none for a time before the schedule was there.
func timesStartOneRun(h *history) error {
	all, err := h.dues()
	for i, d := range all {
		def := d.flow.Definition.Schedules[0]
		switch first := h.codeForFirst(d.run); {
		case i > 0 && all[i-1].at.Equal(d.at):
			return fmt.Errorf("the time %v has started two runs\n%s\n%s", d.at, all[i-1].run, d.run)
		case d.at.UnixMilli()%def.Every.Milliseconds() != 0:
			return fmt.Errorf("%v is no time of the schedule\n%s", d.at, d.run)
		case !h.setBack && d.CreatedAt.Before(d.at):
			return fmt.Errorf("the time %v has started a run at %v\n%s", d.at, d.CreatedAt, d.run)
		case !h.setBack && d.at.Before(first):
			return fmt.Errorf("a run was started for the time %v, and the first process with the schedule began at %v\n%s", d.at, first, d.run)
		}
	}
	return err
}

// codeForFirst is when the first process had code for a run.
func (h *history) codeForFirst(r *run) (first time.Time) {
	for _, c := range h.codes {
		if c.flow == r.Flow && (first.IsZero() || c.wall.Before(first)) {
			first = c.wall
		}
	}
	return first
}

// noTimeIsMissed: between two runs there is one for each time, but where runs do not overlap, and
// one was not over. That is so where the clock is not set.
func noTimeIsMissed(h *history) error {
	all, err := h.dues()
	if h.jumped || err != nil {
		return err
	}
	for i := 1; i < len(all); i++ {
		before, def := all[i-1], all[i].flow.Definition.Schedules[0]
		missed := before.at.Add(def.Every)
		if missed.Equal(all[i].at) {
			continue
		}
		skips := def.Overlap == "" || def.Overlap == "skip"
		if over := h.overAt(before.run); !skips || over.Before(all[i].at.Add(-def.Every)) {
			return fmt.Errorf("the time %v has no run, and the one before was over at %v\n%s", missed, over, before.run)
		}
	}
	return nil
}

// overAt is when everybody knew that a run was over, where the clock was not set: the disk may take a while to say it.
func (h *history) overAt(r *run) time.Time {
	at := time.Hour
	if ending := h.ending(r); ending < len(h.writes) {
		at = h.writes[ending].at + soon
	}
	if h.faults > 0 {
		at += patience
	}
	return h.began.Add(at)
}

// noneOverlap: unless they may, a run is started when the one before is over.
func noneOverlap(h *history) error {
	all, err := h.dues()
	slices.SortFunc(all, func(a, b due) int { return cmp.Compare(a.created, b.created) })
	for i := 1; i < len(all); i++ {
		before, next := all[i-1], all[i]
		if next.flow.Definition.Schedules[0].Overlap != "allow" && next.created < h.ending(before.run) {
			return fmt.Errorf("two runs of the schedule overlap\n%s\n%s", before.run, next.run)
		}
	}
	return err
}
