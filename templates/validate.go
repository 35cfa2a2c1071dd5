// Validate methods: which field has which rules. What a rule demands is the runtime's.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// addValidate emits the method of a struct that holds rules.
func addValidate(f *jen.File, typeName string, fields []*model.Field) {
	var checks, secrets []jen.Code
	for _, fd := range fields {
		own := fieldChecks(fd)
		if len(own) > 0 && fd.Secret {
			secrets = append(secrets, jen.Lit(fd.Name))
		}
		checks = append(checks, own...)
	}
	body := []jen.Code{jen.Var().Id("p").Add(inFlow("Problems"))}
	if len(secrets) > 0 {
		body[0] = jen.Id("p").Op(":=").Add(inFlow("Problems")).
			Values(field("Secrets", jen.Index().String().Values(secrets...)))
	}
	body = append(body, checks...)
	body = append(body, jen.Return(jen.Id("p").Dot("Err").Call()))

	f.Comment("// Validate says which fields are not as the spec demands.")
	f.Func().Params(jen.Id("v").Id(typeName)).Id("Validate").Params().Error().Block(body...)
}

// fieldChecks are the checks of a field: of its own rules, and of those of what it holds.
func fieldChecks(fd *model.Field) []jen.Code {
	var checks []jen.Code
	value := jen.Id("v").Dot(fd.GoName)
	if fd.Rules != nil {
		checks = rules(fd, value)
		if fd.Type.Kind == model.Optional {
			checks = []jen.Code{jen.If(jen.Add(value).Op("!=").Nil()).Block(rules(fd, jen.Op("*").Add(value))...)}
		}
	}
	if holdsRules(fd.Type) {
		checks = append(checks, jen.Id("p").Dot("Inside").Call(jen.Lit(fd.Name), value))
	}
	return checks
}

// rules are the checks of a field's own rules, on a value that is there.
func rules(fd *model.Field, value *jen.Statement) []jen.Code {
	var checks []jen.Code
	bound := func(e *model.Expr, ordered, ofTime string) {
		if e == nil {
			return
		}
		limit := compile(&scope{}, e).code
		if e.Type.Kind == model.Time {
			checks = append(checks, jen.Id("p").Dot(ofTime).Call(jen.Lit(fd.Name), value, limit))
			return
		}
		checks = append(checks, inFlow(ordered).Call(addrOf("p"), jen.Lit(fd.Name), value, limit))
	}
	length := func(n *int, method string) {
		if n != nil {
			checks = append(checks, jen.Id("p").Dot(method).Call(jen.Lit(fd.Name), value, jen.Lit(*n)))
		}
	}
	bound(fd.Rules.Min, "Min", "NotBefore")
	bound(fd.Rules.Max, "Max", "NotAfter")
	length(fd.Rules.MinLength, "MinLength")
	length(fd.Rules.MaxLength, "MaxLength")
	if fd.Rules.Pattern != "" {
		checks = append(checks, jen.Id("p").Dot("Pattern").Call(jen.Lit(fd.Name), value, jen.Id(quotePattern(fd.Rules.Pattern))))
	}
	return checks
}

// holdsRules says whether what a field holds has a Validate method.
func holdsRules(t *model.Type) bool {
	if t.Elem != nil {
		return holdsRules(t.Elem)
	}
	return t.Named != nil && t.Named.Rules
}
