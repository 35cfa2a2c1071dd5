// bextgen generate.

package main

import (
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
)

func newGenerateCommand() *cobra.Command {
	var g generation
	var watching bool
	cmd := &cobra.Command{
		Use:   "generate [folder or ./... …]",
		Short: "Writes the Go of the flow files of folders",
		Long: `Generate checks the flow files of the given folders (by default, of this one) and writes their Go next to them,
or into the folder --out. It prints the names of the files that it changed; one that is current is left alone, and
one that it generated before and whose flow file is gone is removed. If anything is wrong, nothing is written.

An output folder belongs to one folder of flow files, and is one Go package: --out cannot be given with several
folders. The package has the name of the Go files that are there already, else one made from the folder's.

A folder followed by /... stands for it and all folders below it that have flow files, but for hidden ones,
those whose names begin with _, vendor, testdata and node_modules.

With --check or --diff, a package that was compiled on this machine before and is unchanged since is not compiled again;
what is known of it is in the user's cache folder, and may be deleted.

In Go files, write:

	//go:generate go tool bextgen generate`,
		ValidArgsFunction: completeFolders,
		RunE: command(func(cmd *cobra.Command, args []string) error {
			var err error
			if g.folders, err = findFolders(args); err != nil {
				return err
			}
			if err := checkOut(g.to.out, g.folders); err != nil {
				return err
			}
			if watching && (g.check || g.diff) {
				return usagef("--watch writes what has changed, and --check and --diff write nothing: give one of them")
			}
			g.records, g.stdout, g.stderr = openRecords(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			if watching {
				return watch(cmd.Context(), g.folders, g.run, g.stderr)
			}
			return g.run()
		}),
	}
	cmd.Flags().StringVar(&g.to.out, "out", "", "the `folder` to write to")
	cmd.Flags().StringVar(&g.to.packageName, "package", "", "the `name` of the Go package")
	cmd.Flags().BoolVar(&g.check, "check", false, "write nothing; report files that are missing, stale or orphaned, and exit with 1 if there are any")
	cmd.Flags().BoolVar(&g.diff, "diff", false, "write nothing; print what would change, and exit with 1 if anything would")
	cmd.Flags().BoolVar(&watching, "watch", false, "go on, and generate again when a file changes; while something is wrong, the files of before stay")
	completeFlagBy(cmd, "out", completeFolders)
	return cmd
}

// generation is one call of the command.
type generation struct {
	folders        []string
	to             target
	check, diff    bool
	records        records
	stdout, stderr io.Writer
}

// run makes the generated files of the folders what they should be, or reports what they are not.
func (g generation) run() error {
	folders := g.folders
	if g.check || g.diff {
		folders = slices.DeleteFunc(slices.Clone(folders), func(folder string) bool {
			return g.records.upToDate(folder, g.to)
		})
	}
	packages, wrong, err := compile(folders, g.to)
	if err != nil {
		return err
	}
	if err := tell(g.stderr, wrong); err != nil {
		return err
	}
	for _, pkg := range packages {
		g.records.put(pkg)
	}
	changes, err := compare(packages)
	if err != nil {
		return err
	}
	if g.check || g.diff {
		return report(changes, g.check, g.diff, g.stdout)
	}
	return write(changes, g.stdout, g.stderr)
}

// checkOut refuses an --out that cannot be what these folders are generated into.
func checkOut(out string, folders []string) error {
	if out == "" {
		return nil
	}
	if len(folders) > 1 {
		return usagef("--out cannot be given with several folders: each is a Go package of its own")
	}
	if info, err := os.Stat(out); err == nil && !info.IsDir() {
		return usagef("--out %s is a file: give a folder", out)
	}
	return nil
}
