// bextgen lsp.

package main

import (
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/cmd/bextgen/lsp"
	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// typing is how long an editor has to be quiet before its documents are checked.
const typing = 150 * time.Millisecond

func newLSPCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lsp",
		Short: "Serves editors that speak the Language Server Protocol",
		Long: `Lsp is a language server for *.flow.yaml and *.types.yaml files. An editor starts it, speaks with it over standard input and
output, and shows while you type what bextgen check would report. See docs/editors.md for how to set one up.`,
		Args: takes(0),
		RunE: command(func(cmd *cobra.Command, _ []string) error {
			in := io.NopCloser(cmd.InOrStdin())
			if c, ok := cmd.InOrStdin().(io.ReadCloser); ok {
				in = c
			}
			err := lsp.Serve(cmd.Context(), in, cmd.OutOrStdout(), lsp.Options{Load: look, Settle: typing, Log: cmd.ErrOrStderr()})
			if errors.Is(err, lsp.ErrNoShutdown) {
				return &problem{err.Error()}
			}
			return err
		}),
	}
}

// look checks a folder for an editor. Where the name of its package cannot be told, that is for
// generate to say, which may have been given one.
func look(fsys fs.FS, folder string) (*model.Package, diag.List) {
	name, err := packageName(folder)
	if err != nil {
		name = "flows"
	}
	return schema.Look(fsys, schema.Options{Package: name, Out: folder})
}
