// bextgen schema.

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/schema/editor"
)

func newSchemaCommand() *cobra.Command {
	var types bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Prints the JSON Schema of flow files, for editors",
		Long: `Schema prints the JSON Schema (draft-07) of *.flow.yaml files or, with --types, of *.types.yaml files. Editors that have the YAML language server
complete keys with it, explain them, and mark mistakes while you type. Tell the editor where it is with a line in the flow file:

	# yaml-language-server: $schema=flow.schema.json

after bextgen schema > flow.schema.json. What a schema cannot see, such as types and expressions, bextgen check does.`,
		Args: takes(0),
		RunE: command(func(cmd *cobra.Command, _ []string) error {
			write := editor.Flow
			if types {
				write = editor.Types
			}
			text, err := write()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s", text)
			return err
		}),
	}
	cmd.Flags().BoolVar(&types, "types", false, "of *.types.yaml files")
	return cmd
}
