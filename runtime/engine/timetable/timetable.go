// Package timetable computes the times of a schedule: those of a cron expression
// in a timezone, or the multiples of a duration. The compiler checks schedules
// with it and the engine fires them by it, so that both read the same text alike.
//
// Timezones come from the machine or, where it has none, from those that are built
// into the program: a schedule works in an empty container too.
package timetable

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // about 450 KB of a program

	"github.com/netresearch/go-cron"
)

// Table is the times of a schedule. The zero Table has none.
type Table struct {
	every time.Duration
	cron  *cron.SpecSchedule // on wall clocks: it takes every time for UTC
	zone  *time.Location
	// hourly says that the expression names every hour of the day: then it goes by
	// the time that passes, and not by what the clock on the wall shows.
	hourly bool
}

// searchYears is how far a time is looked for: the 29th of February is a Monday
// again after 40 years at most.
const searchYears = 50

// Every is the table of the multiples of a duration since 1970 in UTC.
func Every(d time.Duration) (Table, error) {
	switch {
	case d < time.Second:
		return Table{}, fmt.Errorf("%v is too short; the least is a second", d)
	case d%time.Millisecond != 0:
		return Table{}, fmt.Errorf("%v is no whole number of milliseconds", d)
	}
	return Table{every: d}, nil
}

// Cron is the table of an expression: five fields, with names such as MON-FRI, or
// @yearly, @monthly, @weekly, @daily or @hourly. One that names no time at all is
// an error. Without a zone its times are in UTC.
func Cron(expression string, zone *time.Location) (Table, error) {
	if err := refuse(expression); err != nil {
		return Table{}, err
	}
	parser, err := cron.TryNewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor | cron.DowOrDom)
	if err != nil {
		return Table{}, fmt.Errorf("set up the reader of cron expressions: %w", err)
	}
	parsed, err := parser.WithMaxSearchYears(searchYears).Parse(expression)
	if err != nil {
		return Table{}, explain(err)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return Table{}, errors.New("it is not made of five fields")
	}
	spec.Location = time.UTC
	const allHours = 1<<24 - 1
	if zone == nil {
		zone = time.UTC
	}
	t := Table{cron: spec, zone: zone, hourly: spec.Hour&allHours == allHours}
	if spec.Next(aLeapYear()).IsZero() {
		return Table{}, errors.New("there is no day that it names, so it would never fire")
	}
	return t, nil
}

// explain says what the cron library did not like, without the words of Go.
func explain(err error) error {
	if text, ok := strings.CutPrefix(err.Error(), "failed to parse int from "); ok {
		text, _, _ = strings.Cut(text, ": ")
		return fmt.Errorf("%s is neither a number nor a name such as MON or JAN", text)
	}
	if strings.HasPrefix(err.Error(), "h expressions") {
		return errors.New("there is no H; name a minute or an hour")
	}
	return err
}

// aLeapYear is the beginning of one; from there, all that can come does within searchYears.
func aLeapYear() time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) }

// refuse says what the cron library would take and a schedule does not have.
func refuse(expression string) error {
	if strings.HasPrefix(expression, "@") {
		switch expression {
		case "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly":
			return nil
		}
		if every, ok := strings.CutPrefix(expression, "@every "); ok {
			return fmt.Errorf("write `every: %s` in place of `cron`", strings.TrimSpace(every))
		}
		return errors.New("known are @yearly, @monthly, @weekly, @daily and @hourly")
	}
	if strings.Contains(expression, "TZ=") {
		return errors.New("the timezone is a key of its own: `timezone: Europe/Paris`")
	}
	fields := strings.Fields(expression)
	if len(fields) != 5 {
		return fmt.Errorf("it has %d fields and needs five: minute, hour, day of the month, month, day of the week", len(fields))
	}
	for _, f := range fields {
		for part := range strings.SplitSeq(f, ",") {
			if part == "" {
				return fmt.Errorf("nothing stands beside a comma in %q", f)
			}
		}
	}
	return nil
}

// Zone is a timezone by its name, such as Europe/Paris; an empty name is UTC.
func Zone(name string) (*time.Location, error) {
	if name == "Local" {
		return nil, errors.New("it would be another one on each machine; name a place, such as Europe/Paris")
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, errors.New("there is none of that name; they are written as Europe/Paris, America/New_York or UTC")
	}
	return zone, nil
}

// New is the table of a schedule that has either an expression, with a timezone, or a duration.
func New(expression, zone string, every time.Duration) (Table, error) {
	if expression == "" {
		return Every(every)
	}
	in, err := Zone(zone)
	if err != nil {
		return Table{}, fmt.Errorf("timezone %q: %w", zone, err)
	}
	t, err := Cron(expression, in)
	if err != nil {
		return Table{}, fmt.Errorf("cron %q: %w", expression, err)
	}
	return t, nil
}
