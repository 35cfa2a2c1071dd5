package engine

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is about runs that may be what ends the process: a handler that calls
// os.Exit, or takes all memory. The store counts how often a process died under a run that
// had got no further. With store.SuspectAfter such takeovers it is a suspect: it is executed
// while nothing else begins, so that it takes nobody along, and so that it is known whose fault
// it was. With Options.MaxTakeovers what was under way has failed.
//
// Suspects come before all others, one after the other; there are some only after a
// process has died several times. One is on trial until it has got further, waits
// for something, is over, or some time has passed: then the next one has its turn, or all
// others go on, beside it if need be. So a handler that lasts for hours, and whose process
// was killed three times, holds others up for a moment only.

const (
	// trialTime is how long others wait for a suspect, and trialGrowth how much longer with each
	// further takeover: so who ends the process after a minute is found out too. Those with the most takeovers come first, and the
	// others have as long: else who takes a moment longer than its time would always
	// end the process in the time of the next one, and that would be blamed.
	trialTime   = 250 * time.Millisecond
	trialGrowth = 3
	// maxTrialGrowth is how often it grows, whatever Options.MaxTakeovers is: to nine minutes.
	maxTrialGrowth = 7
	// drainTime is how long a suspect waits until what is under way has ended.
	drainTime = 10 * time.Second
)

// trials are what the scheduler knows of suspects.
type trials struct {
	next  *store.Claimed // waits until what is under way has ended
	first bool           // none was on trial since all others ran
	x     *execution     // the last one that was on trial
	lasts time.Duration  // at most; as long as that of the one with the most takeovers
	over  *atomic.Bool   // next has waited for long enough, or x was on trial for so
}

// trySuspects executes the suspects of the store. If it says false, others have to wait
// until it was asked again: it kicks when that is of use.
func (e *Embedded) trySuspects(ctx context.Context) (others bool) {
	t := &e.trials
	for e.suspects() {
		switch {
		case t.next != nil && t.first && e.isBusy() && !t.over.Load():
			return false
		case t.next != nil:
			e.try(*t.next)
		case t.x != nil && t.x.onTrial.Load() && !t.over.Load():
			return false
		case e.room() == 0:
			return true
		default:
			if err := e.claimSuspect(ctx); err != nil {
				e.logStoreError("claim a run under which processes died", err)
				return false
			}
		}
	}
	e.trials = trials{first: true}
	return true
}

// overAfter tells when a time has passed, and kicks then. The clock on the wall, which may be set meanwhile, has no part in that.
func (e *Embedded) overAfter(d time.Duration) *atomic.Bool {
	over := &atomic.Bool{}
	e.opts.Clock.AfterFunc(d, func() {
		over.Store(true)
		e.kick()
	})
	return over
}

// suspects says whether the store may have suspects.
func (e *Embedded) suspects() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.suspected
}

func (e *Embedded) isBusy() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.busy > 0
}

// claimSuspect claims the next one, or notes that there is none.
func (e *Embedded) claimSuspect(ctx context.Context) error {
	flows := e.versions()
	claimed, err := e.store.Claim(ctx, store.ClaimQuery{Now: e.opts.Clock.Now(), Limit: 1, Flows: flows, Suspect: true})
	if err != nil {
		return err
	}
	if len(claimed) > 0 {
		e.trials.next, e.trials.over = &claimed[0], e.overAfter(drainTime)
		e.backlog.Store(true) // so that who ends tells of it
		return nil
	}
	known := len(e.versions())
	e.mu.Lock()
	defer e.mu.Unlock()
	e.suspected = known > len(flows) // unless code came meanwhile
	return nil
}

// try executes a suspect.
func (e *Embedded) try(c store.Claimed) {
	e.opts.Logger.Warn("a run is executed on its own: the process ended again and again while it was under way",
		"run", c.Run.ID, "flow", c.Run.Flow, "takeovers", c.Takeovers)
	lasts := trialTime
	for range min(c.Takeovers-store.SuspectAfter, maxTrialGrowth) {
		lasts *= trialGrowth
	}
	lasts = max(lasts, e.trials.lasts)
	e.trials = trials{over: e.overAfter(lasts), lasts: lasts, x: e.launchClaimed(c)}
}

