// bextgen init.

package main

import (
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/templates"
)

func newInitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [folder]",
		Short: "Begins a program: a flow, its handlers, and a test that passes",
		Long: `Init writes a small flow with its handlers and a test into the folder (by default, this one), with a program around them if the
folder has no other Go package yet, and generates the flow's Go. It asks nothing and replaces no file.`,
		Args:              takes(0),
		ValidArgsFunction: completeFolders,
		RunE: command(func(cmd *cobra.Command, args []string) error {
			folder := "."
			if len(args) == 1 {
				folder = args[0]
			}
			files, err := newFiles(folder)
			if err != nil {
				return err
			}
			if err := write(files, cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
				return err
			}
			g := generation{folders: []string{folder}, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr()}
			if err := g.run(); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.ErrOrStderr(), nextSteps(folder))
			return err
		}),
	}
}

// newFiles are those to begin with. None of them may be there.
func newFiles(folder string) ([]change, error) {
	name, err := packageToJoin(folder)
	if err != nil {
		return nil, err
	}
	files, err := templates.Scaffold(name)
	if err != nil {
		return nil, err
	}
	var changes []change
	var there []string
	for _, f := range files {
		path := filepath.Join(folder, f.Name)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			there = append(there, path)
		}
		changes = append(changes, change{folder: folder, name: f.Name, state: missing, content: f.Content})
	}
	if len(there) > 0 {
		return nil, &problem{fmt.Sprintf("already there: %s; init begins a program and replaces nothing; give it another folder", strings.Join(there, ", "))}
	}
	return changes, nil
}

// packageToJoin is the package of the Go files in a folder, or main if there are none.
func packageToJoin(folder string) (string, error) {
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return "main", nil
	}
	pkg, err := build.ImportDir(folder, 0)
	if _, none := errors.AsType[*build.NoGoError](err); none || err == nil && pkg.Name == "" {
		return "main", nil
	}
	if err != nil {
		return "", &problem{fmt.Sprintf("the Go package in %s cannot be told: %v", folder, err)}
	}
	return pkg.Name, nil
}

// nextSteps is what to do then.
func nextSteps(folder string) string {
	steps := "Try it:\n"
	if !inModule(folder) {
		steps += "  go mod init example.com/welcome\n  go get -tool github.com/bextgen/bextgen/cmd/bextgen\n"
	}
	steps += "  go mod tidy\n  go test ./...\n"
	if path := filepath.ToSlash(filepath.Clean(folder)); path == "." {
		return steps + "  go run ."
	} else if filepath.IsAbs(folder) {
		return steps + "  go run " + path
	} else {
		return steps + "  go run ./" + path
	}
}

// inModule says whether a go.mod is in a folder or above it.
func inModule(folder string) bool {
	dir, err := filepath.Abs(folder)
	if err != nil {
		return true // then go itself says what is the matter
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}
