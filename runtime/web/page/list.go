package page

import (
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is the list of runs.

// List is what the list of runs is made of.
type List struct {
	Runs []runtime.RunSummary
	// Next is the cursor of the next page; empty on the last.
	Next string
	// Query is the filter as it stands in the address: flow_id, status, q, tenant_id, label,
	// since, until, and the cursor.
	Query url.Values
	// Flows are the names that the filter offers.
	Flows []string
	// Stats are the numbers of the last day, of the filter's flow or of all; nil where they are
	// not known.
	Stats *runtime.FlowStats
}

// WriteList writes the list of runs.
func WriteList(w io.Writer, site Site, l List) error {
	return write(w, "list.html", view{
		Site: site, Title: "Runs", Here: "runs", Live: listStream(site, l.Query), Body: newListPage(site, l),
	})
}

// listStream is the stream of the runs that may be on a list: one whose status is another one
// now may have had that of the filter before.
func listStream(site Site, query url.Values) string {
	q := url.Values{}
	for _, name := range []string{"flow_id", "tenant_id", "label"} {
		if values := query[name]; len(values) > 0 {
			q[name] = values
		}
	}
	return strings.TrimSuffix(site.Prefix+"/flows/stream?"+q.Encode(), "?")
}

// listPage is what the template of the list reads.
type listPage struct {
	Site     Site
	Flow     string
	Status   string
	Search   string
	Tenant   string
	Label    string
	Others   []label  // what else the filter says, which the form keeps
	Filter   []label  // all that it says, for a bulk act
	Since    *instant // from when the runs are, nil where the filter does not say
	Until    *instant // and until when
	AnyTime  string   // the list without these
	Flows    []string
	Tabs     []tab
	Rows     []listRow
	Hours    []hourBar
	HoursSay string
	Filtered bool
	Further  bool // a page behind the first
	Next     string
	First    string
	Bulk     []act
	query    url.Values // the filter, without the cursor
}

// tab is a status that the list can be narrowed to.
type tab struct {
	Label string
	Mark  mark
	URL   string
	Count string // empty where it is not known
	Here  bool
}

// listRow is a run.
type listRow struct {
	Run    runtime.RunSummary
	URL    string
	Mark   mark
	Took   time.Duration
	Over   bool
	Begun  bool
	Note   string // why it failed, or what it waits for
	Labels []label
}

// label is one of a run's labels.
type label struct{ Name, Value, URL string }

// shownFields are the parts of the filter that the form has fields for; of each the first value.
var shownFields = []string{"flow_id", "q", "tenant_id", "label"}

// hourBar is an hour of the sparkline; its numbers are in the units of its view box.
type hourBar struct {
	X, Y, H, FailedY, FailedH int
	Says, URL                 string
}

func newListPage(site Site, l List) *listPage {
	q := maps.Clone(l.Query)
	delete(q, "cursor")
	p := &listPage{
		Site: site, Flow: q.Get("flow_id"), Status: q.Get("status"), Search: q.Get("q"), Tenant: q.Get("tenant_id"),
		Label: q.Get("label"), Flows: l.Flows, Further: l.Query.Get("cursor") != "", Filtered: len(q) > 0, query: q,
	}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		for i, value := range q[name] {
			p.Filter = append(p.Filter, label{Name: name, Value: value})
			if i > 0 || !slices.Contains(shownFields, name) {
				p.Others = append(p.Others, label{Name: name, Value: value})
			}
		}
	}
	p.Since, p.Until, p.AnyTime = timeIn(q, "since"), timeIn(q, "until"), p.with("since", "", "until", "")
	p.tabs(l)
	for _, r := range l.Runs {
		p.Rows = append(p.Rows, newListRow(site, r))
	}
	if l.Stats != nil {
		p.Hours, p.HoursSay = sparkline(l.Stats, site.Now, func(since, until string) string { return p.with("since", since, "until", until) })
	}
	p.First = p.with("cursor", "")
	if l.Next != "" {
		p.Next = p.with("cursor", l.Next)
	}
	if site.MayOperate && len(l.Runs) > 0 {
		p.Bulk = bulkActs(p.Status)
	}
	return p
}

// timeIn is a time of the filter: in milliseconds since 1970, or as RFC 3339; nil for none.
func timeIn(q url.Values, name string) *instant {
	text := q.Get(name)
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return &instant{time.UnixMilli(ms), "day"}
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return &instant{at, "day"}
	}
	return nil
}

// with is the address of the list with things of its filter changed: names and their values.
func (p *listPage) with(pairs ...string) string {
	q := maps.Clone(p.query)
	if q == nil {
		q = url.Values{}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, value := pairs[i], pairs[i+1]
		if delete(q, name); value != "" {
			q.Set(name, value)
		}
	}
	return strings.TrimSuffix(p.Site.Prefix+"/admin/flows?"+q.Encode(), "?")
}

