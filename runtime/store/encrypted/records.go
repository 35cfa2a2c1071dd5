package encrypted

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is which fields of the records are payloads, and what their places are called.
// Records are copied before they are changed: they are the engine's, and may be in use.

// sealNew seals a run that is to be created.
func (b box) sealNew(run store.Run) (store.Run, error) {
	if b.codec == nil {
		return run, nil
	}
	var err, keptErr error
	run.Input, err = b.seal(Place{run.ID, "input"}, run.Input)
	run.Kept, keptErr = b.sealEntries(run.ID, run.Kept)
	return run, errors.Join(err, keptErr)
}

// sealChange seals what a change of a run writes.
func (b box) sealChange(id string, c store.Change) (store.Change, error) {
	if b.codec == nil {
		return c, nil
	}
	var errs [4]error
	if c.Head != nil {
		head := *c.Head
		head.Input = nil // it is not written
		var outputErr, errorErr error
		head.Output, outputErr = b.seal(Place{id, "output"}, head.Output)
		head.Error, errorErr = b.sealError(Place{id, "error"}, head.Error)
		c.Head, errs[0] = &head, errors.Join(outputErr, errorErr)
	}
	c.Entries, errs[1] = b.sealEntries(id, c.Entries)
	c.Children = slices.Clone(c.Children)
	for i := range c.Children {
		var err error
		c.Children[i], err = b.sealNew(c.Children[i])
		errs[2] = errors.Join(errs[2], err)
	}
	c.Messages = slices.Clone(c.Messages)
	for i := range c.Messages {
		var err error
		c.Messages[i], err = b.sealMessage(c.Messages[i])
		errs[3] = errors.Join(errs[3], err)
	}
	return c, errors.Join(errs[:]...)
}

