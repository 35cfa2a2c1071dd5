package simulation

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is the rules about runs and others: those that they call, and who starts them.

func relatedRules() []rule {
	return []rule{
		{"starts a run of the other flow, its child, in the same commit that records the call", each(childrenBeginWithTheirCalls)},
		{"for the same tenant and with the same priority", each(childrenAreLikeTheirParents)},
		{"The child's end is told to its parent in the commit that ends it.", each(childrenTellTheirEnd)},
		{"The error of a child that failed is the error of the call", each(callsEndAsChildren)},
		{"the runs that it called are cancelled first, and it is undone when they are over", each(childrenEndFirst)},
		{"Of two starts at the same instant, one makes the run.", oneRunForAKey},
		{"If its input is another one, that is logged, and the run tells of it, also if it is over (`GetRun`: `OtherInputs` and `OtherInputAt`)", otherInputsAreTold},
		{"so that a step that is tried again does not start a second run", oneRunForAStep},
		{"handlers that each wait for a run that they started do not block each other, however few places there are.", each(finalIsFinal)},
		{"A run has its place from its first step to its end", placesAreKept},
		{"`completed`, `failed` or `cancelled`", waitersHearTheEnd},
	}
}

// calls are the calls of the run that began.
func (r *run) childCalls() (all []*flow.Entry) {
	for i := range r.log {
		e := &r.log[i]
		if e.Kind == flow.KindCall && e.Key != "" && (e.EndSeq != e.Seq+1 || e.Error == nil) {
			all = append(all, e)
		}
	}
	return all
}

func childrenBeginWithTheirCalls(h *history, r *run) error {
	known := map[string]bool{}
	for _, e := range r.childCalls() {
		if r.isKept(e) {
			continue
		}
		at := h.stored(r, e.Seq, func(*flow.Entry) bool { return true })
		if at == len(h.writes) {
			return fmt.Errorf("the call at %d was never stored", e.Seq)
		}
		found := false
		for _, child := range h.writes[at].change.Children {
			found = found || child.ID == e.Key
		}
		switch {
		case h.writes[at].change.Entries == nil || !found && !endedAtOnce(h, at, e.Seq):
			return fmt.Errorf("the call at %d began without its run", e.Seq)
		case found && (h.runs[e.Key] == nil || h.runs[e.Key].ParentID != r.ID):
			return fmt.Errorf("the run of the call at %d is not there, or not its own", e.Seq)
		case known[e.Key]:
			return fmt.Errorf("the run %s was called twice", e.Key)
		}
		known[e.Key] = true
	}
	return nil
}

// endedAtOnce says that an entry had ended when it was stored first: it never began.
func endedAtOnce(h *history, at int, seq int64) bool {
	for _, e := range h.writes[at].change.Entries {
		if e.Seq == seq {
			return !e.Open()
		}
	}
	return false
}

func childrenAreLikeTheirParents(h *history, r *run) error {
	if parent := h.runs[r.ParentID]; parent != nil && (parent.Tenant != r.Tenant || parent.Priority != r.Priority) {
		return fmt.Errorf("the run is for %q with priority %d, and its parent for %q with %d", r.Tenant, r.Priority, parent.Tenant, parent.Priority)
	}
	for _, c := range r.calls {
		if c.tenant != r.Tenant {
			return fmt.Errorf("a handler was told that the run is for %q", c.tenant)
		}
	}
	return nil
}

func childrenTellTheirEnd(h *history, r *run) error {
	if r.ParentID == "" {
		return nil
	}
	if at := h.ending(r); at < len(h.writes) {
		for _, m := range h.writes[at].change.Messages {
			if m.Kind == store.MessageChild && m.RunID == r.ParentID && m.Key == r.ID {
				return nil
			}
		}
	}
	return errors.New("the run's end was not told to its parent")
}

func callsEndAsChildren(h *history, r *run) error {
	for _, e := range r.childCalls() {
		child := h.runs[e.Key]
		switch {
		case child == nil, cutOff(r, e):
		case (child.Status == flow.StatusCompleted) != (e.Error == nil):
			return fmt.Errorf("the call at %d does not end as its run, which is %s", e.Seq, child.Status)
		case e.Error == nil && string(e.Output) != string(child.Output):
			return fmt.Errorf("the result of the call at %d is not that of its run", e.Seq)
		case e.Error != nil && !strings.Contains(e.Error.Message, child.Error.Message):
			return fmt.Errorf("the error of the call at %d is not that of its run", e.Seq)
		}
	}
	return nil
}

