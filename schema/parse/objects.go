package parse

// This file tells others which keys there are: those by which the parser itself reads files.

// Object is a kind of mapping of the language, with the keys that it can have.
type Object struct {
	// Name is flow, typesFile, step, wait, call, parallel, choose, foreach, sequence,
	// case, compensation, defaults, schedule, concurrency, struct, enum, goType, error or field.
	Name string
	Keys []Key
}

// Key is a key of an object.
type Key struct {
	Name string
	Meaning
}

// Objects are all kinds of mappings that have known keys.
func Objects() []Object {
	p, flow, file := new(parser), new(Flow), new(File)
	return []Object{
		object("flow", append(p.flowKeys(flow), p.declarations(file)...)),
		object("typesFile", p.declarations(file)),
		object("step", p.stepKeys(&Step{Head: Head{Kind: "step"}})),
		object("wait", p.waitKeys(&Wait{Head: Head{Kind: "wait"}})),
		object("call", p.callKeys(&Step{Head: Head{Kind: "call"}})),
		object("parallel", p.parallelKeys(&Parallel{Head: Head{Kind: "parallel"}})),
		object("choose", p.chooseKeys(&Choose{Head: Head{Kind: "choose"}})),
		object("foreach", p.foreachKeys(&Foreach{Head: Head{Kind: "foreach"}})),
		object("sequence", p.sequenceKeys(new([]Block))),
		object("case", p.caseKeys(new(Case), "")),
		object("compensation", p.compensationKeys(new(Compensation))),
		object("defaults", p.policyKeys(&flow.Defaults)),
		object("schedule", p.scheduleKeys(new(Schedule))),
		object("concurrency", p.concurrencyKeys(new(Concurrency))),
		object("struct", p.structKeys(new(Type), "")),
		object("enum", p.enumKeys(new(Type), "")),
		object("goType", p.goTypeKeys(new(Type))),
		object("error", p.errorKeys(new(Error), "")),
		object("field", p.fieldKeys(new(Field))),
	}
}

func object(name string, keys []key) Object {
	o := Object{Name: name}
	for _, k := range keys {
		o.Keys = append(o.Keys, Key{k.name, meaning(name, k.name)})
	}
	return o
}
