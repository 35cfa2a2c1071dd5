package timetable_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime/engine/timetable"
)

func table(t *testing.T, cron, zone string, every time.Duration) timetable.Table {
	t.Helper()
	table, err := timetable.New(cron, zone, every)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestTimes(t *testing.T) {
	const paris, york, samoa = "Europe/Paris", "America/New_York", "Pacific/Apia"
	for name, test := range map[string]struct {
		cron, zone string
		every      time.Duration
		after      string
		want       string // in UTC, without seconds where there are none
	}{
		"working days":             {cron: "0 9 * * MON-FRI", after: "2026-11-20T09:00:00Z", want: "2026-11-23T09:00:00Z 2026-11-24T09:00:00Z"},
		"in a place":               {cron: "0 9 * * 1-5", zone: paris, after: "2026-11-20T09:00:00Z", want: "2026-11-23T08:00:00Z"},
		"not that itself":          {cron: "@daily", after: "2026-11-20T00:00:00Z", want: "2026-11-21T00:00:00Z"},
		"right behind":             {cron: "@daily", after: "2026-11-19T23:59:59.999Z", want: "2026-11-20T00:00:00Z"},
		"either day":               {cron: "0 0 1 * MON", after: "2026-11-25T00:00:00Z", want: "2026-11-30T00:00:00Z 2026-12-01T00:00:00Z 2026-12-07T00:00:00Z"},
		"a leap day":               {cron: "0 0 29 2 *", after: "2096-03-01T00:00:00Z", want: "2104-02-29T00:00:00Z"},
		"a step":                   {cron: "*/20 8,9 * * *", after: "2026-11-20T08:50:00Z", want: "2026-11-20T09:00:00Z 2026-11-20T09:20:00Z 2026-11-20T09:40:00Z 2026-11-21T08:00:00Z"},
		"every":                    {every: 10 * time.Minute, after: "2026-11-20T08:50:00Z", want: "2026-11-20T09:00:00Z 2026-11-20T09:10:00Z"},
		"every, before 1970":       {every: time.Hour, after: "1969-12-31T21:30:00Z", want: "1969-12-31T22:00:00Z 1969-12-31T23:00:00Z 1970-01-01T00:00:00Z"},
		"every, with a fraction":   {every: 1500 * time.Millisecond, after: "1970-01-01T00:00:01Z", want: "1970-01-01T00:00:01.5Z 1970-01-01T00:00:03Z"},
		"skipped in spring":        {cron: "30 2 * * *", zone: paris, after: "2026-03-28T00:00:00Z", want: "2026-03-28T01:30:00Z 2026-03-29T01:30:00Z 2026-03-30T00:30:00Z"},
		"skipped and real are one": {cron: "30 2,3 * * *", zone: paris, after: "2026-03-28T22:00:00Z", want: "2026-03-29T01:30:00Z 2026-03-30T00:30:00Z"},
		"skipped goes in between":  {cron: "30 2 * * *", zone: york, after: "2026-03-08T06:59:59Z", want: "2026-03-08T07:30:00Z 2026-03-09T06:30:00Z"},
		"several skipped":          {cron: "*/30 2 * * *", zone: paris, after: "2026-03-28T22:00:00Z", want: "2026-03-29T01:00:00Z 2026-03-29T01:30:00Z 2026-03-30T00:00:00Z"},
		"twice in autumn":          {cron: "30 1 * * *", zone: york, after: "2026-10-31T12:00:00Z", want: "2026-11-01T05:30:00Z 2026-11-02T06:30:00Z"},
		"between the two":          {cron: "30 1 * * *", zone: york, after: "2026-11-01T05:45:00Z", want: "2026-11-02T06:30:00Z"},
		"at the change":            {cron: "0 2 * * *", zone: york, after: "2026-10-31T12:00:00Z", want: "2026-11-01T07:00:00Z 2026-11-02T07:00:00Z"},
		"every hour in spring":     {cron: "15 * * * *", zone: paris, after: "2026-03-28T23:20:00Z", want: "2026-03-29T00:15:00Z 2026-03-29T01:15:00Z 2026-03-29T02:15:00Z"},
		"every hour in autumn":     {cron: "15 * * * *", zone: paris, after: "2026-10-24T23:20:00Z", want: "2026-10-25T00:15:00Z 2026-10-25T01:15:00Z 2026-10-25T02:15:00Z"},
		"midnight is skipped":      {cron: "0 0 * * *", zone: "America/Santiago", after: "2026-09-05T12:00:00Z", want: "2026-09-06T04:00:00Z 2026-09-07T03:00:00Z"},
		"a day is skipped":         {cron: "0 9 30 12 *", zone: samoa, after: "2011-12-01T00:00:00Z", want: "2011-12-30T19:00:00Z 2012-12-29T19:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			table := table(t, test.cron, test.zone, test.every)
			next := at(t, test.after)
			for want := range strings.FieldsSeq(test.want) {
				next = table.Next(next)
				if !next.Equal(at(t, want)) {
					t.Fatalf("the next time is %s, want %s", next.UTC().Format(time.RFC3339Nano), want)
				}
			}
		})
	}
}