// giveUnbegunBack gives back what was claimed and is not executed: that the process ends is no
// fault of these runs.
func (e *Embedded) giveUnbegunBack() {
	claims := e.unreadable
	if next := e.trials.next; next != nil {
		claims = append(claims, next.Claim)
	}
	for _, c := range claims {
		if err := e.store.Commit(context.Background(), store.Change{Claim: c, Release: true}); err != nil {
			e.opts.Logger.Warn("a run could not be given back; it is found again at the next start", "run", c.RunID, "error", err)
		}
	}
}

// acquit counts a run that cannot be read here from 0 again. It is not executed, so it ends no process: else it
// would have failed when its key is back, since processes ended without it.
func (e *Embedded) acquit(c store.Claimed) {
	if c.Takeovers == 0 {
		return
	}
	if err := e.store.Commit(context.Background(), store.Change{Claim: c.Claim, Further: true}); err != nil {
		e.logStoreError("note that a run is not what ended the process", err)
	}
}

// endTrial lets others go on, if the run is on trial.
func (x *execution) endTrial() {
	if x.onTrial.CompareAndSwap(true, false) {
		x.engine.kick()
	}
}

// condemned is, of a run under which processes died too often, what was under way. It is
// failed instead of begun again.
type condemned struct {
	times  int
	open   map[int64]bool // the attempts of which the log knows, by their Seq
	failed []flow.Attempt
}

// condemn notes that processes have died under the run too often, if they have.
func (x *execution) condemn(log []flow.Entry) {
	if x.takeovers < x.engine.opts.MaxTakeovers {
		return
	}
	x.condemned = &condemned{times: x.takeovers, open: map[int64]bool{}}
	for i := range log {
		if log[i].Open() {
			x.condemned.open[log[i].Seq] = true
		}
	}
}

// isCondemned says that an attempt that is to begin was under way when the process died, and
// is not to begin again. While the run is as it was then, that is so also where the log does not
// know of it.
func (x *execution) isCondemned(a *flow.Attempt) bool {
	c := x.condemned
	if c == nil || x.takeovers == 0 && !c.open[a.Entry.Seq] {
		return false
	}
	c.failed = append(c.failed, *a)
	return true
}

// begin begins the run, or goes on with it. What is condemned has failed.
func (x *execution) begin() bool {
	goOn := x.apply(flow.Begin{At: x.now()})
	c := x.condemned
	if c == nil {
		return goOn
	}
	x.condemned = nil
	for i := 0; goOn && i < len(c.failed); i++ {
		goOn = x.apply(flow.Ended{Seq: c.failed[i].Entry.Seq, At: x.now(), Err: &flow.Error{
			Kind: flow.ErrorCrash, Permanent: true,
			Message: fmt.Sprintf("the process ended %d times in a row while this was under way, and the run got no further; it is not tried again", c.times),
		}})
	}
	return goOn
}

// further says whether a run that processes died under gets further with a change: if
// anything happens but that an attempt begins, or stores the checkpoint that it had. Beside another attempt no
// checkpoint counts: that one may be what ends the process, each time after this one has got a little further.
func (x *execution) further(c *store.Change) bool {
	if x.takeovers == 0 {
		return false
	}
	for i := range c.Entries {
		e := &c.Entries[i]
		attempt := x.calls[e.Seq]
		switch {
		case !e.Open(), e.Kind != flow.KindStep && e.Kind != flow.KindCompensation:
			return true
		case attempt != nil && len(x.calls) == 1 && e.Told != nil && !bytes.Equal(e.Told.Checkpoint, attempt.LastCheckpoint()):
			return true
		}
	}
	return false
}
