package timetable

import "time"

// This file finds times.
//
// Where clocks are changed, it does as RFC 5545 says for calendars: a time that
// the clock on the wall skips counts as if it had not been set forward yet (02:30
// comes at 03:30), and of a time that comes twice the first one counts. So each
// fires once. An expression for every hour is about the hours that pass: it fires
// in both of those that the wall shows alike.

// Next is the first time behind another; zero if there is none in 50 years.
func (t Table) Next(after time.Time) time.Time {
	switch {
	case t.every > 0:
		return multiple(after, t.every)
	case t.cron == nil:
		return time.Time{}
	}
	from := after.UTC().Truncate(time.Second).Add(time.Second) // the first that may be it
	for limit := from.AddDate(searchYears, 0, 0); from.Before(limit); {
		p := t.periodAt(from)
		if next := t.inPeriod(p, from); !next.IsZero() && (p.end.IsZero() || next.Before(p.end)) {
			return next
		}
		if p.end.IsZero() {
			break
		}
		from = p.end.UTC()
	}
	return time.Time{}
}

// multiple is the first multiple of a duration since 1970 behind a time.
func multiple(after time.Time, every time.Duration) time.Time {
	step, at := every.Milliseconds(), after.UnixMilli()
	n := at / step
	if at < 0 && at%step != 0 {
		n-- // round down, not towards 1970
	}
	return time.UnixMilli((n + 1) * step).UTC()
}

// period is a stretch of time in which the clocks are not changed.
type period struct {
	end     time.Time     // at which the next one begins; zero for the last one
	offset  time.Duration // of the clocks from UTC
	before  time.Duration // the offset in the period before
	changed time.Time     // until when the change at its beginning is felt: the time skipped or repeated
}

func (t Table) periodAt(at time.Time) period {
	local := at.In(t.zone)
	start, end := local.ZoneBounds()
	p := period{end: end, offset: offsetOf(local)}
	p.before = p.offset
	if !start.IsZero() {
		p.before = offsetOf(start.Add(-time.Second))
		p.changed = start.Add((p.offset - p.before).Abs())
	}
	return p
}

func offsetOf(at time.Time) time.Duration {
	_, seconds := at.Zone()
	return time.Duration(seconds) * time.Second
}

// inPeriod is the first time from one on, if the period goes on without end.
func (t Table) inPeriod(p period, from time.Time) time.Time {
	if !from.Before(p.changed) || t.hourly {
		return t.onWall(from, p.offset)
	}
	if p.offset < p.before { // the wall shows what it has shown before
		return t.onWall(p.changed.UTC(), p.offset)
	}
	next := t.onWall(from, p.offset)
	skipped := t.onWall(from, p.before)
	if skipped.Before(p.changed) && !skipped.IsZero() && (next.IsZero() || skipped.Before(next)) {
		return skipped
	}
	return next
}

// onWall is the first time from one on at which clocks with an offset show a time
// that the expression names.
func (t Table) onWall(from time.Time, offset time.Duration) time.Time {
	shown := t.cron.Next(from.Add(offset - time.Second))
	if shown.IsZero() {
		return shown
	}
	return shown.Add(-offset)
}

// Latest is the last time that lies behind one and not behind another; zero if
// there is none. It does not go through all of them.
func (t Table) Latest(after, until time.Time) time.Time {
	for span := 2 * time.Minute; ; span *= 2 {
		from := until.Add(-span)
		if !from.After(after) || span > span*2 {
			from = after
		}
		if last := t.last(from, until); !last.IsZero() || from.Equal(after) {
			return last
		}
	}
}

// last goes through the times between two.
func (t Table) last(after, until time.Time) time.Time {
	var last time.Time
	for next := t.Next(after); !next.IsZero() && !next.After(until); next = t.Next(next) {
		last = next
	}
	return last
}
