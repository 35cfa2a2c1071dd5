package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bextgen/bextgen/schema/model"
)

func TestEnums(t *testing.T) {
	pkg := load(t, `
flow: shop
version: "1.0"
types:
  Box: {size: Size, spare: "Size?", sizes: list<Size>}
  Size: {enum: [small, in-stock, extra_large, XS, 2xl], doc: How big.}
  Words: {enum: string, doc: string}
input: {box: Box, n: int}
steps:
  - step: pack
    in:
      a: input.box.size == "small"
      b: "'in-stock' != input.box.size"
      c: input.box.spare.orValue("extra_large")
      d: "input.n > 0 ? '2xl' : input.box.size"
      e: input.box.size == input.box.sizes[0]
      f: input.box.spare == input.box.spare
      g: "[input.box.size]"
`)
	want := []model.EnumValue{
		{Text: "small", GoName: "SizeSmall"},
		{Text: "in-stock", GoName: "SizeInStock"},
		{Text: "extra_large", GoName: "SizeExtraLarge"},
		{Text: "XS", GoName: "SizeXS"},
		{Text: "2xl", GoName: "Size2xl"},
	}
	if diff := cmp.Diff(want, pkg.Types[1].Values); diff != "" || pkg.Types[1].Doc != "How big." {
		t.Errorf("the values are not as wanted (-want +got):\n%s", diff)
	}
	if words := pkg.Types[2]; words.Values != nil || fieldNames(words.Fields) != "enum doc" {
		t.Errorf("a struct with a field named enum is %+v", words)
	}
	kinds := map[string]model.Kind{
		"a": model.Bool, "b": model.Bool, "c": model.Enum, "d": model.Enum, "e": model.Bool, "f": model.Bool, "g": model.List,
	}
	for _, b := range pkg.Flows[0].Steps[0].Bindings {
		if b.Field.Type.Kind != kinds[b.Field.Name] {
			t.Errorf("%s is of type %s, want %s", b.Field.Name, b.Field.Type.Kind, kinds[b.Field.Name])
		}
	}
}
