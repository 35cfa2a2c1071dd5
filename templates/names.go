// The names of generated files and of what they refer to.

package templates

import (
	"go/build"
	"io"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// The packages that generated code imports, besides those of Go.
const (
	runtimePath = "github.com/bextgen/bextgen/runtime"
	flowPath    = "github.com/bextgen/bextgen/runtime/flow"
)

// goFileName is the name of the file that is generated from a spec:
// process_order.flow.go from process-order.flow.yaml.
func goFileName(spec string) string {
	stem := strings.TrimSuffix(spec, ".yaml")
	kind := ".flow"
	if i := strings.LastIndexByte(stem, '.'); i >= 0 {
		stem, kind = stem[:i], stem[i:]
	}
	stem = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return r
		}
		return '_'
	}, stem)
	// Go passes over names that begin with _ or a dot, and builds sync_windows.flow.go on
	// Windows only.
	if stem == "" || strings.HasPrefix(stem, "_") {
		stem = "x" + stem
	}
	if name := stem + kind + ".go"; builtEverywhere(name) {
		return name
	}
	return stem + "_" + kind[1:] + kind + ".go"
}

// descriptionFileName is that of the description of a spec's flow: process_order.flow.json.
func descriptionFileName(spec string) string {
	return strings.TrimSuffix(goFileName(spec), ".go") + ".json"
}

// builtEverywhere says whether Go takes the file whatever the target is. Go's
// own rules are asked, for a target that none of them knows.
func builtEverywhere(name string) bool {
	ctx := build.Context{
		GOOS:     "none",
		GOARCH:   "none",
		Compiler: "gc",
		OpenFile: func(string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("package p\n")), nil
		},
	}
	match, err := ctx.MatchFile("", name)
	return match && err == nil
}

// blockDefName is the variable with a block's definition.
func blockDefName(fl *model.Flow, b model.Block) string {
	name := fl.VarName + b.Head().GoName
	switch b := b.(type) {
	case *model.Wait:
		return name + "Wait"
	case *model.Parallel:
		return name + "Parallel"
	case *model.Choose:
		return name + "Choose"
	case *model.Foreach:
		return name + "Foreach"
	case *model.Step:
		if b.Calls != nil {
			return name + "Call"
		}
	}
	return name + "Step"
}

// elementBodyName is the type of what the blocks in a foreach know of an element.
func elementBodyName(fl *model.Flow, each *model.Foreach) string {
	return fl.VarName + each.GoName + "Body"
}

func definitionName(fl *model.Flow) string  { return fl.VarName + "Flow" }
func descriptionName(fl *model.Flow) string { return fl.VarName + "Description" }
func machineName(fl *model.Flow) string     { return fl.VarName + "Machine" }
func stepsName(fl *model.Flow) string       { return fl.GoName + "Steps" }

// inFlow is a name of the package runtime/flow.
func inFlow(name string) *jen.Statement { return jen.Qual(flowPath, name) }

// inRuntime is a name of the package runtime.
func inRuntime(name string) *jen.Statement { return jen.Qual(runtimePath, name) }

// addrOf is &name.
func addrOf(name string) *jen.Statement { return jen.Op("&").Id(name) }
