// bextgen graph.

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/runtime/flow/description/graph"
	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/templates"
)

// graphFormats are the ways to write a flow's graph.
var graphFormats = map[string]func(*description.Flow) string{
	"svg":     func(f *description.Flow) string { return string(graph.Document(f)) },
	"mermaid": graph.Mermaid,
	"dot":     graph.DOT,
}

func newGraphCommand() *cobra.Command {
	var format, name string
	cmd := &cobra.Command{
		Use:   "graph [folder]",
		Short: "Prints a flow as a picture",
		Long: `Graph prints the graph of a flow of the folder (by default, of this one): as an SVG picture, as text for Mermaid, which GitHub and others
show in Markdown, or as text for Graphviz.`,
		Args:              takes(0),
		ValidArgsFunction: completeFolders,
		RunE: command(func(cmd *cobra.Command, args []string) error {
			write, ok := graphFormats[format]
			if !ok {
				return usagef("--format %q is none of svg, mermaid, dot", format)
			}
			folder := "."
			if len(args) == 1 {
				folder = args[0]
			}
			flows, err := describe(folder, cmd)
			if err != nil {
				return err
			}
			f, err := choose(flows, name)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), write(f))
			return err
		}),
	}
	cmd.Flags().StringVar(&format, "format", "svg", "svg, mermaid or dot")
	cmd.Flags().StringVar(&name, "flow", "", "which `flow`, where the folder has several")
	completeFlag(cmd, "format", "svg", "mermaid", "dot")
	completeFlagBy(cmd, "flow", completeFlows)
	return cmd
}

// describe checks the flow files of a folder and describes their flows.
func describe(folder string, cmd *cobra.Command) ([]*description.Flow, error) {
	folders, err := findFolders([]string{folder})
	if err != nil {
		return nil, err
	}
	_, flows, wrong := load(folders[0])
	return flows, tell(cmd.ErrOrStderr(), wrong)
}

// load checks the flow files of a folder and describes their flows, in the order of the model.
func load(folder string) (*model.Package, []*description.Flow, diag.List) {
	name, err := packageName(folder)
	if err != nil {
		name = "flows" // it is not written
	}
	pkg, wrong := schema.Load(os.DirFS(folder), schema.Options{Package: name, Dir: folder, Out: folder})
	if len(wrong) > 0 {
		return nil, nil, wrong
	}
	var flows []*description.Flow
	for _, f := range pkg.Flows {
		flows = append(flows, templates.Describe(pkg, f))
	}
	return pkg, flows, nil
}

// choose is the flow of a name, or the only one.
func choose(flows []*description.Flow, name string) (*description.Flow, error) {
	var names []string
	for _, f := range flows {
		if f.ID == name || name == "" && len(flows) == 1 {
			return f, nil
		}
		names = append(names, f.ID)
	}
	slices.Sort(names)
	if name == "" {
		return nil, usagef("there are several flows: say with --flow which of %s", strings.Join(names, ", "))
	}
	return nil, usagef("there is no flow %s%s", name, diag.Hint(name, names))
}
