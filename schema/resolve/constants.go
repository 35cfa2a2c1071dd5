package resolve

import (
	"cmp"
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow/duration"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/schema/parse"
)

// This file reads the constants that fields are declared with.

// constant reads a text as a value of a type, for the key that has it; nil after it
// reported that it is none.
func (r *resolver) constant(text *parse.Text, t *model.Type, key string) *model.Expr {
	e := &model.Expr{Kind: model.Literal, Type: t, Source: text.Value, Pos: text.Pos}
	var err error
	switch t.Kind {
	case model.String:
		e.Value = text.Value
	case model.Bool:
		return r.boolean(e, key)
	case model.Int:
		e.Value, err = strconv.ParseInt(text.Value, 10, 64)
	case model.Float:
		return r.float(e, key)
	case model.Bytes:
		e.Value, err = base64.StdEncoding.DecodeString(text.Value)
	case model.Time:
		return r.time(e, key)
	case model.Duration:
		e.Value, err = duration.Parse(strings.TrimSpace(text.Value))
	case model.Enum:
		return r.enumConstant(e, key)
	default:
		return nil
	}
	if err == nil {
		return e
	}
	switch t.Kind {
	case model.Int:
		r.report.Add(diag.BadNumber, e.Pos, "`%s` must be a whole number of 64 bits, not `%s`", key, clip(e.Source))
	case model.Bytes:
		r.report.Add(diag.BadConstant, e.Pos, "`%s` must be bytes in base64, not `%s`", key, clip(e.Source))
	default:
		r.report.Add(diag.BadDuration, e.Pos, "`%s`: %v", key, err)
	}
	return nil
}

func (r *resolver) boolean(e *model.Expr, key string) *model.Expr {
	if e.Source != "true" && e.Source != "false" {
		r.report.Add(diag.UnknownWord, e.Pos, "`%s` is `true` or `false`, not `%s`", key, clip(e.Source))
		return nil
	}
	e.Value = e.Source == "true"
	return e
}

func (r *resolver) float(e *model.Expr, key string) *model.Expr {
	f, err := strconv.ParseFloat(e.Source, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		r.report.Add(diag.BadNumber, e.Pos, "`%s` must be a number, not `%s`", key, clip(e.Source))
		return nil
	}
	e.Value = f
	return e
}

func (r *resolver) time(e *model.Expr, key string) *model.Expr {
	t, err := time.Parse(time.RFC3339, e.Source)
	if err != nil {
		r.report.Add(diag.BadConstant, e.Pos, "`%s` must be a time as in `2026-01-31T12:00:00Z`, not `%s`", key, clip(e.Source))
		return nil
	}
	e.Value = t.UTC()
	return e
}

func (r *resolver) enumConstant(e *model.Expr, key string) *model.Expr {
	texts := make([]string, len(e.Type.Named.Values))
	for i, v := range e.Type.Named.Values {
		texts[i] = v.Text
	}
	if !slices.Contains(texts, e.Source) {
		r.report.Add(diag.UnknownWord, e.Pos, "`%s`: `%s` is no value of the enum `%s`%s", key, clip(e.Source), e.Type.Named.Name, diag.Hint(e.Source, texts))
		return nil
	}
	e.Value = e.Source
	return e
}

// compare says which of two constants of the same ordered type is less.
func compare(a, b *model.Expr) int {
	switch x := a.Value.(type) {
	case int64:
		return cmp.Compare(x, b.Value.(int64))
	case float64:
		return cmp.Compare(x, b.Value.(float64))
	case time.Duration:
		return cmp.Compare(x, b.Value.(time.Duration))
	case time.Time:
		return x.Compare(b.Value.(time.Time))
	}
	return 0
}
