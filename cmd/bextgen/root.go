// The command itself: its subcommands, what it exits with, and what happens when
// something goes wrong that nobody foresaw.

package main

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// What the command exits with.
const (
	exitClean    = 0
	exitFound    = 1 // a spec is wrong, or a generated file is not what it should be
	exitUsage    = 2
	exitInternal = 3
)

// errFound ends a command that has told what it found.
var errFound = errors.New("something was found")

// usageError is a command line that cannot be followed.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usagef(format string, args ...any) error {
	return &usageError{message: fmt.Sprintf(format, args...)}
}

// problem is something in the folders that the user must put right.
type problem struct{ message string }

func (e *problem) Error() string { return e.message }

// failure is an error that a command itself returned, unlike those of cobra,
// which are about the command line.
type failure struct{ err error }

func (e *failure) Error() string { return e.err.Error() }
func (e *failure) Unwrap() error { return e.err }

// run is the program: it executes a command line and says what to exit with.
func run(args []string, stdout, stderr io.Writer) int {
	if isVetTool(args) {
		vetTool()
	}
	return execute(newRootCommand(), args, stdout, stderr)
}

func execute(root *cobra.Command, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(stderr, "bextgen: internal error: %v\n\n%s\n"+
				"This is a mistake in bextgen. Please report it, with the text above and the flow files if you can share them:\n"+
				"https://github.com/bextgen/bextgen/issues\n", r, debug.Stack())
			code = exitInternal
		}
	}()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteC()
	return exitCode(err, cmd.CommandPath(), stderr)
}

// exitCode is what an error of a command means, after telling it.
func exitCode(err error, path string, stderr io.Writer) int {
	if err == nil {
		return exitClean
	}
	if errors.Is(err, errFound) {
		return exitFound
	}
	fmt.Fprintf(stderr, "bextgen: %v\n", err)
	var found *problem
	var failed *failure
	var usage *usageError
	switch {
	case errors.As(err, &found):
		return exitFound
	case errors.As(err, &failed) && !errors.As(err, &usage):
		return exitInternal
	}
	fmt.Fprintf(stderr, "Run `%s` for how to call it.\n", strings.Replace(path, "bextgen", "bextgen help", 1))
	return exitUsage
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "bextgen",
		Short: "Checks flow files and writes typed Go for them",
		Long: `Bextgen checks the flow files of a folder like a compiler and writes typed Go for them.

It exits with 0 if all is well, 1 if a flow file is wrong or a generated file is not
current, 2 if the command line is wrong, and 3 if bextgen itself failed.`,
		Args:          takesCommand,
		SilenceErrors: true, // exitCode tells them
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(newInitCommand(), newGenerateCommand(), newCheckCommand(), newBreakingCommand(), newFreezeCommand(), newExplainCommand(), newFmtCommand(), newGraphCommand(), newLSPCommand(), newRunsCommand(), newSchemaCommand(), newStudioCommand(), newVersionCommand(), newVetCommand())
	return root
}

// command makes what a command does report its own errors as such.
func command(do func(cmd *cobra.Command, folders []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := do(cmd, args); err != nil {
			return &failure{err: err}
		}
		return nil
	}
}
