package page

import (
	"fmt"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow/description"
)

// This file is what a flow says of its blocks, in words.

// blockInfo is what a flow says of one of its blocks.
type blockInfo struct {
	Doc      string
	Source   string // where it stands in the spec
	Policy   string // how often and how long it is tried, and what else it does
	UndoneBy string // the handler that undoes it; empty for none
}

// blocksOf are the blocks of a flow, by their names.
func blocksOf(f *description.Flow) map[string]blockInfo {
	known := map[string]blockInfo{}
	f.Each(func(b *description.Block) {
		info := blockInfo{Doc: b.Doc, Policy: strings.Join(policyWords(b), ", ")}
		if b.Line > 0 {
			info.Source = fmt.Sprintf("%s:%d", f.File, b.Line)
		}
		if b.Compensation != nil {
			info.UndoneBy = b.Compensation.Handler
		}
		known[b.Name] = info
	})
	return known
}

// policyWords is how often and how long a block is tried, and what else its flow says of it.
func policyWords(b *description.Block) []string {
	var words []string
	add := func(format string, values ...any) { words = append(words, fmt.Sprintf(format, values...)) }
	if b.When != "" {
		add("when %s", b.When)
	}
	if b.Delay != "" {
		add("delay %s", b.Delay)
	}
	if b.Until != "" {
		add("until %s", b.Until)
	}
	if b.Policy != nil {
		words = append(words, retryWords(b.Policy)...)
	}
	if b.Timeout != "" {
		add("timeout %s, then %s", b.Timeout, b.OnTimeout)
	}
	if b.Over != "" {
		add("for each of %s, %d at a time", b.Over, b.Limit)
	}
	if b.Transaction {
		add("in a transaction")
	}
	if b.Calls != nil {
		add("calls %s", b.Calls.FlowID)
	}
	if b.Compensation != nil {
		after := ""
		if b.Compensation.After == "attempted" {
			after = ", also if it was only tried"
		}
		add("undone by %s%s", b.Compensation.Handler, after)
	}
	return words
}

// retryWords is a policy in words.
func retryWords(p *description.Policy) []string {
	var words []string
	if p.Retries > 0 {
		text := plural(p.Retries, "retry", "retries")
		if p.Backoff != "" || p.BackoffBase != "" {
			text += ", " + strings.TrimSpace(p.Backoff+" from "+orDefault(p.BackoffBase, "1s"))
		}
		if p.BackoffMax != "" {
			text += " up to " + p.BackoffMax
		}
		words = append(words, text)
	}
	if p.Timeout != "" {
		words = append(words, "timeout "+p.Timeout)
	}
	return words
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
