package flow

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// This file is what a new run takes over from one that is over (semantics.md, "What
// operators can do").

// What a run cannot be gone on with from a block.
var (
	// ErrNoBlock says that the run did not come to that block.
	ErrNoBlock = errors.New("the run did not come to that block")
	// ErrCompensated says that something before the block was undone.
	ErrCompensated = errors.New("a block before that one was undone")
)

// Kept is the log with which a new run begins that goes on where another one ended:
// with what completed in its last attempt before the earliest block that failed or was
// undone or, with a path, before that block. What began behind that block may depend on
// it, and is done anew. The signals that came are kept all. The first entry says whose
// log it was, and who asked for the new run.
//
// With a path it returns ErrNoBlock if the run did not come to that block, and
// ErrCompensated if one before it was undone.
func Kept(runID string, log []Entry, from, actor string, now time.Time) ([]Entry, error) {
	k := kept{runID: runID, attempt: 1, over: never, first: map[string]int64{}}
	for i := range log {
		k.attempt = max(k.attempt, log[i].RunAttempt)
	}
	for i := range log {
		e := &log[i]
		if e.RunAttempt == k.attempt {
			k.over = min(k.over, overAt(e))
		}
		if k.counts(e) && k.first[e.Step] == 0 {
			k.first[e.Step] = e.Seq
		}
	}
	cut, err := k.cut(log, from)
	if err != nil {
		return nil, fmt.Errorf("go on from %s: %w", from, err)
	}
	now = now.UTC().Truncate(time.Millisecond)
	taken := []Entry{{Seq: -1, EndSeq: -1, Kind: KindRetry, Key: runID, Actor: actor}}
	for i := range log {
		if e, ok := k.take(log[i], cut); ok {
			taken = append(taken, e)
		}
	}
	return renumbered(taken, now), nil
}

// kept is the last attempt of a run.
type kept struct {
	runID   string
	attempt int
	over    int64            // the Seq with which it did not go on any more: what ended later was stopped
	first   map[string]int64 // the Seq with which each block began, its delay included
}

// never is a Seq behind all others.
const never = int64(1) << 62

// counts says whether an entry tells how far a block is.
func (k *kept) counts(e *Entry) bool {
	return e.RunAttempt == k.attempt && e.Step != "" && e.Kind != KindSignal && e.Kind != KindSkipDelay && e.Kind != KindLate
}

// overAt is the Seq from which on an attempt did not go on because of an entry.
func overAt(e *Entry) int64 {
	switch {
	case e.Kind == KindCancel, e.Kind == KindTimeout, e.Kind == KindTerminate, e.Kind == KindRollback:
		return e.Seq
	case e.Kind == KindCompensation, e.Kind == KindRestart, e.Error == nil:
		return never
	case e.Kind == KindWait, e.WakeAt.IsZero():
		return e.EndSeq
	}
	return never // another attempt of the step followed
}

// cut is the Seq from which on nothing is kept but signals.
func (k *kept) cut(log []Entry, from string) (int64, error) {
	failed, undone := never, never
	for i := range log {
		e := &log[i]
		switch {
		case !k.counts(e):
		case e.Kind == KindCompensation:
			undone = min(undone, k.first[e.Step])
		case e.Kind == KindForeach && e.Input != nil: // what failed is one of its elements
		case e.Error != nil && e.WakeAt.IsZero(), e.Kind == KindWait && e.Error != nil:
			failed = min(failed, k.first[e.Step])
		}
	}
	if from == "" {
		return min(failed, undone), nil
	}
	at := k.first[from]
	switch {
	case at == 0:
		return 0, ErrNoBlock
	case undone < at:
		return 0, ErrCompensated
	}
	return at, nil
}

// take is an entry as the new run has it; false for one that it does not have.
func (k *kept) take(e Entry, cut int64) (Entry, bool) {
	if e.Kind == KindSignal {
		return e, true
	}
	if !k.counts(&e) || k.first[e.Step] >= cut {
		return e, false
	}
	switch e.Kind {
	case KindForeach:
		if e.Error != nil || e.Open() || e.EndSeq >= cut {
			e.EndSeq, e.Output, e.Error = 0, nil, nil
		}
		return e, true
	case KindDelay:
		return e, !e.Open() && e.EndSeq < k.over
	case KindStep:
		e.Key = cmp.Or(e.Key, keyOf(k.runID, &e, "do")) // what undoes it asks for what was done under this
		return e, e.Error == nil && !e.Open()
	case KindCall, KindWait, KindSkip, KindChoice, KindEnter:
		return e, e.Error == nil && !e.Open()
	}
	return e, false
}

// renumbered are entries as the first ones of a run, which happen now. Their order, by
// starts and ends, stays.
func renumbered(entries []Entry, now time.Time) []Entry {
	number := map[int64]int64{}
	var places []int64
	for i := range entries {
		for _, seq := range []int64{entries[i].Seq, entries[i].EndSeq} {
			if _, known := number[seq]; !known && seq != 0 {
				number[seq] = 0
				places = append(places, seq)
			}
		}
	}
	slices.Sort(places)
	for i, seq := range places {
		number[seq] = int64(i) + 2 // the run's start has the number 1
	}
	for i := range entries {
		e := &entries[i]
		e.RunAttempt, e.StartedAt = 1, now
		e.Seq, e.EndSeq = number[e.Seq], number[e.EndSeq]
		if !e.Open() {
			e.FinishedAt = now
		}
	}
	return entries
}
