// bextgen fmt.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/parse"
)

func newFmtCommand() *cobra.Command {
	var checkOnly bool
	cmd := &cobra.Command{
		Use:   "fmt [file or folder or ./... …]",
		Short: "Writes flow files as all are written",
		Long: `Fmt writes the flow files and types files given, or those of the folders given (by default, of this one), with two spaces for each level, one behind a
colon and a comma, and one blank line at most. It changes nothing but white space: comments, quotes, lines and their order stay. It prints the names of
the files that it changed. A file that is no valid YAML is left alone, and told.

A folder followed by /... stands for it and all folders below it that have flow files, but for hidden ones,
those whose names begin with _, vendor, testdata and node_modules.`,
		RunE: command(func(cmd *cobra.Command, args []string) error {
			files, err := specFiles(args)
			if err != nil {
				return err
			}
			return formatAll(files, checkOnly, cmd.OutOrStdout(), cmd.ErrOrStderr())
		}),
	}
	cmd.Flags().BoolVar(&checkOnly, "check", false, "write nothing; print the names of files that are written otherwise, and exit with 1 if there are any")
	return cmd
}

// specFiles are the flow files and types files that are meant by arguments.
func specFiles(args []string) ([]string, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var files []string
	for _, arg := range args {
		if info, err := os.Stat(arg); err == nil && !info.IsDir() {
			if !isSpec(arg) {
				return nil, usagef("%s is no flow file: the names of those end in %s or %s", arg, parse.FlowSuffix, parse.TypesSuffix)
			}
			files = append(files, arg)
			continue
		}
		folders, err := findFolders([]string{arg})
		if err != nil {
			return nil, err
		}
		for _, folder := range folders {
			entries, err := os.ReadDir(folder)
			if err != nil {
				return nil, fmt.Errorf("looking for flow files: %w", err)
			}
			for _, entry := range entries {
				if isSpec(entry.Name()) {
					files = append(files, filepath.Join(folder, entry.Name()))
				}
			}
		}
	}
	return files, nil
}

func isSpec(name string) bool {
	return strings.HasSuffix(name, parse.FlowSuffix) || strings.HasSuffix(name, parse.TypesSuffix)
}

// formatAll formats files, also those behind one that cannot be formatted.
func formatAll(files []string, checkOnly bool, stdout, stderr io.Writer) error {
	report := new(diag.Reporter)
	var result error
	for _, file := range files {
		changed, err := formatFile(file, checkOnly, report)
		if err != nil {
			fmt.Fprintf(stderr, "%s: %v\n", file, err)
			result = errFound
		}
		if changed {
			fmt.Fprintln(stdout, file)
		}
		if changed && checkOnly {
			result = errFound
		}
	}
	return errors.Join(result, tell(stderr, report.List()))
}

// formatFile says whether a file was not as it is to be, and makes it so. What is no YAML is reported.
func formatFile(path string, checkOnly bool, report *diag.Reporter) (changed bool, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, errors.New("this is no regular file, and is left alone")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	formatted, err := parse.Format(path, content, report)
	if err != nil || formatted == nil || bytes.Equal(content, formatted) {
		return false, err
	}
	if checkOnly {
		return true, nil
	}
	return true, replaceFile(path, formatted, info.Mode().Perm())
}

func replaceFile(path string, content []byte, mode os.FileMode) (err error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return replace(root, filepath.Base(path), content, mode)
}
