package parse

import (
	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file knows the keys of `schedule` and of `concurrency`.

// MaxSchedules is the number of schedules that a flow may have.
const MaxSchedules = 50

// schedules reads one schedule, or a list of several.
func (p *parser) schedules(n *yaml.Node) []*Schedule {
	if n.Kind != yaml.SequenceNode {
		if n.Kind != yaml.MappingNode {
			p.wrongForm(n, "a mapping (`cron: …` or `every: …`), or a list of several", "`schedule`")
			return nil
		}
		return []*Schedule{p.schedule(n)}
	}
	if len(n.Content) == 0 {
		p.report.Add(diag.EmptyValue, p.pos(n), "`schedule` is an empty list; give it an entry or leave the key out")
	}
	if len(n.Content) > MaxSchedules {
		p.report.Add(diag.TooLarge, p.pos(n), "`schedule` has %d entries, more than the %d that there may be", len(n.Content), MaxSchedules)
		return nil
	}
	var list []*Schedule
	for _, entry := range n.Content {
		if entry.Kind != yaml.MappingNode {
			p.wrongForm(entry, "`name`, and `cron` or `every`, in each entry", "`schedule`")
			continue
		}
		s := p.schedule(entry)
		if len(n.Content) > 1 && !mentions(entry, "name") {
			p.report.Add(diag.MissingKey, p.pos(entry), "a schedule beside others needs a `name`: by it the runtime knows what it has started already")
		}
		list = append(list, s)
	}
	return list
}

func (p *parser) schedule(n *yaml.Node) *Schedule {
	s := &Schedule{Pos: p.pos(n)}
	p.object(n, "`schedule`", p.scheduleKeys(s))
	if s.Name != nil {
		s.Pos = s.Name.Pos
	}
	if !mentions(n, "cron") && !mentions(n, "every") {
		p.report.Add(diag.MissingKey, s.Pos, "the schedule does not say when: write `cron: \"0 9 * * MON-FRI\"` or `every: 10m`")
	}
	return s
}

func (p *parser) scheduleKeys(s *Schedule) []key {
	return []key{
		p.into(&s.Name, "name"),
		p.into(&s.Cron, "cron"),
		p.into(&s.Every, "every"),
		p.into(&s.Timezone, "timezone"),
		{"input", func(v *yaml.Node) { s.Input = p.value(v, "`input` of `schedule`") }},
		p.into(&s.CatchUp, "catchUp"),
		p.into(&s.Overlap, "overlap"),
	}
}

func (p *parser) concurrency(n *yaml.Node) *Concurrency {
	if n.Kind != yaml.MappingNode {
		p.wrongForm(n, "a mapping: `{limit: 10}`, or `{limit: 10, key: input.customerId}`", "`concurrency`")
		return nil
	}
	c := new(Concurrency)
	p.object(n, "`concurrency`", p.concurrencyKeys(c))
	if !mentions(n, "limit") {
		p.report.Add(diag.MissingKey, p.pos(n), "`concurrency` has no `limit`: how many runs may be under way at a time")
	}
	return c
}

func (p *parser) concurrencyKeys(c *Concurrency) []key {
	return []key{p.into(&c.Limit, "limit"), p.into(&c.Key, "key")}
}
