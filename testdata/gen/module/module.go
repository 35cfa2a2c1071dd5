// Package module makes modules of generated code, for tests and linters.
package module

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// modulePath is that of the module which generated code uses.
const modulePath = "github.com/bextgen/bextgen"

// Write makes a folder a module named golden that has the module in the folder root,
// and what that one needs.
func Write(dir, root string) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return fmt.Errorf("finding the module: %w", err)
	}
	mod, modErr := os.ReadFile(filepath.Join(root, "go.mod"))
	sum, sumErr := os.ReadFile(filepath.Join(root, "go.sum"))
	if err := errors.Join(modErr, sumErr); err != nil {
		return fmt.Errorf("reading the module: %w", err)
	}
	text := strings.Replace(string(mod), "module "+modulePath, "module golden", 1)
	text += fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %[1]s => %s\n", modulePath, root)
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o644),
		os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o644),
	)
}
