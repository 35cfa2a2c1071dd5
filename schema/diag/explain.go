package diag

import (
	"embed"
	"slices"
)

// This file has the pages that explain the codes: an example that is wrong, what
// is said of it, why, and the way out. TestExplanations holds that they are true.

//go:embed explain/*.md
var pages embed.FS

// Explanation is the page about a code, in Markdown; false for a code that does not exist.
func Explanation(code Code) (string, bool) {
	page, err := pages.ReadFile("explain/" + string(code) + ".md")
	return string(page), err == nil
}

// Codes are all codes in order.
func Codes() []Code {
	var codes []Code
	for code := range Titles() {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}
