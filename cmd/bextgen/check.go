// bextgen check.

package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/schema/diag"
)

func newCheckCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "check [folder or ./... …]",
		Short: "Checks the flow files of folders and writes nothing",
		Long: `Check reports what is wrong with the flow files of the given folders (by default, of this one) as
file:line:col: message on standard error. With another format than text it goes to standard output, also where nothing is wrong:
json is an array, sarif is SARIF 2.1.0 for code scanners, github is what GitHub Actions shows beside the lines of a change.

A folder followed by /... stands for it and all folders below it that have flow files, but for hidden ones,
those whose names begin with _, vendor, testdata and node_modules.`,
		ValidArgsFunction: completeFolders,
		RunE: command(func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(diag.Formats(), format) {
				return usagef("--format %q is none of %s", format, strings.Join(diag.Formats(), ", "))
			}
			folders, err := findFolders(args)
			if err != nil {
				return err
			}
			_, wrong, err := compile(folders, target{})
			if err != nil {
				return err
			}
			if format == "text" {
				return tell(cmd.ErrOrStderr(), wrong)
			}
			return errors.Join(wrong.Write(cmd.OutOrStdout(), format), found(wrong))
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text, json, sarif or github")
	completeFlag(cmd, "format", diag.Formats()...)
	return cmd
}
