// Package player plays scripts of what happens to a run on the pure core of a
// generated machine, and writes down what follows from each line.
//
// A script is a list of lines, each of which says one thing that happens. Below it
// stands, indented, what the core does about that:
//
//	start {"amount":5}
//	  -> run charge #1 {"amount":5}
//	fail charge "the bank is closed"
//	  -> charge #1 has failed, again at +1s
//	  = waiting until +1s
//	tick 1s
//	  -> run charge #2 {"amount":5}
//	done charge {"id":"c1"}
//	  = completed {"id":"c1"}
//
// commands.go has the lines that there are.
package player

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bextgen/bextgen/runtime/flow"
)

// Play is a script and the flow that it is about.
type Play struct {
	Name string
	Flow *flow.Definition
}

// Main plays the scripts NAME.txt of a folder, and prints a txtar archive of them
// with what the core does.
func Main(plays ...Play) {
	status := 0
	for _, p := range plays {
		played, err := p.playFile(filepath.Join(os.Args[1], p.Name+".txt"))
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
			status = 1
			continue
		}
		fmt.Printf("-- %s --\n%s", p.Name, played)
	}
	os.Exit(status)
}

func (p Play) playFile(path string) (string, error) {
	script, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return p.Trace(string(script))
}

// restarts is when the process ends and another one goes on from the log.
type restarts int

const (
	onlyAsked restarts = iota // where the script says so
	always                    // behind every line
	// alwaysLosing is always, and the entries of attempts under way were not stored
	// yet: they may be stored as late as with their end.
	alwaysLosing
)

func (r restarts) String() string {
	return [...]string{"no restart", "a restart behind every line", "a restart behind every line that loses what is under way"}[r]
}

// Trace is the script with what the core does. That is the same, but for its order,
// if the process ends behind every line: what a run is follows from its log alone.
func (p Play) Trace(script string) (string, error) {
	played, err := p.playWith(script, onlyAsked)
	if err != nil {
		return "", err
	}
	for _, mode := range []restarts{always, alwaysLosing} {
		again, err := p.playWith(script, mode)
		if err != nil {
			return "", fmt.Errorf("with %s: %w", mode, err)
		}
		if sortTraces(again) != sortTraces(played) {
			return "", fmt.Errorf("with %s something else comes out:\n%s\nand without:\n%s", mode, again, played)
		}
	}
	return played, nil
}

// sortTraces sorts the trace of each line: what runs side by side may be asked for in
// another order after a restart.
func sortTraces(played string) string {
	lines := strings.Split(played, "\n")
	begin := 0
	for i, line := range lines {
		if !strings.HasPrefix(line, traceIndent) {
			slices.Sort(lines[begin:i])
			begin = i + 1
		}
	}
	return strings.Join(lines, "\n")
}

func (p Play) playWith(script string, mode restarts) (string, error) {
	var b strings.Builder
	d := &driver{def: p.Flow, mode: mode}
	for i, line := range strings.Split(strings.TrimRight(script, "\n"), "\n") {
		if strings.HasPrefix(line, traceIndent) {
			continue // what it did the last time
		}
		b.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		trace, err := d.perform(line)
		if err != nil {
			return "", fmt.Errorf("line %d: %s: %w", i+1, line, err)
		}
		for _, t := range trace {
			b.WriteString(traceIndent + t + "\n")
		}
	}
	return b.String(), nil
}

const traceIndent = "  "
