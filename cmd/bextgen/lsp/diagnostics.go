package lsp

import (
	"maps"
	"path/filepath"
	"slices"

	"github.com/bextgen/bextgen/schema/diag"
)

// diagnostics are those of a check by file, with an entry for each open document, which may be empty.
// What is about no file is told at the beginning of the first one that is open.
func (now snapshot) diagnostics(folder string, list diag.List) map[string][]diagnostic {
	found := map[string][]diagnostic{}
	for name := range now.open {
		found[name] = []diagnostic{}
	}
	texts := map[string]text{}
	for _, d := range list {
		name := d.File
		if name == "" {
			if len(now.open) == 0 {
				continue
			}
			name = slices.Min(slices.Collect(maps.Keys(now.open)))
		}
		one := diagnostic{
			Range: now.wordAt(texts, name, d.Line, d.Column), Severity: severityError,
			Code: string(d.Code), Source: "bextgen", Message: d.Message,
		}
		for _, r := range d.Related {
			one.Related = append(one.Related, related{
				Location: location{now.uri(folder, r.File), now.wordAt(texts, r.File, r.Line, r.Column)},
				Message:  r.Message,
			})
		}
		found[name] = append(found[name], one)
	}
	return found
}

// wordAt is the range of the word at a place; texts keeps those that were read.
func (now snapshot) wordAt(texts map[string]text, name string, line, column int) span {
	t, known := texts[name]
	if !known {
		t = now.read(name)
		texts[name] = t
	}
	if len(t) == 0 {
		return span{}
	}
	return t.word(line, column)
}

// uri is that of a file; of an open one, as the client writes it.
func (now snapshot) uri(folder, name string) string {
	if d, open := now.open[name]; open {
		return d.uri
	}
	return fileURI(filepath.Join(folder, name))
}
