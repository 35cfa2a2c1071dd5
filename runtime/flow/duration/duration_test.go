package duration_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bextgen/bextgen/runtime/flow/duration"
)

func TestParse(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration
	}{
		{"0s", 0},
		{"0ms", 0},
		{"200ms", 200 * time.Millisecond},
		{"60s", time.Minute},
		{"1.5h", 90 * time.Minute},
		{"1d12h", 36 * time.Hour},
		{"1d1h1m1s1ms", 25*time.Hour + time.Minute + time.Second + time.Millisecond},
		{"0.1d", 2*time.Hour + 24*time.Minute},
		{"0.000001ms", 1},
		{"1.50s", 1500 * time.Millisecond},
		{"01h", time.Hour},
		{"-1m30s", -90 * time.Second},
		{"9223372036.854775807s", math.MaxInt64},
		{"-9223372036.854775808s", math.MinInt64},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			got, err := duration.Parse(test.text)
			if err != nil || got != test.want {
				t.Errorf("Parse(%q) = %v, %v; want %v", test.text, got, err, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "write a number and a unit"},
		{"-", "write a number and a unit"},
		{"5", "a unit is missing"},
		{"1h30", "a unit is missing"},
		{"s", "a number is missing"},
		{"+5s", "a number is missing"},
		{"--5s", "a number is missing"},
		{" 5s", "a number is missing"},
		{"5 s", "no unit"},
		{"5us", "no unit"},
		{"5S", "no unit"},
		{"1w", "no unit"},
		{"1h-5m", "no unit"},
		{"NaN", "a number is missing"},
		{"Infs", "a number is missing"},
		{"1e3s", "no unit"},
		{".5s", "no number"},
		{"5.s", "no number"},
		{"1.2.3s", "no number"},
		{"1m1h", "from large to small"},
		{"1h1h", "from large to small"},
		{"0.0000001ms", "finer than a nanosecond"},
		{"0.3333333333333333333d", "finer than a nanosecond"},
		{"106752d", "too long"},
		{"99999999999999999999d", "too long"},
		{"18446744073709551615d", "too long"},
		{"106751d106751d", "from large to small"},
		{"9223372036.854775808s", "too long"},
		{"213503d23.9h59m", "too long"},
		{strings.Repeat("1", 200) + "s", "too long"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			got, err := duration.Parse(test.text)
			if err == nil {
				t.Fatalf("Parse(%q) = %v, want an error", test.text, got)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("Parse(%q): %v; want %q in it", test.text, err, test.want)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	tests := []struct {
		d    time.Duration
		want string
	}{
		{0, "0s"},
		{1, "0.000001ms"},
		{time.Millisecond, "1ms"},
		{1500 * time.Microsecond, "1.5ms"},
		{1500 * time.Millisecond, "1.5s"},
		{time.Minute, "1m"},
		{90 * time.Second, "1m30s"},
		{36 * time.Hour, "1d12h"},
		{time.Hour + 20*time.Millisecond, "1h20ms"},
		{-90 * time.Second, "-1m30s"},
		{math.MaxInt64, "106751d23h47m16.854775807s"},
		{math.MinInt64, "-106751d23h47m16.854775808s"},
	}
	for _, test := range tests {
		if got := duration.Format(test.d); got != test.want {
			t.Errorf("Format(%d) = %q, want %q", int64(test.d), got, test.want)
		}
	}
}

func TestFormatParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "nanoseconds"))
		text := duration.Format(d)
		got, err := duration.Parse(text)
		if err != nil || got != d {
			t.Fatalf("Parse(Format(%d) = %q) = %d, %v", int64(d), text, int64(got), err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "1d12h", "1.5h", "-200ms", "0.000001ms", "106752d", "1h1h", "5µs", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := duration.Parse(text)
		if err != nil {
			return
		}
		again, err := duration.Parse(duration.Format(d))
		if err != nil || again != d {
			t.Errorf("%q is %d, which is formatted as %q and read as %d, %v", text, int64(d), duration.Format(d), int64(again), err)
		}
	})
}
