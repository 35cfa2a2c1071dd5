package runtime_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

// This file is about handlers that ignore their context and return when their attempt
// is over.

func TestALateResultIsDroppedAndRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob("job", nil)
		j.work.Policy = flow.Policy{Retries: 1, Backoff: flow.Fixed, BackoffBase: time.Second, Timeout: 10 * time.Second}
		j.handle = func(ctx context.Context, _ number) (number, error) {
			attempt := int64(runtime.Info(ctx).Attempt)
			if attempt == 1 {
				time.Sleep(13 * time.Second) // whatever the context says: the retry has begun by then
			} else {
				time.Sleep(5 * time.Second)
			}
			return number{attempt}, nil
		}
		rt := startJobs(t, memory.New().Open(), 4, j)
		defer rt.Close(context.Background())
		run, err := j.start(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := waits(t, run); err != nil || out.N != 2 {
			t.Fatalf("the run ended with %+v, %v; want the result of the retry", out, err)
		}
		d, err := rt.GetRun(t.Context(), run.ID())
		if err != nil {
			t.Fatal(err)
		}
		var kinds []flow.Kind
		for _, e := range d.Log {
			kinds = append(kinds, e.Kind)
			if e.Kind == flow.KindLate && (e.Step != "work" || e.Attempt != 1) {
				t.Errorf("the late result is said to be of %+v", e)
			}
		}
		if len(kinds) != 3 || kinds[2] != flow.KindLate || len(d.Steps) != 1 || len(d.Steps[0].Attempts) != 2 {
			t.Errorf("the log has %v, and the steps are %+v; want two attempts, and that a result came late", kinds, d.Steps)
		}
	})
}
