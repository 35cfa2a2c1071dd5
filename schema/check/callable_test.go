package check

import (
	"testing"

	"github.com/bextgen/bextgen/schema/model"
)

// Whatever can be called is offered for some value or by itself, with what goes in and comes out, and what is
// offered is taken by the checker.
func TestAllThatCanBeCalledIsOffered(t *testing.T) {
	pkg := &model.Package{Types: []*model.Named{{Name: "Size", Values: []model.EnumValue{{Text: "small"}}}}}
	calls, err := CallsOf(pkg)
	if err != nil {
		t.Fatal(err)
	}
	text := &model.Type{Kind: model.String}
	maybe := &model.Type{Kind: model.Optional, Elem: text}
	receivers := []*model.Type{
		text,
		{Kind: model.Bytes},
		{Kind: model.Time},
		{Kind: model.Duration},
		maybe,
		{Kind: model.List, Elem: text},
		{Kind: model.List, Elem: maybe},
		{Kind: model.Map, Elem: text},
	}
	offered := map[string]Callable{}
	for _, of := range receivers {
		for _, one := range calls.Methods(of) {
			offered[one.Name] = one
			variables := []Variable{{Name: "v", Type: of}}
			if one.Alone && calls.TypeOf(variables, "v."+one.Name+"()") == nil {
				t.Errorf("%s is offered for %s and refused", one.Name, TypeText(of))
			}
		}
	}
	for _, one := range calls.Functions() {
		offered[one.Name] = one
	}
	for _, one := range calls.Makers() {
		offered["optional."+one.Name] = one
	}
	for _, name := range append(calls.typer.names(), makers()...) {
		if one, ok := offered[name]; !ok || one.Signature == "" || one.Doc == "" && name != "Size" {
			t.Errorf("%s: %+v is offered", name, one)
		}
	}
	for _, of := range []*model.Type{nil, {}, {Kind: model.Int}, {Kind: model.JSON}} {
		if got := calls.Methods(of); len(got) > 0 {
			t.Errorf("%+v: %v", of, got)
		}
	}
}

// What an expression reads is in the variables; what is none has no type.
func TestTypeOf(t *testing.T) {
	calls, err := CallsOf(&model.Package{})
	if err != nil {
		t.Fatal(err)
	}
	variables := []Variable{
		{Name: "input", Type: &model.Type{Kind: model.List, Elem: &model.Type{Kind: model.Int}}},
		{Name: "unknown"},
		{Name: "gap", Type: &model.Type{}},
	}
	for source, want := range map[string]string{
		"input": "list<int>", "input[0]": "int", "input.filter(x, x > 1).first()": "int?", "run.id": "string",
		"'a' + \"b\"": "string", "size(input) > 1 ? 1.5 : 2.5": "float",
		"nobody": "", "unknown": "", "gap": "", "input.": "", "input[0": "", "": "", "run": "", "input.field": "", "[]": "",
	} {
		got := ""
		if of := calls.TypeOf(variables, source); of != nil {
			got = TypeText(of)
		}
		if got != want {
			t.Errorf("%q is of type %q, want %q", source, got, want)
		}
	}
}
