package engine

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file decides what becomes of the times of a schedule. It asks nobody: what it
// has to know is handed to it.

// The words of a schedule; empty ones are catchUpNone and overlapSkip.
const (
	catchUpNone  = "none"
	catchUpLast  = "last"
	overlapQueue = "queue"
	overlapAllow = "allow"
)

// onTime is how late a time may be dealt with: what is later was missed. The restart
// of a program takes less.
const onTime = time.Minute

// verdict is what becomes of a time.
type verdict int

const (
	starts verdict = iota // a run is started for it, and those before it are passed over
	passes                // it and those before it are passed over
	waits                 // it is looked at again
)

// decision is a verdict about the times up to one.
type decision struct {
	verdict verdict
	at      time.Time
	why     string // it passes
}

// decide says what becomes of the first time that is due and not dealt with, r.next,
// and perhaps of some behind it. last is the schedule's last run; nil for none.
//
// A time that was missed is a matter of catchUp alone, and the run that makes up for
// it waits, unless runs may overlap. But to a queue a time does not come too late that
// came while the last run was under way: it has waited for its end.
func (r *recurring) decide(state store.Schedule, last *store.Run, now time.Time) decision {
	over := last == nil || last.Status.Final()
	missed := now.Sub(r.next) > onTime
	switch {
	case r.def.Overlap == overlapAllow:
		over = true
	case r.def.Overlap == overlapQueue && !over:
		return decision{verdict: waits}
	case r.def.Overlap == overlapQueue && last != nil && !r.next.After(last.FinishedAt):
		return decision{verdict: starts, at: r.next}
	case !over && !missed:
		return decision{verdict: passes, at: r.next, why: "the run before is not over"}
	}
	if !missed {
		return decision{verdict: starts, at: r.next}
	}
	latest := r.next
	if r.def.CatchUp == "" || r.def.CatchUp == catchUpNone || r.def.CatchUp == catchUpLast {
		latest = r.table.Latest(state.Last, now.Add(-onTime-time.Millisecond))
	}
	switch {
	case r.def.CatchUp == "" || r.def.CatchUp == catchUpNone:
		return decision{verdict: passes, at: latest, why: "nothing ran when they came"}
	case !over:
		return decision{verdict: waits}
	}
	return decision{verdict: starts, at: latest}
}

// runID is the id of the run of a time: always the same one.
func (r *recurring) runID(at time.Time) (string, error) {
	var id ulid.ULID
	if err := id.SetTime(ulid.Timestamp(at)); err != nil {
		return "", fmt.Errorf("make the id of the run that is due at %v: %w", at, err)
	}
	sum := sha256.Sum256([]byte(r.code.Definition.Flow + "/" + r.def.Name + "/" + at.UTC().Format(time.RFC3339Nano)))
	if err := id.SetEntropy(sum[:10]); err != nil {
		return "", fmt.Errorf("make the id of the run that is due at %v: %w", at, err)
	}
	return id.String(), nil
}