func (b box) sealEntries(id string, entries []flow.Entry) ([]flow.Entry, error) {
	entries = slices.Clone(entries)
	for i := range entries {
		if err := b.sealEntry(id, &entries[i]); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func (b box) sealEntry(id string, e *flow.Entry) error {
	at := placesOf(id, e)
	var errs [5]error
	e.Input, errs[0] = b.seal(at.of("input"), e.Input)
	e.Output, errs[1] = b.seal(at.of("output"), e.Output)
	e.Error, errs[2] = b.sealError(at.of("error"), e.Error)
	if e.Told != nil {
		told := *e.Told
		told.Checkpoint, errs[3] = b.seal(at.of("checkpoint"), told.Checkpoint)
		if told.Progress != nil {
			progress := *told.Progress
			progress.Text, errs[4] = b.sealText(at.of("progress"), progress.Text)
			told.Progress = &progress
		}
		e.Told = &told
	}
	return errors.Join(errs[:]...)
}

// openAll opens a run with its log and messages, in place.
func (b box) openAll(run *store.Run, log []flow.Entry, messages []store.Message) error {
	if err := b.openRun(run); err != nil {
		return err
	}
	for i := range log {
		if err := b.openEntry(run.ID, &log[i]); err != nil {
			return err
		}
	}
	for i := range messages {
		if err := b.openMessage(&messages[i]); err != nil {
			return err
		}
	}
	return nil
}

func (b box) openRun(run *store.Run) (err error) {
	if run.Input, err = b.open(Place{run.ID, "input"}, run.Input); err != nil {
		return err
	}
	if run.Output, err = b.open(Place{run.ID, "output"}, run.Output); err != nil {
		return err
	}
	run.Error, err = b.openError(Place{run.ID, "error"}, run.Error)
	return err
}

func (b box) openEntry(id string, e *flow.Entry) error {
	if !sealedEntry(e) {
		return nil
	}
	at := placesOf(id, e)
	var errs [5]error
	e.Input, errs[0] = b.open(at.of("input"), e.Input)
	e.Output, errs[1] = b.open(at.of("output"), e.Output)
	e.Error, errs[2] = b.openError(at.of("error"), e.Error)
	if e.Told != nil {
		told := *e.Told
		told.Checkpoint, errs[3] = b.open(at.of("checkpoint"), told.Checkpoint)
		if told.Progress != nil {
			progress := *told.Progress
			progress.Text, errs[4] = b.openText(at.of("progress"), progress.Text)
			told.Progress = &progress
		}
		e.Told = &told
	}
	return errors.Join(errs[:]...)
}

// sealedEntry says whether there is something to open in an entry. Most have nothing
// where nothing is encrypted, and names for their places cost time.
func sealedEntry(e *flow.Entry) bool {
	return e.Error != nil || e.Told != nil ||
		bytes.HasPrefix(e.Input, []byte(prefix)) || bytes.HasPrefix(e.Output, []byte(prefix))
}

// sealMessage seals what a message carries.
func (b box) sealMessage(m store.Message) (store.Message, error) {
	if b.codec == nil {
		return m, nil
	}
	at := placesOfMessage(&m)
	var errs [3]error
	m.Reason, errs[0] = b.sealText(at.of("reason"), m.Reason)
	m.Payload, errs[1] = b.seal(at.of("payload"), m.Payload)
	m.Error, errs[2] = b.sealError(at.of("error"), m.Error)
	return m, errors.Join(errs[:]...)
}

func (b box) openMessage(m *store.Message) error {
	at := placesOfMessage(m)
	var errs [3]error
	m.Reason, errs[0] = b.openText(at.of("reason"), m.Reason)
	m.Payload, errs[1] = b.open(at.of("payload"), m.Payload)
	m.Error, errs[2] = b.openError(at.of("error"), m.Error)
	return errors.Join(errs[:]...)
}

// sealedMessage is the message of an error whose texts are sealed, in its fields.
const sealedMessage = "(encrypted)"

// errorTexts are what is sealed of an error. Its kind, its name and its step stay clear.
type errorTexts struct {
	Message string          `json:"message,omitempty"`
	Stack   string          `json:"stack,omitempty"`
	Fields  json.RawMessage `json:"fields,omitempty"`
}

// sealError seals the texts of an error. The stored fields are one JSON string then; those of a
// declared error are an object.
func (b box) sealError(at Place, e *flow.Error) (*flow.Error, error) {
	if e == nil || b.codec == nil {
		return e, nil
	}
	texts, err := flow.Encode(errorTexts{e.Message, e.Stack, e.Fields})
	if err != nil {
		return nil, fmt.Errorf("encrypt the %s: %w", at.What, err)
	}
	sealed, err := b.seal(at, texts)
	if err != nil {
		return nil, err
	}
	hidden := *e
	hidden.Message, hidden.Stack, hidden.Fields = sealedMessage, "", json.RawMessage(`"`+string(sealed)+`"`)
	return &hidden, nil
}

func (b box) openError(at Place, e *flow.Error) (*flow.Error, error) {
	if e == nil || e.Message != sealedMessage || !bytes.HasPrefix(e.Fields, []byte(`"`+prefix)) || !bytes.HasSuffix(e.Fields, []byte(`"`)) {
		return e, nil
	}
	raw, err := b.open(at, e.Fields[1:len(e.Fields)-1])
	if err != nil {
		return nil, err
	}
	var texts errorTexts
	if err := json.Unmarshal(raw, &texts); err != nil {
		return nil, fmt.Errorf("run %s: the %s was encrypted, and is no error: %w", at.Run, at.What, err)
	}
	clear := *e
	clear.Message, clear.Stack, clear.Fields = texts.Message, texts.Stack, texts.Fields
	return &clear, nil
}

// places are the places of one record: the run and what is in front of their names.
type places struct{ run, record string }

func (p places) of(field string) Place { return Place{p.run, p.record + field} }

// placesOf are those of an entry, with what of it never changes: whoever
// gives the result of one step to another is found out.
func placesOf(id string, e *flow.Entry) places {
	return places{id, "log entry " + strconv.FormatInt(e.Seq, 10) + " (" + string(e.Kind) + " " + strconv.Quote(e.Step) + ") "}
}

// placesOfMessage are those of a message, which has no number yet when it is sealed.
func placesOfMessage(m *store.Message) places {
	at := int64(0)
	if !m.At.IsZero() {
		at = m.At.UnixMilli()
	}
	return places{m.RunID, fmt.Sprintf("message of %d (%s %q %q %q) ", at, m.Kind, m.Name, m.Key, m.SignalID)}
}
