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
	switch {
	case len(names) == 0:
		return ""
	case len(names) == 1:
		return "; there is only `" + names[0] + "`"
	case len(names) > most:
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

// distance is how many letters to insert, drop, change, or swap with their neighbour, in
// names that are not longer than the longest.
func distance(from, to []rune) int {
	var rows [3][longestName + 1]int // on the stack, as many are compared
	before, row, next := rows[0][:len(to)+1], rows[1][:len(to)+1], rows[2][:len(to)+1]
	for j := range row {
		row[j] = j
	}
	for i, x := range from {
		next[0] = i + 1
		for j, y := range to {
			change := row[j]
			if x != y {
				change++
			}
			next[j+1] = min(change, next[j]+1, row[j+1]+1)
			if i > 0 && j > 0 && x == to[j-1] && from[i-1] == y {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(to)]
}
