package resolve

import (
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// This file finds out which structs hold secrets, and names fields in Go: the
// methods that a struct gets, which its fields must not be named like, depend on that.

// HoldsSecret says whether a value of a type holds a secret, at any depth.
func HoldsSecret(t *model.Type) bool {
	switch {
	case t == nil:
		return false
	case t.Elem != nil:
		return HoldsSecret(t.Elem)
	case t.Named != nil:
		return t.Named.Secret
	case t.Payload != nil:
		return t.Payload.Secret
	}
	return false
}

// AnySecret says whether one of the fields is or holds a secret.
func AnySecret(fields []*model.Field) bool {
	for _, f := range fields {
		if f.Secret || HoldsSecret(f.Type) {
			return true
		}
	}
	return false
}

// markSecrets goes over the declared types until nothing changes: types may be
// declared in any order and contain each other.
func (r *resolver) markSecrets() {
	for changed := true; changed; {
		changed = false
		for _, t := range r.pkg.Model.Types {
			if !t.Secret && AnySecret(t.Fields) {
				t.Secret, changed = true, true
			}
		}
	}
	for _, e := range r.pkg.Model.Errors {
		e.Secret = AnySecret(e.Fields)
	}
	for _, p := range r.incoming() {
		p.Secret = AnySecret(p.Fields) || HoldsSecret(p.Alias)
	}
}

func (r *resolver) nameFields() {
	for _, t := range r.pkg.Model.Types {
		if t.Go != nil {
			continue // they have their names
		}
		NameFields(t.Fields, t.Secret, r.report, methods(t.Rules, t.Defaults)...)
	}
	for _, e := range r.pkg.Model.Errors {
		NameFields(e.Fields, e.Secret, r.report, "Error", "ErrorName")
	}
	for _, p := range r.incoming() {
		NameFields(p.Fields, p.Secret, r.report, methods(p.Rules, p.Defaults)...)
	}
}

// NameFields gives the fields of a struct their Go names. A field that would be
// named like a generated method gets "Value" behind its name: a struct with a secret
// has the methods Format and LogValue, and others may be given.
func NameFields(fields []*model.Field, secret bool, report *diag.Reporter, methods ...string) {
	if secret {
		methods = append(methods, "Format", "LogValue")
	}
	isMethod := map[string]bool{}
	for _, m := range methods {
		isMethod[m] = true
	}
	first := map[string]*model.Field{}
	for _, f := range fields {
		f.GoName = GoName(f.Name)
		if isMethod[f.GoName] {
			f.GoName += "Value"
		}
		if before := first[f.GoName]; before != nil {
			report.AddRelated(diag.GoCollision, f.Pos, before.Pos, "field `"+before.Name+"` stands here",
				"fields `%s` and `%s` are both `%s` in Go; rename one", before.Name, f.Name, f.GoName)
			continue
		}
		first[f.GoName] = f
	}
}
