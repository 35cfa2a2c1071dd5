// What generating would change in the output folders, and reporting it.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// state is what is the matter with a file.
type state string

const (
	missing  state = "missing"  // it is to be generated and is not there
	stale    state = "stale"    // it is there with other content
	orphaned state = "orphaned" // it was generated before, and is not any more
)

// change is a file that is not what it should be.
type change struct {
	folder, name string
	state        state
	old, content []byte // as it is and as it should be; nil if there is none
}

func (c change) path() string { return filepath.Join(c.folder, c.name) }

// compare finds what is to change.
func compare(packages []generated) ([]change, error) {
	var changes []change
	for _, pkg := range packages {
		wanted := map[string]bool{}
		for _, file := range pkg.files {
			wanted[file.Name] = true
			c, same, err := compareFile(change{folder: pkg.folder, name: file.Name, content: file.Content})
			if err != nil {
				return nil, err
			}
			if !same {
				changes = append(changes, c)
			}
		}
		orphans, err := findOrphans(pkg.folder, wanted)
		if err != nil {
			return nil, err
		}
		changes = append(changes, orphans...)
	}
	return changes, nil
}

// compareFile completes a change by what is there. It refuses to replace what
// bextgen did not write.
func compareFile(c change) (_ change, same bool, err error) {
	if info, err := os.Stat(c.path()); err == nil && !info.Mode().IsRegular() {
		return c, false, &problem{c.path() + " is to be generated, but a folder or a special file of this name is there: rename it"}
	}
	c.old, err = os.ReadFile(c.path())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.state = missing
		return c, false, nil
	case err != nil:
		return c, false, fmt.Errorf("comparing with what is there: %w", err)
	case !ours(c.path()):
		return c, false, &problem{c.path() + " is to be generated, but a file of this name is there that bextgen did not write: rename it"}
	}
	c.state = stale
	return c, bytes.Equal(c.old, c.content), nil
}

// findOrphans are the generated files of a folder that are not wanted any more.
func findOrphans(folder string, wanted map[string]bool) ([]change, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for generated files: %w", err)
	}
	var orphans []change
	for _, entry := range entries {
		c := change{folder: folder, name: entry.Name(), state: orphaned}
		if wanted[c.name] || !entry.Type().IsRegular() || !generatedName(c.name) || !ours(c.path()) {
			continue
		}
		if c.old, err = os.ReadFile(c.path()); err != nil {
			return nil, fmt.Errorf("reading a generated file: %w", err)
		}
		orphans = append(orphans, c)
	}
	return orphans, nil
}

// generatedName says whether a file may be a generated one by its name.
func generatedName(name string) bool {
	return filepath.Ext(name) == ".go" || strings.HasSuffix(name, ".flow.json")
}

// report tells changes without making them.
func report(changes []change, names, diffs bool, stdout io.Writer) error {
	for _, c := range changes {
		if names {
			fmt.Fprintf(stdout, "%s: %s\n", c.path(), c.state)
		}
		if diffs {
			if _, err := stdout.Write(c.diff()); err != nil {
				return err
			}
		}
	}
	if len(changes) > 0 {
		return errFound
	}
	return nil
}

// diff is a change in the form that patch reads.
func (c change) diff() []byte {
	name := filepath.ToSlash(c.path())
	before, after := "a/"+name, "b/"+name
	switch c.state {
	case missing:
		before = os.DevNull
	case orphaned:
		after = os.DevNull
	}
	return diff.Diff(before, c.old, after, c.content)
}
