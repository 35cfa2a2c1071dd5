package page

import (
	"io"
	"net/url"
	"strconv"
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
	// Counts are how many runs there are of each status, in the filter's flow; nil where
	// that is not known.
	Counts map[flow.Status]int
	// Hours are how many runs began in each of the last hours, the oldest first, and of
	// those how many have failed; empty where that is not known.
	Hours []Hour
	// Parked are the ids of the runs on the page for which no code is registered.
	Parked map[string]bool
}

// Hour is what began in an hour.
type Hour struct {
	At           time.Time
	Runs, Failed int
}

// WriteList writes the list of runs.
func WriteList(w io.Writer, site Site, l List) error {
	return write(w, "list.html", view{
		Site: site, Title: "Runs", Here: "runs", Live: site.Prefix + "/flows/stream", Body: newListPage(site, l),
	})
}

// listPage is what the template of the list reads.
type listPage struct {
	Site     Site
	Flow     string
	Status   string
	Search   string
	Tenant   string
	Label    string
	Since    string
	Until    string
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

// hourBar is an hour of the sparkline; its numbers are in the units of its view box.
type hourBar struct {
	X, Y, H, FailedY, FailedH int
	Says                      string
}

func newListPage(site Site, l List) *listPage {
	q := l.Query
	p := &listPage{
		Site: site, Flow: q.Get("flow_id"), Status: q.Get("status"), Search: q.Get("q"), Tenant: q.Get("tenant_id"),
		Label: q.Get("label"), Since: q.Get("since"), Until: q.Get("until"), Flows: l.Flows, Further: q.Get("cursor") != "",
	}
	p.Filtered = p.Flow+p.Status+p.Search+p.Tenant+p.Label+p.Since+p.Until != ""
	p.tabs(l)
	for _, r := range l.Runs {
		p.Rows = append(p.Rows, newListRow(site, r, l.Parked[r.ID]))
	}
	p.Hours, p.HoursSay = sparkline(l.Hours)
	p.First = p.with("cursor", "")
	if l.Next != "" {
		p.Next = p.with("cursor", l.Next)
	}
	if site.MayOperate && len(l.Runs) > 0 {
		p.Bulk = bulkActs(p.Status)
	}
	return p
}

// with is the address of the list with one thing of its filter changed.
func (p *listPage) with(name, value string) string {
	f := map[string]string{
		"flow_id": p.Flow, "status": p.Status, "q": p.Search, "tenant_id": p.Tenant, "label": p.Label, "since": p.Since, "until": p.Until,
	}
	f[name] = value
	var pairs []string
	for name, value := range f {
		pairs = append(pairs, name, value)
	}
	return p.Site.RunsURL(pairs...)
}

func (p *listPage) tabs(l List) {
	all := 0
	for _, n := range l.Counts {
		all += n
	}
	number := func(n int) string {
		if l.Counts == nil {
			return ""
		}
		return count(n)
	}
	p.Tabs = []tab{{Label: "All", URL: p.with("status", ""), Here: p.Status == "", Count: number(all)}}
	for _, s := range []flow.Status{flow.StatusPending, flow.StatusRunning, flow.StatusCompleted, flow.StatusFailed, flow.StatusCancelled} {
		p.Tabs = append(p.Tabs, tab{
			Label: sentence(string(s)), Mark: markOf(s, ""), URL: p.with("status", string(s)),
			Here: p.Status == string(s), Count: number(l.Counts[s]),
		})
	}
}

func newListRow(site Site, r runtime.RunSummary, parked bool) listRow {
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
	if parked && !row.Over {
		row.Mark = markOf(flow.StatusRunning, "parked")
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

// sparkline are the last hours as bars, and what they say.
func sparkline(hours []Hour) ([]hourBar, string) {
	most, runs, failed := 0, 0, 0
	for _, h := range hours {
		most = max(most, h.Runs)
		runs += h.Runs
		failed += h.Failed
	}
	if most == 0 {
		return nil, ""
	}
	var bars []hourBar
	for i, h := range hours {
		b := hourBar{X: i * sparkStep, Says: h.At.UTC().Format("15:04 UTC") + ": " + plural(h.Runs, "run", "runs") + ", " + count(h.Failed) + " failed"}
		b.H = h.Runs * sparkHeight / most
		if h.Runs > 0 {
			b.H = max(b.H, 2)
		}
		if h.Failed > 0 {
			b.FailedH = max(h.Failed*sparkHeight/most, 2)
		}
		b.Y, b.FailedY = sparkHeight-b.H, sparkHeight-b.FailedH
		bars = append(bars, b)
	}
	return bars, plural(runs, "run", "runs") + " in the last " + strconv.Itoa(len(hours)) + " hours, " + count(failed) + " failed"
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
