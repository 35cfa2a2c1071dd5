package parse

import (
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/bextgen/bextgen/schema/diag"
)

// This file knows the keys of flow files and types files.

// The ends of the names of the files of a package.
const (
	FlowSuffix  = ".flow.yaml"
	TypesSuffix = ".types.yaml"
)

type parser struct {
	file   string
	lines  []string
	source source
	report *diag.Reporter
}

// Read reads a file, given its base name and its text. It returns nil if there
// is no YAML to be read in it; what it reports of the rest leaves gaps in the tree.
func Read(name string, text []byte, report *diag.Reporter) *File {
	p := &parser{file: name, report: report}
	if len(text) <= MaxSize {
		p.lines = strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
		p.source = newSource(p.lines)
	}
	root := p.decode(text)
	if root == nil {
		return nil
	}
	before := report.Len()
	if p.refuseFeatures(root, 0); report.Len() > before {
		return nil
	}
	file := &File{Name: name}
	if strings.HasSuffix(name, TypesSuffix) {
		p.typesFile(root, file)
	} else {
		p.flowFile(root, file)
	}
	return file
}

func (p *parser) declarations(file *File) []key {
	return []key{
		{"types", func(v *yaml.Node) { file.Types = p.types(v) }},
		{"errors", func(v *yaml.Node) { file.Errors = p.errors(v) }},
	}
}

func (p *parser) typesFile(root *yaml.Node, file *File) {
	var flowKeys []key
	for _, k := range p.flowKeys(new(Flow)) {
		flowKeys = append(flowKeys, key{k.name, nil})
	}
	keys := p.declarations(file)
	for _, e := range p.entries(root, "a types file") {
		switch k := find(keys, e.key.Value); {
		case k != nil:
			k.read(e.value)
		case find(flowKeys, e.key.Value) != nil:
			p.report.Add(diag.WrongFile, e.key.Pos, "`%s` belongs into a *%s file; a *%s file has `types` and `errors` only", e.key.Value, FlowSuffix, TypesSuffix)
		default:
			p.unknownKey(e.key, "a types file", nil, keys)
		}
	}
}

func (p *parser) flowFile(root *yaml.Node, file *File) {
	file.Flow = new(Flow)
	later := []string{"idempotencyKey", "tenant", "priority", "schedule", "concurrency", "retention"}
	p.object(root, "a flow", later, append(p.flowKeys(file.Flow), p.declarations(file)...))
	if !mentions(root, "flow") {
		p.report.Add(diag.MissingKey, p.pos(root), "the flow has no name: begin with `flow: NAME`")
	}
	if !mentions(root, "version") {
		p.report.Add(diag.MissingKey, p.pos(root), "the flow has no version: write `version: \"1.0\"`; running runs keep the version with which they began")
	}
	if !mentions(root, "steps") {
		p.noStep(root)
	}
}

func (p *parser) noStep(n *yaml.Node) {
	p.report.Add(diag.NoStep, p.pos(n), "the flow has no step; it needs at least one: `steps: [{step: NAME}]`")
}

// mentions says whether a mapping has a key, if perhaps misspelt: then it is not missing.
func mentions(n *yaml.Node, name string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if diag.Nearest(n.Content[i].Value, []string{name}) != "" {
			return true
		}
	}
	return n.Kind != yaml.MappingNode
}

func (p *parser) flowKeys(f *Flow) []key {
	keys := []key{
		p.into(&f.Name, "flow"),
		p.into(&f.Version, "version"),
		p.into(&f.Doc, "doc"),
		{"input", func(v *yaml.Node) { f.Input = p.shape(v, "`input`") }},
		{"output", func(v *yaml.Node) { f.Output = p.output(v) }},
		{"steps", func(v *yaml.Node) { f.Steps = p.steps(v) }},
		p.into(&f.MaxAttempts, "maxAttempts"),
		p.into(&f.Timeout, "timeout"),
		{"defaults", func(v *yaml.Node) { p.object(v, "`defaults`", nil, p.policyKeys(&f.Defaults)) }},
	}
	return append(keys, p.backoffKeys(&f.Restart)...)
}

func (p *parser) policyKeys(policy *Policy) []key {
	keys := []key{p.into(&policy.Timeout, "timeout"), p.into(&policy.Retries, "retries")}
	return append(keys, p.backoffKeys(policy)...)
}

