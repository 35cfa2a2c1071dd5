package templates_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bextgen/bextgen/schema"
)

// namingTests are specs with names that are hard on Go. Want are declarations that the
// Go has, or the code of what is said where a name is refused.
var namingTests = []struct {
	name  string
	files string // each begins with its flow
	want  []string
}{
	// Acronyms are capitals, as Go writes them.
	{"acronyms in fields", `{flow: a, version: "1.0", input: {orderId: string, userUrl: string, httpApi: string, ids: list<int>, jsonUrls: list<string>, idle: bool, userHTTPCode: int}, steps: [{step: b}]}`, []string{
		"OrderID string", "UserURL string", "HTTPAPI string", "IDs []int64", "JSONURLs []string", "Idle bool", "UserHTTPCode int64",
	}},
	{"acronyms in names", `{flow: http-sync, version: "1.0", steps: [{step: load-url, in: {}, out: {apiId: string}}, {step: api-id, in: {id: loadUrl.apiId}}]}`, []string{
		"func StartHTTPSync", "type HTTPSyncLoadURLOutput", "LoadURL(ctx", "APIID(ctx", "var httpSyncLoadURLStep", "var httpSyncFlow",
	}},
	{"fields that are one acronym", `{flow: a, version: "1.0", input: {orderId: string, orderID: string}, steps: [{step: b, in: {}}]}`, []string{"BX024"}},
	{"steps that are one acronym", `{flow: a, version: "1.0", steps: [{step: get-url, in: {}}, {step: getu-rl, in: {}}]}`, []string{"GetURL(", "GetuRl("}},

	// Go keywords.
	{"keywords as fields", `{flow: a, version: "1.0", input: {type: string, func: string, range: string, map: int, select: string}, steps: [{step: b}]}`, []string{"Type ", "Func ", "Range ", "Map ", "Select "}},
	{"keyword as a step", `{flow: a, version: "1.0", steps: [{step: range}]}`, []string{"BX022"}},
	{"keyword as a flow", `{flow: func, version: "1.0", steps: [{step: b}]}`, []string{"BX022"}},
	{"keyword as an element", `{flow: a, version: "1.0", steps: [{foreach: f, over: "[1]", as: go, steps: [{step: b, in: {x: go}}]}]}`, []string{"BX022"}},
	{"keyword in a macro", `{flow: a, version: "1.0", input: {l: list<int>}, steps: [{step: b, in: {x: "input.l.all(func, func > 1)"}}]}`, nil},

	// What Go declares by itself, and what generated code imports and uses.
	{"predeclared names as steps", `{flow: a, version: "1.0", steps: [{step: len, in: {}, out: {v: string}}, {step: string, in: {x: size(len.v)}}, {step: new, in: {}}, {step: nil, in: {}}, {step: any, in: {}}, {step: panic, in: {}}, {step: error, in: {}}, {step: int64, in: {}}, {step: copy, in: {}}]}`, []string{"Len(ctx", "Nil(ctx", "Error(ctx"}},
	{"imports and receivers as steps", `{flow: a, version: "1.0", steps: [{step: flow, in: {}}, {step: runtime, in: {}}, {step: context, in: {}}, {step: reflect, in: {}}, {step: s, in: {}, out: {v: int}}, {step: p, in: {x: 10 / s.v}}, {step: e, in: {}}, {step: ctx, in: {}}, {step: opts, in: {}}, {step: rt, in: {}}, {step: next, in: {}}, {step: output, in: {}, out: {v: int}}]}`, []string{"Flow(ctx", "Next(ctx", "Output(ctx"}},
	{"imports as flows", `{flow: runtime, version: "1.0", steps: [{step: flow, in: {}}]}
---
{flow: flow, version: "1.0", steps: [{step: b, in: {}}]}
---
{flow: context, version: "1.0", steps: [{step: b, in: {}}]}
---
{flow: s, version: "1.0", steps: [{step: p, in: {}}]}
---
{flow: string, version: "1.0", steps: [{step: len, in: {}}]}`, []string{"var flowFlow", "var runtimeFlow", "func StartContext", "type sMachine", "type StringInput"}},
	{"predeclared names as fields", `{flow: a, version: "1.0", input: {string: string, len: int, error: string, int64: int, nil: bool, any: json, true1: bool}, steps: [{step: b}]}`, []string{"String ", "Nil "}},
	{"predeclared names as elements", `{flow: a, version: "1.0", input: {l: list<int>}, steps: [{foreach: f, over: input.l, as: len, collect: size(input.l) + len, steps: [{foreach: g, over: "[len]", as: e, collect: e + len + lenIndex + eIndex, steps: [{step: b, in: {x: len, y: e}}]}]}], output: {l: f}}`, nil},
	{"names of Go in macros", `{flow: a, version: "1.0", input: {l: list<int>, n: int}, steps: [{step: b, in: {
		a: "input.l.map(len, len + size(input.l))", b: "input.l.map(flow, 10 / flow)", c: "input.l.filter(p, 10 / p > 1)", d: "input.l.all(s, s > input.n)",
		e: "input.l.exists(e, e > input.n)", f: "input.l.map(int64, int(double(int64) + 1.0))", g: "input.l.map(string, string(string))", h: "input.l.map(nil, nil)",
		i: "input.l.map(x, input.l.map(y, x * y / input.n))"}}]}`, nil},
	{"types with names of Go", `{flow: a, version: "1.0", types: {String: {x: int}, Error: {x: String}, Context: {x: "list<Error>"}, Plan: {x: int}, Step: {x: int}, Duration: {x: duration}, Time: {x: time}, Run: {x: Plan}, Runtime: {enum: [on, off]}, None: {x: int}}, input: {c: Context, d: Duration, t: Time, r: Run, o: Runtime, n: None, s: Step}, steps: [{step: b}]}`, []string{"type String struct", "type Runtime string"}},

	// Blocks named as the methods of a machine, and as those for other blocks.
	{"methods as blocks", `{flow: a, version: "1.0", steps: [{choose: next, cases: [{when: "1 == 1", steps: [{step: part1, in: {}}]}]}, {step: next-choose, in: {}, out: {v: int}}, {foreach: output, over: "[nextChoose.v]", steps: [{parallel: p, steps: [{step: b, in: {}}, {step: output-foreach, in: {}}]}]}, {parallel: parts, steps: [{step: c, in: {}}, {step: parts-parallel, in: {}}]}], output: {}}`, []string{"NextChoose(p *flow.Plan)", "OutputForeach(p *flow.Plan)", "PartsParallel(p *flow.Plan)"}},

	// Names of the generated API.
	{"a type named as a function", `{flow: order, version: "1.0", types: {StartOrder: {x: int}}, steps: [{step: b}]}`, []string{"BX024"}},
	{"a type named as the handlers", `{flow: order, version: "1.0", types: {OrderSteps: {x: int}}, steps: [{step: b}]}`, []string{"BX024"}},
	{"a type named as an input", `{flow: order, version: "1.0", types: {OrderPayInput: {x: int}}, steps: [{step: pay}]}`, []string{"BX024"}},
	{"an error named as a function", `{flow: order, version: "1.0", errors: {register-order: {}}, steps: [{step: b}]}`, []string{"BX024"}},
	{"an error and a type", `{flow: a, version: "1.0", types: {NotFound: {x: int}}, errors: {not-found: {}}, steps: [{step: b}]}`, []string{"BX024"}},
	{"an error with fields like its methods", `{flow: a, version: "1.0", errors: {bad: {fields: {error: string, errorName: string, validate: string, format: string}}}, steps: [{step: b}]}`, []string{"ErrorValue ", "ErrorNameValue "}},
	{"a secret with fields like its methods", `{flow: a, version: "1.0", input: {format: {type: string, secret: true}, logValue: string, string: string, validate: string, goString: string}, steps: [{step: b}]}`, []string{"FormatValue ", "LogValueValue "}},
	{"an enum value and a type", `{flow: a, version: "1.0", types: {Size: {enum: [small]}, SizeSmall: {x: int}}, steps: [{step: b}]}`, []string{"BX024"}},
	{"enum values of one name", `{flow: a, version: "1.0", types: {Size: {enum: [very-small, verySmall]}}, steps: [{step: b}]}`, []string{"BX024"}},
	{"enum values of two types", `{flow: a, version: "1.0", types: {Size: {enum: [big-x]}, SizeBig: {enum: [x]}}, steps: [{step: b}]}`, []string{"BX024"}},
	{"steps like functions of the API", `{flow: a, version: "1.0", steps: [{step: start, in: {}}, {step: get, in: {}}, {step: register, in: {}}, {step: signal, in: {}}, {step: validate, in: {}}, {step: new, in: {}}, {step: error, in: {}}, {step: steps, in: {}}, {step: flow, in: {}}, {step: machine, in: {}}]}`, []string{"Start(ctx", "Register(ctx"}},
	{"a method that go vet knows", `{flow: a, version: "1.0", steps: [{step: unmarshal-json}]}`, []string{"BX022"}},

	// What is generated for one flow and for another.
	{"steps of two flows", `{flow: order, version: "1.0", steps: [{step: item-pay, in: {}}]}
---
{flow: order-item, version: "1.0", steps: [{step: pay, in: {}}]}`, []string{"BX024"}},
	{"a flow like a function of another", `{flow: order, version: "1.0", steps: [{step: b}]}
---
{flow: start-order, version: "1.0", steps: [{step: b}]}
---
{flow: order-output, version: "1.0", steps: [{step: b}]}`, []string{"BX024"}},
	{"flows with words of the API", `{flow: order, version: "1.0", steps: [{step: b}]}
---
{flow: start-order, version: "1.0", steps: [{step: b}]}
---
{flow: steps, version: "1.0", steps: [{step: steps, in: {}}]}`, []string{"func StartOrder(", "func StartStartOrder(", "type StepsSteps interface"}},
	{"a flow like a block of another", `{flow: order, version: "1.0", steps: [{foreach: item, over: "[1]", as: x, steps: [{step: b, in: {}}]}, {parallel: both, delay: 1s, steps: [{step: c, in: {}}, {step: d, in: {}}]}]}
---
{flow: order-item, version: "1.0", steps: [{step: body, in: {}}, {step: foreach, in: {}}]}
---
{flow: order-both, version: "1.0", steps: [{step: parallel, in: {}}]}`, []string{"type orderItemBody", "var orderItemForeach", "var orderItemBodyStep", "var orderBothParallel"}},
	{"a block like the flow of another", `{flow: order, version: "1.0", steps: [{step: x-input, in: {}}]}
---
{flow: order-x, version: "1.0", steps: [{step: input-a, in: {}}]}`, nil},
	{"an input like another flow's", `{flow: order, version: "1.0", steps: [{step: x, in: {}}]}
---
{flow: order-x, version: "1.0", steps: [{step: b, in: {}}]}`, []string{"BX024"}},
	{"a compensation like a step", `{flow: a, version: "1.0", steps: [{step: pay, in: {}, compensate: refund}, {step: refund, in: {}}]}`, []string{"BX023"}},
	{"steps of one name in Go", `{flow: a, version: "1.0", steps: [{step: a-b1, in: {}}, {step: a-b-1, in: {}}]}`, []string{"BX024"}},
	// Waits and calls.
	{"a wait and its API", `{flow: get-order, version: "1.0", steps: [{wait: api-id, out: {userUrl: string}}, {wait: go-on}]}`, []string{
		"type GetOrderAPIID struct", "UserURL string", "func SignalGetOrderAPIID(", "func SignalGetOrderGoOn(",
	}},
	{"a wait like the output", `{flow: order, version: "1.0", steps: [{wait: output, out: {x: int}}]}`, []string{"BX024"}},
	{"a wait like the handlers", `{flow: order, version: "1.0", steps: [{wait: steps, out: {x: int}}, {step: b, in: {}}]}`, []string{"BX024"}},
	{"a wait like what a step gets", `{flow: order, version: "1.0", steps: [{step: pay, in: {}}, {wait: pay-input, out: {x: int}}]}`, []string{"BX024"}},
	{"a wait like an input of another flow", `{flow: order, version: "1.0", steps: [{wait: item-input, out: {x: int}}]}
---
{flow: order-item, version: "1.0", steps: [{step: b, in: {}}]}`, []string{"BX024"}},
	{"a wait like a type", `{flow: order, version: "1.0", types: {OrderApproval: {x: int}}, steps: [{wait: approval, out: {x: int}}]}`, []string{"BX024"}},
	{"a signal like one of another flow", `{flow: order, version: "1.0", steps: [{wait: item-paid}]}
---
{flow: order-item, version: "1.0", steps: [{wait: paid}]}`, []string{"BX024"}},
	{"a signal like a type", `{flow: order, version: "1.0", types: {SignalOrderPaid: {x: int}}, steps: [{wait: paid}]}`, []string{"BX024"}},
	{"waits with names of Go", `{flow: order, version: "1.0", input: {l: list<string>}, steps: [{wait: len, out: {v: int}}, {wait: flow}, {wait: payload}, {wait: run-id}, {wait: ctx}, {foreach: f, over: input.l, as: key, steps: [{wait: signal, key: key, out: {opts: string}}]}], output: {}}`, []string{"func SignalOrderLen(", "func SignalOrderSignal("}},
	{"calls with names of Go", `{flow: order, version: "1.0", steps: [{call: string, in: {len: "1"}}, {call: string, as: len, in: {len: string.nil}}, {call: string, as: input-a, in: {len: "size([len.nil])"}, compensate: new}], output: {}}
---
{flow: string, version: "1.0", input: {len: int}, steps: [{step: nil, in: {}}], output: {nil: input.len}}`, []string{"New(ctx", "StringInput"}},
	{"an element like a block", `{flow: a, version: "1.0", steps: [{step: tag, in: {}}, {foreach: f, over: "[1]", as: tag, steps: [{step: b, in: {}}]}]}`, []string{"BX023"}},
}

