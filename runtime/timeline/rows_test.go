package timeline_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/timeline"
)

// barsOf are the bars in short: "kind from-to status", in milliseconds, with a + for one that lasts.
func barsOf(bars []timeline.Bar) []string {
	var out []string
	for _, b := range bars {
		open := ""
		if b.Open {
			open = "+"
		}
		out = append(out, fmt.Sprintf("%s %d-%d%s %s", b.Kind, b.From.Sub(noon).Milliseconds(), b.To.Sub(noon).Milliseconds(), open, b.Status))
	}
	return out
}

func TestBars(t *testing.T) {
	busy := waking(failing(entry(flow.KindStep, "a", 1, 1, 0, 10), "busy"), 50)
	stop := entry(flow.KindCancel, "", 1, 0, 30, 30)
	stop.Error = &flow.Error{Kind: flow.ErrorCancelled, Message: "cancelled"}
	quiet := entry(flow.KindWait, "approval", 1, 0, 0, 20)
	for _, c := range []struct {
		name   string
		status flow.Status
		log    []flow.Entry
		now    int
		want   []string
	}{
		{"a step under way lasts until now", flow.StatusRunning, []flow.Entry{entry(flow.KindStep, "a", 1, 1, 0, -1)}, 70, []string{"attempt 0-70+ running"}},
		{"so does a pause before a retry", flow.StatusRunning, []flow.Entry{busy}, 40, []string{"attempt 0-10 failed", "retry 10-40+ running"}},
		{
			"a pause that somebody ended", flow.StatusRunning,
			[]flow.Entry{busy, entry(flow.KindSkipDelay, "a", 1, 0, 20, 20), entry(flow.KindStep, "a", 1, 2, 20, 25)},
			40,
			[]string{"attempt 0-10 failed", "retry 10-20 completed", "moment 20-20 completed", "attempt 20-25 completed"},
		},
		{
			"a failure elsewhere ends the pause", flow.StatusRunning,
			[]flow.Entry{busy, failing(entry(flow.KindRollback, "", 1, 0, 15, -1), "other")},
			40,
			[]string{"attempt 0-10 failed", "retry 10-15 cancelled"},
		},
		{
			"the retry of an earlier attempt of the flow is another one", flow.StatusRunning,
			[]flow.Entry{busy, failing(entry(flow.KindRollback, "", 1, 0, 15, 15), "other"), entry(flow.KindRestart, "", 2, 0, 15, 20), entry(flow.KindStep, "a", 2, 1, 20, 30)},
			40,
			[]string{"attempt 0-10 failed", "retry 10-15 cancelled", "restart 15-20 completed", "attempt 20-30 completed"},
		},
		{
			"paused, and resumed", flow.StatusRunning,
			[]flow.Entry{entry(flow.KindPause, "", 1, 0, 0, 0), entry(flow.KindResume, "", 1, 0, 20, 20), entry(flow.KindPause, "", 1, 0, 30, 30)},
			40,
			[]string{"paused 0-20 completed", "moment 20-20 completed", "paused 30-40+ running"},
		},
		{
			"a cancel ends a pause", flow.StatusCancelled,
			[]flow.Entry{entry(flow.KindPause, "", 1, 0, 0, 0), stop},
			90,
			[]string{"paused 0-30 completed", "moment 30-30 cancelled"},
		},
		{"a wait that was in vain", flow.StatusRunning, []flow.Entry{quiet}, 20, []string{"wait 0-20 skipped"}},
	} {
		run := timeline.Run{Status: c.status, Attempts: 1, StartedAt: at(0), Log: c.log}
		if diff := cmp.Diff(c.want, barsOf(timeline.New(run, at(c.now)).Bars)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestRows(t *testing.T) {
	run := timeline.Run{Status: flow.StatusCompleted, Attempts: 2, StartedAt: at(0), FinishedAt: at(100), Log: []flow.Entry{
		entry(flow.KindForeach, "seats", 1, 0, 0, 40),
		waking(failing(entry(flow.KindStep, "seats[0].invite", 1, 1, 0, 10), "busy"), 20),
		entry(flow.KindStep, "seats[0].invite", 1, 2, 20, 30),
		failing(entry(flow.KindStep, "pay", 1, 1, 40, 50), "declined"),
		entry(flow.KindCompensation, "seats[0].invite", 1, 1, 50, 60),
		entry(flow.KindRestart, "", 2, 0, 60, 70),
		entry(flow.KindSkip, "seats", 2, 0, 70, 70),
		entry(flow.KindStep, "pay", 2, 1, 70, 100),
	}}
	var got []string
	for _, r := range timeline.New(run, time.Time{}).Rows() {
		got = append(got, fmt.Sprintf("%d %d %q undo=%t %s tries=%d bars=%d", r.RunAttempt, r.Depth, r.Step, r.Undo, r.Status, r.Attempts, len(r.Bars)))
	}
	want := []string{
		`1 0 "seats" undo=false completed tries=0 bars=1`,
		`1 1 "seats[0].invite" undo=false completed tries=2 bars=3`,
		`1 0 "pay" undo=false failed tries=1 bars=1`,
		`1 1 "seats[0].invite" undo=true completed tries=1 bars=1`,
		`2 0 "" undo=false completed tries=0 bars=1`,
		`2 0 "seats" undo=false skipped tries=0 bars=1`,
		`2 0 "pay" undo=false completed tries=1 bars=1`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFoldOfManyAttempts(t *testing.T) {
	const attempts = 10_000
	run := timeline.Run{Status: flow.StatusCompleted, Attempts: 1, StartedAt: at(0), FinishedAt: at(10 * attempts)}
	for i := range attempts {
		e := entry(flow.KindStep, "poll", 1, i+1, 10*i, 10*i+4)
		if i < attempts-1 {
			e = waking(failing(e, "not yet"), 10*i+10)
		}
		run.Log = append(run.Log, e)
	}
	line := timeline.New(run, time.Time{})
	rows := line.Rows()
	if len(rows) != 1 || rows[0].Attempts != attempts || rows[0].Status != flow.StatusCompleted {
		t.Fatalf("got %d rows, %d attempts, %s", len(rows), rows[0].Attempts, rows[0].Status)
	}
	folded := line.Fold(rows[0].Bars, 200)
	if len(folded) > 401 {
		t.Errorf("%d bars are left", len(folded))
	}
	count := 0
	for i, b := range folded {
		count += b.Count
		if i > 0 && b.From.Before(folded[i-1].To) {
			t.Errorf("bar %d begins before the one in front of it ends", i)
		}
	}
	if count != 2*attempts-1 {
		t.Errorf("the bars stand for %d, not for %d", count, 2*attempts-1)
	}
	if folded[0].Status != flow.StatusFailed {
		t.Errorf("the first bar is %s, though it has failures in it", folded[0].Status)
	}
}
