package check

import (
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file checks waits.

func (c *pass) wait(b *resolve.Wait, s scope) []sight {
	m := b.Model
	s.reader = m
	c.head(&m.BlockHead, &b.Syntax.Head, &s)
	m.Timeout = c.duration(b.Syntax.Timeout, "timeout")
	m.Continue = c.either(b.Syntax.OnTimeout, "onTimeout", "fail", "continue")
	m.Key = c.waitKey(b, &s)
	seen := seenBehind(m, b.Syntax.When != nil)
	if on := b.Syntax.OnTimeout; on != nil && !m.Continue && on.Value != "fail" {
		seen[0].unclear = true
	}
	if m.Continue {
		return absent(seen, "may time out, it has `onTimeout: continue`")
	}
	return seen
}

// waitKey is the key of a wait in a foreach. It is stored beside the signals and shown
// with them, so that it cannot be a secret.
func (c *pass) waitKey(b *resolve.Wait, s *scope) *model.Expr {
	t := b.Syntax.Key
	if t == nil || len(s.around) == 0 {
		return nil
	}
	e := c.typed(t, "key", model.String, s)
	if e != nil && e.Secret {
		c.report.Add(diag.SecretExposed, t.Pos, "`key` of %s is made of a secret, and would show it: who sends the signal has to name it, and it is stored as it is; make it of other fields", what(b.Model))
		return nil
	}
	return e
}