// TestNames takes names through the whole compiler, and Go's.
func TestNames(t *testing.T) {
	sources := map[string][]byte{"main.go": []byte("package main\n\nfunc main() {}\n")}
	for i, test := range namingTests {
		specs := fstest.MapFS{}
		for j, text := range strings.Split(test.files, "\n---\n") {
			specs[fmt.Sprintf("f%d.flow.yaml", j)] = &fstest.MapFile{Data: []byte(text)}
		}
		name := fmt.Sprintf("p%d", i)
		if len(test.want) == 1 && strings.HasPrefix(test.want[0], "BX") {
			_, diagnostics := schema.Load(specs, schema.Options{Package: name})
			if len(diagnostics) == 0 || string(diagnostics[0].Code) != test.want[0] {
				t.Errorf("%s: want %s, got\n%s", test.name, test.want[0], diagnostics)
			}
			continue
		}
		_, files := compile(t, schema.Options{Package: name}, specs)
		var all strings.Builder
		for file, content := range files {
			sources[name+"/"+file] = content
			all.Write(content)
		}
		text := strings.Join(strings.Fields(all.String()), " ")
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: there is no %s in\n%s", test.name, want, all.String())
			}
		}
	}
	if !testing.Short() && !t.Failed() {
		buildProgram(t, sources)
	}
}
