package parse

// This file says of each key what it means and which form its value has: for the JSON Schema of
// editors, and for whoever else has to tell people about keys.

// Form is the form of the value of a key. A value that is a mapping of known keys has the
// name of its Object as its form.
type Form string

// The forms of values.
const (
	Prose      Form = "prose"      // text for people
	Expression Form = "expression" // CEL
	Name       Form = "name"       // kebab-case
	Camel      Form = "camel"      // the name of a field or an element
	Version    Form = "version"    // major.minor
	Duration   Form = "duration"   // such as 1d12h
	Count      Form = "count"      // a whole number from 0
	Positive   Form = "positive"   // a whole number from 1
	Limit      Form = "limit"      // a whole number from 1 to 1000
	Part       Form = "part"       // a number from 0 to 1
	Switch     Form = "switch"     // true or false
	Backoff    Form = "backoff"
	OnTimeout  Form = "onTimeout"
	After      Form = "after"
	CatchUp    Form = "catchUp"
	Overlap    Form = "overlap"
	Retry      Form = "retry"
	Scalar     Form = "scalar" // a bound of a field, of its type
	Literal    Form = "literal"
	TypeText   Form = "type"       // such as list<string>
	GoType     Form = "goType"     // path.Type
	Texts      Form = "texts"      // the values of an enum
	FieldsOf   Form = "fields"     // name: type
	ShapeOf    Form = "shape"      // fields, or the name of a type
	BindingsOf Form = "bindings"   // name: expression
	OutputOf   Form = "output"     // bindings, or one expression
	Blocks     Form = "blocks"     // run one after the other
	Branches   Form = "branches"   // run at the same time
	Cases      Form = "cases"      // of a choose
	Undo       Form = "undo"       // the name of a handler, or a compensation
	Schedules  Form = "schedules"  // a schedule, or several
	Types      Form = "types"      // name: declaration
	Errors     Form = "errors"     // name: declaration
	Input      Form = "inputValue" // a mapping of literal values
)

// Meaning is what is to be known of a key to write it.
type Meaning struct {
	Form Form
	// Doc is a sentence or a few for people, in Markdown.
	Doc string
	// Default is the value that it means to leave the key out, as it is written; empty
	// if there is none, or if it depends on other keys.
	Default string
	// Required says that the mapping cannot be without the key.
	Required bool
}

// meaning is that of a key of an object; without one of its own, that of all objects.
func meaning(object, key string) Meaning {
	all := meanings()
	if m, ok := all[object+"."+key]; ok {
		return m
	}
	return all["*."+key]
}

// meanings is the meanings of keys by `object.key`, those that are the same everywhere by `*.key`.
func meanings() map[string]Meaning {
	all := map[string]Meaning{}
	for _, some := range []map[string]Meaning{flowMeanings(), blockMeanings(), policyMeanings(), scheduleMeanings(), typeMeanings()} {
		for key, m := range some {
			all[key] = m
		}
	}
	return all
}

func flowMeanings() map[string]Meaning {
	return map[string]Meaning{
		"flow.flow":           {Form: Name, Required: true, Doc: "The name of the flow, in kebab-case, unique in the folder. `process-order` becomes `ProcessOrder…` in Go."},
		"flow.version":        {Form: Version, Required: true, Doc: "`major.minor`, read as written: `1.10` is not `1.1`. Running runs keep the version with which they began."},
		"flow.doc":            {Form: Prose, Doc: "Text for people. It becomes the doc comment in Go and stands on the dashboard."},
		"flow.input":          {Form: ShapeOf, Doc: "What a start gives: fields (`orderId: string`), or the name of a type."},
		"flow.output":         {Form: OutputOf, Doc: "What a run results in: `name: expression` for each field, or one expression. Without it, the result of the last step or call, or what the last wait's signal carried."},
		"flow.steps":          {Form: Blocks, Required: true, Doc: "The blocks, run one after the other."},
		"flow.maxAttempts":    {Form: Positive, Default: "1", Doc: "How often the whole flow is tried."},
		"flow.timeout":        {Form: Duration, Doc: "The longest a run may take, from its first step on, pauses and restarts included. Without it there is no limit."},
		"flow.idempotencyKey": {Form: Expression, Doc: "An expression over `input`, of type `string`. A second start with the same key is the same run. Used where a start gives no key."},
		"flow.tenant":         {Form: Expression, Doc: "An expression over `input`, of type `string`: whose run it is. Used where a start does not say."},
		"flow.priority":       {Form: Expression, Doc: "An expression over `input`, of type `int`: runs with a higher one go first. Used where a start does not say."},
		"flow.schedule":       {Form: Schedules, Doc: "When runs start by themselves: one schedule, or a list of several, each with a `name`."},
		"flow.concurrency":    {Form: "concurrency", Doc: "How many runs may be under way at a time, for each key. The others are pending until there is a place."},
		"flow.retention":      {Form: Duration, Doc: "How long a run is kept after its end, such as `30d`; at least `1m`. Without it, for ever."},
		"flow.defaults":       {Form: "defaults", Doc: "How often and how long the steps are tried that do not say so themselves."},
		"flow.backoff":        {Form: Backoff, Default: "exponential", Doc: "How the pause grows before the whole flow is tried again."},

		"*.types":  {Form: Types, Doc: "Types that fields can have: structs (`Item: {sku: string}`), enums (`Size: {enum: [small, large]}`), and types written in Go (`Money: {go: path.Type}`)."},
		"*.errors": {Form: Errors, Doc: "Errors that handlers return and callers find again, with their fields."},

		"concurrency.limit": {Form: Positive, Required: true, Doc: "How many runs may be under way at a time."},
		"concurrency.key":   {Form: Expression, Doc: "An expression over `input`: the runs with the same value share the limit. Without it, all runs of the flow do."},
	}
}

