package flow

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inParts is a machine of steps, of which partLength make a part, as bextgen generates
// one of a long sequence.
type inParts struct {
	Parts Parts
	defs  []*StepDef
	steps []Step[int, int]
	walks []int // of each part, how often it was walked
}

const partLength = 25

func (s *inParts) Next(p *Plan) bool {
	parts := make([]func(*Plan) bool, 0, len(s.walks))
	for i := range s.walks {
		parts = append(parts, func(p *Plan) bool { return s.part(p, i) })
	}
	return s.Parts.Run(p, parts...)
}

func (s *inParts) part(p *Plan, i int) bool {
	s.walks[i]++
	for j := i * partLength; j < min((i+1)*partLength, len(s.defs)); j++ {
		if !s.steps[j].Run(p, s.defs[j], func() int { return j }) {
			return false
		}
	}
	return true
}

func (s *inParts) Output(*Plan) any { return s.walks }

// partsOf is a flow of so many steps in parts.
func partsOf(steps int) *Definition {
	def := &Definition{Flow: "parts", Version: "1.0"}
	for i := range steps {
		def.Steps = append(def.Steps, &StepDef{Name: fmt.Sprint("s", i)})
	}
	def.New = func([]byte) (Machine, error) {
		return &inParts{
			defs: def.Steps, steps: make([]Step[int, int], steps),
			walks: make([]int, (steps+partLength-1)/partLength),
		}, nil
	}
	return def
}

// TestParts holds that a part that is done is not walked again, and after a restart once.
func TestParts(t *testing.T) {
	d := drive(t, partsOf(60))
	for range 60 {
		d.end("1", nil)
	}
	d.is(StatusCompleted, "")
	if diff := cmp.Diff("[26,26,11]", string(d.run.State().Output)); diff != "" {
		t.Errorf("how often the parts were walked (-want +got):\n%s", diff)
	}

	d = drive(t, partsOf(60))
	for range 55 {
		d.end("1", nil)
	}
	d.crash()
	for range 5 {
		d.end("1", nil)
	}
	d.is(StatusCompleted, "")
	if diff := cmp.Diff("[1,1,6]", string(d.run.State().Output)); diff != "" {
		t.Errorf("how often the parts were walked after a restart (-want +got):\n%s", diff)
	}
}

// BenchmarkParts shows that a step costs the same however long the sequence is.
func BenchmarkParts(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		def := partsOf(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				complete(b, def)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/step")
		})
	}
}
