// The text of a description: JSON that people can read and compare.

package templates

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/schema/breaking"
	"github.com/bextgen/bextgen/schema/model"
)

// descriptionWidth is the width up to which a value stands on one line.
const descriptionWidth = 120

// descriptionText is a description as JSON, what is short on one line. Runes that are not
// printed, or that turn the direction of a text around, are escaped.
func descriptionText(d *description.Flow) ([]byte, error) {
	text, err := dataText(d)
	if err != nil {
		return nil, fmt.Errorf("describing %s: %w", d.ID, err)
	}
	return text, nil
}

// LockText is the text of a lock, in the manner of a description.
func LockText(l *breaking.Lock) ([]byte, error) {
	text, err := dataText(l)
	if err != nil {
		return nil, fmt.Errorf("writing the lock: %w", err)
	}
	return text, nil
}

func dataText(data any) ([]byte, error) {
	var compact, out bytes.Buffer
	enc := json.NewEncoder(&compact)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(data); err != nil {
		return nil, err
	}
	if err := layOut(&out, bytes.TrimSpace(compact.Bytes()), 0); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return escapeUnprinted(out.Bytes()), nil
}

// layOut writes compact JSON that begins in a column.
func layOut(out *bytes.Buffer, value []byte, column int) error {
	isObject := value[0] == '{'
	whole := column == 0 // the description itself is never on one line
	if !isObject && value[0] != '[' || !whole && column+len(value) <= descriptionWidth {
		out.Write(value)
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(value))
	if _, err := dec.Token(); err != nil {
		return err
	}
	inside := column + 1
	indent := "\n" + strings.Repeat("\t", inside)
	out.WriteByte(value[0])
	for first := true; dec.More(); first = false {
		if !first {
			out.WriteByte(',')
		}
		out.WriteString(indent)
		if isObject {
			name, err := dec.Token()
			if err != nil {
				return err
			}
			key, err := json.Marshal(name)
			if err != nil {
				return err
			}
			out.Write(append(key, ": "...))
		}
		var element json.RawMessage
		if err := dec.Decode(&element); err != nil {
			return err
		}
		if err := layOut(out, element, inside); err != nil {
			return err
		}
	}
	out.WriteString(indent[:len(indent)-1])
	out.WriteByte(value[len(value)-1])
	return nil
}

// escapeUnprinted writes what is not printed as \u and a number. In JSON, such a rune can stand
// in a text only.
func escapeUnprinted(text []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(text) {
		switch {
		case r == '\n', r == '\t', unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}

// shortestBlotted is the length below which a constant is not blotted out of a spec: to do
// so with each "1" hides nothing and destroys the text.
const shortestBlotted = 4

// specWithoutSecrets is the text of a flow's spec, without the constants that it gives to
// secret fields.
func specWithoutSecrets(pkg *model.Package, fl *model.Flow, d *description.Flow, secrets []string) string {
	for _, s := range fl.Schedules {
		secrets = append(secrets, texts(d.Secrets(d.Input, s.Input))...)
	}
	// A secret may be a part of another: the longest is blotted out first.
	slices.SortFunc(secrets, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	for _, spec := range pkg.Specs {
		if spec.Name != fl.Pos.File {
			continue
		}
		text := spec.Text
		for _, s := range secrets {
			if len(s) >= shortestBlotted {
				text = strings.ReplaceAll(text, s, description.Hidden)
			}
		}
		return text
	}
	return ""
}

// texts are the texts and numbers in plain JSON values.
func texts(values []any) []string {
	var list []string
	for _, v := range values {
		switch v := v.(type) {
		case string:
			list = append(list, v)
		case json.Number:
			list = append(list, v.String())
		case []any:
			list = append(list, texts(v)...)
		case map[string]any:
			for _, value := range v {
				list = append(list, texts([]any{value})...)
			}
		}
	}
	return list
}
