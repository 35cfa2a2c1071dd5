package diag

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestName bounds the names that are compared, so that a hostile spec does
// not make the comparison slow.
const longestName = 64

// DidYouMean is "; did you mean `x`?" for the candidate nearest to a name, or
// "" if none is near.
func DidYouMean(name string, candidates []string) string {
	if near := Nearest(name, candidates); near != "" {
		return "; did you mean `" + near + "`?"
	}
	return ""
}

// Nearest is the candidate that is written most like the name, the first among
// equals; "" if none is like it, or has no letter with it in common.
func Nearest(name string, candidates []string) string {
	n := utf8.RuneCountInString(name)
	if n == 0 || n > longestName {
		return ""
	}
	folded := fold(name)
	best, limit := "", max(1, n/3)+1
	for _, c := range candidates {
		if utf8.RuneCountInString(c) > longestName {
			continue
		}
		other := fold(c)
		if d := distance(folded, other); d < limit && d < max(len(folded), len(other)) {
			best, limit = c, d
		}
	}
	return best
}

// fold makes alike what people mix up: upper and lower case, - and _.
func fold(s string) []rune {
	folded := make([]rune, 0, len(s))
	for _, r := range s {
		if r != '-' && r != '_' {
			folded = append(folded, unicode.ToLower(r))
		}
	}
	return folded
}

// Alternatives is "; there are `a`, `b`" for what a name can be, the first few.
func Alternatives(names []string) string {
	const most = 20
	if len(names) == 0 {
		return ""
	}
	if len(names) > most {
		return "; there are `" + strings.Join(names[:most], "`, `") + "` and more"
	}
	return "; there are `" + strings.Join(names, "`, `") + "`"
}

// Hint is DidYouMean, or else the Alternatives.
func Hint(name string, candidates []string) string {
	if hint := DidYouMean(name, candidates); hint != "" {
		return hint
	}
	return Alternatives(candidates)
}

// distance is the Levenshtein distance: how many letters to insert, drop or change.
func distance(from, to []rune) int {
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range to {
			change := diagonal
			if x != y {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
