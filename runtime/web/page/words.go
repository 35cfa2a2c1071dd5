package page

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/timeline"
)

// This file is how things are said: times, durations, numbers, statuses.

var funcs = template.FuncMap{
	"clock":   func(t time.Time) instant { return instant{t, "time"} },
	"day":     func(t time.Time) instant { return instant{t, "day"} },
	"ago":     func(t time.Time) instant { return instant{t, "ago"} },
	"took":    timeline.Short,
	"count":   count,
	"plural":  plural,
	"shorten": shorten,
	"runMark": markOf,
	"inc":     func(n int) int { return n + 1 },
	"mul":     func(a, b int) int { return a * b },
	"pair":    func(url string, a act) actForm { return actForm{url, a} },
}

// instant is a time as a page shows it: in UTC, until the module has told it in the
// viewer's zone.
type instant struct {
	At   time.Time
	Form string // time, day or ago: see the module
}

// ISO is the time for machines.
func (i instant) ISO() string { return i.At.UTC().Format("2006-01-02T15:04:05.000Z") }

// UTC is the whole time for people.
func (i instant) UTC() string { return i.At.UTC().Format("2006-01-02 15:04:05.000 UTC") }

// Text is the time where there is no script.
func (i instant) Text() string {
	if i.Form == "time" {
		return i.At.UTC().Format("15:04:05 UTC")
	}
	return i.At.UTC().Format("2 Jan 2006, 15:04:05 UTC")
}

// mark is a status with its sign: told by a shape and a word, and by a colour besides.
type mark struct {
	Icon string // the sign's name in the templates
	Tone string // the class of its colour
	Word string
}

// markOf is the mark of a run or, without a phase, of a step.
func markOf(s flow.Status, phase flow.Phase) mark {
	m := mark{Icon: string(s), Tone: string(s), Word: string(s)}
	switch phase {
	case flow.PhaseWaiting, flow.PhasePaused, flow.PhaseParked:
		m = mark{Icon: string(phase), Tone: "waiting", Word: string(phase)}
	case flow.PhaseCompensating:
		m = mark{Icon: "undo", Tone: "failed", Word: "compensating"}
	}
	return m
}

// count is a number with its thousands set apart.
func count(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// plural is a number and what it counts.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// shorten cuts a text to so many characters, on one line.
func shorten(n int, s string) string {
	s, _, cut := strings.Cut(strings.TrimSpace(s), "\n")
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	if cut {
		return s + " …"
	}
	return s
}

// anchor is the id of a block on its run's page.
func anchor(runAttempt int, step string) string {
	return fmt.Sprintf("b%d-%s", runAttempt, step)
}

// sentence begins a text with a capital letter.
func sentence(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// list is "a, b and c".
func list(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}

// sortedKeys are the names of labels in their order.
func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
