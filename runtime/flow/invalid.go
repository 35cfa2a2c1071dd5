package flow

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// This file says what is wrong with a value that came from outside.

// InvalidError says which fields of a value are not as the spec demands. It is found
// with errors.As in what a start or a signal returns.
type InvalidError struct {
	// Problems are the first that were found, at least one.
	Problems []Problem
	// More is how many there are besides.
	More int
}

// Problem is what is wrong with one field.
type Problem struct {
	// Field is the way to the field, in the names of JSON: items[2].quantity. It is empty
	// where the value as a whole is wrong.
	Field string
	// Problem is what is wrong: must be at least 1, it is 0. It never has a secret in it.
	Problem string

	// untold is Problem without the field's value, for a field that stands in a secret.
	untold string
}

// String is the problem as a sentence.
func (p Problem) String() string {
	if p.Field == "" {
		return "it " + p.Problem
	}
	return p.Field + " " + p.Problem
}

// Error is all the problems, for people.
func (e *InvalidError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.String()
	}
	text := strings.Join(texts, "; ")
	if e.More > 0 {
		text += fmt.Sprintf("; and %d more", e.More)
	}
	return text
}

// maxProblems is how many problems are told: a list of a million may be wrong in
// each of its elements.
const maxProblems = 20

// Problems collects what is wrong with a value. Generated Validate methods use it.
type Problems struct {
	// Secrets are the fields whose values are not told.
	Secrets []string

	found []Problem
	more  int
}

// Err is an *InvalidError with all that was found; nil if nothing was.
func (p *Problems) Err() error {
	if len(p.found) == 0 {
		return nil
	}
	return &InvalidError{Problems: p.found, More: p.more}
}

func (p *Problems) add(found Problem) {
	if len(p.found) == maxProblems {
		p.more++
		return
	}
	p.found = append(p.found, found)
}

// sort puts what was found in the order in which a type has the fields.
func (p *Problems) sort(t reflect.Type) {
	slices.SortStableFunc(p.found, func(a, b Problem) int {
		return slices.Compare(ordinals(t, a.Field), ordinals(t, b.Field))
	})
}

// ordinals are the numbers of the fields and elements on the way to a field. They end at a
// map, which has no order, and at what is hidden.
func ordinals(t reflect.Type, path string) []int {
	var list []int
	for path != "" {
		var n int
		var found bool
		switch t.Kind() {
		case reflect.Pointer:
			t = t.Elem()
			continue
		case reflect.Slice:
			if n, path, found = firstIndex(path); found {
				t = t.Elem()
			}
		case reflect.Struct:
			if n, path, found = firstField(t, path); found {
				t = t.Field(n).Type
			}
		}
		if !found {
			return list
		}
		list = append(list, n)
	}
	return list
}

// firstIndex is the number of the element that a path begins with, and the way on from it.
func firstIndex(path string) (n int, rest string, found bool) {
	number, rest, closed := strings.Cut(strings.TrimPrefix(path, "["), "]")
	n, err := strconv.Atoi(number)
	return n, rest, closed && err == nil
}

// firstField is the number of the field that a path begins with, and the way on from it.
func firstField(t reflect.Type, path string) (n int, rest string, found bool) {
	path = strings.TrimPrefix(path, ".")
	name := path
	if end := strings.IndexAny(path, ".["); end >= 0 {
		name = path[:end]
	}
	for i := range t.NumField() {
		if jsonName(t.Field(i)) == name {
			return i, path[len(name):], true
		}
	}
	return 0, path, false
}

// jsonName is the name of a field in JSON, which generated types say in a tag.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// demand adds that a field must be something else than it is.
func (p *Problems) demand(field, demand, value string) {
	untold := demand + ", it is " + Hidden
	told := demand + ", it " + value
	if slices.Contains(p.Secrets, field) {
		told = untold
	}
	p.add(Problem{Field: field, Problem: told, untold: untold})
}

// quoted is a text as it is shown, which may be long.
func quoted(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strconv.Quote(text)
}

// fieldPath is the way to a field of what is at a path.
func fieldPath(path, field string) string {
	if path == "" || field == "" {
		return path + field
	}
	if strings.HasPrefix(field, "[") {
		return path + field
	}
	return path + "." + field
}

func elementPath(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func keyPath(path, key string) string { return path + "[" + quoted(key) + "]" }
