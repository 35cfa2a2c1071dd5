package breaking

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file is the rules about types: what is stored of one version is read by the next.

// types compares all that is stored.
func (c *comparison) types() {
	c.same("the input of the flow", "a run that was started before", c.old.Input, c.now.Input, c.flow.Input.Pos)
	c.same("the output of the flow", "a run that has completed", c.old.Output, c.now.Output, c.flow.Output.Payload.Pos)
	for _, name := range c.was.names {
		was, is := c.was.byName[name], c.is.byName[name]
		if is == nil || was.Kind != is.Kind {
			continue
		}
		result, has := "the result of", "a run that has completed `"+name+"`"
		switch was.Kind {
		case description.Wait:
			result, has = "the payload of", "a run that has got the signal `"+name+"`"
		case description.Call:
			if was.Calls != nil && is.Calls != nil && was.Calls.FlowID != is.Calls.FlowID {
				continue
			}
		}
		c.same("the input of `"+name+"`", "a run that has begun `"+name+"`", was.Input, is.Input, c.pos(name))
		c.same(result+" `"+name+"`", has, was.Result, is.Result, c.pos(name))
		c.same("the list of `"+name+"`", "a run that has begun `"+name+"`", was.Elements, is.Elements, c.pos(name))
	}
}

// errors compares the declared errors with which runs may have failed.
func (c *comparison) errors() {
	for _, was := range c.old.Errors {
		i := slices.IndexFunc(c.now.Errors, func(e description.Error) bool { return e.Name == was.Name })
		if i < 0 {
			c.Add(diag.StoredChanged, c.flow.Pos, "the error `%s` is gone: who reads the failure of a run that failed with it would not find it; keep it, or %s", was.Name, newMajor)
			continue
		}
		c.same("the error `"+was.Name+"`", "a run that has failed with it", was.Fields, c.now.Errors[i].Fields, c.flow.Pos)
	}
}

// same reports in what way a type is not what it was. Who is the run that has a value of it.
func (c *comparison) same(what, who string, was, is *description.Schema, pos model.Pos) {
	d := &difference{old: c.old, now: c.now, seen: map[[2]string]bool{}}
	if was == nil && is != nil {
		was = &description.Schema{Types: description.Types{"object"}} // nothing was stored
	}
	if was != nil && is == nil {
		d.add("", "had a value and has none", olderReads)
	} else {
		d.compare(was, is, "")
	}
	for _, found := range d.found {
		at := what
		if found.field != "" {
			at = "`" + found.field + "` of " + what
		}
		c.Add(diag.StoredChanged, pos, "%s %s: %s; %s", at, found.how, strings.ReplaceAll(found.then, "WHO", who), found.wayOut())
	}
}

// change is one way in which a type is not what it was, and what follows, in which WHO
// stands for the run that has a value.
type change struct{ field, how, then string }

// olderReads is what follows where newer code may store nothing.
const olderReads = "where this code stores none, older code that reads it, in another process or after a deployment is taken back, would find an empty one"

func (c change) wayOut() string {
	switch c.how {
	case addedHow:
		return "make it optional or give it a default, or " + newMajor
	case removedHow:
		return "keep it, or " + newMajor
	}
	return "give what is new another name and make it optional, or " + newMajor
}

const addedHow, removedHow = "was added", "was removed"

// difference collects those of a type and what is in it.
type difference struct {
	old, now *description.Flow
	seen     map[[2]string]bool // pairs of named types
	found    []change
}

func (d *difference) add(field, how, then string) {
	d.found = append(d.found, change{strings.TrimPrefix(field, "."), how, then})
}

func (d *difference) compare(was, is *description.Schema, field string) {
	if was == nil && is == nil {
		return
	}
	if was.RefName() != "" || is.RefName() != "" {
		pair := [2]string{was.RefName(), is.RefName()}
		if d.seen[pair] {
			return
		}
		d.seen[pair] = true
	}
	oldOptional, was := optional(d.old, was)
	nowOptional, is := optional(d.now, is)
	switch {
	case oldOptional && !nowOptional:
		d.add(field, "was optional and is not", "WHO may lack it, and an empty one would be read")
	case !oldOptional && nowOptional:
		d.add(field, "is optional now", olderReads)
	}
	if before, after := typeName(was), typeName(is); before != after {
		d.add(field, fmt.Sprintf("was %s and is %s", before, after), "WHO would fail when it is read, or have something else read")
		return
	}
	for _, value := range was.Enum {
		if !slices.Contains(is.Enum, value) {
			d.add(field+"."+value, removedHow, "WHO may have that value")
		}
	}
	d.fields(was, is, field)
	if was.Items != nil && is.Items != nil {
		d.compare(was.Items, is.Items, field+"[]")
	}
	if was.Values != nil && is.Values != nil {
		d.compare(was.Values, is.Values, field+"[]")
	}
}

// fields compares those of a struct.
func (d *difference) fields(was, is *description.Schema, field string) {
	for _, p := range was.Properties {
		after := is.Properties.Get(p.Name)
		if after == nil {
			d.add(field+"."+p.Name, removedHow, olderReads)
			continue
		}
		d.compare(p.Schema, after, field+"."+p.Name)
	}
	for _, p := range is.Properties {
		if was.Properties.Get(p.Name) == nil && slices.Contains(is.Required, p.Name) {
			d.add(field+"."+p.Name, addedHow, "WHO has none, and an empty one would be read")
		}
	}
}

// optional says whether a value may be absent, and what it is like if it is not.
func optional(f *description.Flow, s *description.Schema) (bool, *description.Schema) {
	if len(s.AnyOf) > 0 {
		return true, orAny(f.Resolve(s.AnyOf[0]))
	}
	s = orAny(f.Resolve(s))
	return slices.Contains(s.Types, description.Null), s
}

// orAny is any JSON where there is no schema.
func orAny(s *description.Schema) *description.Schema {
	if s == nil {
		return new(description.Schema)
	}
	return s
}

// typeName is a type in the words of the language.
func typeName(s *description.Schema) string {
	kind := ""
	for _, t := range s.Types {
		if t != description.Null {
			kind = t
		}
	}
	switch {
	case s.GoType != "" && len(s.Properties) == 0:
		return "the Go type " + s.GoType
	case len(s.Enum) > 0:
		return "an enum"
	case kind == "":
		return "json"
	case s.Format == "date-time":
		return "time"
	case s.Format == "bextgen-duration":
		return "duration"
	case s.Encoding != "":
		return "bytes"
	case kind == "object" && s.Values != nil:
		return "a map"
	case kind == "object":
		return "a struct"
	}
	return map[string]string{"integer": "int", "number": "float", "boolean": "bool", "array": "a list"}[kind] + map[string]string{"string": "string"}[kind]
}