func (p *listPage) tabs(l List) {
	all := ""
	if l.Stats != nil {
		all = count(int(l.Stats.Pending + l.Stats.Running + l.Stats.Completed + l.Stats.Failed + l.Stats.Cancelled))
	}
	p.Tabs = append([]tab{{Label: "All", URL: p.with("status", ""), Here: p.Status == "", Count: all}}, statusTabs(l.Stats)...)
	for i, s := range statuses {
		t := &p.Tabs[i+1]
		t.URL, t.Here = p.with("status", string(s)), p.Status == string(s)
	}
}

// statuses are those of runs, in the order in which they come.
var statuses = []flow.Status{flow.StatusPending, flow.StatusRunning, flow.StatusCompleted, flow.StatusFailed, flow.StatusCancelled}

// statusTabs are the statuses with their numbers, if those are known, and still without addresses.
func statusTabs(s *runtime.FlowStats) []tab {
	tabs := make([]tab, len(statuses))
	for i, status := range statuses {
		tabs[i] = tab{Label: sentence(string(status)), Mark: markOf(status, "")}
	}
	if s != nil {
		for i, n := range []int64{s.Pending, s.Running, s.Completed, s.Failed, s.Cancelled} {
			tabs[i].Count = count(int(n))
		}
	}
	return tabs
}

func newListRow(site Site, r runtime.RunSummary) listRow {
	row := listRow{
		Run: r, URL: site.RunURL(r.ID), Mark: markOf(r.Status, r.Phase),
		Over: r.Status.Final(), Begun: !r.StartedAt.IsZero(),
	}
	switch {
	case row.Over && row.Begun:
		row.Took = r.FinishedAt.Sub(r.StartedAt)
	case row.Begun:
		row.Took = max(site.Now.Sub(r.StartedAt), 0)
	}
	if r.Error != nil {
		row.Note = shorten(140, r.Error.Message)
		if r.Error.Step != "" {
			row.Note = r.Error.Step + ": " + row.Note
		}
	}
	for _, name := range sortedKeys(r.Labels) {
		v := r.Labels[name]
		row.Labels = append(row.Labels, label{name, v, site.RunsURL("label", name+"="+v)})
	}
	return row
}

// The size of the sparkline's view box.
const (
	sparkStep   = 8
	sparkHeight = 32
)

// sparkHours is how many hours a sparkline shows, with the one that is not over.
const sparkHours = 24

// sparkline are the last hours as bars, and what they say. Each leads to the runs of its hour.
func sparkline(s *runtime.FlowStats, now time.Time, link func(since, until string) string) ([]hourBar, string) {
	first := now.UTC().Truncate(time.Hour).Add(-(sparkHours - 1) * time.Hour)
	var hours [sparkHours]runtime.Happened
	var most, started, failed int64
	for _, slot := range s.Slots {
		i := int(slot.At.Sub(first) / time.Hour)
		if slot.At.Before(first) || i >= sparkHours {
			continue
		}
		hours[i].Started += slot.Started
		hours[i].Failed += slot.Failed
		most = max(most, hours[i].Started, hours[i].Failed)
		started += slot.Started
		failed += slot.Failed
	}
	if most == 0 {
		return nil, ""
	}
	bars := make([]hourBar, sparkHours)
	for i, h := range hours {
		at := first.Add(time.Duration(i) * time.Hour)
		bars[i] = hourBar{
			URL: link(at.Format(time.RFC3339), at.Add(time.Hour).Format(time.RFC3339)),
			X:   i * sparkStep, H: barHeight(h.Started, most), FailedH: barHeight(h.Failed, most),
			Says: at.Format("15:04 UTC") + ": " + plural(int(h.Started), "run", "runs") + " started, " + count(int(h.Failed)) + " failed",
		}
		bars[i].Y, bars[i].FailedY = sparkHeight-bars[i].H, sparkHeight-bars[i].FailedH
	}
	return bars, plural(int(started), "run", "runs") + " started in the last day, " + count(int(failed)) + " failed"
}

// barHeight is the height of a bar; what is there can be seen.
func barHeight(n, most int64) int {
	if n == 0 {
		return 0
	}
	return max(int(n*sparkHeight/most), 2)
}

// bulkActs are what can be done to all that a filter selects.
func bulkActs(status string) []act {
	after := status == string(flow.StatusFailed) || status == string(flow.StatusCancelled) || status == string(flow.StatusCompleted)
	if !after {
		return []act{
			{Name: "cancel", Label: "Cancel"},
			{Name: "terminate", Label: "Terminate"},
			{Name: "pause", Label: "Pause"},
			{Name: "resume", Label: "Resume"},
		}
	}
	return []act{{Name: "retry", Label: "Retry"}, {Name: "rerun", Label: "Run again"}, {Name: "delete", Label: "Delete"}}
}
