package page

import (
	"fmt"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is what can be done with a run, as its state has it now.

// acts are the acts that a page offers.
type acts struct {
	Main []act // beside the run's name: the first is what is pressed most often
	More []act // what is needed seldom, or ends things
}

// act is one of them, with the question that it asks first.
type act struct {
	Name   string // the last part of its address
	Label  string
	Ask    string // the question
	Says   []string
	Reason bool // it takes a reason
	Danger bool
	Steps  []string // blocks to choose one of
	Button string   // what confirms it
	Main   bool
}

func newActs(in *inside) acts {
	switch {
	case !in.site.MayOperate:
		return acts{}
	case in.run.Status.Final():
		return in.actsAfter()
	}
	return in.actsBefore()
}

// actsBefore are those on a run that is not over.
func (in *inside) actsBefore() acts {
	var a acts
	if in.run.WillPause() {
		a.Main = append(a.Main, act{
			Name: "resume", Label: "Resume", Ask: "Let this run go on?", Button: "Resume", Main: true,
			Says: []string{"What came due in the pause is due at once."},
		})
	} else {
		a.Main = append(a.Main, act{
			Name: "pause", Label: "Pause", Ask: "Pause this run?", Reason: true, Button: "Pause",
			Says: []string{"What is under way goes on; nothing begins before somebody resumes the run. The time does not count for the flow's timeout."},
		})
	}
	a.Main = append(a.Main, act{
		Name: "cancel", Label: "Cancel…", Ask: "Cancel this run?", Reason: true, Danger: true, Button: "Cancel the run",
		Says: in.cancelSays(),
	})
	a.More = append(a.More, act{
		Name: "terminate", Label: "Terminate…", Ask: "Terminate this run?", Reason: true, Danger: true, Button: "Terminate the run",
		Says: []string{"It ends at once. Nothing is undone and nothing is waited for. Runs that it called are terminated too."},
	})
	return a
}

// cancelSays is what a cancel does to this run.
func (in *inside) cancelSays() []string {
	says := []string{"What is under way is stopped, and then what completed is undone, the last first."}
	var undo, stays []string
	for i := len(in.run.Steps) - 1; i >= 0; i-- {
		s := in.run.Steps[i]
		info, known := in.info(s.Name)
		switch {
		case s.Status != flow.StatusCompleted || s.Compensation != "" || !known || len(s.Attempts) == 0:
		case info.UndoneBy == "":
			stays = append(stays, s.Name)
		default:
			undo = append(undo, fmt.Sprintf("%s (by %s)", s.Name, info.UndoneBy))
		}
	}
	if len(undo) > 0 {
		says = append(says, "To be undone: "+list(fewWords(undo))+".")
	}
	if len(stays) > 0 {
		says = append(says, "Nothing undoes "+list(fewWords(stays))+".")
	}
	return says
}

// actsAfter are those on a run that is over.
func (in *inside) actsAfter() acts {
	var a acts
	if in.run.Status != flow.StatusCompleted {
		a.Main = append(a.Main, act{
			Name: "retry", Label: "Retry…", Ask: "Go on in a new run?", Button: "Retry", Main: true,
			Says: []string{in.next(), "This run stays as it ended."},
		})
	}
	a.Main = append(a.Main, act{
		Name: "rerun", Label: "Run again…", Ask: "Run it again from the beginning?", Button: "Run again",
		Says: []string{"A new run starts with the same input, tenant, priority and labels. Every step runs again."},
	})
	if steps := in.forks(); len(steps) > 0 {
		a.More = append(a.More, act{
			Name: "fork", Label: "Fork…", Ask: "Go on from a block that you choose?", Button: "Fork", Steps: steps,
			Says: []string{"A new run keeps the results before that block and does all from there again."},
		})
	}
	a.More = append(a.More, act{
		Name: "delete", Label: "Delete…", Ask: "Delete this run?", Danger: true, Button: "Delete",
		Says: []string{"The run and all that is known of it are deleted. Its idempotency key is free then."},
	})
	return a
}

// forks are the blocks from which the run can be gone on with.
func (in *inside) forks() []string {
	var steps []string
	for _, s := range in.run.Steps {
		if s.Compensation != "" {
			break // behind it a fork is refused
		}
		if steps = append(steps, s.Name); len(steps) == 200 {
			break
		}
	}
	return steps
}

// actForm is an act with the address of its run.
type actForm struct {
	URL string
	Act act
}
