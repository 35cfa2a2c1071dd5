// Declared errors: a struct with the error's fields, and its methods.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// addError emits a declared error.
func addError(f *jen.File, e *model.Error) {
	f.Add(documented(e.GoName+" is the error "+e.Name+" of "+place(e.Pos), e.Doc))
	f.Type().Id(e.GoName).Struct(fields(e.Fields)...)

	f.Comment("// Error is the error's text, for people.")
	f.Func().Params(jen.Id("e").Op("*").Id(e.GoName)).Id("Error").Params().String().
		Add(oneLine(jen.Return(inFlow("DeclaredErrorText").Call(jen.Id("e")))))

	f.Add(comment("ErrorName is " + e.Name + ", the error's name in the spec."))
	f.Func().Params(jen.Id("e").Op("*").Id(e.GoName)).Id("ErrorName").Params().String().
		Add(oneLine(jen.Return(jen.Lit(e.Name))))

	if e.Secret {
		addErrorRedaction(f, e.GoName)
	}
}

// addErrorRedaction emits the methods by which every way to print or log the
// error gives its text, in which secrets are hidden. They are methods of the
// value: a copy of the error has no Error method.
func addErrorRedaction(f *jen.File, typeName string) {
	f.Comment("// Format prints the error's text, in which its secrets are hidden.")
	f.Func().Params(jen.Id("e").Id(typeName)).Id("Format").
		Params(jen.Id("f").Qual("fmt", "State"), jen.Id("_").Rune()).
		Add(oneLine(jen.Qual("fmt", "Fprint").Call(jen.Id("f"), jen.Id("e").Dot("Error").Call())))

	f.Comment("// LogValue logs the error's text, in which its secrets are hidden.")
	f.Func().Params(jen.Id("e").Id(typeName)).Id("LogValue").
		Params().Qual("log/slog", "Value").
		Block(jen.Return(jen.Qual("log/slog", "StringValue").Call(jen.Id("e").Dot("Error").Call())))
}
