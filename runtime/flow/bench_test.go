package flow

import "testing"

// BenchmarkRun is the core's share of a run of four steps.
func BenchmarkRun(b *testing.B) {
	def := chainOf(nil, &StepDef{Name: "a"}, &StepDef{Name: "b"}, &StepDef{Name: "c"}, &StepDef{Name: "d"})
	b.ReportAllocs()
	for b.Loop() {
		run := New(def, Head{ID: "run", Input: []byte("1")})
		eff, err := run.Apply(Begin{At: epoch})
		for err == nil && len(eff.Attempts) > 0 {
			eff, err = run.Apply(Ended{Seq: eff.Attempts[0].Entry.Seq, Output: []byte("1"), At: epoch})
		}
		if err != nil || run.State().Status != StatusCompleted {
			b.Fatal(run.State(), err)
		}
	}
}
