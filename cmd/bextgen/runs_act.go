// bextgen runs cancel, retry and signal: acts on one run.

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/runtime/web"
)

func (r *runs) cancelCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "cancel run",
		Short: "Cancels a run: what it did is undone",
		Args:  takes(1),
		RunE: r.acts(func(cmd *cobra.Command, c *client, args []string) error {
			return r.act(cmd, c, args[0], "cancel", web.ActRequest{Reason: reason})
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`why`, stored with the run")
	return cmd
}

func (r *runs) retryCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "retry run",
		Short: "Starts a new run that goes on where a failed one ended",
		Args:  takes(1),
		RunE: r.acts(func(cmd *cobra.Command, c *client, args []string) error {
			return r.act(cmd, c, args[0], "retry", web.ActRequest{})
		}),
	}
}

// act does something to a run and says what came of it.
func (r *runs) act(cmd *cobra.Command, c *client, runID, name string, q web.ActRequest) error {
	text, err := c.ask(cmd.Context(), "POST", runPath(runID, "/"+name), nil, q)
	if err != nil {
		return err
	}
	if r.json {
		return printJSON(cmd.OutOrStdout(), text)
	}
	var done web.ActAnswer
	if err := decode(text, &done); err != nil {
		return err
	}
	if done.NewRunID != nil {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), *done.NewRunID)
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "The wish to %s %s is stored; whoever executes the run obeys it.\n", name, runID)
	return err
}

func (r *runs) signalCommand() *cobra.Command {
	var key, id string
	cmd := &cobra.Command{
		Use:   "signal run wait [JSON]",
		Short: "Sends a signal to a run that waits for it, or will",
		Long: `Signal sends a signal, with JSON that it carries. A single - reads the JSON from standard input, which keeps it out of
the history of the shell.`,
		Args: takes(2),
		RunE: r.acts(func(cmd *cobra.Command, c *client, args []string) error {
			payload, err := payloadOf(cmd, args[2:])
			if err != nil {
				return err
			}
			query := url.Values{}
			for name, value := range map[string]string{"key": key, "id": id} {
				if value != "" {
					query.Set(name, value)
				}
			}
			path := "/flows/" + url.PathEscape(args[0]) + "/signals/" + url.PathEscape(args[1])
			text, err := c.ask(cmd.Context(), "POST", path, query, payload)
			if err != nil {
				return err
			}
			if r.json {
				return printJSON(cmd.OutOrStdout(), text)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "The signal %s for %s is stored.\n", args[1], args[0])
			return err
		}),
	}
	cmd.Flags().StringVar(&key, "key", "", "of a wait in a foreach: the `element` that it is for")
	cmd.Flags().StringVar(&id, "id", "", "a second signal of the same `id` is the same one")
	return cmd
}

// payloadOf is the JSON that a signal carries; nil for none.
func payloadOf(cmd *cobra.Command, args []string) (any, error) {
	if len(args) == 0 {
		return nil, nil
	}
	text := []byte(args[0])
	if args[0] == "-" {
		var err error
		if text, err = io.ReadAll(cmd.InOrStdin()); err != nil {
			return nil, fmt.Errorf("read the signal's JSON: %w", err)
		}
	}
	if !json.Valid(text) {
		return nil, usagef("what the signal is to carry is not JSON; a text needs double quotes within those of the shell: '\"yes\"'")
	}
	return json.RawMessage(text), nil
}
