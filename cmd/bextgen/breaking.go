// bextgen breaking.

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/schema/breaking"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/templates"
)

// comparing is what the flags of breaking say.
type comparing struct {
	against string // a folder or a lock; empty for the lock of the folder
	over    []string
	writing bool
	known   map[string]bool // the flows that were compared
}

func newBreakingCommand() *cobra.Command {
	c := comparing{known: map[string]bool{}}
	var format string
	cmd := &cobra.Command{
		Use:   "breaking [folder or ./... …]",
		Short: "Says which changes running runs would not survive",
		Long: `Breaking compares the flows of the given folders (by default, of this one) with the lock of each, flows.lock.json, which has what
running runs depend on. It reports the changes that they would not survive, each with what they would meet, and a lock that is not
current. Commit the lock; when a change is fine, --write makes it current, and does not if it is not.

With --against it compares with another lock, with the lock of another folder, or with the descriptions (*.flow.json) that were generated there:

	git show main:orders/flows.lock.json > /tmp/lock.json && bextgen breaking orders --against /tmp/lock.json

See docs/versions.md for what may change, and bextgen explain for each code.`,
		ValidArgsFunction: completeFolders,
		RunE: command(func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(diag.Formats(), format) {
				return usagef("--format %q is none of %s", format, strings.Join(diag.Formats(), ", "))
			}
			folders, err := findFolders(args)
			if err != nil {
				return err
			}
			if c.against != "" && c.writing {
				return usagef("--write makes the lock of the folder current, and --against compares with another one: give one of them")
			}
			if c.against != "" && len(folders) > 1 {
				return usagef("--against cannot be given with several folders: each has flows of its own")
			}
			var wrong diag.List
			var locks []change
			for _, folder := range folders {
				lock, list, err := c.folder(folder)
				if err != nil {
					return err
				}
				wrong, locks = append(wrong, list...), append(locks, lock...)
			}
			if i := slices.IndexFunc(c.over, func(flow string) bool { return !c.known[flow] }); i >= 0 && len(wrong) == 0 {
				return usagef("--over %s: neither the lock nor the folder has this flow", c.over[i])
			}
			if c.writing && len(wrong) == 0 {
				return write(locks, cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			if format == "text" {
				return tell(cmd.ErrOrStderr(), wrong)
			}
			return errors.Join(wrong.Write(cmd.OutOrStdout(), format), found(wrong))
		}),
	}
	cmd.Flags().StringVar(&c.against, "against", "", "the lock, or the `folder`, to compare with")
	cmd.Flags().StringSliceVar(&c.over, "over", nil, "a `flow` of which no run is under way any more: it may be anything")
	cmd.Flags().BoolVar(&c.writing, "write", false, "make the lock current, if all changes are fine")
	cmd.Flags().StringVar(&format, "format", "text", "text, json, sarif or github")
	completeFlag(cmd, "format", diag.Formats()...)
	return cmd
}

// folder compares one folder. It returns what is wrong, and the lock as it should be if it is another one.
func (c *comparing) folder(folder string) ([]change, diag.List, error) {
	pkg, flows, wrong := load(folder)
	if len(wrong) > 0 {
		return nil, wrong, nil
	}
	lock, err := readLock(folder, c.against)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range slices.Concat(flows, lock.Flows) {
		c.known[f.ID] = true
	}
	now := breaking.Now{Package: pkg, Flows: flows, Over: c.over, Frozen: frozenIn(folder)}
	if c.against == "" && !c.writing {
		return nil, below(folder, breaking.Check(lock, now).Sorted(nil)), nil
	}
	wrong = breaking.Compare(lock, now).Sorted(nil)
	current := breaking.Locked(flows)
	if len(wrong) > 0 || !c.writing || lock.Same(current) {
		return nil, below(folder, wrong), nil
	}
	written, err := lockChange(folder, current)
	return []change{written}, nil, err
}

// below puts the folder before the files of diagnostics; what is about no file is about the folder.
func below(folder string, list diag.List) diag.List {
	for i := range list {
		list[i].File = path.Join(filepath.ToSlash(folder), list[i].File)
	}
	return list
}

// lockChange is the writing of a folder's lock.
func lockChange(folder string, lock *breaking.Lock) (change, error) {
	text, err := templates.LockText(lock)
	return change{folder: folder, name: breaking.LockFile, state: stale, content: text}, err
}

// readLock reads what a folder is compared with. Where there is no lock of its own yet, it is one without flows.
func readLock(folder, against string) (*breaking.Lock, error) {
	file := filepath.Join(folder, breaking.LockFile)
	if against != "" {
		file = against
		info, err := os.Stat(against)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, usagef("--against %s: there is no such file or folder", against)
		case err != nil:
			return nil, fmt.Errorf("reading what to compare with: %w", err)
		case info.IsDir():
			file = filepath.Join(against, breaking.LockFile)
			if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
				return readDescriptions(against)
			}
		}
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return &breaking.Lock{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what to compare with: %w", err)
	}
	lock, err := breaking.ParseLock(text)
	if err != nil {
		return nil, &problem{fmt.Sprintf("%s is no lock that can be compared with: %v", file, err)}
	}
	return lock, nil
}

// readDescriptions is the lock of the flows whose descriptions were generated into a folder.
func readDescriptions(folder string) (*breaking.Lock, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.flow.json"))
	if err != nil || len(files) == 0 {
		return nil, usagef("--against %s: the folder has neither a lock nor generated descriptions (*.flow.json)", folder)
	}
	var flows []*description.Flow
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading what to compare with: %w", err)
		}
		f, err := description.Parse(text)
		if err != nil {
			return nil, &problem{fmt.Sprintf("%s: %v", file, err)}
		}
		flows = append(flows, f)
	}
	return breaking.Locked(flows), nil
}

// frozenIn says whether a major version of a flow is in the folder that freeze makes for it.
func frozenIn(folder string) func(flow string, major int) bool {
	return func(flow string, major int) bool {
		_, flows, _ := load(frozenFolder(folder, major))
		return slices.ContainsFunc(flows, func(f *description.Flow) bool { return f.ID == flow && breaking.Major(f.Version) == major })
	}
}

// frozenFolder is where freeze puts a major version: orders/v1.
func frozenFolder(folder string, major int) string {
	return filepath.Join(folder, fmt.Sprintf("v%d", major))
}

// flowOf is the flow of a package by its description.
func flowOf(pkg *model.Package, d *description.Flow) *model.Flow {
	return pkg.Flows[slices.IndexFunc(pkg.Flows, func(f *model.Flow) bool { return f.Name == d.ID })]
}
