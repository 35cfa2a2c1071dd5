// bextgen check.

package main

import (
	"github.com/spf13/cobra"
)

func newCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [folder or ./... …]",
		Short: "Checks the flow files of folders and writes nothing",
		Long: `Check reports what is wrong with the flow files of the given folders (by default, of this one) as
file:line:col: message on standard error.

A folder followed by /... stands for it and all folders below it that have flow files, but for hidden ones,
those whose names begin with _, vendor, testdata and node_modules.`,
		RunE: command(func(cmd *cobra.Command, args []string) error {
			folders, err := findFolders(args)
			if err != nil {
				return err
			}
			_, err = compile(folders, target{}, cmd.ErrOrStderr())
			return err
		}),
	}
}
