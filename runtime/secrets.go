package runtime

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file hides secrets in what a program is shown of a run. In its payloads they stand
// where its flow says, and from texts (errors, reasons, progress, checkpoints) those that
// stand in its payloads are blotted out. Where nothing is known of the flow, payloads are hidden whole.

// shape is where the secrets in one place of a flow's runs are.
type shape struct {
	redact  func(raw json.RawMessage) json.RawMessage
	secrets func(raw json.RawMessage) []string
}

// The shapes of what has no secrets, and of what may be one.
var (
	clearShape = shape{
		redact:  func(raw json.RawMessage) json.RawMessage { return raw },
		secrets: func(json.RawMessage) []string { return nil },
	}
	hiddenShape = shape{
		redact:  func(json.RawMessage) json.RawMessage { return json.RawMessage(`"` + flow.Hidden + `"`) },
		secrets: flow.SecretTexts,
	}
)

// secretPlaces says of each place in the runs of one version of a flow what is secret
// there. It is all that hiding has to know of a flow.
type secretPlaces interface {
	// run is the shape of the input, and of the output, of a run.
	run() (input, output shape)
	// block is the shape of the input and of the result of a block: of a foreach its list,
	// and that of its values; of a wait, what its signals carry.
	block(kind flow.Kind, name string) (input, result shape)
	// fields is the shape of the fields of a declared error.
	fields(errorName string) shape
}

// placesIn is what is secret in the runs of a flow and version: by the code of just that version
// if it is registered, else by what is stored of it, else by newer code, else everything.
// Newer code may not know a secret any more that the runs have.
func (rt *Runtime) placesIn(ctx context.Context, flowName, version string) secretPlaces {
	places := rt.registeredPlaces(flowName, version)
	if def := rt.definitionOf(flowName, version); places != nil && def.Version == version {
		return places
	}
	d, err := rt.stored(ctx, flowName, version)
	switch {
	case d != nil:
		return describedPlaces{d.Flow}
	case places != nil:
		return places
	case err != nil:
		rt.logger.Warn("the payloads of a run are hidden whole, since what is stored of its flow cannot be read",
			"flow", flowName, "version", version, "error", err)
	}
	return unknownPlaces{}
}

// registeredPlaces are those of the code that can execute runs of a version; nil if there
// is none: older code does not know of all that is secret in them.
func (rt *Runtime) registeredPlaces(flowName, version string) secretPlaces {
	if rt.Parked(flowName, version) {
		return nil
	}
	def := rt.definitionOf(flowName, version)
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.flows[def]
}

// unknownPlaces are those of a flow of which nothing is known.
type unknownPlaces struct{}

func (unknownPlaces) run() (input, output shape) { return hiddenShape, hiddenShape }

func (unknownPlaces) block(flow.Kind, string) (input, result shape) { return hiddenShape, hiddenShape }
func (unknownPlaces) fields(string) shape                           { return hiddenShape }

// describedPlaces are those that the description of a flow tells of.
type describedPlaces struct{ flow *description.Flow }

func (d describedPlaces) run() (input, output shape) {
	return d.shape(d.flow.Input), d.shape(d.flow.Output)
}

func (d describedPlaces) block(_ flow.Kind, name string) (input, result shape) {
	b := d.flow.Find(name)
	switch {
	case b == nil: // of another minor version
		return hiddenShape, hiddenShape
	case b.Kind == description.Foreach:
		return d.shape(b.Elements), d.shape(b.Result)
	}
	return d.shape(b.Input), d.shape(b.Result)
}

func (d describedPlaces) fields(errorName string) shape {
	for _, e := range d.flow.Errors {
		if e.Name == errorName {
			return d.shape(e.Fields)
		}
	}
	return hiddenShape // of the flow of a call
}

func (d describedPlaces) shape(s *description.Schema) shape {
	if s != nil && !d.flow.HoldsSecret(s) {
		return clearShape
	}
	return shape{
		redact: func(raw json.RawMessage) json.RawMessage { return d.flow.Redact(s, raw) },
		secrets: func(raw json.RawMessage) (texts []string) {
			for _, v := range d.flow.Secrets(s, raw) {
				if value, err := flow.Encode(v); err == nil {
					texts = append(texts, flow.SecretTexts(value)...)
				}
			}
			return texts
		},
	}
}

// typedPlaces are those that the Go types of a flow without a description tell of.
type typedPlaces struct {
	def             *flow.Definition
	inputs, results map[string]reflect.Type // of its handlers
	holdsSecret     bool                    // one of the types does
}

// placesOf are the places of a flow that is registered.
func placesOf(def *flow.Definition, handlers []Handler) secretPlaces {
	if d, err := description.Parse([]byte(def.Description)); err == nil {
		return describedPlaces{d}
	}
	t := &typedPlaces{def: def, inputs: map[string]reflect.Type{}, results: map[string]reflect.Type{}}
	all := []reflect.Type{def.Input, def.Output}
	for _, h := range handlers {
		t.inputs[h.name], t.results[h.name] = h.in, h.result
		all = append(all, h.in, h.out, h.result)
	}
	for _, w := range def.Waits {
		t.results[w.Name] = w.Payload
		all = append(all, w.Payload)
	}
	t.holdsSecret = slices.ContainsFunc(all, flow.HoldsSecret)
	return t
}

func (t *typedPlaces) run() (input, output shape) {
	return typeShape(t.def.Input), typeShape(t.def.Output)
}

