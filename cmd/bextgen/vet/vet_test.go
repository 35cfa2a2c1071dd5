package vet_test

import (
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/bextgen/bextgen/cmd/bextgen/vet"
)

// The packages below testdata/vet say beside each mistake what is to be found there.
func TestAnalyzers(t *testing.T) {
	for folder, a := range map[string]*analysis.Analyzer{
		"goroutine": vet.Goroutine, "loop": vet.Loop, "start": vet.Start, "register": vet.Register,
	} {
		t.Run(folder, func(t *testing.T) {
			analysistest.Run(t, "../../..", a, "./testdata/vet/"+folder)
		})
	}
}
