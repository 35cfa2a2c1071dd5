// bextgen vet.

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/bextgen/bextgen/cmd/bextgen/vet"
)

func newVetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "vet [package …]",
		Short: "Finds mistakes in Go code that uses generated flows",
		Long: `Vet finds, in the Go packages given (by default, ./...):

- goroutines of a handler that use its context and outlive it
- loops in a handler that go on when its attempt is over
- runs that are started without an idempotency key, outside of a handler
- flows that are registered twice with a runtime

It is go vet with the checks of bextgen alone. In an editor or beside others, give them to go vet itself:
go vet -vettool=$(go tool -n bextgen) ./...`,
		RunE: command(func(cmd *cobra.Command, args []string) error {
			self, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find this program: %w", err)
			}
			if len(args) == 0 {
				args = []string{"./..."}
			}
			goVet := exec.CommandContext(cmd.Context(), "go", append([]string{"vet", "-vettool=" + self, "--"}, args...)...)
			goVet.Stdout, goVet.Stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			err = goVet.Run()
			if _, ok := errors.AsType[*exec.ExitError](err); ok {
				return errFound // it has told what
			}
			if err != nil {
				return fmt.Errorf("run go vet: %w", err)
			}
			return nil
		}),
	}
}

// isVetTool says whether a command line is one of those by which go vet calls its tool.
func isVetTool(args []string) bool {
	return slices.Equal(args, []string{"-V=full"}) || slices.Equal(args, []string{"-flags"}) ||
		len(args) > 0 && strings.HasSuffix(args[len(args)-1], ".cfg") && (len(args) == 1 || strings.HasPrefix(args[0], "-"))
}

// vetTool is the program that go vet calls. It ends the process.
func vetTool() { unitchecker.Main(vet.Analyzers()...) }
