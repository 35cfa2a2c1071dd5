// bextgen runs, the parent of the commands that look at runs and act on them.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func newRunsCommand() *cobra.Command {
	r := &runs{}
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "Shows runs and acts on them, in a database file or behind a running server",
		Long: `Runs shows the runs in a database file (--db) or behind a running server (--url), and acts on them.

An act on a file is stored in it; the program that executes its runs obeys it, at once if it is running and else when it is started.`,
		Args: takesCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	r.place.add(cmd)
	cmd.PersistentFlags().BoolVar(&r.json, "json", false, "print JSON")
	cmd.AddCommand(
		r.listCommand(), r.showCommand(), r.tailCommand(), r.exportCommand(),
		r.cancelCommand(), r.retryCommand(), r.signalCommand(),
	)
	return cmd
}

// runs is what the commands below `bextgen runs` have in common.
type runs struct {
	place placeFlags
	json  bool
}

// reads and acts make the function of a command from what it does with a client.
func (r *runs) reads(do func(cmd *cobra.Command, c *client, args []string) error) func(*cobra.Command, []string) error {
	return r.with(false, do)
}

func (r *runs) acts(do func(cmd *cobra.Command, c *client, args []string) error) func(*cobra.Command, []string) error {
	return r.with(true, do)
}

func (r *runs) with(operate bool, do func(cmd *cobra.Command, c *client, args []string) error) func(*cobra.Command, []string) error {
	return command(func(cmd *cobra.Command, args []string) (err error) {
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		cmd.SetContext(ctx)
		if err := r.place.check(cmd); err != nil {
			return err
		}
		c, err := r.place.open(operate)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.Close()) }()
		return do(cmd, c, args)
	})
}

// runPath is the path of a run, or of something about it.
func runPath(id, rest string) string { return "/admin/flows/" + url.PathEscape(id) + rest }

// decode reads what a server answered.
func decode(text json.RawMessage, into any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return &problem{fmt.Sprintf("the server's answer cannot be read: %v; is it a server of this version of bextgen?", err)}
	}
	return nil
}

// printJSON prints JSON as it came, indented.
func printJSON(w io.Writer, text json.RawMessage) error {
	out, err := indented(text)
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}