func (p *parser) backoffKeys(policy *Policy) []key {
	return []key{
		p.into(&policy.Backoff, "backoff"),
		p.into(&policy.BackoffBase, "backoffBase"),
		p.into(&policy.BackoffMax, "backoffMax"),
		p.into(&policy.Jitter, "jitter"),
	}
}

func (p *parser) steps(n *yaml.Node) []*Step {
	if n.Kind != yaml.SequenceNode {
		p.wrongForm(n, "a list (lines that begin with `- step: NAME`)", "`steps`")
		return nil
	}
	if len(n.Content) == 0 {
		p.noStep(n)
	}
	if len(n.Content) > maxEntries {
		p.report.Add(diag.TooLarge, p.pos(n), "the flow has %d steps, more than the %d that it may have", len(n.Content), maxEntries)
		return nil
	}
	var steps []*Step
	for _, block := range n.Content {
		if step := p.step(block); step != nil {
			steps = append(steps, step)
		}
	}
	return steps
}

func (p *parser) step(n *yaml.Node) *Step {
	if n.Kind != yaml.MappingNode {
		p.wrongForm(n, "`step: NAME` in each entry", "`steps`")
		return nil
	}
	name, ok := p.stepName(n)
	if !ok {
		return nil
	}
	s := new(Step)
	keys := []key{
		p.into(&s.Name, "step"),
		p.into(&s.Doc, "doc"),
		{"in", func(v *yaml.Node) { s.In = p.bindings(v, "`in`") }},
		{"out", func(v *yaml.Node) { s.Out = p.shape(v, "`out`") }},
		p.into(&s.When, "when"),
		p.into(&s.Delay, "delay"),
		{"compensate", func(v *yaml.Node) { s.Compensate = p.compensation(v) }},
	}
	where := "a step"
	if name != "" {
		where = "step `" + short(name) + "`"
	}
	p.object(n, where, []string{"until", "transaction"}, append(keys, p.policyKeys(&s.Policy)...))
	if s.Name == nil {
		return nil
	}
	return s
}

// stepName is the name in a block of kind step; other blocks are refused.
func (p *parser) stepName(n *yaml.Node) (name string, ok bool) {
	later := []string{"parallel", "foreach", "choose", "wait", "call", "sequence"}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		for _, kind := range later {
			if k.Value == kind {
				p.report.Add(diag.NotYet, p.pos(k), "`%s` is not supported yet by this version of bextgen", kind)
				return "", false
			}
		}
		if k.Value == "step" {
			return n.Content[i+1].Value, true
		}
	}
	if len(n.Content) > 0 && diag.Nearest(n.Content[0].Value, []string{"step"}) != "" {
		return "", true // a misspelt `step` is reported as an unknown key
	}
	p.report.Add(diag.MissingKey, p.pos(n), "a block begins with its kind and name: `- step: NAME`")
	return "", false
}

func (p *parser) compensation(n *yaml.Node) *Compensation {
	c := new(Compensation)
	if n.Kind == yaml.ScalarNode {
		c.Name = p.newText(n)
		return c
	}
	keys := append([]key{p.into(&c.Name, "name")}, p.policyKeys(&c.Policy)...)
	before := p.report.Len()
	p.object(n, "`compensate`", []string{"after"}, keys)
	if c.Name == nil {
		if p.report.Len() == before {
			p.report.Add(diag.MissingKey, p.pos(n), "`compensate` needs the name of a handler: `compensate: NAME` or `compensate: {name: NAME, …}`")
		}
		return nil
	}
	return c
}

func (p *parser) bindings(n *yaml.Node, where string) *Bindings {
	b := &Bindings{Pos: p.pos(n)}
	for _, e := range p.entries(n, where) {
		if value := p.text(e.value, "`"+short(e.key.Value)+"`"); value != nil {
			b.List = append(b.List, Binding{Name: e.key, Value: value})
		}
	}
	return b
}

func (p *parser) output(n *yaml.Node) *Output {
	if n.Kind == yaml.ScalarNode {
		return &Output{Value: p.newText(n)}
	}
	return &Output{Bindings: p.bindings(n, "`output`")}
}
