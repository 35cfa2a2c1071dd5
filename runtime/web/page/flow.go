package page

import (
	"cmp"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow/description"
)

// This file is the pages of flows: the list of those that are known, and one of them.

// Flows is what the list of flows is made of.
type Flows struct {
	// Flows are the newest versions of those that are known.
	Flows []*description.Flow
	// Stats are the numbers of their runs in the last day, by name; nil where they are not known.
	Stats map[string]runtime.FlowStats
}

// Flow is what the page of a flow is made of.
type Flow struct {
	Description *description.Flow
	// Versions are those that are known, the newest first.
	Versions []string
	// Stats are the numbers of its runs in the last day; nil where they are not known.
	Stats *runtime.FlowStats
	// Steps are the numbers of its steps.
	Steps Steps
}

// WriteFlows writes the list of flows.
func WriteFlows(w io.Writer, site Site, f Flows) error {
	p := &flowsPage{Site: site}
	for _, d := range f.Flows {
		row := flowRow{Flow: d, URL: site.FlowURL(d.ID), Runs: site.RunsURL("flow_id", d.ID), FailedURL: site.RunsURL("flow_id", d.ID, "status", "failed")}
		if s, ok := f.Stats[d.ID]; ok {
			row.Known, row.Stats = true, s
			row.Hours, row.HoursSay = sparkline(&s, site.Now, hourOf(site, d.ID))
			row.All = int(s.Pending + s.Running + s.Completed + s.Failed + s.Cancelled)
			row.Failed = int(s.Failed)
		}
		p.Rows = append(p.Rows, row)
	}
	slices.SortFunc(p.Rows, func(a, b flowRow) int { return cmp.Compare(a.Flow.ID, b.Flow.ID) })
	return write(w, "flows.html", view{Site: site, Title: "Flows", Here: "flows", Body: p})
}

// hourOf makes the addresses of a flow's runs in a part of time.
func hourOf(site Site, name string) func(since, until string) string {
	return func(since, until string) string { return site.RunsURL("flow_id", name, "since", since, "until", until) }
}

type flowsPage struct {
	Site Site
	Rows []flowRow
}

type flowRow struct {
	Flow        *description.Flow
	URL, Runs   string
	Known       bool
	Stats       runtime.FlowStats
	All, Failed int
	FailedURL   string
	Hours       []hourBar
	HoursSay    string
}

// WriteFlow writes the page of a flow.
func WriteFlow(w io.Writer, site Site, f Flow) error {
	return write(w, "flow.html", view{Site: site, Title: f.Description.ID, Here: "flows", Body: newFlowPage(site, f)})
}

// flowPage is what the template of a flow's page reads.
type flowPage struct {
	Site     Site
	Flow     *description.Flow
	Versions []string
	Graph    template.HTML
	Facts    []fact
	Stats    *runtime.FlowStats
	Tabs     []tab
	Hours    []hourBar
	HoursSay string
	Blocks   []flowBlock
	Measured string // of what the numbers of steps are; empty where there are none
	Errors   []description.Error
	Spec     []string
}

// fact is something about the flow as a whole.
type fact struct{ Name, Value string }

// flowBlock is a block in the list of a flow's page.
type flowBlock struct {
	Depth  int
	Kind   description.Kind
	Name   string
	Doc    string
	Words  []string
	Stats  stepStats
	Known  bool   // Stats says something
	Failed string // the part of its attempts that failed
	Often  bool   // that part is not small
	Line   int
}

func newFlowPage(site Site, f Flow) *flowPage {
	d := f.Description
	p := &flowPage{Site: site, Flow: d, Versions: f.Versions, Graph: flowGraph(d), Stats: f.Stats, Facts: factsOf(d), Errors: d.Errors}
	if f.Stats != nil {
		p.Hours, p.HoursSay = sparkline(f.Stats, site.Now, hourOf(site, d.ID))
		p.Tabs = statusTabs(f.Stats)
		for i := range p.Tabs {
			p.Tabs[i].URL = site.RunsURL("flow_id", d.ID, "status", string(statuses[i]))
		}
	}
	if f.Steps.Runs > 0 {
		p.Measured = "in the last " + plural(f.Steps.Runs, "run", "runs")
	}
	p.add(d.Blocks, 0, f.Steps.stats())
	if d.Spec != "" {
		p.Spec = strings.Split(strings.TrimSuffix(d.Spec, "\n"), "\n")
	}
	return p
}

// add lists blocks, with what stands in them below them.
func (p *flowPage) add(blocks []description.Block, depth int, steps map[string]stepStats) {
	for i := range blocks {
		b := &blocks[i]
		if b.Kind == description.Sequence {
			p.add(b.Blocks, depth, steps)
			continue
		}
		fb := flowBlock{Depth: min(depth, 3), Kind: b.Kind, Name: b.Name, Doc: b.Doc, Words: policyWords(b), Line: b.Line}
		if s, ok := steps[b.Name]; ok && s.Attempts > 0 {
			share := float64(s.Failed) / float64(s.Attempts)
			fb.Stats, fb.Known, fb.Failed, fb.Often = s, true, shareWords(share), share >= .01
		}
		p.Blocks = append(p.Blocks, fb)
		p.add(b.Blocks, depth+1, steps)
		for _, c := range b.Cases {
			p.add(c.Blocks, depth+1, steps)
		}
	}
}

// shareWords is a part of a whole in percent.
func shareWords(share float64) string {
	switch {
	case share == 0:
		return "0 %"
	case share < .001:
		return "< 0.1 %"
	case share < .1:
		return fmt.Sprintf("%.1f %%", 100*share)
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// factsOf is what a flow says of its runs as a whole.
func factsOf(d *description.Flow) []fact {
	var facts []fact
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, fact{name, value})
		}
	}
	if d.MaxAttempts > 1 {
		text := count(d.MaxAttempts)
		if d.Restart != nil {
			text += ", " + strings.TrimSpace(d.Restart.Backoff+" from "+orDefault(d.Restart.BackoffBase, "1s"))
		}
		add("Attempts", text)
	}
	add("Timeout", d.Timeout)
	add("Kept for", d.Retention)
	add("Key", d.IdempotencyKey)
	add("Tenant", d.Tenant)
	add("Priority", d.Priority)
	if c := d.Concurrency; c != nil {
		text := count(c.Limit) + " at a time"
		if c.Key != "" {
			text += " for each " + c.Key
		}
		add("Concurrency", text)
	}
	for _, s := range d.Schedules {
		text := s.Cron
		if s.Every != "" {
			text = "every " + s.Every
		}
		if s.Timezone != "" {
			text += " in " + s.Timezone
		}
		add(strings.TrimSpace("Schedule "+s.Name), text)
	}
	return facts
}
