// When a flow is started by itself, how many of its runs are under way, and how long
// they are kept.

package templates

import (
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/bextgen/bextgen/schema/model"
)

// boundFields say when runs begin by themselves, how many may be under way, and how
// long they are kept.
func boundFields(fl *model.Flow) []jen.Code {
	var fields []jen.Code
	if len(fl.Schedules) > 0 {
		fields = append(fields, field("Schedules", scheduleList(fl)))
	}
	if fl.Concurrency != nil {
		fields = append(fields, field("Concurrency", concurrency(fl)))
	}
	if fl.Retention != 0 {
		fields = append(fields, field("Retention", duration(fl.Retention)))
	}
	return fields
}

// scheduleList are the schedules of a flow.
func scheduleList(fl *model.Flow) *jen.Statement {
	var items []jen.Code
	for _, s := range fl.Schedules {
		items = append(items, lines(scheduleFields(s)...))
	}
	return jen.Index().Add(inFlow("ScheduleDef")).Custom(jen.Options{Open: "{", Close: "}", Separator: ", "}, items...)
}

// scheduleFields are those that say something.
func scheduleFields(s *model.Schedule) []jen.Code {
	var fields []jen.Code
	add := func(said bool, name string, value *jen.Statement) {
		if said {
			fields = append(fields, field(name, value))
		}
	}
	add(s.Name != "", "Name", jen.Lit(s.Name))
	add(s.Cron != "", "Cron", jen.Lit(s.Cron))
	add(s.Timezone != "", "Timezone", jen.Lit(s.Timezone))
	add(s.Every != 0, "Every", duration(s.Every))
	add(true, "Input", jsonText(s.Input))
	add(s.CatchUp != model.CatchUpNone, "CatchUp", jen.Lit(string(s.CatchUp)))
	add(s.Overlap != model.OverlapSkip, "Overlap", jen.Lit(string(s.Overlap)))
	return fields
}

// jsonText is JSON as a Go string, between backquotes if it can be.
func jsonText(json []byte) *jen.Statement {
	text := string(json)
	if strconv.CanBackquote(text) {
		return jen.Id("`" + text + "`")
	}
	return jen.Id(strconv.Quote(text))
}

// concurrency is how many runs may be under way.
func concurrency(fl *model.Flow) *jen.Statement {
	limit := field("Limit", jen.Lit(fl.Concurrency.Limit))
	if fl.Concurrency.Key == nil {
		return inFlow("Concurrency").Values(limit)
	}
	return inFlow("Concurrency").Add(lines(limit, field("Key", fromInput(fl, fl.Concurrency.Key))))
}
