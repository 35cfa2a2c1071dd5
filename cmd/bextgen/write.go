// Writing files: whole or not at all, and generated ones nowhere but in the output
// folder.

package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
)

// write makes the changes. The names of the files it wrote go to stdout, what it
// removed is told on stderr.
func write(changes []change, stdout, stderr io.Writer) error {
	for _, c := range changes {
		if err := c.make(); err != nil {
			return fmt.Errorf("writing %s: %w", c.path(), err)
		}
		if c.state == orphaned {
			fmt.Fprintf(stderr, "removed %s: what it was generated from is gone\n", c.path())
		} else {
			fmt.Fprintln(stdout, c.path())
		}
	}
	return nil
}

// make makes one change.
func (c change) make() (err error) {
	const folderMode = 0o755
	if err := os.MkdirAll(c.folder, folderMode); err != nil {
		return err
	}
	root, err := os.OpenRoot(c.folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if c.state == orphaned {
		return root.Remove(c.name)
	}
	const fileMode = 0o644
	return replace(root, c.name, c.content, fileMode)
}

// replace gives a file new content in one step: whoever reads it sees the old
// content or the new one, also if this program ends in the middle.
func replace(root *os.Root, name string, content []byte, mode os.FileMode) error {
	temporary := "." + name + "." + rand.Text()
	if err := root.WriteFile(temporary, content, mode); err != nil {
		_ = root.Remove(temporary) // it may not be there; what counts is why
		return err
	}
	if err := root.Rename(temporary, name); err != nil {
		_ = root.Remove(temporary) // as above
		return err
	}
	return nil
}