func (t *typedPlaces) block(kind flow.Kind, name string) (input, result shape) {
	if kind != flow.KindForeach && kind != flow.KindCall {
		return typeShape(t.inputs[name]), typeShape(t.results[name])
	}
	if t.holdsSecret { // of lists and calls there is no type, and they are made of the others
		return hiddenShape, hiddenShape
	}
	return clearShape, clearShape
}

func (t *typedPlaces) fields(errorName string) shape {
	for _, e := range t.def.Errors {
		if e.Name == errorName {
			return typeShape(reflect.TypeOf(e.New()))
		}
	}
	return hiddenShape // of the flow of a call
}

func typeShape(t reflect.Type) shape {
	return shape{
		redact:  func(raw json.RawMessage) json.RawMessage { return flow.Redact(t, raw) },
		secrets: func(raw json.RawMessage) []string { return flow.Secrets(t, raw) },
	}
}

// hiding hides the secrets of one run.
type hiding struct {
	places secretPlaces
	known  []string // the secrets that stand in its payloads, the longest first
	whole  bool     // nothing is known of the flow
}

// hide returns copies of a run and its log in which the secrets are hidden. In what was asked of
// the run they are hidden in place.
func (rt *Runtime) hide(ctx context.Context, run store.Run, log []flow.Entry, asked []AskedAct) (store.Run, []flow.Entry) {
	h := &hiding{places: rt.placesIn(ctx, run.Flow, run.Version)}
	_, h.whole = h.places.(unknownPlaces)
	if !h.whole {
		h.learn(&run, log)
	}
	input, output := h.places.run()
	run.Input, run.Output, run.Error = redact(input, run.Input), redact(output, run.Output), h.error(run.Error)
	log = slices.Clone(log)
	for i := range log {
		h.entry(&log[i])
	}
	for i := range asked {
		asked[i].Reason = flow.Blot(asked[i].Reason, h.known)
	}
	return run, log
}

// hidePart hides the secrets in a part of a run's log, in place. What it makes of an
// entry does not depend on which others there are, so that an event is always the same. So the fields of
// errors are left out, as in lists; texts lost their secrets before they were stored.
func (rt *Runtime) hidePart(ctx context.Context, run *store.Run, part []flow.Entry) {
	h := &hiding{places: rt.placesIn(ctx, run.Flow, run.Version)}
	_, h.whole = h.places.(unknownPlaces)
	run.Error = withoutFields(run.Error)
	for i := range part {
		part[i].Error = withoutFields(part[i].Error)
		h.entry(&part[i])
	}
}

// learn finds the secrets in the payloads of a run.
func (h *hiding) learn(run *store.Run, log []flow.Entry) {
	input, output := h.places.run()
	h.find(input, run.Input)
	h.find(output, run.Output)
	for i := range log {
		e := &log[i]
		input, result := h.shapes(e)
		h.find(input, e.Input)
		h.find(result, e.Output)
		if e.Error != nil && e.Error.Name != "" {
			h.find(h.places.fields(e.Error.Name), e.Error.Fields)
		}
	}
	slices.SortFunc(h.known, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	h.known = slices.Compact(h.known)
}

func (h *hiding) find(s shape, raw json.RawMessage) {
	if len(raw) > 0 {
		h.known = append(h.known, s.secrets(raw)...)
	}
}

// shapes are those of what an entry has as its input and output.
func (h *hiding) shapes(e *flow.Entry) (input, output shape) {
	switch e.Kind {
	case flow.KindStep, flow.KindCall, flow.KindForeach, flow.KindWait, flow.KindSignal:
		return h.places.block(e.Kind, e.Block())
	case flow.KindChoice, flow.KindPause: // the number of a case, and a reason, which is a text
		return clearShape, clearShape
	}
	return hiddenShape, hiddenShape // the others have none
}

// entry hides the secrets of an entry, in place; what it points to is copied.
func (h *hiding) entry(e *flow.Entry) {
	input, output := h.shapes(e)
	e.Input, e.Output, e.Error = redact(input, e.Input), redact(output, e.Output), h.error(e.Error)
	if e.Kind == flow.KindPause {
		e.Output = h.untyped(e.Output)
	}
	if e.Told == nil {
		return
	}
	told := *e.Told
	if h.whole && told.Checkpoint != nil {
		told.Checkpoint = hiddenShape.redact(told.Checkpoint)
	} else {
		told.Checkpoint = h.untyped(told.Checkpoint)
	}
	if told.Progress != nil {
		progress := *told.Progress
		progress.Text = flow.Blot(progress.Text, h.known)
		told.Progress = &progress
	}
	e.Told = &told
}

func (h *hiding) error(e *flow.Error) *flow.Error {
	if e == nil {
		return nil
	}
	shown := *e
	shown.Message, shown.Stack = flow.Blot(e.Message, h.known), flow.Blot(e.Stack, h.known)
	shown.Fields = h.untyped(redact(h.places.fields(e.Name), e.Fields))
	return &shown
}

// untyped is a value in which the secrets of the run are blotted out wherever they stand.
func (h *hiding) untyped(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || len(h.known) == 0 {
		return raw
	}
	return flow.BlotJSON(raw, h.known)
}

// redact hides the secrets in a payload. One that is absent, or null, has none.
func redact(s shape, raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return raw
	}
	return s.redact(raw)
}

// withoutFields is the error of a run as a list has it: what in its fields is secret would
// have to be looked for in the payloads of the run. Its texts have no secret of its input.
func withoutFields(e *flow.Error) *flow.Error {
	if e == nil || e.Fields == nil {
		return e
	}
	shown := *e
	shown.Fields = nil
	return &shown
}