func blockMeanings() map[string]Meaning {
	return map[string]Meaning{
		"step.step":         {Form: Name, Required: true, Doc: "Work done by a Go function, its handler. `charge-payment` is handled by the method `ChargePayment` and read in expressions as `chargePayment`."},
		"wait.wait":         {Form: Name, Required: true, Doc: "Waits for a signal from outside, of this name."},
		"call.call":         {Form: Name, Required: true, Doc: "Runs another flow of the folder, and waits for its end."},
		"parallel.parallel": {Form: Name, Required: true, Doc: "Runs blocks at the same time."},
		"choose.choose":     {Form: Name, Required: true, Doc: "Runs the first case whose condition holds."},
		"foreach.foreach":   {Form: Name, Required: true, Doc: "Runs blocks once for each element of a list. Its value is the list of what `collect` says."},
		"sequence.sequence": {Form: Blocks, Required: true, Doc: "A branch of several blocks, one after the other."},

		"*.doc":   {Form: Prose, Doc: "Text for people."},
		"*.when":  {Form: Expression, Doc: "A condition. If it is false, the block is skipped, with all that is in it; its value is optional then."},
		"*.delay": {Form: Duration, Doc: "A pause before the block."},
		"*.until": {Form: Expression, Doc: "An expression of type `time`, before which the block does not begin. With `delay` too, the later of both counts."},

		"step.in":          {Form: BindingsOf, Doc: "`name: expression` for each field that the handler gets. Without it, the step gets all that is known so far."},
		"step.out":         {Form: ShapeOf, Doc: "The fields of the result, or the name of a type. Without it, the handler returns only an error."},
		"step.transaction": {Form: Switch, Default: "false", Doc: "With `true`, the handler gets a transaction of the database in which the runs are stored: what it writes and its result are one commit. The step needs a `timeout` then."},
		"*.compensate":     {Form: Undo, Doc: "The handler that undoes this if a later block fails: its name, or `{name, after, …}`."},

		"wait.out":       {Form: ShapeOf, Doc: "The fields that the signal carries, or the name of a type. Without it, the signal carries nothing."},
		"wait.timeout":   {Form: Duration, Doc: "How long it waits, from when it begins. Without it, as long as it takes."},
		"wait.onTimeout": {Form: OnTimeout, Default: "fail", Doc: "What happens when the time is over: `fail` fails the run; with `continue` it goes on, and the value of the wait is optional."},
		"wait.key":       {Form: Expression, Doc: "In a foreach only, and needed there: a `string` that says which element a signal is for."},

		"call.as": {Form: Name, Doc: "The name of the block; the name of the flow if it does not say. Two calls of one flow need two names."},
		"call.in": {Form: BindingsOf, Doc: "`name: expression` for each field of the called flow's input. Without it, each is taken from the field of the same name."},

		"parallel.steps": {Form: Branches, Required: true, Doc: "The branches. Each entry is one: a block, or a `sequence` of several."},
		"choose.cases":   {Form: Cases, Required: true, Doc: "The cases, of which the first that holds is run; the last may be an `else`."},
		"case.when":      {Form: Expression, Doc: "The condition under which this case is run, if none before it holds."},
		"case.steps":     {Form: Blocks, Doc: "The blocks of the case, one after the other."},
		"case.else":      {Form: Blocks, Doc: "The blocks that run if no case holds. It is the last entry, and has no other key."},

		"foreach.over":    {Form: Expression, Required: true, Doc: "The list. It is computed once, when the foreach begins, and stored."},
		"foreach.as":      {Form: Camel, Default: "item", Doc: "The name of the element in expressions. Its place, counted from 0, is that name with `Index`."},
		"foreach.limit":   {Form: Limit, Default: "16", Doc: "How many elements are under way at a time."},
		"foreach.collect": {Form: Expression, Doc: "An expression for each element, which reads the element and the blocks in the foreach. Without it, the value of the last block."},
		"foreach.steps":   {Form: Blocks, Required: true, Doc: "The blocks for an element, one after the other."},
	}
}

