// Which folders a command line means.

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
)

// findFolders are the folders that are meant by arguments, as they were typed,
// each once. No argument means this folder.
func findFolders(args []string) ([]string, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var folders []string
	seen := map[string]bool{}
	for _, arg := range args {
		found, err := expand(arg)
		if err != nil {
			return nil, err
		}
		for _, folder := range found {
			if key := filepath.Clean(folder); !seen[key] {
				seen[key] = true
				folders = append(folders, folder)
			}
		}
	}
	return folders, nil
}

// expand is the folders that one argument means.
func expand(arg string) ([]string, error) {
	root, all := strings.CutSuffix(filepath.ToSlash(arg), "...")
	if !all {
		return []string{arg}, isFolder(arg)
	}
	root = filepath.FromSlash(strings.TrimSuffix(root, "/"))
	if root == "" {
		root = "."
	}
	if err := isFolder(root); err != nil {
		return nil, err
	}
	folders, err := walk(root)
	if err == nil && len(folders) == 0 {
		return nil, usagef("no folder in %s has a *.flow.yaml file", arg)
	}
	return folders, err
}

func isFolder(name string) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usagef("there is no folder %s", name)
	case err != nil:
		return fmt.Errorf("looking for the folder %s: %w", name, err)
	case !info.IsDir():
		return usagef("%s is a file: give its folder, because the flow files of a folder belong together", name)
	}
	return nil
}

// walk finds the folders that have flow files, from root on down. The root may
// be a symbolic link; others are not followed.
func walk(root string) ([]string, error) {
	var folders []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && passedOver(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(entry.Name(), ".flow.yaml"):
			return nil
		}
		folders = append(folders, filepath.Join(root, filepath.FromSlash(path.Dir(name))))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for flow files in %s: %w", root, err)
	}
	slices.Sort(folders)
	return slices.Compact(folders), nil
}

// passedOver says which folders are none of the user's own code, or no code.
func passedOver(name string) bool {
	switch name {
	case "vendor", "testdata", "node_modules":
		return true
	}
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}
