package golden

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/flow/description"
)

// This file holds that the description of a flow hides the same as its Go types: in drawn values
// of each type that a flow stores values of.

// checkSecrets checks all flows of a runtime.
func checkSecrets(rt *runtime.Runtime) error {
	for _, def := range rt.Definitions() {
		d, err := description.Parse([]byte(def.Description))
		if err != nil {
			return fmt.Errorf("flow %s: %w", def.Flow, err)
		}
		c := &comparison{flow: d, dice: rand.New(rand.NewPCG(1, 2))}
		c.same("the input", d.Input, def.Input)
		c.same("the output", d.Output, def.Output)
		for _, e := range def.Errors {
			for _, described := range d.Errors {
				if described.Name == e.Name && described.Fields != nil {
					c.same("the error "+e.Name, described.Fields, reflect.TypeOf(e.New()))
				}
			}
		}
		machine, err := def.New([]byte(`{}`))
		if err != nil {
			return fmt.Errorf("flow %s: %w", def.Flow, err)
		}
		c.blocks(reflect.TypeOf(machine).Elem())
		if c.err != nil {
			return fmt.Errorf("flow %s: %w", def.Flow, c.err)
		}
	}
	return nil
}

// comparison is of one flow.
type comparison struct {
	flow *description.Flow
	dice *rand.Rand
	err  error
}

// blocks compares the values of the blocks whose state is in a struct of generated code.
func (c *comparison) blocks(state reflect.Type) {
	for i := range state.NumField() {
		f := state.Field(i)
		if f.Type.Kind() != reflect.Struct || f.Type.PkgPath() != reflect.TypeFor[flow.None]().PkgPath() {
			continue
		}
		var block *description.Block
		c.flow.Each(func(b *description.Block) {
			if strings.EqualFold(strings.ReplaceAll(b.Name, "-", ""), f.Name) {
				block = b
			}
		})
		run, _ := reflect.PointerTo(f.Type).MethodByName("Run")
		switch kind, _, _ := strings.Cut(f.Type.Name(), "["); {
		case block == nil:
		case kind == "Step":
			c.same("what "+f.Name+" gets", block.Input, run.Type.In(run.Type.NumIn()-1).Out(0))
			c.result(block, f.Type)
		case kind == "Wait":
			c.result(block, f.Type)
		case kind == "Foreach":
			n := run.Type.NumIn()
			c.same("the list of "+f.Name, block.Elements, run.Type.In(n-3).Out(0))
			c.result(block, f.Type)
			if body, ok := run.Type.In(n - 2).In(0).Elem().FieldByName("Body"); ok {
				c.blocks(body.Type)
			}
		}
	}
}

func (c *comparison) result(block *description.Block, state reflect.Type) {
	if out, ok := state.FieldByName("Out"); ok && block.Result != nil {
		c.same("the result of "+block.Name, block.Result, out.Type)
	}
}

// same compares what a schema and a type hide.
func (c *comparison) same(what string, s *description.Schema, t reflect.Type) {
	if s.Items != nil && s.Items.Secret {
		return // the list of a foreach over secrets: its Go type cannot say so
	}
	const draws = 20
	for range draws {
		v := reflect.New(t).Elem()
		c.draw(v, 4)
		raw, err := flow.Encode(v.Interface())
		if err != nil {
			continue // a type of the user's own, which cannot have any value
		}
		byType, bySchema := flow.Redact(t, raw), c.flow.Redact(s, raw)
		if !bytes.Equal(byType, bySchema) && c.err == nil {
			c.err = fmt.Errorf("of %s %s, the types show %s and the description %s", what, raw, byType, bySchema)
		}
	}
}

// draw fills a value, to a depth.
func (c *comparison) draw(v reflect.Value, depth int) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(c.dice.Int64N(1e9), 0).UTC()))
		return
	case json.RawMessage:
		v.Set(reflect.ValueOf(json.RawMessage(`{"a": [1, "b"]}`)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text <" + strconv.FormatInt(c.dice.Int64N(1000), 10) + ">")
	case reflect.Bool:
		v.SetBool(c.dice.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(c.dice.Int64())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(c.dice.Uint64())
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(c.dice.IntN(1000)) / 8)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				c.draw(v.Field(i), depth)
			}
		}
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if depth > 0 && c.dice.IntN(4) > 0 {
			c.drawInside(v, depth-1)
		}
	}
}

// drawInside fills what may hold others.
func (c *comparison) drawInside(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		c.draw(v.Elem(), depth)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			c.draw(v.Index(i), depth)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		c.draw(key, depth)
		c.draw(value, depth)
		v.SetMapIndex(key, value)
	}
}
