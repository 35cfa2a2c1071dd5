package check

import (
	"fmt"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/containers"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"github.com/bextgen/bextgen/schema/model"
)

// This file asks CEL: its parser for the tree of an expression, and its type
// checker which overload of an operator or function the operands choose.
//
// The checker is asked about one call at a time, with variables of the operands'
// types in their places. So the types of fields are ours to say, an optional field of an
// optional block is one optional, and a mismatch is reported in the words of the language.

// typer is CEL with the types of one package.
type typer struct {
	// CEL has two parsers for the same language. The quick one takes a tenth of the time
	// and memory, and of what is no expression the thorough one says more.
	quick, thorough *parser.Parser
	checker         *checker.Env
	build           ast.ExprFactory
	// variables are the names of the variables that stand for operands, by CEL type.
	variables map[string]string
	functions map[string]bool // that CEL has, supported here or not
	structs   map[string]*model.Type
	enums     map[string]*model.Type // of the package
	zones     map[string]bool        // time zones that are named
	verdicts  map[string]verdict     // of calls, by their question
}

func newTyper(pkg *model.Package) (*typer, error) {
	quick, err := newParser(true)
	if err != nil {
		return nil, err
	}
	thorough, err := newParser(false)
	if err != nil {
		return nil, err
	}
	library, err := library()
	if err != nil {
		return nil, err
	}
	env, err := checker.NewEnv(containers.DefaultContainer, types.NewEmptyRegistry(), checker.CrossTypeNumericComparisons(true))
	if err != nil {
		return nil, fmt.Errorf("making the type checker: %w", err)
	}
	known := map[string]bool{}
	for _, macro := range library.Macros() {
		known[macro.Function()] = true
	}
	for _, f := range library.Functions() {
		known[f.Name()] = true
		if err := env.AddFunctions(f); err != nil {
			return nil, fmt.Errorf("declaring the function %s: %w", f.Name(), err)
		}
	}
	return &typer{
		quick: quick, thorough: thorough, checker: env, build: ast.NewExprFactory(),
		variables: map[string]string{}, functions: known, structs: map[string]*model.Type{}, enums: enumsOf(pkg),
		zones: map[string]bool{}, verdicts: map[string]verdict{},
	}, nil
}

// library is what CEL has, supported here or not.
func library() (*cel.Env, error) {
	all, err := cel.NewCustomEnv(cel.StdLib(), cel.OptionalTypes())
	if err != nil {
		return nil, fmt.Errorf("loading the functions: %w", err)
	}
	return all, nil
}

// newParser is one of the two parsers of CEL. Macros are not parsed as such: those
// that are not supported are then calls like others, with a name to report.
func newParser(quick bool) (*parser.Parser, error) {
	p, err := parser.NewParser(
		parser.Macros(), parser.EnableOptionalSyntax(true), parser.EnablePrattParser(quick),
		parser.MaxRecursionDepth(maxExprDepth), parser.ExpressionSizeCodePointLimit(maxExpr),
	)
	if err != nil {
		return nil, fmt.Errorf("making the parser: %w", err)
	}
	return p, nil
}

// knows says whether CEL has a function or macro.
func (t *typer) knows(function string) bool {
	return t.functions[function] || t.functions["optional."+function]
}

// parse is the tree of an expression, or the first error in it.
func (t *typer) parse(source common.Source) (*ast.AST, *common.Error) {
	tree, errs := t.quick.Parse(source)
	if len(errs.GetErrors()) > 0 {
		tree, errs = t.thorough.Parse(source)
	}
	if list := errs.GetErrors(); len(list) > 0 {
		return nil, list[0]
	}
	return tree, nil
}

// verdict is what the type checker says of a call or a literal.
type verdict struct {
	ok       bool
	result   *model.Type // nil if the types of the language have none such
	overload string      // "" if several remain
	args     []*model.Type
}

// call asks which overload of a function takes the operands, the receiver first
// if it is a member function. The answer depends on their types alone, and most calls of a
// package are alike, so it is kept.
func (t *typer) call(function string, member bool, args []*model.Expr) verdict {
	question, ok := t.question(function, member, args)
	if known, asked := t.verdicts[question]; ok && asked {
		return known
	}
	v := t.ask(args, func(operands []ast.Expr) ast.Expr {
		if member {
			return t.build.NewMemberCall(0, function, operands[0], operands[1:]...)
		}
		return t.build.NewCall(0, function, operands...)
	})
	if ok {
		t.verdicts[question] = v
	}
	return v
}

// question is a call without its operands but for their types; false if one has none yet.
func (t *typer) question(function string, member bool, args []*model.Expr) (string, bool) {
	parts := []string{function, strconv.FormatBool(member)}
	for _, arg := range args {
		if arg.Type == nil {
			return "", false
		}
		parts = append(parts, t.celType(arg.Type).String())
	}
	return strings.Join(parts, "\n"), true
}

// list asks for the type of a list literal.
func (t *typer) list(elements []*model.Expr) verdict {
	return t.ask(elements, func(operands []ast.Expr) ast.Expr { return t.build.NewList(0, operands, nil) })
}

// mapping asks for the type of a map literal with alternating keys and values.
func (t *typer) mapping(pairs []*model.Expr) verdict {
	return t.ask(pairs, func(operands []ast.Expr) ast.Expr {
		var entries []ast.EntryExpr
		for i := 0; i+1 < len(operands); i += 2 {
			entries = append(entries, t.build.NewMapEntry(0, operands[i], operands[i+1], false))
		}
		return t.build.NewMap(0, entries)
	})
}

