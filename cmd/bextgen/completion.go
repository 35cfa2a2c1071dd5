// What a shell offers where a value is typed, for `bextgen completion`.

package main

import (
	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/schema/diag"
)

// completeFolders offers folders, which most commands take.
func completeFolders(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeFlag offers the words that a flag can be.
func completeFlag(cmd *cobra.Command, flag string, words ...string) {
	completeFlagBy(cmd, flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

func completeFlagBy(cmd *cobra.Command, flag string, words cobra.CompletionFunc) {
	// It fails only for a flag that the command does not have, which a testscript would find.
	_ = cmd.RegisterFlagCompletionFunc(flag, words)
}

// completeFlows offers the flows of the folder that is typed. If something is wrong in it, there are none.
func completeFlows(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	folder := "."
	if len(args) > 0 {
		folder = args[0]
	}
	var names []cobra.Completion
	flows, _ := describe(folder, cmd)
	for _, f := range flows {
		names = append(names, f.ID)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeCodes offers the codes of diagnostics with their titles.
func completeCodes(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var codes []cobra.Completion
	for _, code := range diag.Codes() {
		codes = append(codes, cobra.CompletionWithDesc(string(code), diag.Titles()[code]))
	}
	return codes, cobra.ShellCompDirectiveNoFileComp
}
