package store

import (
	"math"
	"slices"
	"time"
)

// This file is the numbers about runs that a store keeps as they change, so that nobody
// counts millions of rows.

// StatsQuery asks for numbers.
type StatsQuery struct {
	// Now is which runs are due: those whose time has come.
	Now time.Time
	// Since is from when on the Slots are wanted: from the one in which it is.
	Since time.Time
	// Tenants are those whose runs count; as those of a Filter, nil are all.
	Tenants []string
}

// Stats are the numbers of all flows.
type Stats struct {
	Flows []FlowStats // by name; those of which there are or were runs
}

// FlowStats are the numbers of a flow.
type FlowStats struct {
	Flow string
	// The runs that there are. Those that were deleted do not count.
	Pending, Running, Completed, Failed, Cancelled int64
	// Due are the running ones that could go on and that nobody has claimed, MaxDue at most.
	Due int64
	// OldestPending is since when a pending run waits that may begin: since it was created, or
	// since the time for which it was started. Zero if there is none.
	OldestPending time.Time
	// Slots are what happened, in the order of time; slots without anything are left out.
	Slots []Slot
}

// Slot is what happened in SlotLength. Runs that were deleted since count. Stores forget
// slots when they are older than SlotsKept.
type Slot struct {
	At      time.Time // its beginning
	Started int64     // runs that were created
	// What ended, by how long it took from its first step.
	Completed, Failed, Cancelled Durations
}

// Add adds the numbers of another flow.
func (f *FlowStats) Add(other *FlowStats) {
	f.Pending += other.Pending
	f.Running += other.Running
	f.Completed += other.Completed
	f.Failed += other.Failed
	f.Cancelled += other.Cancelled
	f.Due += other.Due
	if oldest := other.OldestPending; !oldest.IsZero() && (f.OldestPending.IsZero() || oldest.Before(f.OldestPending)) {
		f.OldestPending = oldest
	}
	for i := range other.Slots {
		f.AddSlot(&other.Slots[i])
	}
}

// AddSlot adds what happened in a slot.
func (f *FlowStats) AddSlot(slot *Slot) {
	i, found := slices.BinarySearchFunc(f.Slots, slot.At, func(s Slot, at time.Time) int { return s.At.Compare(at) })
	if !found {
		f.Slots = slices.Insert(f.Slots, i, NewSlot(slot.At))
	}
	into := &f.Slots[i]
	into.Started += slot.Started
	into.Completed.Add(slot.Completed)
	into.Failed.Add(slot.Failed)
	into.Cancelled.Add(slot.Cancelled)
}

// NewSlot is a slot in which nothing happened.
func NewSlot(at time.Time) Slot {
	return Slot{At: at, Completed: Durations{}, Failed: Durations{}, Cancelled: Durations{}}
}

// Bounds of what Stats has.
const (
	SlotLength = 15 * time.Minute
	SlotsKept  = 7 * 24 * time.Hour
	MaxDue     = 10_000
	// MaxSlotTenants is for how many tenants a process keeps numbers of a slot at least. What
	// happens to the runs of others then counts in the slots of all tenants together alone.
	MaxSlotTenants = 100
)

// SlotOf is the beginning of the slot that a time is in.
func SlotOf(t time.Time) time.Time { return t.UTC().Truncate(SlotLength) }

// Durations is how many runs took how long: a count for each bucket. Durations of
// different slots, flows and processes can be added.
type Durations map[int]int64

// The buckets of Durations: each is a quarter longer than the one before, so that what is
// computed of them is less than an eighth off.
const (
	// NoDuration is the bucket of runs that ended before their first step.
	NoDuration   = 0
	bucketGrowth = 1.25
	maxBucket    = 150 // of thousands of years
)

// BucketOf is the bucket of a duration; the first is for all that is at most a millisecond.
func BucketOf(d time.Duration) int {
	ms := float64(d) / float64(time.Millisecond)
	if ms <= 1 {
		return 1
	}
	return min(1+int(math.Ceil(math.Log(ms)/math.Log(bucketGrowth))), maxBucket)
}

// Add adds other durations.
func (d Durations) Add(other Durations) {
	for bucket, n := range other {
		d[bucket] += n
	}
}

// Count counts more runs in a bucket.
func (d Durations) Count(bucket int, runs int64) {
	if runs != 0 {
		d[bucket] += runs
	}
}

// Runs is how many there are, those without a duration too.
func (d Durations) Runs() int64 {
	var n int64
	for _, in := range d {
		n += in
	}
	return n
}

// Quantile is about the duration that a share of the runs did not exceed: 0.5 is the
// median. It is 0 if no run has a duration.
func (d Durations) Quantile(share float64) time.Duration {
	rank := int64(math.Ceil(share * float64(d.Runs()-d[NoDuration])))
	for bucket := 1; bucket <= maxBucket; bucket++ {
		if rank -= d[bucket]; d[bucket] > 0 && rank <= 0 {
			middle := math.Pow(bucketGrowth, float64(bucket)-1.5)
			return time.Duration(math.Min(middle*float64(time.Millisecond), math.MaxInt64))
		}
	}
	return 0
}