func (t *typer) ask(args []*model.Expr, node func([]ast.Expr) ast.Expr) verdict {
	operands := make([]ast.Expr, len(args))
	for i, arg := range args {
		operands[i] = t.operand(arg)
	}
	root := node(operands)
	ids, empty := int64(0), common.NewTextSource("")
	root.RenumberIDs(func(int64) int64 { ids++; return ids })
	checked, errs := checker.Check(ast.NewAST(root, ast.NewSourceInfo(empty)), empty, t.checker)
	if len(errs.GetErrors()) > 0 {
		return verdict{}
	}
	v := verdict{ok: true, result: t.modelType(checked.GetType(root.ID()))}
	if overloads := checked.GetOverloadIDs(root.ID()); len(overloads) == 1 {
		v.overload = overloads[0]
	}
	for _, o := range operands {
		v.args = append(v.args, t.modelType(checked.GetType(o.ID())))
	}
	return v
}

// operand is a variable of the type of an expression; an empty list or map, or
// optional.none(), whose type depends on what stands around it, is itself.
func (t *typer) operand(e *model.Expr) ast.Expr {
	switch {
	case e.Type != nil:
	case isNone(e):
		return t.build.NewCall(0, "optional.none")
	case e.Kind == model.MapOf:
		return t.build.NewMap(0, nil)
	default:
		return t.build.NewList(0, nil, nil)
	}
	celType := t.celType(e.Type)
	name, ok := t.variables[celType.String()]
	if !ok {
		name = fmt.Sprintf("v%d", len(t.variables))
		t.variables[celType.String()] = name
		// The name is new, so that this cannot fail; were it to, the variable
		// would be unknown and the call refused.
		_ = t.checker.AddIdents(decls.NewVariable(name, celType))
	}
	return t.build.NewIdent(0, name)
}

// jsonType is a type of its own, not CEL's dynamic one: nothing can be read in
// JSON of which nothing is known.
const jsonType = "json"

func (t *typer) celType(m *model.Type) *types.Type {
	switch m.Kind {
	case model.String:
		return types.StringType
	case model.Bool:
		return types.BoolType
	case model.Int:
		return types.IntType
	case model.Float:
		return types.DoubleType
	case model.Bytes:
		return types.BytesType
	case model.Time:
		return types.TimestampType
	case model.Duration:
		return types.DurationType
	case model.List:
		return types.NewListType(t.celType(m.Elem))
	case model.Map:
		return types.NewMapType(types.StringType, t.celType(m.Elem))
	case model.Optional:
		return types.NewOptionalType(t.celType(m.Elem))
	case model.Struct, model.Enum, model.GoStruct:
		name := structName(m)
		t.structs[name] = m
		return types.NewObjectType(name)
	default:
		return types.NewOpaqueType(jsonType)
	}
}

// modelType is the type of the language for one of CEL, nil if there is none.
func (t *typer) modelType(c *types.Type) *model.Type {
	switch c.Kind() {
	case types.StringKind:
		return &model.Type{Kind: model.String}
	case types.BoolKind:
		return &model.Type{Kind: model.Bool}
	case types.IntKind:
		return &model.Type{Kind: model.Int}
	case types.DoubleKind:
		return &model.Type{Kind: model.Float}
	case types.BytesKind:
		return &model.Type{Kind: model.Bytes}
	case types.TimestampKind:
		return &model.Type{Kind: model.Time}
	case types.DurationKind:
		return &model.Type{Kind: model.Duration}
	case types.StructKind:
		return t.structs[c.TypeName()]
	case types.ListKind:
		return container(model.List, t.modelType(c.Parameters()[0]))
	case types.MapKind:
		if c.Parameters()[0].Kind() != types.StringKind {
			return nil
		}
		return container(model.Map, t.modelType(c.Parameters()[1]))
	case types.OpaqueKind:
		if c.TypeName() == jsonType {
			return &model.Type{Kind: model.JSON}
		}
		if c.TypeName() == types.OptionalType.TypeName() {
			return container(model.Optional, t.modelType(c.Parameters()[0]))
		}
	}
	return nil
}

func container(kind model.Kind, elem *model.Type) *model.Type {
	if elem == nil {
		return nil
	}
	return &model.Type{Kind: kind, Elem: elem}
}

// structName is the name of a struct type or an enum in Go, which is unique in a package.
func structName(t *model.Type) string {
	if t.Named != nil {
		return t.Named.Name
	}
	return t.Payload.GoName
}

// TypeText is a type in the words of the language.
func TypeText(t *model.Type) string {
	switch t.Kind {
	case model.List, model.Map:
		return string(t.Kind) + "<" + TypeText(t.Elem) + ">"
	case model.Optional:
		return TypeText(t.Elem) + "?"
	case model.Struct, model.Enum, model.GoStruct:
		return structName(t)
	default:
		return string(t.Kind)
	}
}

// symbol is an operator as people write it.
func symbol(function string) string {
	if s, ok := operators.FindReverse(function); ok && s != "" {
		return s
	}
	return map[string]string{
		operators.Index: "[…]", operators.OptIndex: "[?…]", operators.Conditional: "? :", operators.Negate: "-",
	}[function]
}
