package graph

import (
	"regexp"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime/flow/description"
)

func TestMermaid(t *testing.T) {
	f := &description.Flow{Blocks: []description.Block{
		{Kind: description.Step, Name: "read", Policy: &description.Policy{Retries: 2}},
		{Kind: description.Choose, Name: "size", When: `input.ok == "yes"`, Cases: []description.Case{
			{When: "input.n > 1", Blocks: []description.Block{
				{Kind: description.Wait, Name: "approval", Timeout: "3d"},
				{Kind: description.Call, Name: "pay", Calls: &description.Called{FlowID: "charge"}, Delay: "1h"},
			}},
			{When: "input.n > 0"},
		}},
		{Kind: description.Parallel, Name: "both", Blocks: []description.Block{
			{Kind: description.Sequence, Blocks: []description.Block{{Kind: description.Step, Name: "one"}, {Kind: description.Step, Name: "two"}}},
			{Kind: description.Foreach, Name: "rows", Over: "input.rows", Limit: 4, Blocks: []description.Block{{Kind: description.Step, Name: "work"}}},
		}},
	}}
	want := `flowchart TD
  start((start))
  b1["read<br/>2 retries"]
  start --> b1
  b2{"size"}
  b1 -->|"when input.ok == #34;yes#34;"| b2
  b3(["approval<br/>waits up to 3d"])
  b2 -->|"when input.n #62; 1"| b3
  b4[["pay<br/>runs charge"]]
  b3 -->|"after 1h"| b4
  subgraph b5["both<br/>in parallel"]
    b6["one"]
    b7["two"]
    b6 --> b7
    subgraph b8["rows<br/>for each of input.rows<br/>4 at a time"]
      b9["work"]
    end
  end
  b4 --> b5
  b2 -->|"when input.n #62; 0"| b5
  b2 -->|"otherwise"| b5
  b5 --> done
  done((end))
`
	if got := Mermaid(f); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMermaidHoldsTextsInLabels(t *testing.T) {
	const evil = "\"] --> x\n  click x call evil()%%{init: 1}%% <img src=x> `#` \u202e"
	line := regexp.MustCompile(`^ *(flowchart TD|(start|done)\(\(\w+\)\)|b\d+[\[{(]+"[^"]*"[\]})]+|(start|b\d+) -->(\|"[^"]*"\|)? (done|b\d+)|subgraph b\d+\["[^"]*"\]|end)$`)
	flows := flows(t)
	flows["evil"] = &description.Flow{Blocks: []description.Block{
		{Kind: description.Step, Name: evil, When: evil, Until: evil, Policy: &description.Policy{Timeout: evil}},
		{Kind: description.Foreach, Name: evil, Over: evil},
	}}
	for name, f := range flows {
		for got := range strings.SplitSeq(strings.TrimSuffix(Mermaid(f), "\n"), "\n") {
			if !line.MatchString(got) {
				t.Errorf("%s: %q is no line of a flowchart", name, got)
			}
		}
	}
}
