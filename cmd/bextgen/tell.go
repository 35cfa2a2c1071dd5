// Telling what is wrong: plain lines for programs, and for people at a terminal with
// the faulty place shown.

package main

import (
	"fmt"
	"io"
	"os"

	"github.com/bextgen/bextgen/schema/diag"
)

// tell writes diagnostics; errFound if there are any.
func tell(w io.Writer, wrong diag.List) error {
	write := wrong.Write
	if isTerminal(w) {
		write = func(w io.Writer, _ string) error { return tellPeople(w, wrong, os.Getenv("NO_COLOR") == "") }
	}
	if err := write(w, "text"); err != nil {
		return fmt.Errorf("tell what is wrong: %w", err)
	}
	return found(wrong)
}

// found is errFound if anything is wrong.
func found(wrong diag.List) error {
	if len(wrong) > 0 {
		return errFound
	}
	return nil
}

// isTerminal says whether a person reads what is written.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// The colours of a terminal (ECMA-48, Select Graphic Rendition).
const (
	bold, red, quiet, plain = "\x1b[1m", "\x1b[31m", "\x1b[2m", "\x1b[0m"
)

// tellPeople writes diagnostics with the lines that they are about.
func tellPeople(w io.Writer, wrong diag.List, colour bool) error {
	paint := func(code, text string) string {
		if !colour || text == "" {
			return text
		}
		return code + text + plain
	}
	files := map[string]string{}
	snippet := func(file string, line, column int) string {
		if _, ok := files[file]; !ok && file != "" {
			content, _ := os.ReadFile(file) // if it cannot be read, it is not shown
			files[file] = string(content)
		}
		return diag.Snippet(files[file], line, column)
	}
	for _, d := range wrong {
		_, err := fmt.Fprintf(w, "%s%s %s\n%s", paint(bold, d.Place()), paint(red, d.Message), paint(quiet, "("+string(d.Code)+")"), snippet(d.File, d.Line, d.Column))
		if err != nil {
			return err
		}
		for _, r := range d.Related {
			if _, err := fmt.Fprintf(w, "\t%s\n%s", r.String(), snippet(r.File, r.Line, r.Column)); err != nil {
				return err
			}
		}
	}
	return tellMore(w, wrong, paint)
}

// tellMore says how to learn more of what was told.
func tellMore(w io.Writer, wrong diag.List, paint func(code, text string) string) error {
	if len(wrong) == 0 {
		return nil
	}
	_, err := fmt.Fprintln(w, paint(quiet, fmt.Sprintf("bextgen explain %s tells more of such a mistake.", wrong[0].Code)))
	return err
}