func childrenEndFirst(h *history, r *run) error {
	for _, e := range r.childCalls() {
		child := h.runs[e.Key]
		if child == nil || cutOff(r, e) {
			continue
		}
		over := h.ending(child)
		if stored := h.stored(r, e.Seq, hasEnded); stored <= over {
			return fmt.Errorf("the call at %d ended before its run", e.Seq)
		}
		for i := range r.log {
			if o := &r.log[i]; o.Kind == flow.KindRollback && o.RunAttempt == e.RunAttempt && h.stored(r, o.Seq, func(*flow.Entry) bool { return true }) <= over {
				return fmt.Errorf("the run was undone before %s, which it called, was over", e.Key)
			}
		}
		failed, _ := failedAt(r.attempts()[e.RunAttempt])
		if failed != math.MaxInt64 && e.EndSeq > failed && child.Status == flow.StatusCompleted && e.Error != nil {
			return fmt.Errorf("the run %s completed, and its call at %d did not", e.Key, e.Seq)
		}
	}
	return nil
}

func oneRunForAKey(h *history) error {
	got, made := map[string]string{}, map[string]int{}
	for _, s := range h.starts {
		what := fmt.Sprintf("the start of %s for %q with the key %q", s.flow, s.tenant, s.key)
		if s.key == "" {
			what += " as " + s.id
		}
		if before := got[what]; before != "" && before != s.got {
			return fmt.Errorf("%s made the runs %s and %s", what, before, s.got)
		}
		got[what] = s.got
		if !s.existing {
			made[what]++
		}
		if made[what] > 1 {
			return fmt.Errorf("%s made its run twice", what)
		}
	}
	return nil
}

// otherInputsAreTold: of each start that found its run with another input, at least once.
func otherInputsAreTold(h *history) error {
	others := map[string]int{}
	for _, s := range h.starts {
		if r := h.runs[s.got]; r != nil && string(r.Input) != fmt.Sprint(s.input) {
			others[s.got]++
		}
	}
	for id, n := range others {
		if r := h.runs[id]; r.OtherInputs < n || r.OtherInputAt.IsZero() {
			return fmt.Errorf("%d starts had another input, and the run tells of %d, the last at %v\n%s", n, r.OtherInputs, r.OtherInputAt, r)
		}
	}
	return nil
}

// oneRunForAStep: handlers start runs without a key of their own.
func oneRunForAStep(h *history) error {
	made := map[string]string{}
	for _, id := range sortedRuns(h) {
		r := h.runs[id]
		step := r.Labels[startedBy]
		if before := made[step]; step != "" && before != "" {
			return fmt.Errorf("a step has started the runs %s and %s", before, r.ID)
		}
		made[step] = r.ID
	}
	return nil
}

// placesAreKept: of a flow with a limit, no more than so many are under way, from the
// first call of a handler to the end.
// calledAgain says whether the same attempt was called once more later: then nothing of the call was stored.
func (r *run) calledAgain(c *call) bool {
	return slices.ContainsFunc(r.calls, func(o *call) bool {
		return o.began > c.began && o.step == c.step && o.undo == c.undo && o.runAttempt == c.runAttempt && o.attempt == c.attempt
	})
}

func placesAreKept(h *history) error {
	limit := h.flows["leaf"].Definition.Concurrency.Limit
	if limit == 0 {
		return nil
	}
	underWay := map[string]bool{}
	calls := h.calls
	for at := range len(h.writes) + 1 {
		for len(calls) > 0 && calls[0].writes <= at {
			// A process that dies in the first call, or before its end is stored, may leave a run of which nobody
			// knows that it had begun.
			if r := h.runs[calls[0].run]; r != nil && r.Flow == "leaf" && h.ending(r) >= at && calls[0].returned && !r.calledAgain(calls[0]) {
				underWay[r.ID] = true
			}
			calls = calls[1:]
		}
		if len(underWay) > limit {
			return fmt.Errorf("%d runs of leaf are under way, and its limit is %d", len(underWay), limit)
		}
		if at < len(h.writes) {
			if r := h.runs[h.writes[at].change.Claim.RunID]; r != nil && h.ending(r) == at {
				delete(underWay, r.ID)
			}
		}
	}
	return nil
}

func waitersHearTheEnd(h *history) error {
	for _, one := range h.waits {
		r := h.runs[one.run]
		if deleted := h.deleted[one.run]; r == nil && deleted != nil {
			r = deleted
		}
		switch {
		case r == nil || r.Status != one.status:
			return fmt.Errorf("Wait said that the run %s is %s", one.run, one.status)
		case one.status == flow.StatusCompleted && string(r.Output) != fmt.Sprint(one.output):
			return fmt.Errorf("Wait said that the output of the run %s is %d", one.run, one.output)
		}
	}
	return nil
}
