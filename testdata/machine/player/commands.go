package player

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/duration"
)

// commands are the lines that a script may have, by their first word. What is
// named is the path of a block, such as charge or seats[3].invite; `undo charge` is
// the compensation of charge.
var commands = map[string]func(d *driver, rest string) (flow.Outcome, error){
	"start":   start,      // start INPUT: a run begins, after the one before it has ended
	"done":    done,       // done STEP RESULT: a handler returned; the result may be missing
	"fail":    fail,       // fail STEP "why", fail STEP permanent "why"
	"timeout": timedOut,   // timeout STEP: its attempt took too long
	"stopped": stopped,    // stopped STEP: it was asked to stop, and has
	"late":    late,       // late STEP RESULT: an attempt that is over says that it is done
	"tick":    tick,       // tick 5s: so much later it is looked what is due; tick: when the run wakes
	"cancel":  cancel,     // cancel "why"
	"signal":  signal,     // signal WAIT PAYLOAD, signal WAIT key=K id=I PAYLOAD
	"child":   childEnded, // child CALL OUTPUT, child CALL fails "why"
}

// crashCommand is that the process ends and another one goes on.
const crashCommand = "crash"

func start(d *driver, rest string) (flow.Outcome, error) {
	if d.run != nil && !d.run.State().Status.Final() {
		return nil, fmt.Errorf("the run before this one is not over")
	}
	input, err := value(rest)
	if err != nil {
		return nil, err
	}
	head := flow.Head{ID: "run", Tenant: "acme", Input: input}
	*d = driver{
		def: d.def, mode: d.mode, now: epoch, head: head, run: flow.New(d.def, head),
		over: map[string]int64{}, stored: map[int64]bool{}, children: map[string]string{}, calls: map[string]string{},
		shown: flow.State{Phase: flow.PhaseForward},
	}
	return flow.Begin{At: d.now}, nil
}

func done(d *driver, rest string) (flow.Outcome, error) {
	name, rest := cutName(rest)
	output, err := value(rest)
	if err != nil {
		return nil, err
	}
	return d.ended(name, output, nil)
}

func fail(d *driver, rest string) (flow.Outcome, error) {
	name, rest := cutName(rest)
	why, permanent := strings.CutPrefix(rest, "permanent ")
	message, err := quoted(`fail STEP "why"`, why)
	if err != nil {
		return nil, err
	}
	return d.ended(name, nil, &flow.Error{Kind: flow.ErrorHandler, Message: message, Permanent: permanent})
}

func timedOut(d *driver, rest string) (flow.Outcome, error) {
	return d.ended(rest, nil, &flow.Error{Kind: flow.ErrorTimeout, Message: "it took too long"})
}

func stopped(d *driver, rest string) (flow.Outcome, error) {
	return d.ended(rest, nil, &flow.Error{Kind: flow.ErrorCancelled, Message: "context canceled", Permanent: true})
}

func late(d *driver, rest string) (flow.Outcome, error) {
	name, rest := cutName(rest)
	seq, ok := d.over[name]
	if !ok {
		return nil, fmt.Errorf("no attempt of %s is over", name)
	}
	output, err := value(rest)
	return flow.Ended{Seq: seq, Output: output, At: d.now}, err
}

func tick(d *driver, rest string) (flow.Outcome, error) {
	at := d.run.State().WakeAt
	if rest != "" {
		passes, err := duration.Parse(rest)
		if err != nil {
			return nil, err
		}
		at = d.now.Add(passes)
	}
	if at.IsZero() {
		return nil, fmt.Errorf("the run waits for no time")
	}
	d.now = at
	return flow.Tick{At: d.now}, nil
}

func cancel(d *driver, rest string) (flow.Outcome, error) {
	reason, err := quoted(`cancel "why"`, rest)
	return flow.Cancel{Reason: reason, At: d.now}, err
}

func signal(d *driver, rest string) (flow.Outcome, error) {
	name, rest, _ := strings.Cut(rest, " ")
	s := flow.Signal{Name: name, At: d.now}
	for _, option := range []struct {
		prefix string
		set    *string
	}{{"key=", &s.Key}, {"id=", &s.ID}} {
		if after, ok := strings.CutPrefix(rest, option.prefix); ok {
			*option.set, rest, _ = strings.Cut(after, " ")
		}
	}
	payload, err := value(rest)
	s.Payload = payload
	return s, err
}

func childEnded(d *driver, rest string) (flow.Outcome, error) {
	name, rest, _ := strings.Cut(rest, " ")
	id, ok := d.children[name]
	if !ok {
		return nil, fmt.Errorf("%s is not under way", name)
	}
	why, failed := strings.CutPrefix(rest, "fails ")
	if !failed {
		output, err := value(rest)
		return flow.ChildEnded{ID: id, Output: output, At: d.now}, err
	}
	message, err := quoted(`child CALL fails "why"`, why)
	return flow.ChildEnded{ID: id, Err: &flow.Error{Kind: flow.ErrorHandler, Message: message}, At: d.now}, err
}

// cutName takes what is named off the front of a line.
func cutName(rest string) (name, behind string) {
	undo := ""
	if after, ok := strings.CutPrefix(rest, undoing); ok {
		undo, rest = undoing, after
	}
	name, behind, _ = strings.Cut(rest, " ")
	return undo + name, behind
}

// undoing stands in front of the name of a step whose compensation is meant.
const undoing = "undo "

// quoted is a text in quotes, at the end of a line of that form.
func quoted(form, text string) (string, error) {
	unquoted, err := strconv.Unquote(text)
	if err != nil {
		return "", fmt.Errorf("want %s: %w", form, err)
	}
	return unquoted, nil
}

// value is JSON, or nothing.
func value(text string) (json.RawMessage, error) {
	if text == "" {
		return nil, nil
	}
	if !json.Valid([]byte(text)) {
		return nil, fmt.Errorf("%s is no JSON", text)
	}
	return json.RawMessage(text), nil
}

// epoch is when a script begins.
var epoch = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
