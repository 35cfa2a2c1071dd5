package flow

import (
	"fmt"
	"testing"
)

// BenchmarkRun is the core's share of a run of four steps.
func BenchmarkRun(b *testing.B) {
	def := chainOf(nil, &StepDef{Name: "a"}, &StepDef{Name: "b"}, &StepDef{Name: "c"}, &StepDef{Name: "d"})
	b.ReportAllocs()
	for b.Loop() {
		complete(b, def)
	}
}

// BenchmarkForeach shows that an element costs the same however many there are.
func BenchmarkForeach(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		def := treeOf(foreachOf(n, 16, stepNode(&StepDef{Name: "invite"})))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				complete(b, def)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/element")
		})
	}
}

// BenchmarkChain shows what an outcome costs in a long sequence.
func BenchmarkChain(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		var steps []*StepDef
		for i := range n {
			steps = append(steps, &StepDef{Name: fmt.Sprint("s", i)})
		}
		def := chainOf(nil, steps...)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				complete(b, def)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/step")
		})
	}
}

// complete runs a flow to its end.
func complete(b *testing.B, def *Definition) {
	run := New(def, Head{ID: "run", Input: []byte("1")})
	eff, err := run.Apply(Begin{At: epoch})
	open := eff.Attempts
	for err == nil && len(open) > 0 {
		seq := open[0].Entry.Seq
		open = open[1:]
		eff, err = run.Apply(Ended{Seq: seq, Output: []byte("1"), At: epoch})
		open = append(open, eff.Attempts...)
	}
	if err != nil || run.State().Status != StatusCompleted {
		b.Fatal(run.State(), err)
	}
}
