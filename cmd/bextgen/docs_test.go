package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "rewrite the commands in docs/commands.md")

// TestCommandsPage holds that docs/commands.md says of each command what its help does. What
// stands above the first command is written by hand.
func TestCommandsPage(t *testing.T) {
	const page, first = "../../docs/commands.md", "\n## "
	for _, name := range []string{"BEXTGEN_DB", "BEXTGEN_URL"} {
		t.Setenv(name, "")
	}
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, commands, _ := strings.Cut(string(content), first)
	root := newRootCommand()
	root.InitDefaultCompletionCmd()
	var b strings.Builder
	for _, cmd := range root.Commands() {
		writeCommand(&b, cmd)
	}
	want := strings.TrimPrefix(b.String(), first)
	if *update {
		if err := os.WriteFile(page, []byte(head+first+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, commands); diff != "" {
		t.Errorf("docs/commands.md is not what the commands say (-commands +page); go test ./cmd/bextgen -run TestCommandsPage -update writes it:\n%s", diff)
	}
}

// writeCommand writes a command and those below it in Markdown.
func writeCommand(b *strings.Builder, cmd *cobra.Command) {
	if cmd.Hidden || cmd.Name() == "help" {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n```\n%s\n```\n\n%s\n", cmd.CommandPath(), cmd.UseLine(), aboutCommand(cmd))
	if flags := strings.TrimRight(cmd.NonInheritedFlags().FlagUsages(), "\n"); flags != "" {
		fmt.Fprintf(b, "\n```\n%s\n```\n", flags)
	}
	if cmd.Name() == "completion" {
		return // a command for each shell, all alike
	}
	for _, below := range cmd.Commands() {
		writeCommand(b, below)
	}
}

// aboutCommand is what the help says about a command.
func aboutCommand(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return strings.TrimSpace(cmd.Long)
	}
	return cmd.Short + "."
}
