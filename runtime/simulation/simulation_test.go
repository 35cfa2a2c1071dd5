package simulation

import (
	"flag"
	"fmt"
	goruntime "runtime"
	"testing"
	"testing/synctest"
)

var (
	oneSeed = flag.Uint64("seed", 0, "run the simulation of this seed alone, and show its runs if a rule does not hold")
	seeds   = flag.Uint64("seeds", defaultSeeds, "how many seeds the simulation runs")
	from    = flag.Uint64("from", 1, "the first of them")
)

// tries is how often one seed is run until a rule does not hold. Which of two goroutines
// that begin at the same moment is first is Go's affair, so a world may come out a
// little different now and then.
const tries = 20

func TestSimulation(t *testing.T) {
	// With one processor, goroutines that are ready at the same moment mostly run in the same order.
	defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(1))
	if *oneSeed != 0 {
		for n := 1; n <= tries && !t.Failed(); n++ {
			simulate(t, *oneSeed)
		}
		return
	}
	for seed := *from; seed < *from+*seeds && !t.Failed(); seed++ {
		simulate(t, seed)
	}
}

// simulate runs the world of a seed and checks its history.
func simulate(t *testing.T, seed uint64) {
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("seed %d: %v\n%s", seed, p, reproduce(seed))
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		h := newWorld(seed).run()
		if err := check(h); err != nil {
			if *oneSeed != 0 {
				show(t, h)
			}
			t.Errorf("seed %d: %v\n%s", seed, err, reproduce(seed))
		}
	})
}

// reproduce is how to see a failure again.
func reproduce(seed uint64) string {
	return fmt.Sprintf("reproduce it with: go test ./runtime/simulation -run TestSimulation -seed %d", seed)
}

// show logs what happened.
func show(t *testing.T, h *history) {
	for _, id := range sortedRuns(h) {
		t.Log(h.runs[id])
	}
	t.Logf("calm: %v; %d runs, %d writes, %d calls of handlers, %d acknowledged signals and cancels",
		h.calm, len(h.runs), len(h.writes), len(h.calls), len(h.asked))
}
