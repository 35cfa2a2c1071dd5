// Package diag holds diagnostics: what is wrong with a spec, where, and how to
// put it right.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Diagnostic is one thing that is wrong.
type Diagnostic struct {
	// File is the file as the user may open it: the folder as typed, and the
	// file's name in it. It is empty where no file is concerned.
	File string
	// Line and Column count from 1, columns in characters. Both are 0 where
	// no place in the file is concerned.
	Line, Column int
	// Code names the kind of problem, such as BX012; see Titles.
	Code Code
	// Message says what is wrong, with which thing, and what would be right.
	Message string
	// Related are other places that have to do with it, such as the first of
	// two declarations.
	Related []Related
}

// Related is a place that helps to understand a diagnostic.
type Related struct {
	File         string
	Line, Column int
	Message      string
}

// String is the form for people and editors: `file:line:col: message (BX012)`,
// with the parts of the place that are known.
func (d Diagnostic) String() string {
	return fmt.Sprintf("%s%s (%s)", d.Place(), d.Message, d.Code)
}

// Place is `file:line:col: `, with the parts that are known.
func (d Diagnostic) Place() string { return place(d.File, d.Line, d.Column) }

// String is `file:line:col: message`.
func (r Related) String() string { return place(r.File, r.Line, r.Column) + r.Message }

func place(file string, line, column int) string {
	switch {
	case file == "":
		return ""
	case line == 0:
		return file + ": "
	default:
		return fmt.Sprintf("%s:%d:%d: ", file, line, column)
	}
}

// List is the diagnostics of a package.
type List []Diagnostic

// Sorted is the list in the order of the given files, then of the places in
// them, without repetitions. What concerns no file comes first.
func (l List) Sorted(files []string) List {
	rank := make(map[string]int, len(files))
	for i, f := range files {
		rank[f] = i + 1
	}
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(rank[a.File], rank[b.File]),
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(sorted, func(a, b Diagnostic) bool { return a.String() == b.String() })
}

// String has one line for each diagnostic and, indented, for each related place.
func (l List) String() string {
	var b strings.Builder
	for _, d := range l {
		b.WriteString(d.String() + "\n")
		for _, r := range d.Related {
			b.WriteString("\t" + r.String() + "\n")
		}
	}
	return b.String()
}
