package store_test

import (
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime/store"
)

func TestQuantilesAreNearTheDurations(t *testing.T) {
	for d := time.Millisecond; d < 100*365*24*time.Hour; d += d/10 + 1 {
		got := store.Durations{store.BucketOf(d): 1}.Quantile(0.5)
		if off := float64(got)/float64(d) - 1; off < -0.125 || off > 0.125 {
			t.Fatalf("a run took %v, and the median is %v", d, got)
		}
	}
}

func TestQuantilesOfMany(t *testing.T) {
	d := store.Durations{store.NoDuration: 1000}
	if got := d.Quantile(0.5); got != 0 {
		t.Errorf("the median of runs without a duration is %v", got)
	}
	for ms := range 1000 {
		d.Count(store.BucketOf(time.Duration(ms)*time.Millisecond), 1)
	}
	if d.Runs() != 2000 {
		t.Errorf("there are %d runs; want 2000", d.Runs())
	}
	for share, want := range map[float64]float64{0: 1, 0.5: 500, 0.95: 950, 0.99: 990, 1: 1000} {
		got := float64(d.Quantile(share)) / float64(time.Millisecond)
		if got < want*0.875-0.2 || got > want*1.125 {
			t.Errorf("the quantile %v of 0 to 1000 ms is %v ms", share, got)
		}
	}
}
