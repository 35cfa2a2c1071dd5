package resolve

import (
	"regexp"
	"strings"
	"unicode"
)

// This file turns the names of the language into names of Go.

// How the kinds of names are written: flows, blocks, handlers and errors; fields; types.
const (
	KebabCase  = `^[a-z][a-z0-9]*(-[a-z0-9]+)*$`
	CamelCase  = `^[a-z][A-Za-z0-9]*$`
	PascalCase = `^[A-Z][A-Za-z0-9]*$`
)

var (
	kebab  = regexp.MustCompile(KebabCase)
	camel  = regexp.MustCompile(CamelCase)
	pascal = regexp.MustCompile(PascalCase)
)

// LongestName is how many characters a name may have, so that Go identifiers and messages
// stay readable.
const LongestName = 100

// GoName is the exported Go name for a kebab-case or camelCase name: ChargePayment
// for charge-payment, OrderID for orderId.
func GoName(name string) string {
	var b strings.Builder
	for _, w := range words(name) {
		b.WriteString(goWord(w))
	}
	return b.String()
}

// localName is the Go name with a small first word: chargePayment, syncAPI, apiSync.
func localName(name string) string {
	list := words(name)
	var b strings.Builder
	for i, w := range list {
		if i == 0 {
			b.WriteString(strings.ToLower(w))
			continue
		}
		b.WriteString(goWord(w))
	}
	return b.String()
}

// VarName is the camelCase name by which expressions read a block: chargePayment,
// loadUrl. It knows no initialisms, so that the rule is easy to tell.
func VarName(name string) string {
	first, rest, _ := strings.Cut(name, "-")
	for w := range strings.SplitSeq(rest, "-") {
		first += capital(w)
	}
	return first
}

// goWord is a word in the middle of a Go name.
func goWord(w string) string {
	lower := strings.ToLower(w)
	if initialism(lower) {
		return strings.ToUpper(w)
	}
	if singular, ok := strings.CutSuffix(lower, "s"); ok && initialism(singular) {
		return strings.ToUpper(singular) + "s"
	}
	return capital(w)
}

// initialism says whether Go writes a word in capitals.
func initialism(w string) bool {
	switch w {
	case "acl", "api", "ascii", "cpu", "css", "csv", "db", "dns", "eof", "guid", "html", "http", "https", "iban", "id",
		"ip", "json", "jwt", "pdf", "ram", "rpc", "sku", "sla", "sms", "smtp", "sql", "ssh", "tcp", "tls", "ttl", "udp",
		"ui", "uid", "uri", "url", "utf8", "uuid", "vat", "vm", "xml":
		return true
	}
	return false
}

func capital(w string) string {
	if w == "" {
		return ""
	}
	return strings.ToUpper(w[:1]) + w[1:] // names are ASCII
}

// words are the parts of a name: at hyphens, and at capitals, of which several
// in a row are one word (userHTTPCode: user, HTTP, Code).
func words(name string) []string {
	var list []string
	for part := range strings.SplitSeq(name, "-") {
		start := 0
		for i := 1; i < len(part); i++ {
			isUpper, wasUpper := upper(part[i]), upper(part[i-1])
			if isUpper && !wasUpper || isUpper && i+1 < len(part) && lower(part[i+1]) {
				list = append(list, part[start:i])
				start = i
			}
		}
		list = append(list, part[start:])
	}
	return list
}

func upper(b byte) bool { return unicode.IsUpper(rune(b)) }
func lower(b byte) bool { return unicode.IsLower(rune(b)) }

// reservedIn says where a word is reserved, "" if nowhere.
func reservedIn(word string) string {
	switch word {
	case "break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func", "go",
		"goto", "if", "import", "interface", "map", "package", "range", "return", "select", "struct", "switch", "type", "var":
		return "in Go"
	}
	return reservedInCEL(word)
}

// reservedInCEL says whether expressions cannot have a word as a name.
func reservedInCEL(word string) string {
	switch word {
	case "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
		"namespace", "null", "package", "return", "true", "var", "void", "while":
		return "in expressions (CEL)"
	}
	return ""
}

// wellKnownMethod says whether go vet refuses a method of this name that is not
// the one of Go's own packages.
func wellKnownMethod(goName string) bool {
	switch goName {
	case "GobDecode", "GobEncode", "MarshalJSON", "MarshalXML", "ReadByte", "ReadRune",
		"UnmarshalJSON", "UnmarshalXML", "UnreadByte", "UnreadRune", "WriteByte":
		return true
	}
	return false
}
