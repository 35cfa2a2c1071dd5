package lsp

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// definition is where a name comes from: of what an expression reads, the block or the field; of a type, its
// declaration; of a call, the flow; of a step and of its compensation, the handler in Go.
func (s *server) definition(ctx context.Context, req *jsonrpc2.Request) (any, error) {
	v, err := s.at(ctx, req)
	if v == nil || err != nil || v.pkg == nil {
		return nil, err
	}
	name, from := v.word(true)
	if handler := v.handler(name, from); handler != "" {
		if found := v.method(handler); found != nil {
			return found, nil
		}
		return nil, nil
	}
	pos := v.origin(name, from)
	if pos.Line == 0 {
		return nil, nil
	}
	return location{v.uri(v.folder, pos.File), v.read(pos.File).word(pos.Line, pos.Column)}, nil
}

// handler is the method that handles the step or the compensation whose name is asked about; empty for anything else.
func (v *view) handler(name string, from int) (method string) {
	if step, ok := v.block(name, from).(*model.Step); ok && step.Calls == nil {
		return step.GoName
	}
	f := v.flow()
	if f == nil {
		return ""
	}
	for _, step := range f.Steps {
		if u := step.Undo; u != nil && u.Name == name && (v.is(u.Pos, from) || v.is(u.Pos, from-1)) {
			return u.GoName
		}
	}
	return ""
}

// origin is where what a name stands for is in the flow files; a place without a line if that is not known.
func (v *view) origin(name string, from int) model.Pos {
	if call, ok := v.block(name, from).(*model.Step); ok {
		return call.Calls.Pos
	}
	name, from = v.word(false)
	if e := v.node(name, from); e != nil {
		return v.readFrom(e)
	}
	around, _ := pathTo(v.text, v.line, from)
	switch newLanguage().form(v.file, around) {
	case parse.TypeText, parse.ShapeOf, fieldForm:
		if n := v.declared(name); n != nil {
			return n.Pos
		}
	}
	return model.Pos{}
}

// readFrom is where what a node of an expression reads is declared.
func (v *view) readFrom(e *model.Expr) model.Pos {
	switch e.Kind {
	case model.InputVar:
		return inputPlace(v.flow().Input)
	case model.BlockVar:
		return source(e).Head().Pos
	case model.ItemVar, model.IndexVar:
		return e.Foreach.Pos
	case model.Select:
		if e.Field.Pos.File != "" {
			return e.Field.Pos // not that of a type in Go
		}
	}
	return model.Pos{}
}

// inputPlace is where an input is declared: its first field, or the type that it is.
func inputPlace(p *model.Payload) model.Pos {
	switch {
	case p == nil:
		return model.Pos{}
	case p.Alias != nil && p.Alias.Named != nil:
		return p.Alias.Named.Pos
	case len(p.Fields) > 0:
		return p.Fields[0].Pos
	}
	return p.Pos
}

// method is where a method is declared in the Go files of the folder; nil if it is in none of them.
func (v *view) method(name string) *location {
	names, err := fs.Glob(os.DirFS(v.folder), "*.go")
	if err != nil {
		return nil
	}
	for _, file := range names {
		path := filepath.Join(v.folder, file)
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || strings.HasSuffix(path, "_test.go") {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(content), name) {
			continue
		}
		files := token.NewFileSet()
		parsed, _ := parser.ParseFile(files, path, content, parser.SkipObjectResolution) // as far as it is Go
		if parsed == nil {
			continue
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == name {
				return placeInGo(path, string(content), files.Position(f.Name.Pos()), name)
			}
		}
	}
	return nil
}

// placeInGo is the range of a name in a file of Go, whose columns are bytes.
func placeInGo(path, content string, at token.Position, name string) *location {
	begin := at.Offset - at.Column + 1
	column := len([]rune(content[begin:at.Offset])) + 1
	return &location{fileURI(path), newText(content).span(at.Line, column, column+len([]rune(name)))}
}
