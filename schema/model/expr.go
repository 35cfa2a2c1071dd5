package model

// ExprKind is the kind of an expression's node.
type ExprKind string

// The kinds of expressions.
const (
	// Literal is a constant: Value holds a bool, int64, float64, string, []byte,
	// time.Time (in UTC) or time.Duration.
	Literal ExprKind = "literal"
	// InputVar is `input`, the flow's input.
	InputVar ExprKind = "input"
	// BlockVar is the value of an earlier step or call, Step, wait, Wait, or foreach,
	// Foreach. Its Type is optional where the block may have been skipped.
	BlockVar ExprKind = "block"
	// ItemVar is the element of the foreach Foreach, and IndexVar its place in the list, an int.
	ItemVar  ExprKind = "item"
	IndexVar ExprKind = "index"
	// RunVar is a property of the run, Name: id, tenant, attempt or startedAt.
	RunVar ExprKind = "run"
	// LocalVar is the element of the macro around it that declares it: Name is its name and
	// Depth how many other macros are around that one, as is that one's Depth.
	LocalVar ExprKind = "local"
	// Macro is all, exists, exists_one, filter or map, as Name says, over the list, or the keys
	// of the map, Args[0]. What it computes for each element follows in Args: of a map
	// with three arguments the condition and the value.
	Macro ExprKind = "macro"
	// Select reads Field of the struct Args[0]. If Args[0] is an optional, so is
	// the result: one optional, also where the field is optional itself.
	Select ExprKind = "select"
	// Call is an operator or a function, named by the Overload that CEL's type
	// checker chose (such as add_int64, logical_and, conditional, size_list,
	// optional_orValue_value), with its operands, the receiver first, in Args.
	Call ExprKind = "call"
	// ListOf and MapOf are list and map literals. A map's keys and values
	// alternate in Args.
	ListOf ExprKind = "list"
	MapOf  ExprKind = "map"
)

// Expr is a typed expression. It is a tree and is never shared.
type Expr struct {
	Kind     ExprKind
	Type     *Type
	Args     []*Expr
	Value    any      // Literal
	Name     string   // RunVar, LocalVar, Macro
	Depth    int      // LocalVar, Macro
	Step     *Step    // BlockVar of a step or call
	Wait     *Wait    // BlockVar of a wait
	Foreach  *Foreach // BlockVar of a foreach (the list of its values), ItemVar, IndexVar
	Field    *Field   // Select
	Overload string   // Call

	// Fallible says that evaluating this node or one below it can fail: an
	// index, a key, a division, an overflow.
	Fallible bool
	// Secret says that the value is made of a secret.
	Secret bool

	// Source is the text of the whole expression as the user wrote it, and Pos
	// its place; all nodes of one expression have the same Source, and Pos is
	// the node's own.
	Source string
	Pos    Pos
}
