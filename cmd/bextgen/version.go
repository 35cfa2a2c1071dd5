// bextgen version.

package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Prints the version of bextgen, and of the Go that built it",
		Args:  takes(0),
		RunE: command(func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), versionText(debug.ReadBuildInfo()))
			return err
		}),
	}
}

// versionText is what the program knows of itself.
func versionText(info *debug.BuildInfo, ok bool) string {
	if !ok {
		return "bextgen (unknown version)"
	}
	return fmt.Sprintf("bextgen %s %s", info.Main.Version, info.GoVersion)
}
