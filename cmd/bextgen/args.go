// Which arguments a command takes, and what is said where others are given.

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/schema/diag"
)

// takes is for a command with so many arguments at least, and at most as many as its use line names.
func takes(least int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		use, _, _ := strings.Cut(cmd.Use, " (") // flags that are needed
		names := strings.Fields(use)[1:]
		switch {
		case len(args) < least:
			return fmt.Errorf("the %s is missing: write %s", names[len(args)], cmd.UseLine())
		case len(args) > len(names):
			return fmt.Errorf("%q is one argument too many: write %s", args[len(names)], cmd.UseLine())
		}
		return nil
	}
}

// takesCommand is for a command that is there for those below it.
func takesCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			names = append(names, below.Name())
		}
	}
	return fmt.Errorf("%s has no command %s%s", cmd.CommandPath(), args[0], diag.DidYouMean(args[0], names))
}
