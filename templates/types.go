// The types declared in a spec, and what a flow and its steps get and
// return.

package templates

import (
	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// addType emits a declared type.
func addType(f *jen.File, t *model.Named) {
	f.Add(documented(t.Name+" is declared in "+place(t.Pos), t.Doc))
	if len(t.Values) > 0 {
		addEnum(f, t)
		return
	}
	f.Type().Id(t.Name).Struct(fields(t.Fields)...)
	if t.Secret {
		addRedaction(f, t.Name)
	}
	if t.Defaults {
		addDefaults(f, t.Name, t.Fields)
	}
	if t.Rules {
		addValidate(f, t.Name, t.Fields)
	}
}

// addPayload emits an input or an output.
func addPayload(f *jen.File, p *model.Payload) {
	if p == nil {
		return
	}
	f.Add(comment(p.GoName + " " + p.Doc))
	if p.Alias != nil {
		f.Type().Id(p.GoName).Op("=").Add(goType(p.Alias))
		return
	}
	f.Type().Id(p.GoName).Struct(fields(p.Fields)...)
	if p.Secret {
		addRedaction(f, p.GoName)
	}
	if p.Defaults {
		addDefaults(f, p.GoName, p.Fields)
	}
	if p.Rules {
		addValidate(f, p.GoName, p.Fields)
	}
}

// addRedaction emits the methods that keep a struct's secrets out of logs and
// texts. They are methods of the value, and so of its pointer too.
func addRedaction(f *jen.File, typeName string) {
	f.Comment("// Format prints the value with its secrets hidden.")
	f.Func().Params(jen.Id("v").Id(typeName)).Id("Format").
		Params(jen.Id("f").Qual("fmt", "State"), jen.Id("verb").Rune()).
		Add(oneLine(inFlow("FormatRedacted").Call(jen.Id("f"), jen.Id("verb"), jen.Id("v"))))

	f.Comment("// LogValue logs the value with its secrets hidden.")
	f.Func().Params(jen.Id("v").Id(typeName)).Id("LogValue").
		Params().Qual("log/slog", "Value").
		Add(oneLine(jen.Return(inFlow("LogRedacted").Call(jen.Id("v")))))
}

// fields are the fields of a struct.
func fields(list []*model.Field) []jen.Code {
	var code []jen.Code
	for _, fd := range list {
		if fd.Doc != "" {
			code = append(code, comment(fd.GoName+": "+fd.Doc))
		}
		code = append(code, jen.Id(fd.GoName).Add(goType(fd.Type)).Tag(tags(fd)))
	}
	return code
}

// tags are a field's name in JSON, and whether it is to be hidden.
func tags(fd *model.Field) map[string]string {
	t := map[string]string{"json": fd.Name}
	if fd.Type.Kind == model.Optional && fd.Default == nil { // where it lacks, it has the default
		t["json"] += ",omitempty"
	}
	if fd.Secret {
		t["secret"] = "true"
	}
	return t
}

// scalars are the Go types of the types that are no more than their kind.
var scalars = map[model.Kind]func() *jen.Statement{
	model.String:   jen.String,
	model.Bool:     jen.Bool,
	model.Int:      jen.Int64,
	model.Float:    jen.Float64,
	model.Bytes:    func() *jen.Statement { return jen.Index().Byte() },
	model.Time:     func() *jen.Statement { return jen.Qual("time", "Time") },
	model.Duration: func() *jen.Statement { return inFlow("Duration") },
	model.JSON:     func() *jen.Statement { return jen.Qual("encoding/json", "RawMessage") },
}

// goType is a type in Go.
func goType(t *model.Type) *jen.Statement {
	switch t.Kind {
	case model.List:
		return jen.Index().Add(goType(t.Elem))
	case model.Map:
		return jen.Map(jen.String()).Add(goType(t.Elem))
	case model.Optional:
		return jen.Op("*").Add(goType(t.Elem))
	case model.Struct, model.Enum:
		return jen.Id(structName(t))
	case model.GoStruct:
		return goStruct(t.Named.Go)
	default:
		return scalars[t.Kind]()
	}
}

func structName(t *model.Type) string {
	if t.Payload != nil {
		return t.Payload.GoName
	}
	return t.Named.Name
}
