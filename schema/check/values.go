package check

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow/duration"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
	"github.com/bextgen/bextgen/schema/resolve"
)

// This file reads values that are no expressions: versions, numbers, durations
// and policies.

// VersionForm is how versions are written.
const VersionForm = `^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$`

var versionForm = regexp.MustCompile(VersionForm)

// MostAttempts is the largest number of attempts: an int on every machine.
const MostAttempts = 1<<31 - 1

func (c *pass) flowValues(f *resolve.Flow) {
	m, s := f.Model, f.Syntax
	if s.Version != nil {
		m.Version = s.Version.Value
		if !versionForm.MatchString(m.Version) {
			c.report.Add(diag.BadVersion, s.Version.Pos, "the version `%s` is not major.minor; write it like \"1.0\"", clip(m.Version))
		}
	}
	m.MaxAttempts = 1
	if s.MaxAttempts != nil {
		m.MaxAttempts = c.number(s.MaxAttempts, "maxAttempts", 1)
	}
	m.Timeout = c.duration(s.Timeout, "timeout")
	m.Retention = c.atLeast(s.Retention, "retention", leastRetention)
	m.Restart = c.policy(s.Restart)
	c.policy(s.Defaults)
}

func (c *pass) stepValues(s *resolve.Step, defaults parse.Policy) {
	c.policy(s.Syntax.Policy)
	own := or(s.Syntax.Policy, defaults)
	if s.Model.Calls == nil { // of a call, only the compensation has a handler
		s.Model.Policy = c.quietly().policy(own)
		s.Model.Transaction = c.transaction(s, own)
	}
	if s.Syntax.Compensate != nil {
		c.policy(s.Syntax.Compensate.Policy)
		c.after(s.Syntax.Compensate.After)
	}
	if s.Model.Undo != nil {
		s.Model.Undo.Attempted = c.quietly().after(s.Syntax.Compensate.After)
		s.Model.Undo.Policy = c.quietly().policy(or(s.Syntax.Compensate.Policy, own))
	}
}

// transaction says whether a step has a transaction. Then it needs a timeout: all that
// others write waits for it.
func (c *pass) transaction(s *resolve.Step, policy parse.Policy) bool {
	t := s.Syntax.Transaction
	if !c.either(t, "transaction", "false", "true") {
		return false
	}
	if policy.Timeout == nil {
		c.report.Add(diag.MissingKey, t.Pos, "%s has a transaction and no `timeout`: while its handler runs nothing else is written to the database, so say how long that may be at most, such as `timeout: 5s`", s.Syntax.What())
	}
	return true
}

// after says whether a step that was tried and did not complete is undone too.
func (c *pass) after(t *parse.Text) bool { return c.either(t, "after", "completed", "attempted") }

// either says whether a key has the other one of its two words; the usual one is what
// it means to leave the key out.
func (c *pass) either(t *parse.Text, key, usual, other string) bool {
	if t != nil && t.Value != usual && t.Value != other {
		c.report.Add(diag.UnknownWord, t.Pos, "`%s` is `%s` or `%s`, not `%s`", key, usual, other, clip(t.Value))
	}
	return t != nil && t.Value == other
}

// quietly reads values again that were reported already, where they stand.
func (c *pass) quietly() *pass { return &pass{report: new(diag.Reporter)} }

// or is a policy with what it does not say taken from another.
func or(p, otherwise parse.Policy) parse.Policy {
	return parse.Policy{
		Timeout:     cmp.Or(p.Timeout, otherwise.Timeout),
		Retries:     cmp.Or(p.Retries, otherwise.Retries),
		Backoff:     cmp.Or(p.Backoff, otherwise.Backoff),
		BackoffBase: cmp.Or(p.BackoffBase, otherwise.BackoffBase),
		BackoffMax:  cmp.Or(p.BackoffMax, otherwise.BackoffMax),
		Jitter:      cmp.Or(p.Jitter, otherwise.Jitter),
	}
}

func (c *pass) policy(p parse.Policy) model.Policy {
	var policy model.Policy
	policy.Timeout = c.duration(p.Timeout, "timeout")
	if p.Retries != nil {
		policy.Retries = c.number(p.Retries, "retries", 0)
	}
	if p.Backoff != nil {
		policy.Backoff = c.backoff(p.Backoff)
	}
	policy.BackoffBase = c.duration(p.BackoffBase, "backoffBase")
	policy.BackoffMax = c.duration(p.BackoffMax, "backoffMax")
	if p.Jitter != nil {
		policy.Jitter = c.jitter(p.Jitter)
	}
	return policy
}

func (c *pass) number(t *parse.Text, key string, least int) int {
	n, err := strconv.Atoi(t.Value)
	if err != nil || n < least || n > MostAttempts {
		c.report.Add(diag.BadNumber, t.Pos, "`%s` must be a whole number from %d to %d, not `%s`", key, least, MostAttempts, clip(t.Value))
		return least
	}
	return n
}

// duration is 0 if the key is not there.
func (c *pass) duration(t *parse.Text, key string) time.Duration {
	if t == nil {
		return 0
	}
	d, err := duration.Parse(strings.TrimSpace(t.Value))
	switch {
	case err != nil:
		c.report.Add(diag.BadDuration, t.Pos, "`%s`: %v", key, err)
	case d <= 0:
		c.report.Add(diag.BadDuration, t.Pos, "`%s` must be longer than nothing, not `%s`; leave it out if there is none", key, t.Value)
	default:
		return d
	}
	return 0
}

// leastRetention is how often the runtime looks for runs to delete.
const leastRetention = time.Minute

// atLeast is a duration that must not be shorter than another; 0 if the key is not there.
func (c *pass) atLeast(t *parse.Text, key string, least time.Duration) time.Duration {
	d := c.duration(t, key)
	if d != 0 && d < least {
		c.report.Add(diag.BadDuration, t.Pos, "`%s` must be at least %s, not `%s`", key, duration.Format(least), clip(t.Value))
		return 0
	}
	return d
}

func (c *pass) backoff(t *parse.Text) model.Backoff {
	known := []string{string(model.Fixed), string(model.Linear), string(model.Exponential)}
	if slices.Contains(known, t.Value) {
		return model.Backoff(t.Value)
	}
	c.report.Add(diag.UnknownWord, t.Pos, "unknown backoff `%s`%s", clip(t.Value), diag.Hint(t.Value, known))
	return ""
}

func (c *pass) jitter(t *parse.Text) float64 {
	j, err := strconv.ParseFloat(t.Value, 64)
	if err != nil || !(j >= 0 && j <= 1) { // so that NaN is refused
		c.report.Add(diag.BadNumber, t.Pos, "`jitter` must be a number from 0 to 1, not `%s`; 0.2 spreads a pause by 20 %% both ways", clip(t.Value))
		return 0
	}
	return j
}

// clip cuts what is shown of a text that may be anything.
func clip(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}