func policyMeanings() map[string]Meaning {
	return map[string]Meaning{
		"*.timeout":     {Form: Duration, Doc: "The longest that one attempt may take. Without it there is no limit."},
		"*.retries":     {Form: Count, Default: "0", Doc: "How many attempts may follow the first."},
		"*.backoff":     {Form: Backoff, Default: "exponential", Doc: "How the pause between attempts grows."},
		"*.backoffBase": {Form: Duration, Default: "1s", Doc: "The pause with which it begins."},
		"*.backoffMax":  {Form: Duration, Default: "1h", Doc: "The longest that a pause may become."},
		"*.jitter":      {Form: Part, Default: "0", Doc: "Spreads the pauses: `0.2` makes each up to 20 % shorter or longer."},

		"compensation.name":  {Form: Name, Required: true, Doc: "The name of the handler."},
		"compensation.after": {Form: After, Default: "completed", Doc: "`completed` undoes a step that completed. With `attempted`, one that was tried and did not complete is undone too: nobody knows how far it came."},

		// What a compensation does not say is as for its step.
		"compensation.timeout":     {Form: Duration, Doc: "The longest that one attempt may take; as for the step if it does not say."},
		"compensation.retries":     {Form: Count, Doc: "How many attempts may follow the first; as for the step if it does not say."},
		"compensation.backoff":     {Form: Backoff, Doc: "How the pause between attempts grows; as for the step if it does not say."},
		"compensation.backoffBase": {Form: Duration, Doc: "The pause with which it begins; as for the step if it does not say."},
		"compensation.backoffMax":  {Form: Duration, Doc: "The longest that a pause may become; as for the step if it does not say."},
		"compensation.jitter":      {Form: Part, Doc: "Spreads the pauses; as for the step if it does not say."},
	}
}

func scheduleMeanings() map[string]Meaning {
	return map[string]Meaning{
		"schedule.name":     {Form: Name, Doc: "By this the runtime knows a schedule: its times may change, but one with a new name is a new one. Needed where there are several."},
		"schedule.cron":     {Form: Prose, Doc: "Five fields: minute, hour, day of the month, month, day of the week, with names such as `MON-FRI`; or `@yearly`, `@monthly`, `@weekly`, `@daily`, `@hourly`."},
		"schedule.every":    {Form: Duration, Doc: "In place of `cron`, the time between two runs, at least `1s`: the multiples of it since 1970 in UTC."},
		"schedule.timezone": {Form: Prose, Default: "UTC", Doc: "Where the times of `cron` are, such as `Europe/Paris`."},
		"schedule.input":    {Form: Input, Doc: "The input of each run, as values and not as expressions."},
		"schedule.catchUp":  {Form: CatchUp, Default: "none", Doc: "What becomes of times that came while nothing ran: `none` are made up for, the `last`, or `all`."},
		"schedule.overlap":  {Form: Overlap, Default: "skip", Doc: "What happens at a time at which the schedule's run before is not over: `skip` passes it over, `queue` waits for the end of the run, `allow` starts another one."},
	}
}

func typeMeanings() map[string]Meaning {
	return map[string]Meaning{
		"struct.fields": {Form: FieldsOf, Required: true, Doc: "The fields, where the type has a `doc`, or fields that are called `enum` or `go`."},
		"enum.enum":     {Form: Texts, Required: true, Doc: "The values, of which text of this type is one."},
		"goType.go":     {Form: GoType, Required: true, Doc: "The path of a Go package and the name of a type in it: `example.com/shop/money.Amount`."},

		"error.fields": {Form: FieldsOf, Doc: "The fields that the error carries."},
		"error.retry":  {Form: Retry, Doc: "`never` ends the retries of the step at once, and the flow is not tried again either."},

		"field.type":      {Form: TypeText, Required: true, Doc: "The type: `string`, `bool`, `int`, `float`, `bytes`, `time`, `duration`, `json`, `list<T>`, `map<T>`, `optional<T>` (or `T?`), or a declared one."},
		"field.secret":    {Form: Switch, Default: "false", Doc: "With `true`, the value is stored, and shown nowhere: log lines, events, answers and pages have `•••` in its place."},
		"field.default":   {Form: Literal, Doc: "The value where JSON lacks the field."},
		"field.min":       {Form: Scalar, Doc: "The least that a number, a time or a duration may be."},
		"field.max":       {Form: Scalar, Doc: "The most that a number, a time or a duration may be."},
		"field.minLength": {Form: Count, Doc: "The least number of characters, bytes or elements."},
		"field.maxLength": {Form: Count, Doc: "The largest number of characters, bytes or elements."},
		"field.pattern":   {Form: Prose, Doc: "Text has to have a part that matches, in RE2's syntax; `^…$` is for all of it."},
	}
}
