package templates_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/templates"
)

// TestLongExpressionsGrowLinearly counts what is allocated to write expressions of
// different lengths, and the bytes that are written: twice the operators take about
// twice as much, in whatever way they stand in each other. What is indented far shows in
// the bytes; gofmt would take the square of the levels for it.
func TestLongExpressionsGrowLinearly(t *testing.T) {
	const short, most = 40, 2.6
	for name, expression := range map[string]func(n int) string{
		"sum":         func(n int) string { return "input.n" + strings.Repeat(" + input.n", n) },
		"mixed":       func(n int) string { return "input.n" + strings.Repeat(" + input.n - 1", n/2) },
		"floats":      func(n int) string { return "input.f" + strings.Repeat(" * input.f", n) },
		"conditions":  func(n int) string { return "input.b" + strings.Repeat(" && input.b == input.b || !input.b", n/2) },
		"optionals":   func(n int) string { return "input.o" + strings.Repeat(".or(input.o)", n) },
		"filters":     func(n int) string { return "input.l" + strings.Repeat(".filter(x, x > input.n)", n) },
		"joined":      func(n int) string { return "[input.n]" + strings.Repeat(" + [input.n]", n) },
		"parentheses": func(n int) string { return strings.Repeat("(input.n + ", n/2) + "1" + strings.Repeat(")", n/2) },
		"choices": func(n int) string {
			return strings.Repeat("(input.b ? input.n + 1 : ", n/4) + "1" + strings.Repeat(")", n/4)
		},
		"negations": func(n int) string {
			return strings.Repeat("!(input.b && input.n > 1 && ", n/4) + "input.b" + strings.Repeat(")", n/4)
		},
	} {
		t.Run(name, func(t *testing.T) {
			allocations, size := written(t, expression(short))
			twiceAllocations, twiceSize := written(t, expression(2*short))
			if twiceAllocations > most*allocations || twiceSize > most*size {
				t.Errorf("%d operators take %.0f allocations for %.0f bytes, and twice as many take %.0f for %.0f",
					short, allocations, size, twiceAllocations, twiceSize)
			}
		})
	}
}

// written is how many allocations it takes to write the Go of an expression, and how
// many bytes that has, without those for the file around it.
func written(t *testing.T, expression string) (allocations, size float64) {
	allocations, size = writtenWithFile(t, expression)
	fileAllocations, fileSize := writtenWithFile(t, "input.n")
	return allocations - fileAllocations, size - fileSize
}

func writtenWithFile(t *testing.T, expression string) (allocations, size float64) {
	spec := fmt.Sprintf("flow: f\nversion: \"1.0\"\n"+
		"input: {n: int, f: float, b: bool, o: optional<int>, l: list<int>}\nsteps:\n  - step: s\n    in: {x: %q}\n", expression)
	pkg, diagnostics := schema.Load(fstest.MapFS{"f.flow.yaml": {Data: []byte(spec)}}, schema.Options{Package: "f", Dir: "."})
	if len(diagnostics) > 0 {
		t.Fatal(diagnostics)
	}
	allocations = testing.AllocsPerRun(1, func() {
		files, err := templates.Go(pkg)
		if err != nil {
			t.Error(err)
			return
		}
		size = float64(len(files[0].Content))
	})
	return allocations, size
}
