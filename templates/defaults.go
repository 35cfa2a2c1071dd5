// Defaults: a function that makes a value which has them, and a method that reads
// JSON which may lack them.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// addDefaults emits what a struct with defaults has.
func addDefaults(f *jen.File, typeName string, fields []*model.Field) {
	var items []jen.Code
	for _, fd := range fields {
		if value := defaultOf(fd); value != nil {
			items = append(items, field(fd.GoName, value))
		}
	}
	f.Add(comment("New" + typeName + " is a value of " + typeName + " with its defaults."))
	f.Func().Id("New" + typeName).Params().Id(typeName).
		Block(jen.Return(jen.Id(typeName).Add(lines(items...))))

	f.Comment("// UnmarshalJSON reads the value. What the JSON lacks has its default.")
	f.Func().Params(jen.Id("v").Op("*").Id(typeName)).Id("UnmarshalJSON").
		Params(jen.Id("data").Index().Byte()).Error().
		Block(
			jen.Type().Id("plain").Id(typeName).Comment("without this method"),
			jen.Op("*").Id("v").Op("=").Id("New"+typeName).Call(),
			jen.Return(jen.Qual("encoding/json", "Unmarshal").Call(
				jen.Id("data"), jen.Parens(jen.Op("*").Id("plain")).Call(jen.Id("v")))),
		)
}

// addInputDefaults emits the function for an input that is a declared type, so that
// there is one of the same name for each input.
func addInputDefaults(f *jen.File, p *model.Payload) {
	if p.Alias == nil || !p.Defaults {
		return
	}
	f.Add(comment("New" + p.GoName + " is a value of " + p.GoName + " with its defaults."))
	f.Func().Id("New" + p.GoName).Params().Id(p.GoName).
		Add(oneLine(jen.Return(jen.Id("New" + structName(p.Alias)).Call())))
}

// defaultOf is what a field has by default; nil if that is nothing.
func defaultOf(fd *model.Field) *jen.Statement {
	switch {
	case fd.Default == nil && fd.Type.Kind == model.Struct && fd.Type.Named.Defaults:
		return jen.Id("New" + fd.Type.Named.Name).Call()
	case fd.Default == nil:
		return nil
	}
	value := compile(&scope{}, fd.Default)
	if fd.Type.Kind != model.Optional {
		return value.code
	}
	if value.integer {
		return inFlow("Some").Call(jen.Int64().Call(value.code))
	}
	return inFlow("Some").Call(value.code)
}
