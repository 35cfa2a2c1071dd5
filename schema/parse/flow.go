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
	file       string
	lines      []string
	source     source
	report     *diag.Reporter
	blockCount int // in the whole file
	depth      int // of the block that is read: how many are around it
	foreachs   int // how many of those are a foreach
}

// Read reads a file, given its base name and its text. It returns nil if there
// is no YAML to be read in it; what it reports of the rest leaves gaps in the tree.
func Read(name string, text []byte, report *diag.Reporter) *File {
	root, p := open(name, text, report)
	if root == nil {
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

// open is the root of a file; nil after it reported that there is no YAML in it, or a part of
// YAML that flow files do not have.
func open(name string, text []byte, report *diag.Reporter) (*yaml.Node, *parser) {
	p := &parser{file: name, report: report}
	if len(text) <= MaxSize {
		p.lines = strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
		p.source = newSource(p.lines)
	}
	root := p.decode(text)
	if root == nil {
		return nil, p
	}
	before := report.Len()
	if p.refuseFeatures(root, 0); report.Len() > before {
		return nil, p
	}
	return root, p
}

func (p *parser) declarations(file *File) []key {
	return []key{
		{"types", func(v *yaml.Node) { file.Types = p.types(v) }},
		{"errors", func(v *yaml.Node) { file.Errors = p.errors(v) }},
	}
}

func (p *parser) typesFile(root *yaml.Node, file *File) {
	keys, flowKeys := p.declarations(file), p.flowKeys(new(Flow))
	for _, e := range p.entries(root, "a types file") {
		switch k := find(keys, e.key.Value); {
		case k != nil:
			k.read(e.value)
		case find(flowKeys, e.key.Value) != nil:
			p.report.Add(diag.WrongFile, e.key.Pos, "`%s` belongs into a *%s file; a *%s file has `types` and `errors` only", e.key.Value, FlowSuffix, TypesSuffix)
		default:
			p.unknownKey(e.key, "a types file", keys)
		}
	}
}

func (p *parser) flowFile(root *yaml.Node, file *File) {
	file.Flow = new(Flow)
	p.object(root, "a flow", append(p.flowKeys(file.Flow), p.declarations(file)...))
	if !mentions(root, "flow") {
		p.report.Add(diag.MissingKey, p.pos(root), "the flow has no name: begin with `flow: NAME`")
	}
	if !mentions(root, "version") {
		p.report.Add(diag.MissingKey, p.pos(root), "the flow has no version: write `version: \"1.0\"`; running runs keep the version with which they began")
	}
	if !mentions(root, "steps") {
		p.noStep(root, "the flow", "steps")
	}
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
		{"steps", func(v *yaml.Node) { f.Steps = p.blocks(v, "the flow", "steps") }},
		p.into(&f.MaxAttempts, "maxAttempts"),
		p.into(&f.Timeout, "timeout"),
		p.into(&f.IdempotencyKey, "idempotencyKey"),
		p.into(&f.Tenant, "tenant"),
		p.into(&f.Priority, "priority"),
		{"schedule", func(v *yaml.Node) { f.Schedules = p.schedules(v) }},
		{"concurrency", func(v *yaml.Node) { f.Concurrency = p.concurrency(v) }},
		p.into(&f.Retention, "retention"),
		{"defaults", func(v *yaml.Node) { p.object(v, "`defaults`", p.policyKeys(&f.Defaults)) }},
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

func (p *parser) output(n *yaml.Node) *Output {
	if n.Kind == yaml.ScalarNode {
		return &Output{Value: p.newText(n)}
	}
	return &Output{Bindings: p.bindings(n, "`output`")}
}
