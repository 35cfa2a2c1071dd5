//go:build !race

// Not with the race detector, which shuffles the goroutines that are ready.

package simulation

import (
	goruntime "runtime"
	"testing"
	"testing/synctest"
)

// A seed that fails has to fail again. Now and then Go lets another of two goroutines
// go first that begin at the same moment, more often the busier the machine is.
func TestTheSameSeedIsTheSameWorld(t *testing.T) {
	defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(1))
	const worlds = 100
	differ := 0
	for seed := uint64(1); seed <= worlds; seed++ {
		var first, second string
		for _, told := range []*string{&first, &second} {
			synctest.Test(t, func(*testing.T) {
				h := newWorld(seed).run()
				for _, id := range sortedRuns(h) {
					*told += h.runs[id].String()
				}
			})
		}
		if first != second {
			differ++
		}
	}
	if differ > worlds/5 {
		t.Errorf("%d of %d worlds are others when they are made again", differ, worlds)
	}
}
