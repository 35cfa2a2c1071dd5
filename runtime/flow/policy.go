package flow

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"time"
)

// Backoff is how the pause before a retry grows.
type Backoff string

// The backoffs, for a base b and the k-th retry.
const (
	Fixed       Backoff = "fixed"       // b
	Linear      Backoff = "linear"      // b·k
	Exponential Backoff = "exponential" // b·2^(k−1)
)

// What a policy means that does not say it.
const (
	DefaultBackoff     = Exponential
	DefaultBackoffBase = time.Second
	DefaultBackoffMax  = time.Hour
)

// Policy is how often and how long a handler is tried.
type Policy struct {
	// Timeout is for one attempt; 0 is none.
	Timeout time.Duration
	// Retries is the number of attempts after the first.
	Retries int
	// Backoff, BackoffBase and BackoffMax are the pause before a retry; zero
	// values mean DefaultBackoff, DefaultBackoffBase and DefaultBackoffMax.
	Backoff     Backoff
	BackoffBase time.Duration
	BackoffMax  time.Duration
	// Jitter spreads a pause by up to this part of it in both directions.
	Jitter float64
}

// Pause is the time before the k-th retry (k = 1, 2, …). It is a pure function
// of its arguments: the jitter is a hash of key and k, so that a replay of the
// same run computes the same time. The pause is never longer than BackoffMax,
// jitter included.
func (p Policy) Pause(k int, key string) time.Duration {
	limit := orDefault(p.BackoffMax, DefaultBackoffMax)
	pause := min(p.growth(max(k, 1)), limit)
	if p.Jitter > 0 {
		spread := float64(pause) * p.Jitter * (2*unitHash(key, k) - 1)
		pause = min(max(pause+time.Duration(spread), 0), limit)
	}
	return pause
}

// growth is the pause before it is capped, itself capped where it would overflow.
func (p Policy) growth(k int) time.Duration {
	base := orDefault(p.BackoffBase, DefaultBackoffBase)
	var factor float64
	switch orDefault(p.Backoff, DefaultBackoff) {
	case Fixed:
		factor = 1
	case Linear:
		factor = float64(k)
	default:
		factor = math.Pow(2, float64(k-1))
	}
	if factor >= float64(math.MaxInt64)/float64(base) { // MaxInt64 is rounded up to 2^63
		return math.MaxInt64
	}
	return time.Duration(factor) * base
}

// unitHash is a number in [0, 1) that depends on nothing but its arguments.
func unitHash(key string, k int) float64 {
	h := fnv.New64a()
	h.Write([]byte(key))
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(k))
	h.Write(n[:])
	return float64(mix(h.Sum64())>>11) / (1 << 53)
}

// mix spreads a change of any bit over all of them: FNV alone leaves the high
// bits of short, similar keys alike. The constants are MurmurHash3's finalizer.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
