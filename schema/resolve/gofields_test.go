package resolve

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// structOf type-checks Go text and returns its type T.
func structOf(t *testing.T, text string) types.Type {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "t.go", "package p\n"+text, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := new(types.Config).Check("example.com/p", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return pkg.Scope().Lookup("T").Type()
}

// TestJSONFields holds which fields count, by the rules of encoding/json.
func TestJSONFields(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"names":             {"type T struct { A int; B int `json:\"b\"`; C int `json:\",omitempty\"`; d int }", "A=A b=B C=C"},
		"left out":          {"type T struct { A int `json:\"-\"`; B int `json:\"-,\"` }", "-=B"},
		"embedded":          {"type E struct { X int `json:\"x\"` }\ntype T struct { E; Y int }", "x=X Y=Y"},
		"unexported struct": {"type e struct { X int `json:\"x\"` }\ntype T struct { e }", "x=X"},
		"named":             {"type E struct { X int }\ntype T struct { E `json:\"e\"` }", "e=E"},
		"the least deep":    {"type E struct { X int `json:\"a\"` }\ntype T struct { E; A int `json:\"a\"` }", "a=A"},
		"hidden in Go":      {"type E struct { A int `json:\"x\"` }\ntype T struct { E; A int }", "x=E.A A=A"},
		"twice":             {"type E struct { A int }\ntype F struct { A int }\ntype T struct { E; F }", ""},
		"one with a tag":    {"type E struct { A int `json:\"A\"` }\ntype F struct { A int }\ntype T struct { E; F }", "A=E.A"},
		"of itself":         {"type T struct { *T; A int }", "A=A"},
	} {
		of := structOf(t, test.text)
		var got []string
		for _, f := range jsonFields(of.Underlying().(*types.Struct)) {
			got = append(got, f.name+"="+f.selector(of))
		}
		slices.Sort(got)
		want := strings.Fields(test.want)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestVisible(t *testing.T) {
	for _, test := range []struct {
		path, from string
		want       bool
	}{
		{"example.com/a/b", "example.com/c", true},
		{"example.com/a/internal/b", "example.com/a", true},
		{"example.com/a/internal/b", "example.com/a/x/y", true},
		{"example.com/a/internal", "example.com/a/x", true},
		{"example.com/a/internal/b", "example.com/ab", false},
		{"example.com/a/internal/b", "example.com/c", false},
		{"example.com/a/internalb/c", "example.com/c", true},
		{"internal/abi", "example.com/c", false},
	} {
		if got := visible(test.path, test.from); got != test.want {
			t.Errorf("visible(%q, %q) = %v", test.path, test.from, got)
		}
	}
}
