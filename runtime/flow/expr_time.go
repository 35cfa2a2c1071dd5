// Arithmetic of times, and times in time zones. A time is in the years 1 to 9999,
// which is what RFC 3339 can write.

package flow

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a zone that was found when the code was generated is found on every machine
)

const (
	timeOutOfRange      = "the time is not in the years 1 to 9999"
	durationTooLong     = "the duration between the times is too long"
	firstYear, lastYear = 1, 9999
)

// AddTime is t + d.
func AddTime(p *Plan, t time.Time, d Duration) time.Time {
	return inYears(p, t.Add(time.Duration(d)))
}

func inYears(p *Plan, t time.Time) time.Time {
	if year := t.UTC().Year(); year < firstYear || year > lastYear {
		p.failed(timeOutOfRange)
		return time.Time{}
	}
	return t
}

// SubTime is t - d.
func SubTime(p *Plan, t time.Time, d Duration) time.Time {
	difference := t.Add(-time.Duration(d))
	if d == minDuration { // it has no negative: take away all but one nanosecond, then that
		difference = t.Add(-time.Duration(d + 1)).Add(1)
	}
	return inYears(p, difference)
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

// UnixTime is the time that is so many seconds after the beginning of 1970 in UTC.
func UnixTime(p *Plan, seconds int64) time.Time {
	if !(firstSecond <= seconds && seconds <= lastSecond) {
		p.failed(timeOutOfRange)
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// The first and the last second of the years 1 to 9999, counted from 1970.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// InZone is a time in a time zone: one that has a name, such as "Europe/Paris", or a
// distance from UTC, such as "+02:00".
func InZone(p *Plan, t time.Time, zone string) time.Time {
	location, ok := findZone(zone)
	if !ok {
		// The zone is not told: it may be made of a secret.
		p.failed("there is no such time zone")
		return time.Time{}
	}
	return t.In(location)
}

func findZone(zone string) (*time.Location, bool) {
	if strings.Contains(zone, ":") {
		return fixedZone(zone)
	}
	if zone == "Local" { // the zone of the machine, which is another one elsewhere
		return nil, false
	}
	location, err := time.LoadLocation(zone)
	return location, err == nil
}

// fixedZone reads the distance from UTC: two digits of hours and two of minutes, with
// a sign or without.
func fixedZone(zone string) (*time.Location, bool) {
	sign, digits := 1, strings.TrimPrefix(zone, "+")
	if rest, ok := strings.CutPrefix(zone, "-"); ok {
		sign, digits = -1, rest
	}
	hours, minutes, _ := strings.Cut(digits, ":")
	h, errHours := strconv.ParseUint(hours, 10, 8)
	m, errMinutes := strconv.ParseUint(minutes, 10, 8)
	if errHours != nil || errMinutes != nil || len(hours) != 2 || len(minutes) != 2 || h > 23 || m > 59 {
		return nil, false
	}
	return time.FixedZone("", sign*60*(60*int(h)+int(m))), true
}
