package resolve

import "github.com/bextgen/bextgen/schema/model"

// This file finds out which structs hold rules or defaults. These have methods
// and functions of their own in Go, whose names are then taken.

// HoldsRules says whether a value of a type holds fields with rules, at any depth.
func HoldsRules(t *model.Type) bool {
	switch {
	case t == nil:
		return false
	case t.Elem != nil:
		return HoldsRules(t.Elem)
	case t.Named != nil:
		return t.Named.Rules
	case t.Payload != nil:
		return t.Payload.Rules
	}
	return false
}

func anyRules(fields []*model.Field) bool {
	for _, f := range fields {
		if f.Rules != nil || HoldsRules(f.Type) {
			return true
		}
	}
	return false
}

// anyDefaults says whether one of the fields has a default, or is a struct that
// has: one that is always there, and so not in a list or optional.
func anyDefaults(fields []*model.Field) bool {
	for _, f := range fields {
		if f.Default != nil || f.Type.Kind == model.Struct && f.Type.Named.Defaults {
			return true
		}
	}
	return false
}

// markDemands goes over the declared types until nothing changes, and then over
// what comes in from outside.
func (r *resolver) markDemands() {
	for changed := true; changed; {
		changed = false
		for _, t := range r.pkg.Model.Types {
			if t.Go != nil {
				continue
			}
			if !t.Rules && anyRules(t.Fields) {
				t.Rules, changed = true, true
			}
			if !t.Defaults && anyDefaults(t.Fields) {
				t.Defaults, changed = true, true
			}
		}
	}
	for _, p := range r.incoming() {
		p.Rules = anyRules(p.Fields) || HoldsRules(p.Alias)
		p.Defaults = anyDefaults(p.Fields) || p.Alias != nil && p.Alias.Kind == model.Struct && p.Alias.Named.Defaults
	}
}

// incoming are the payloads that come from outside: inputs, results and signals.
func (r *resolver) incoming() []*model.Payload {
	var list []*model.Payload
	add := func(p *model.Payload) {
		if p != nil {
			list = append(list, p)
		}
	}
	for _, f := range r.pkg.Model.Flows {
		add(f.Input)
		for _, s := range f.Steps {
			if s.Calls == nil {
				add(s.Out)
			}
		}
		for _, w := range f.Waits {
			add(w.Out)
		}
	}
	return list
}

// claimConstructors takes the names of the functions that make values with defaults.
func (r *resolver) claimConstructors() {
	for _, t := range r.pkg.Model.Types {
		if t.Defaults {
			r.claim("New"+t.Name, "the function for the defaults of type `"+t.Name+"`", t.Pos)
		}
	}
	inputs := map[*model.Payload]bool{} // of these also one that is a declared type has a function
	for _, f := range r.pkg.Model.Flows {
		inputs[f.Input] = true
	}
	for _, p := range r.incoming() {
		if p.Defaults && (p.Alias == nil || inputs[p]) {
			r.claim("New"+p.GoName, "the function for the defaults of `"+p.GoName+"`", p.Pos)
		}
	}
}

// methods are those that a struct has because of what its fields demand.
func methods(rules, defaults bool) []string {
	var names []string
	if rules {
		names = append(names, "Validate")
	}
	if defaults {
		names = append(names, "UnmarshalJSON")
	}
	return names
}