// TestLatest compares with going through all of them.
func TestLatest(t *testing.T) {
	from := at(t, "2026-10-20T00:00:00Z")
	for _, table := range []timetable.Table{
		table(t, "30 1 * * *", "America/New_York", 0), table(t, "*/7 * * * MON", "Europe/Paris", 0),
		table(t, "0 0 29 2 *", "", 0), table(t, "", "", time.Hour), table(t, "", "", 90*time.Second),
	} {
		for _, span := range []time.Duration{0, time.Second, time.Hour, 26 * time.Hour, 15 * 24 * time.Hour} {
			until := from.Add(span)
			var want time.Time
			for next := table.Next(from); !next.IsZero() && !next.After(until); next = table.Next(next) {
				want = next
			}
			if got := table.Latest(from, until); !got.Equal(want) {
				t.Errorf("%+v: the latest in %v is %v, want %v", table, span, got, want)
			}
		}
	}
	if got := table(t, "", "", time.Second).Latest(time.Time{}, from); !got.Equal(from) {
		t.Errorf("the latest of all time is %v, want %v", got, from)
	}
	if next := (timetable.Table{}).Next(from); !next.IsZero() {
		t.Errorf("no table has the time %v", next)
	}
}

func TestWhatIsNoSchedule(t *testing.T) {
	for _, test := range []struct {
		cron, zone string
		every      time.Duration
		want       string
	}{
		{cron: "0 9 * *", want: "4 fields"},
		{cron: "0 0 9 * * *", want: "6 fields"},
		{cron: "60 * * * *", want: "60"},
		{cron: "* * * * MOO", want: "MOO"},
		{cron: "0 0 30 2 *", want: "never fire"},
		{cron: "0 0 31 4,6 *", want: "never fire"},
		{cron: ", * * * *", want: "comma"},
		{cron: "1,,2 * * * *", want: "comma"},
		{cron: "@every 1h", want: "every: 1h"},
		{cron: "@reboot", want: "@daily"},
		{cron: "CRON_TZ=UTC 0 9 * * *", want: "timezone"},
		{cron: "*/0 * * * *", want: "step"},
		{cron: "H * * * *", want: "no H"},
		{cron: strings.Repeat("1,", 600) + "1 * * * *", want: "too long"},
		{cron: "0 9 * * *", zone: "Europe/Atlantis", want: "Europe/Paris"},
		{cron: "0 9 * * *", zone: "../etc/passwd", want: "none of that name"},
		{cron: "0 9 * * *", zone: "Local", want: "each machine"},
		{every: 999 * time.Millisecond, want: "a second"},
		{every: -time.Hour, want: "a second"},
		{every: time.Second + time.Microsecond, want: "milliseconds"},
		{want: "a second"},
	} {
		_, err := timetable.New(test.cron, test.zone, test.every)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v", test, err)
		}
	}
}

func FuzzCron(f *testing.F) {
	for _, seed := range []string{"0 9 * * MON-FRI", "@daily", "*/5 22-2 1-7 JAN-MAR 7", "0 0 29 2 *", "? * ? * ?"} {
		f.Add(seed, int64(1_700_000_000))
	}
	zone, err := timetable.Zone("Europe/Paris")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, expression string, unix int64) {
		table, err := timetable.Cron(expression, zone)
		if err != nil {
			return
		}
		after := time.Unix(unix%(1<<33), 0)
		if next := table.Next(after); !next.After(after) {
			t.Errorf("%q: the time behind %v is %v", expression, after, next)
		}
	})
}
