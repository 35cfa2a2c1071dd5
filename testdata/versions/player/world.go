package player

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
)

// World is what handlers do, of both codes.
type World struct {
	fails   []string
	answers map[string]json.RawMessage

	mu      sync.Mutex
	block   string // the handler that does not return while this is its name
	entered bool
	done    []string
	empty   []string
}

// Do is a handler with a result, of the code on one side of the change.
func Do[Out any](ctx context.Context, w *World, side, name string, in ...any) (Out, error) {
	var out Out
	if err := w.Call(ctx, name, in...); err != nil {
		return out, err
	}
	for _, key := range []string{side + "/" + name, name} {
		if answer, ok := w.answers[key]; ok {
			return out, json.Unmarshal(answer, &out)
		}
	}
	return Filled[Out](name), nil
}

// Call is a handler without one. In is all that it was given.
func (w *World) Call(ctx context.Context, name string, in ...any) error {
	w.mu.Lock()
	blocked := w.block == name
	w.entered = w.entered || blocked
	w.mu.Unlock()
	if blocked {
		<-ctx.Done()
		return ctx.Err()
	}
	time.Sleep(duration(name))
	w.mu.Lock()
	defer w.mu.Unlock()
	if slices.Contains(w.fails, name) {
		return runtime.Permanent(errors.New(name + " does not work"))
	}
	w.done = append(w.done, name)
	for _, value := range in {
		text, err := flow.Encode(value)
		if err != nil {
			return err
		}
		if hasEmpty(text) {
			w.empty = append(w.empty, name)
		}
	}
	return nil
}

// duration is how long a handler takes: another time for each, so that the order in which
// those beside each other return is always the same.
func duration(name string) time.Duration {
	d := time.Second
	for i := range len(name) {
		d += time.Duration(name[i]) * time.Millisecond
	}
	return d
}

// hasEmpty says whether a value has an empty text, a 0 or false in it.
func hasEmpty(text []byte) bool {
	for _, empty := range []string{`:""`, `:0`, `:false`, `:null`} {
		if strings.Contains(string(text), empty) {
			return true
		}
	}
	return false
}

// Filled is a value without anything empty in it.
func Filled[T any](name string) T {
	var v T
	fill(reflect.ValueOf(&v).Elem(), name)
	return v
}

// JSON is a filled value as it is sent.
func JSON[T any](name string) json.RawMessage {
	raw, err := flow.Encode(Filled[T](name))
	if err != nil {
		return nil // what can be filled can be encoded
	}
	return raw
}

func fill(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("a " + name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(7)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), name)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), name)
		}
	}
}
