package storetest

import (
	"fmt"
	"sync"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var loadTests = []test{
	{"a thousand runs at a time", func(s *suite) { testManyRuns(s) }},
	{"a reader never sees half a change", func(s *suite) { testSnapshots(s) }},
}

// testManyRuns executes many runs at once and reads all of them back.
func testManyRuns(s *suite) {
	st := s.executing()
	const count = 1000
	runs := make([]store.Run, count)
	for i := range runs {
		runs[i] = s.newRun(func(r *store.Run) { r.Input = fmt.Appendf(nil, `%d`, i) })
	}
	errs := make([]error, count)
	var all sync.WaitGroup
	for i := range runs {
		all.Go(func() { errs[i] = s.execute(st, runs[i]) })
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			s.Fatalf("the run %s: %v", runs[i].ID, err)
		}
		got, entries := s.get(st, runs[i].ID)
		s.same("the log", entries, []flow.Entry{step(1), step(3), step(5)})
		want := *ended(runs[i], flow.StatusCompleted)
		s.same("the run", got, want)
	}
}

// execute is a run of three steps.
func (s *suite) execute(st store.Store, run store.Run) error {
	created, err := st.Create(s.ctx, run, true, 0)
	if err != nil {
		return err
	}
	for _, seq := range []int64{1, 3, 5} {
		start := store.Change{Claim: *created.Claim, Entries: []flow.Entry{opened(seq)}, Lazy: true}
		if err := st.Commit(s.ctx, start); err != nil {
			return err
		}
		end := store.Change{Claim: *created.Claim, Entries: []flow.Entry{step(seq)}}
		if seq == 5 {
			end.Head = ended(created.Run, flow.StatusCompleted)
		}
		if err := st.Commit(s.ctx, end); err != nil {
			return err
		}
	}
	return nil
}

// testSnapshots writes changes of which the head says how long the log is.
func testSnapshots(s *suite) {
	st := s.executing()
	run, claim := s.claimed(st)
	written := make(chan error, 1)
	go func() {
		for seq := range int64(200) {
			head := running(run, time.Time{})
			head.Attempt = int(seq) + 1
			err := st.Commit(s.ctx, store.Change{Claim: claim, Head: head, Entries: []flow.Entry{step(seq + 1)}})
			if err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	for {
		got, entries := s.get(st, run.ID)
		if len(entries) > 0 && len(entries) != got.Attempt {
			s.Fatalf("the head is that of change %d, the log that of change %d", got.Attempt, len(entries))
		}
		select {
		case err := <-written:
			if err != nil {
				s.Fatalf("Commit: %v", err)
			}
			return
		default:
		}
	}
}
