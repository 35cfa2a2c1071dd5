// bextgen explain.

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/schema/diag"
)

func newExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [code]",
		Short: "Explains what a code such as BX012 means",
		Long: `Explain prints the page about a code that stands behind a message: an example, why it is wrong, and the way out.
Without a code, it lists all of them.`,
		Args:              takes(0),
		ValidArgsFunction: completeCodes,
		RunE: command(func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, code := range diag.Codes() {
					fmt.Fprintf(cmd.OutOrStdout(), "%s  %s\n", code, diag.Titles()[code])
				}
				return nil
			}
			page, ok := diag.Explanation(diag.Code(strings.ToUpper(args[0])))
			if !ok {
				return usagef("there is no code %s; bextgen explain lists all of them", args[0])
			}
			fmt.Fprint(cmd.OutOrStdout(), page)
			return nil
		}),
	}
}
