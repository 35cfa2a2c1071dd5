package diag

// Code names a kind of problem. A code never changes its meaning, so that people
// can look it up; new kinds get new numbers.
type Code string

// The codes. 00x and 01x are about files and YAML, 02x about names, 03x about
// types, 04x about blocks, policies and other values, 05x and 06x about expressions, 07x
// about schedules and literal values, 08x and 09x about changes between versions of a flow.
const (
	Unreadable     Code = "BX001"
	NoFlowFile     Code = "BX002"
	TooLarge       Code = "BX003"
	InvalidYAML    Code = "BX004"
	YAMLFeature    Code = "BX005"
	SecondDocument Code = "BX006"
	DuplicateKey   Code = "BX007"
	UnknownKey     Code = "BX008"
	MissingKey     Code = "BX010"
	EmptyValue     Code = "BX011"
	WrongForm      Code = "BX012"
	WrongFile      Code = "BX013"
	Misplaced      Code = "BX014"

	PackageName   Code = "BX020"
	MalformedName Code = "BX021"
	ReservedName  Code = "BX022"
	DeclaredTwice Code = "BX023"
	GoCollision   Code = "BX024"

	UnknownType   Code = "BX030"
	MalformedType Code = "BX031"
	EndlessType   Code = "BX032"
	NotAStruct    Code = "BX033"
	WrongRule     Code = "BX034"
	BadDefault    Code = "BX035"
	BadGoType     Code = "BX036"

	BadNumber     Code = "BX040"
	BadDuration   Code = "BX041"
	UnknownWord   Code = "BX042"
	BadVersion    Code = "BX043"
	NoStep        Code = "BX044"
	DelaysTooLong Code = "BX045"
	NoCase        Code = "BX046"
	CallCircle    Code = "BX047"
	UnknownFlow   Code = "BX048"

	ExprSyntax      Code = "BX050"
	ExprNotYet      Code = "BX051"
	UnknownVariable Code = "BX052"
	ReadTooEarly    Code = "BX053"
	NoResult        Code = "BX054"
	UnknownField    Code = "BX055"
	MaybeAbsent     Code = "BX056"
	TypeMismatch    Code = "BX057"
	NullRefused     Code = "BX058"
	UntypedExpr     Code = "BX059"
	AmbiguousMerge  Code = "BX060"
	SecretExposed   Code = "BX061"
	OnlyInForeach   Code = "BX062"
	BadConstant     Code = "BX065"

	SuspectCondition Code = "BX066"

	BadSchedule Code = "BX070"
	BadValue    Code = "BX071"

	BlockGone        Code = "BX080"
	BlockKindChanged Code = "BX081"
	BlockMoved       Code = "BX082"
	OrderChanged     Code = "BX083"
	ReadsSkipped     Code = "BX084"
	StoredChanged    Code = "BX085"
	UndoGone         Code = "BX086"
	OtherCall        Code = "BX087"
	VersionNotRaised Code = "BX088"
	VersionGone      Code = "BX089"
	StaleLock        Code = "BX090"
)

// Titles has a title of one line for every code.
func Titles() map[Code]string {
	return map[Code]string{
		Unreadable:     "a file or folder cannot be read",
		NoFlowFile:     "the folder has no flow file",
		TooLarge:       "a file or an expression is too large or too deeply nested",
		InvalidYAML:    "the file is not valid YAML",
		YAMLFeature:    "aliases, anchors, merge keys and tags of YAML are not used in flow files",
		SecondDocument: "the file holds more than one YAML document",
		DuplicateKey:   "a key is given twice",
		UnknownKey:     "a key is not known here",
		MissingKey:     "a key that is needed is missing",
		EmptyValue:     "a value is empty",
		WrongForm:      "a value has the wrong form: text, a list or a mapping is wanted",
		WrongFile:      "a key does not belong into this kind of file",
		Misplaced:      "a block, a key or a case stands where it cannot",

		PackageName:   "there is no usable name for the Go package",
		MalformedName: "a name is not written as its kind of name is",
		ReservedName:  "a name is reserved",
		DeclaredTwice: "a name is declared twice",
		GoCollision:   "two names become the same name in Go",

		UnknownType:   "a type is not known",
		MalformedType: "a type is not written as types are",
		EndlessType:   "a type contains itself without end",
		NotAStruct:    "a declared type with fields is wanted",
		WrongRule:     "a rule of a field does not fit its type or another rule",
		BadDefault:    "a default does not fit its field",
		BadGoType:     "a Go type cannot be found or used",

		BadNumber:     "a number is malformed or out of its range",
		BadDuration:   "a duration is malformed or not positive",
		UnknownWord:   "a value is none of the words that are possible",
		BadVersion:    "a version is not major.minor",
		NoStep:        "a flow or a block in it has no step",
		DelaysTooLong: "delays together exceed the timeout of the flow",
		NoCase:        "a choose has no case with a condition",
		CallCircle:    "a flow calls itself, directly or through others",
		UnknownFlow:   "a call starts a flow that does not exist",

		ExprSyntax:       "an expression is not valid CEL",
		ExprNotYet:       "an expression uses a part of CEL that is not supported",
		UnknownVariable:  "an expression reads a name that does not exist",
		ReadTooEarly:     "an expression reads a block that has not run yet, or may never",
		NoResult:         "an expression reads a block that has no result",
		UnknownField:     "an expression reads a field that does not exist",
		MaybeAbsent:      "an expression reads what may be absent where a value is needed",
		TypeMismatch:     "an expression has operands or a result of the wrong type",
		NullRefused:      "there is no null in expressions, and no value()",
		UntypedExpr:      "the type of an expression cannot be told",
		AmbiguousMerge:   "a step or call without `in` would get two fields of one name",
		SuspectCondition: "a condition holds always or never",
		SecretExposed:    "a secret would be shown",
		OnlyInForeach:    "an expression reads from outside what is seen only in a foreach",
		BadConstant:      "a constant pattern, time, duration or bytes cannot be read",

		BadSchedule: "the times of a schedule cannot be read, or never come",
		BadValue:    "a literal value does not fit its type",

		BlockGone:        "a block that runs may be at, or past, is gone",
		BlockKindChanged: "a block is of another kind than it was",
		BlockMoved:       "a block was moved in or out of a foreach or a choose, or to another case",
		OrderChanged:     "a block stands in front of one that runs may have begun before it",
		ReadsSkipped:     "an expression reads what runs under way may never have done",
		StoredChanged:    "a type does not fit what is stored of it",
		UndoGone:         "what runs have done is not undone any more",
		OtherCall:        "a call starts another flow than it did",
		VersionNotRaised: "a flow has changed and its version was not raised",
		VersionGone:      "runs under way are left without code",
		StaleLock:        "the lock is not that of the flows as they are",
	}
}
