package simulation

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/oklog/ulid/v2"
)

// dice draws what is random in a world. What they show depends on nothing but the
// seed and on what is drawn for: not on the order in which goroutines draw.
type dice uint64

func (d dice) of(what ...any) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintln(h, what...)
	return rand.New(rand.NewPCG(uint64(d), h.Sum64()))
}

// upTo is a time that hardly comes twice, so that of two things at the same moment one is first.
func upTo(r *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(1 + r.Int64N(int64(most)))
}

// chance is true in so many of a hundred cases.
func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

// runID is an id of a run.
func runID(r *rand.Rand) string {
	var id ulid.ULID
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	id[0] &= 0x7f // a ULID has 128 bits in 26 letters of 5
	return id.String()
}
