package engine

import (
	"cmp"
	"slices"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file takes secrets out of texts before they are stored: from then on they are
// shown in lists, log lines and traces, by whoever does not know where the run's secrets are.

// secrets are those that the handler was given, and those of its run's input, the longest first.
func (c *call) secrets() []string {
	c.findSecrets.Do(func() {
		c.found = slices.Concat(
			flow.Secrets(c.handler.In, c.Input), flow.Secrets(c.handler.Out, c.Output),
			flow.Secrets(c.execution.code.Definition.Input, c.run.Input))
		slices.SortFunc(c.found, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	})
	return c.found
}

// withoutSecrets is a text of an operator's without the secrets of the run's input.
func (x *execution) withoutSecrets(text string) string {
	if text == "" {
		return text
	}
	return flow.Blot(text, flow.Secrets(x.code.Definition.Input, x.head.Input))
}
