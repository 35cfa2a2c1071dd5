package check

import (
	"slices"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/engine/timetable"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file checks when a flow is started by itself, and with which input.

func (c *pass) schedules(f *resolve.Flow) {
	first := map[string]*parse.Text{}
	for _, s := range f.Syntax.Schedules {
		m := c.schedule(s, f)
		if s.Name != nil && resolve.CheckName(s.Name, "schedule", c.report) {
			if before := first[m.Name]; before != nil {
				c.report.AddRelated(diag.DeclaredTwice, s.Name.Pos, before.Pos, "it is declared here first",
					"schedule `%s` is declared twice in this flow; rename one", m.Name)
			} else {
				first[m.Name] = s.Name
			}
		}
		f.Model.Schedules = append(f.Model.Schedules, m)
	}
}

func (c *pass) schedule(s *parse.Schedule, f *resolve.Flow) *model.Schedule {
	m := &model.Schedule{Pos: s.Pos}
	if s.Name != nil {
		m.Name = s.Name.Value
	}
	c.times(s, m)
	m.CatchUp = word(c, s.CatchUp, "catchUp", model.CatchUpNone, model.CatchUpLast, model.CatchUpAll)
	m.Overlap = word(c, s.Overlap, "overlap", model.OverlapSkip, model.OverlapQueue, model.OverlapAllow)
	m.Input = c.scheduledInput(s, f)
	return m
}

// times checks when the schedule fires.
func (c *pass) times(s *parse.Schedule, m *model.Schedule) {
	if s.Cron != nil && s.Every != nil {
		c.report.AddRelated(diag.Misplaced, s.Every.Pos, s.Cron.Pos, "`cron` stands here", "a schedule has `cron` or `every`, not both; two schedules are a list, each with a `name`")
		return
	}
	if s.Timezone != nil && s.Cron == nil {
		c.report.Add(diag.Misplaced, s.Timezone.Pos, "`timezone` is where the times of a `cron` are; `every` is the same everywhere")
	}
	if s.Cron != nil {
		c.cron(s, m)
	}
	if m.Every = c.atLeast(s.Every, "every", time.Second); m.Every != 0 {
		if _, err := timetable.Every(m.Every); err != nil {
			c.report.Add(diag.BadDuration, s.Every.Pos, "`every`: %v", err)
		}
	}
}

func (c *pass) cron(s *parse.Schedule, m *model.Schedule) {
	zone := time.UTC
	if s.Timezone != nil {
		var err error
		m.Timezone = s.Timezone.Value
		if zone, err = timetable.Zone(m.Timezone); err != nil {
			c.report.Add(diag.BadSchedule, s.Timezone.Pos, "`%s` is no timezone: %v", clip(m.Timezone), err)
			zone = time.UTC
		}
		c.typer.zones[m.Timezone] = true
	}
	m.Cron = strings.Join(strings.Fields(s.Cron.Value), " ")
	if _, err := timetable.Cron(m.Cron, zone); err != nil {
		c.report.Add(diag.BadSchedule, s.Cron.Pos, "`%s` cannot be used as a cron expression: %v", clip(m.Cron), err)
	}
}

// word is one of the words that are possible, of which the first one holds where
// nothing is said.
func word[W ~string](c *pass, t *parse.Text, key string, words ...W) W {
	if t == nil {
		return words[0]
	}
	if slices.Contains(words, W(t.Value)) {
		return W(t.Value)
	}
	known := make([]string, len(words))
	for i, w := range words {
		known[i] = string(w)
	}
	c.report.Add(diag.UnknownWord, t.Pos, "unknown `%s` `%s`%s", key, clip(t.Value), diag.Hint(t.Value, known))
	return words[0]
}

// scheduledInput is the input of the runs. Without one they get an empty input,
// which must be enough.
func (c *pass) scheduledInput(s *parse.Schedule, f *resolve.Flow) []byte {
	t := inputType(f.Model)
	if t.Kind == resolve.Unknown {
		return nil // the type is wrong where it is declared, and reported there
	}
	input := s.Input
	if input == nil {
		if missing := firstRequired(FieldsOf(t)); missing != nil {
			c.report.AddRelated(diag.MissingKey, s.Pos, missing.Pos, "it is declared here",
				"the schedule needs an `input`: the flow's input has the field `%s`, which may not be absent", missing.Name)
			return nil
		}
		input = &parse.Value{Pos: s.Pos, Fields: []parse.ValueField{}}
	}
	var l literal
	l.report = c.report
	l.write(input, t, "input")
	return l.json.Bytes()
}

func firstRequired(fields []*model.Field) *model.Field {
	for _, f := range fields {
		if required(f) {
			return f
		}
	}
	return nil
}
