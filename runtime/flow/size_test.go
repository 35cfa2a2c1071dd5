package flow

import (
	"errors"
	"strings"
	"testing"
)

// textMachine is a flow of one foreach over a list of texts, with a step for each.
type textMachine struct {
	list []string
	each Foreach[string, Step[string, string], string]
	def  StepDef
}

func (m *textMachine) Next(p *Plan) bool {
	return m.each.Run(p, &ForeachDef{Name: "each", Limit: 8}, nil, nil,
		func() []string { return m.list },
		func(e *Element[string, Step[string, string]]) bool {
			return e.Body.Run(p, &m.def, func() string { return "<<" + e.Item + ">>" })
		},
		func(e *Element[string, Step[string, string]]) string { return e.Body.Out })
}

func (m *textMachine) Output(*Plan) any { return strings.Join(m.each.Out, "") + "!" }

// runTexts runs the flow with a limit, where each step returns result, and returns its end.
func runTexts(t *testing.T, limit int, result string, list ...string) State {
	t.Helper()
	m := &textMachine{list: list, def: StepDef{Name: "say", Policy: Policy{Retries: 3}}}
	def := &Definition{
		Flow: "texts", Version: "1.0", Steps: []*StepDef{&m.def}, MaxAttempts: 3,
		New: func([]byte) (Machine, error) { return m, nil },
	}
	run := New(def, Head{ID: "run", MaxPayload: limit})
	eff, err := run.Apply(Begin{At: epoch})
	for open := eff.Attempts; err == nil && len(open) > 0 && !run.State().Status.Final(); open = open[1:] {
		eff, err = run.Apply(Ended{Seq: open[0].Entry.Seq, Output: []byte(`"` + result + `"`), At: epoch})
	}
	if err != nil && !errors.Is(err, ErrStale) {
		t.Fatal(err)
	}
	return run.State()
}

func TestWhatIsTooLargeFailsItsBlockForGood(t *testing.T) {
	for _, test := range []struct {
		limit  int
		result string
		list   []string
		says   string
	}{
		{limit: 0, result: strings.Repeat("x", 5000), list: []string{"a"}},
		{limit: 13, result: "r", list: []string{"aaaaa", "b"}}, // all have 13 bytes or fewer
		{limit: 12, result: "r", list: []string{"aaaaa", "b"}, says: "the list of each has 13 bytes as JSON, and may have 12"},
		{limit: 12, result: "r", list: []string{"aaaaaaa"}, says: "the input of step each[0].say has 13 bytes"},
		{limit: 14, result: strings.Repeat("r", 13), list: []string{"a"}, says: "the result of the step has 15 bytes"},
		{limit: 14, result: strings.Repeat("r", 5), list: []string{"a", "b"}, says: "the list of the values of each has 17 bytes"},
		{limit: 14, result: strings.Repeat("r", 12), list: []string{"a"}, says: "the list of the values of each has 16 bytes"},
		{limit: 5, result: "rr", list: nil},
		{limit: 2, result: "", list: nil, says: "the output has 3 bytes"},
	} {
		s := runTexts(t, test.limit, test.result, test.list...)
		if test.says == "" {
			if s.Status != StatusCompleted {
				t.Errorf("limit %d, %v: %s with %v", test.limit, test.list, s.Status, s.Err)
			}
			continue
		}
		if s.Status != StatusFailed || s.Attempt != 1 || s.Err.Kind != ErrorPayload || !strings.Contains(s.Err.Message, test.says) {
			t.Errorf("limit %d, %v: %s in attempt %d with %v; want %q", test.limit, test.list, s.Status, s.Attempt, s.Err, test.says)
		}
	}
}

func TestTextsOfErrorsAreCut(t *testing.T) {
	d := drive(t, chainOf(nil, &StepDef{Name: "a", Policy: Policy{Retries: 1, Backoff: Fixed}}))
	d.run.maxPayload = 100
	d.fails("a", &Error{
		Kind: ErrorHandler, Message: strings.Repeat("ö", 5<<20), Stack: strings.Repeat("s", 1<<20),
		Name: "declined", Fields: []byte(`{"why":"` + strings.Repeat("f", 200) + `"}`), Permanent: true,
	})
	d.is(StatusFailed, d.run.State().Err.Message)
	for _, e := range append(d.log, Entry{Error: d.run.State().Err}) {
		if e.Error == nil {
			continue
		}
		err := e.Error
		if len(err.Message) > MaxMessage || len(err.Stack) > MaxStack || err.Fields != nil || err.Name != "declined" || err.Kind != ErrorHandler {
			t.Errorf("%s: %d bytes of text, %d of stack, the fields %s of %s", e.Kind, len(err.Message), len(err.Stack), err.Fields, err.Name)
		}
		if !strings.HasPrefix(err.Message, "öö") || !strings.Contains(err.Message, "it had 10485760 bytes") || !strings.Contains(err.Message, "fields") {
			t.Errorf("%s: the text ends with %q", e.Kind, err.Message[max(0, len(err.Message)-200):])
		}
	}
}

func TestAReasonIsCut(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for name, o := range map[string]Outcome{
		"cancel": Cancel{Reason: long, At: epoch}, "terminate": Terminate{Reason: long, At: epoch}, "pause": Pause{Reason: long, At: epoch},
	} {
		d := drive(t, chainOf(nil, &StepDef{Name: "a"}))
		eff, err := d.run.Apply(o)
		if err != nil {
			t.Fatal(err)
		}
		size := len(eff.Entries[0].Output)
		if eff.Entries[0].Error != nil {
			size = len(eff.Entries[0].Error.Message)
		}
		if size < MaxMessage/2 || size > MaxMessage+2 {
			t.Errorf("%s: %d bytes are kept of the reason", name, size)
		}
		if err := d.run.State().Err; err != nil && len(err.Message) > MaxMessage {
			t.Errorf("%s: %d bytes are kept in the run's error", name, len(err.Message))
		}
	}
}

func TestShortened(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"öö", 3, "ö"}, {"a\xff", 10, "a\uFFFD"}, {"", 0, ""}, {"ö", 1, ""}} {
		if got := Shortened(test.text, test.limit); got != test.want {
			t.Errorf("Shortened(%q, %d) is %q, want %q", test.text, test.limit, got, test.want)
		}
	}
}
