package schema_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bextgen/bextgen/schema/model"
)

// TestSchedules says what becomes of what a flow says about starting itself.
func TestSchedules(t *testing.T) {
	const none, skip = model.CatchUpNone, model.OverlapSkip
	for keys, want := range map[string][]*model.Schedule{
		"":                       nil,
		"schedule: {every: 90s}": {{Every: 90 * time.Second, Input: []byte(`{}`), CatchUp: none, Overlap: skip}},
		"schedule: {name: a, cron: ' 0  9 * * MON', timezone: Asia/Tokyo, input: {}}":          {{Name: "a", Cron: "0 9 * * MON", Timezone: "Asia/Tokyo", Input: []byte(`{}`), CatchUp: none, Overlap: skip}},
		"schedule: [{cron: '@daily', catchUp: all, overlap: allow, input: {note: '', n: -0}}]": {{Cron: "@daily", Input: []byte(`{"n":0,"note":""}`), CatchUp: model.CatchUpAll, Overlap: model.OverlapAllow}},
		"schedule:\n  - {name: default, every: 1s, input: {tags: {b: '1', a: 2}, note: ~x}}\n  - {name: b, every: 1d, input: {note: null, n: 1}}": {
			{Name: "default", Every: time.Second, Input: []byte(`{"tags":{"b":"1","a":"2"},"note":"~x"}`), CatchUp: none, Overlap: skip},
			{Name: "b", Every: 24 * time.Hour, Input: []byte(`{"n":1,"note":null}`), CatchUp: none, Overlap: skip},
		},
	} {
		f := load(t, "flow: shop\nversion: \"1.0\"\ninput: {n: \"int?\", tags: \"map<string>?\", note: \"string?\"}\n"+keys+"\nsteps: [{step: pay, in: {}}]\n").Flows[0]
		if diff := cmp.Diff(want, f.Schedules, cmpopts.IgnoreFields(model.Schedule{}, "Pos")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", keys, diff)
		}
	}
}

// TestConcurrencyKeys says which expressions tell apart the runs that may be under way.
func TestConcurrencyKeys(t *testing.T) {
	for key, want := range map[string]string{
		"input.id":            "select",
		"input.n":             "int64_to_string",
		"input.urgent":        "bool_to_string",
		"input.size":          "enum_to_string",
		"input.n + 1":         "int64_to_string fallible",
		"'all'":               "literal",
		"input.id.size() > 5": "bool_to_string",
	} {
		f := load(t, "flow: shop\nversion: \"1.0\"\nretention: 1m\ntypes: {Size: {enum: [small]}}\ninput: {id: string, n: int, urgent: bool, size: Size}\nconcurrency: {limit: 3, key: \""+key+"\"}\nsteps: [{step: pay, in: {}}]\n").Flows[0]
		if f.Concurrency.Limit != 3 || f.Retention != time.Minute || f.Concurrency.Key.Type.Kind != model.String || startNode(f.Concurrency.Key) != want {
			t.Errorf("%s: %+v with the key %q, want %q", key, f.Concurrency, startNode(f.Concurrency.Key), want)
		}
	}
}
