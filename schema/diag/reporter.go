package diag

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/bextgen/bextgen/schema/model"
)

// maxShown is the number of diagnostics that are kept: a hostile spec could have
// a hundred thousand, each with a search for what was meant.
const maxShown = 500

// Reporter collects diagnostics while the passes go over a package.
type Reporter struct {
	list  List
	count int
}

// Add reports something that is wrong at a place.
func (r *Reporter) Add(code Code, pos model.Pos, format string, args ...any) {
	if r.count++; r.count > maxShown {
		return
	}
	r.list = append(r.list, Diagnostic{
		File: pos.File, Line: pos.Line, Column: pos.Column, Code: code, Message: printable(fmt.Sprintf(format, args...)),
	})
}

// printable keeps what a spec says from controlling the terminal it is shown on.
func printable(message string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, message)
}

// AddRelated reports something that is wrong at a place because of another place.
func (r *Reporter) AddRelated(code Code, pos, other model.Pos, note, format string, args ...any) {
	if r.Add(code, pos, format, args...); r.Full() {
		return
	}
	last := &r.list[len(r.list)-1]
	last.Related = []Related{{File: other.File, Line: other.Line, Column: other.Column, Message: note}}
}

// Len is the number of diagnostics so far.
func (r *Reporter) Len() int { return r.count }

// Full says that there are so many diagnostics that a pass should look for no more.
func (r *Reporter) Full() bool { return r.count > maxShown }

// List is the diagnostics so far, in the order in which they were reported.
func (r *Reporter) List() List {
	if !r.Full() {
		return r.list
	}
	more := Diagnostic{Code: TooLarge, Message: fmt.Sprintf("there are more than %d errors; not all are shown", maxShown)}
	return append(List{more}, r.list...)
}
