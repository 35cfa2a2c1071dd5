// Enums: a Go type with a constant for each value.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// addEnum emits an enum, whose comment is there.
func addEnum(f *jen.File, t *model.Named) {
	f.Type().Id(t.Name).String()

	f.Add(comment("The values of " + t.Name + "."))
	var constants, names []jen.Code
	for _, v := range t.Values {
		constants = append(constants, jen.Id(v.GoName).Id(t.Name).Op("=").Lit(v.Text))
		names = append(names, jen.String().Call(jen.Id(v.GoName)))
	}
	f.Const().Defs(constants...)

	f.Add(comment("EnumValues are the texts that a " + t.Name + " can be."))
	f.Func().Params(jen.Id(t.Name)).Id("EnumValues").Params().Index().String().
		Block(jen.Return(jen.Index().String().Add(lines(names...))))
}

// enumConstant is the constant for a value of an enum.
func enumConstant(e *model.Expr) string {
	for _, v := range e.Type.Named.Values {
		if v.Text == e.Value {
			return v.GoName
		}
	}
	return e.Type.Named.Name
}
