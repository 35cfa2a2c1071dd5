// bextgen freeze.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/schema/breaking"
	"github.com/bextgen/bextgen/schema/model"
)

func newFreezeCommand() *cobra.Command {
	var name, to string
	cmd := &cobra.Command{
		Use:   "freeze [folder]",
		Short: "Keeps a version of a flow in a package of its own, so that the next one can be written",
		Long: `Freeze copies a flow of the folder (by default, of this one), as it is, with what it needs (types, and flows that it calls), into the folder of its
major version, such as v1, and generates that package. Then make the flow itself the next major version: a program registers both, and the runs of
each go on with their own code.

Freeze before you change the flow. Handlers are yours: copy those of the version too.`,
		Args:              takes(0),
		ValidArgsFunction: completeFolders,
		RunE: command(func(cmd *cobra.Command, args []string) error {
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
			if to == "" {
				to = frozenFolder(folder, breaking.Major(f.Version))
			}
			pkg, _, _ := load(folder) // describe has found nothing wrong
			specs, err := toFreeze(pkg, flowOf(pkg, f), folder, to)
			if err != nil {
				return err
			}
			if err := write(specs, cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
				return err
			}
			g := generation{folders: []string{to}, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr()}
			if err := g.run(); err != nil {
				return err
			}
			_, frozen, _ := load(to) // generating has found nothing wrong
			lock, err := lockChange(to, breaking.Locked(frozen))
			if err != nil {
				return err
			}
			if err := write([]change{lock}, cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "Version %s of %s is kept in %s. Then:\n"+
				"  copy its handlers into a package that uses that one, and register both\n"+
				"  make the flow in %s version %d.0\n",
				f.Version, f.ID, filepath.ToSlash(to), pkg.Flows[slices.Index(pkg.Flows, flowOf(pkg, f))].Pos.File, breaking.Major(f.Version)+1)
			return nil
		}),
	}
	cmd.Flags().StringVar(&name, "flow", "", "which `flow`, where the folder has several")
	cmd.Flags().StringVar(&to, "to", "", "the `folder` to keep it in; by default one named after the major version, such as v1")
	completeFlagBy(cmd, "flow", completeFlows)
	return cmd
}

// toFreeze are the flow files that a flow needs, as they are to be in a folder. A file that is there with
// other content stays, and is an error.
func toFreeze(pkg *model.Package, f *model.Flow, folder, to string) ([]change, error) {
	var files []change
	for _, name := range needed(pkg, f) {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, fmt.Errorf("freezing %s: %w", f.Name, err)
		}
		c := change{folder: to, name: name, state: missing, content: content}
		there, err := os.ReadFile(c.path())
		switch {
		case err == nil && bytes.Equal(there, content):
			continue
		case err == nil:
			return nil, &problem{fmt.Sprintf("%s is there already, and is not what %s is: freeze changes nothing that is frozen; give another folder with --to", c.path(), filepath.Join(folder, name))}
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("freezing %s: %w", f.Name, err)
		}
		files = append(files, c)
	}
	return files, nil
}

// needed are the files that a flow needs: its own, the types files, and those of the types and flows that
// the flows in them name.
func needed(pkg *model.Package, f *model.Flow) []string {
	need := map[string]bool{f.Pos.File: true}
	for _, spec := range pkg.Specs {
		if strings.HasSuffix(spec.Name, ".types.yaml") {
			need[spec.Name] = true
		}
	}
	for before := 0; before < len(need); {
		before = len(need)
		for _, t := range pkg.Types {
			if need[t.Pos.File] {
				needFields(need, t.Fields)
			}
		}
		for _, e := range pkg.Errors {
			if need[e.Pos.File] {
				needFields(need, e.Fields)
			}
		}
		for _, fl := range pkg.Flows {
			if need[fl.Pos.File] {
				needFlow(need, fl)
			}
		}
	}
	var names []string
	for _, spec := range pkg.Specs {
		if need[spec.Name] {
			names = append(names, spec.Name)
		}
	}
	return names
}

func needFlow(need map[string]bool, fl *model.Flow) {
	needPayload(need, fl.Input)
	needPayload(need, fl.Output.Payload)
	for _, st := range fl.Steps {
		if st.Calls != nil {
			need[st.Calls.Pos.File] = true
		}
		needPayload(need, st.In)
		needPayload(need, st.Out)
	}
	for _, w := range fl.Waits {
		needPayload(need, w.Out)
	}
}

func needPayload(need map[string]bool, p *model.Payload) {
	if p == nil {
		return
	}
	needFields(need, p.Fields)
	needType(need, p.Alias)
}

func needFields(need map[string]bool, fields []*model.Field) {
	for _, f := range fields {
		needType(need, f.Type)
	}
}

func needType(need map[string]bool, t *model.Type) {
	for ; t != nil; t = t.Elem {
		if t.Named != nil && t.Named.Pos.File != "" {
			need[t.Named.Pos.File] = true
		}
	}
}
