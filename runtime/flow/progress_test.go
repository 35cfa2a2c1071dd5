package flow

import (
	"errors"
	"testing"
	"time"
)

// note tells of the attempt that has been under way for longest.
func (d *driver) note(p *Progress, value string) Effects {
	d.t.Helper()
	o := Noted{Seq: d.open[0].Entry.Seq, Progress: p, At: d.now}
	if value != "" {
		o.Checkpoint = []byte(value)
	}
	effects, err := d.run.Apply(o)
	if err != nil {
		d.t.Fatalf("%+v: %v", o, err)
	}
	for _, e := range effects.Entries {
		d.store(e)
	}
	return effects
}

func checkpoint(told *Told) string {
	if told == nil {
		return ""
	}
	return string(told.Checkpoint)
}

// hasCheckpoint checks what the attempt under way has to go on from.
func (d *driver) hasCheckpoint(want string) {
	d.t.Helper()
	if got := checkpoint(d.open[0].Before); got != want {
		d.t.Errorf("the attempt of %s has the checkpoint %q, want %q", d.open[0].Handler, got, want)
	}
}

func TestACheckpointIsThereAfterACrashAndForTheNextAttempt(t *testing.T) {
	d := drive(t, chainOf(nil, &StepDef{Name: "a", Policy: Policy{Retries: 2, BackoffBase: time.Second}}, &StepDef{Name: "b"}))
	d.hasCheckpoint("")
	d.note(nil, "1")
	d.note(nil, "2")
	d.crash()
	d.hasCheckpoint("2")
	d.fails("a", broken("one"))
	d.sleep(time.Second)
	d.hasCheckpoint("2")
	d.fails("a", broken("two"))
	d.crash()
	d.sleep(2 * time.Second)
	d.hasCheckpoint("2")
	d.completes("a")
	d.hasCheckpoint("")
}

func TestACompensationHasItsOwnCheckpoint(t *testing.T) {
	d := drive(t, chainOf(nil, undoable("a"), &StepDef{Name: "b"}))
	d.note(nil, "1")
	d.completes("a")
	d.fails("b", broken("no"))
	d.hasCheckpoint("")
	d.note(nil, "2")
	d.crash()
	d.hasCheckpoint("2")
}

func TestAFlowThatIsTriedAgainHasNoCheckpoints(t *testing.T) {
	def := chainOf(nil, &StepDef{Name: "a"})
	def.MaxAttempts = 2
	d := drive(t, def)
	d.note(nil, "1")
	d.fails("a", broken("no"))
	d.sleep(time.Second)
	d.hasCheckpoint("")
}

func TestWhatAnAttemptTellsIsAllThatChanges(t *testing.T) {
	d := drive(t, chainOf(nil, &StepDef{Name: "a"}))
	said := d.now.Add(time.Millisecond + 1)
	effects := d.note(&Progress{Fraction: 0.4, Text: "40 of 100", At: said}, "")
	if len(effects.Entries) != 1 || len(effects.Attempts) != 0 || !effects.Entries[0].Open() {
		t.Fatalf("effects %+v, want the open entry alone", effects)
	}
	if got, want := *effects.Entries[0].Told.Progress, (Progress{Fraction: 0.4, Text: "40 of 100", At: said.UTC().Truncate(time.Millisecond)}); got != want {
		t.Errorf("progress %+v, want %+v", got, want)
	}
	if effects := d.note(nil, "1"); effects.Entries[0].Told.Progress == nil {
		t.Error("a checkpoint took the progress away")
	}
	seq := d.open[0].Entry.Seq
	d.completes("a")
	if last := d.log[len(d.log)-1]; last.Told.Progress == nil || checkpoint(last.Told) != "1" {
		t.Errorf("the entry %+v has lost what the handler told", last)
	}
	if _, err := d.run.Apply(Noted{Seq: seq, At: d.now}); !errors.Is(err, ErrStale) {
		t.Errorf("a note about what is over: %v, want ErrStale", err)
	}
}

func TestANoteAboutAnotherAttemptIsStale(t *testing.T) {
	d := drive(t, chainOf(nil, &StepDef{Name: "a", Policy: Policy{Retries: 2, BackoffBase: time.Second}}))
	seq := d.open[0].Entry.Seq
	d.fails("a", broken("one"))
	d.sleep(time.Second)
	if _, err := d.run.Apply(Noted{Seq: seq, Checkpoint: []byte("1"), At: d.now}); !errors.Is(err, ErrStale) {
		t.Errorf("a note about an attempt that is over: %v, want ErrStale", err)
	}
	d.hasCheckpoint("")
}
