// Arithmetic of times. A time is in the years 1 to 9999, which is what RFC 3339
// can write.

package flow

import "time"

const (
	timeOutOfRange      = "the time is not in the years 1 to 9999"
	durationTooLong     = "the duration between the times is too long"
	firstYear, lastYear = 1, 9999
)

// AddTime is t + d.
func AddTime(p *Plan, t time.Time, d Duration) time.Time {
	sum := t.Add(time.Duration(d))
	if year := sum.UTC().Year(); year < firstYear || year > lastYear {
		p.failed(timeOutOfRange)
		return time.Time{}
	}
	return sum
}

// SubTime is t - d.
func SubTime(p *Plan, t time.Time, d Duration) time.Time {
	difference := t.Add(-time.Duration(d))
	if d == minDuration { // it has no negative: take away all but one nanosecond, then that
		difference = t.Add(-time.Duration(d + 1)).Add(1)
	}
	if year := difference.UTC().Year(); year < firstYear || year > lastYear {
		p.failed(timeOutOfRange)
		return time.Time{}
	}
	return difference
}

// minDuration is the one duration whose negative is none.
const minDuration = Duration(-1 << 63)

// Between is a - b, the time that has passed from b to a.
func Between(p *Plan, a, b time.Time) Duration {
	d := a.Sub(b) // capped where it would overflow
	if !b.Add(d).Equal(a) {
		p.failed(durationTooLong)
		return 0
	}
	return Duration(d)
}
