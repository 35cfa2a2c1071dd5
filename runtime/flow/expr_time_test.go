package flow

import (
	"math"
	"testing"
	"time"
)

func TestTimeZones(t *testing.T) {
	noon := time.Date(2026, 7, 1, 12, 30, 0, 0, time.UTC)
	for zone, want := range map[string]string{
		"":              "12:30",
		"UTC":           "12:30",
		"Europe/Paris":  "14:30",
		"Asia/Kolkata":  "18:00",
		"+02:00":        "14:30",
		"02:00":         "14:30",
		"-09:30":        "03:00",
		"-00:30":        "12:00",
		"+23:59":        "12:29",
		"America/Lima":  "07:30",
		"Pacific/Apia":  "01:30",
		"Asia/Katmandu": "18:15",
	} {
		p := new(Plan)
		if got := InZone(p, noon, zone); got.Format("15:04") != want || !got.Equal(noon) || p.err != nil {
			t.Errorf("in %q got %v with failure %v, want %s", zone, got, p.err, want)
		}
	}
	for _, zone := range []string{"Local", "Nowhere/City", "+24:00", "+02:60", "+2:00", "2:00", "+-2:00", "++02:00", ":", "+02:000", "02:", "../zone", "é:00"} {
		p := new(Plan)
		if InZone(p, noon, zone); p.err == nil {
			t.Errorf("%q is a time zone", zone)
		} else if p.err.Message != "there is no such time zone" {
			t.Errorf("got failure %v", p.err)
		}
	}
}

func TestTimesOfTextsAndNumbers(t *testing.T) {
	p := new(Plan)
	noon := time.Date(2026, 3, 1, 12, 0, 0, 5e6, time.UTC)
	if got := ParseTime(p, "2026-03-01T13:00:00.005+01:00"); !got.Equal(noon) || got.Location() != time.UTC || p.err != nil {
		t.Errorf("got %v with failure %v", got, p.err)
	}
	if got := UnixTime(p, noon.Unix()); !got.Equal(noon.Truncate(time.Second)) || p.err != nil {
		t.Errorf("got %v with failure %v", got, p.err)
	}
	if got := ParseDuration(p, "-1h30m"); got != Duration(-90*time.Minute) || p.err != nil {
		t.Errorf("got %v with failure %v", got, p.err)
	}
	first, last := UnixTime(p, firstSecond), UnixTime(p, lastSecond)
	if first.Year() != 1 || last.Year() != 9999 || first.Add(-1).Year() != 0 || last.Add(time.Second).Year() != 10000 || p.err != nil {
		t.Errorf("the first time is %v, the last %v, failure %v", first, last, p.err)
	}
	for name, fail := range map[string]func(p *Plan){
		"before the first second": func(p *Plan) { UnixTime(p, firstSecond-1) },
		"behind the last second":  func(p *Plan) { UnixTime(p, lastSecond+1) },
		"far behind":              func(p *Plan) { UnixTime(p, math.MaxInt64) },
		"a date":                  func(p *Plan) { ParseTime(p, "2026-03-01") },
		"one digit":               func(p *Plan) { ParseTime(p, "2026-03-01T1:00:00Z") },
		"a comma":                 func(p *Plan) { ParseTime(p, "2026-03-01T01:00:00,5Z") },
		"no zone":                 func(p *Plan) { ParseTime(p, "2026-03-01T01:00:00") },
		"a day that is none":      func(p *Plan) { ParseTime(p, "2026-02-29T01:00:00Z") },
		"the year 0":              func(p *Plan) { ParseTime(p, "0001-01-01T00:00:00+01:00") },
		"a zone that is none":     func(p *Plan) { ParseTime(p, "2026-03-01T01:00:00+24:00") },
		"days":                    func(p *Plan) { ParseDuration(p, "1d") },
		"no unit":                 func(p *Plan) { ParseDuration(p, "1") },
	} {
		p := new(Plan)
		if fail(p); p.err == nil {
			t.Errorf("%s: did not fail", name)
		}
	}
}
