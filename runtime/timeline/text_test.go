package timeline_test

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/timeline"
)

var update = flag.Bool("update", false, "write the golden files again")

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }

// entry is an entry of the log from one time to another, in milliseconds; an
// end of -1 is none. The program was opened at 0.
func entry(kind flow.Kind, step string, runAttempt, attempt, from, to int) flow.Entry {
	e := flow.Entry{Kind: kind, Step: step, RunAttempt: runAttempt, Attempt: attempt, StartedAt: at(from)}
	if to >= 0 {
		e.FinishedAt, e.EndSeq = at(to), 1
	}
	return e
}

func failing(e flow.Entry, message string) flow.Entry {
	e.Error = &flow.Error{Message: message}
	return e
}

func waking(e flow.Entry, ms int) flow.Entry {
	e.WakeAt = at(ms)
	return e
}

func TestText(t *testing.T) {
	out := new(bytes.Buffer)
	for _, c := range []struct {
		title string
		run   timeline.Run
	}{
		{"retried and restarted", timeline.Run{
			Status: flow.StatusCompleted, Attempts: 2, StartedAt: at(0), FinishedAt: at(2000),
			Log: []flow.Entry{
				entry(flow.KindStep, "charge-payment", 1, 1, 0, 300),
				waking(failing(entry(flow.KindStep, "fulfill", 1, 1, 300, 310), "no answer"), 400),
				failing(entry(flow.KindStep, "fulfill", 1, 2, 402, 410), "no answer"),
				failing(entry(flow.KindRollback, "", 1, 0, 410, 460), "no answer"),
				entry(flow.KindCompensation, "charge-payment", 1, 1, 410, 460),
				entry(flow.KindRestart, "", 2, 0, 460, 1460),
				entry(flow.KindStep, "charge-payment", 2, 1, 1460, 1760),
				entry(flow.KindSkip, "fulfill", 2, 0, 1760, 1760),
				entry(flow.KindDelay, "notify", 2, 0, 1760, 1960),
				entry(flow.KindStep, "notify", 2, 2, 1960, 2000),
			},
		}},
		{"interrupted", timeline.Run{
			Status: flow.StatusCompleted, Attempts: 1, StartedAt: at(-500), FinishedAt: at(400),
			Log: []flow.Entry{entry(flow.KindStep, "charge-payment", 1, 1, -500, 400)},
		}},
		{"cancelled while it pauses", timeline.Run{
			Status: flow.StatusCancelled, Attempts: 1, StartedAt: at(0), FinishedAt: at(900),
			Log: []flow.Entry{
				waking(failing(entry(flow.KindStep, "validate", 1, 1, 0, 100), "busy"), 5000),
				failing(entry(flow.KindCancel, "", 1, 0, 900, 900), "cancelled: changed my mind"),
			},
		}},
		{"under way", timeline.Run{
			Status: flow.StatusRunning, Attempts: 1, StartedAt: at(0),
			Log: []flow.Entry{
				entry(flow.KindStep, "validate", 1, 1, 0, 100),
				entry(flow.KindStep, "charge-payment", 1, 1, 100, -1),
			},
		}},
		{"waited, called, paused and gone on", timeline.Run{
			Status: flow.StatusCancelled, Attempts: 1, StartedAt: at(0), FinishedAt: at(1000),
			Log: []flow.Entry{
				{Kind: flow.KindRetry, Key: "01KB4V", RunAttempt: 1, Seq: 2, EndSeq: 2, StartedAt: at(0), FinishedAt: at(0), Actor: "ada"},
				entry(flow.KindSignal, "approval", 1, 0, 100, 100),
				entry(flow.KindWait, "approval", 1, 0, 0, 200),
				entry(flow.KindCall, "billing", 1, 1, 200, 600),
				{Kind: flow.KindPause, RunAttempt: 1, Seq: 9, EndSeq: 9, StartedAt: at(650), FinishedAt: at(650), Actor: "ada"},
				entry(flow.KindResume, "", 1, 0, 800, 800),
				entry(flow.KindForeach, "seats", 1, 0, 800, 1000),
				failing(entry(flow.KindTerminate, "", 1, 0, 1000, 1000), "terminated"),
			},
		}},
		{"not begun", timeline.Run{Status: flow.StatusPending, Attempts: 1}},
	} {
		text := timeline.Text{Title: c.title, Opened: noon}
		if err := text.Write(out, timeline.New(c.run, time.Time{})); err != nil {
			t.Fatal(err)
		}
	}
	const golden = "testdata/timeline.golden"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("got\n%s\nwant\n%s", out.Bytes(), want)
	}
}
