// From folders of flow files to the files that are to be generated, in memory.

package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/build"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
	"github.com/bextgen/bextgen/templates"
)

// target says where and as what a package is to be generated.
type target struct {
	out         string // a folder; empty for that of the flow files
	packageName string // empty for that of the output folder
}

// resolve is where the package of a folder is to be generated, and as what.
func (to target) resolve(folder string) (out, name string, err error) {
	out = cmp.Or(to.out, folder)
	if name = to.packageName; name == "" {
		name, err = packageName(out)
	}
	return out, name, err
}

// generated is what is to be in an output folder.
type generated struct {
	folder string
	pkg    *model.Package // what it is made from
	files  []templates.File
}

// compile checks the flow files of folders and generates their code. If anything
// is wrong, it returns all of that, and no code.
func compile(folders []string, to target) ([]generated, diag.List, error) {
	var results []generated
	var wrong diag.List
	for _, folder := range folders {
		result, diagnostics, err := compileFolder(folder, to)
		if err != nil {
			return nil, nil, err
		}
		wrong = append(wrong, diagnostics...)
		results = append(results, result)
	}
	if len(wrong) > 0 {
		return nil, wrong, nil
	}
	return results, nil, nil
}

// compileFolder is compile for one folder.
func compileFolder(folder string, to target) (generated, diag.List, error) {
	out, name, err := to.resolve(folder)
	if err != nil {
		return generated{}, nil, err
	}
	pkg, diagnostics := schema.Load(os.DirFS(folder), schema.Options{Package: name, Dir: folder, Out: out})
	if len(diagnostics) > 0 {
		return generated{}, diagnostics, nil
	}
	files, err := templates.Go(pkg)
	if err != nil {
		return generated{}, nil, &problem{fmt.Sprintf("%s: %v", folder, err)}
	}
	return generated{folder: out, pkg: pkg, files: files}, nil, nil
}

// packageName is the name of the package that is in a folder already, not
// counting generated files, or else a name made from the folder's.
func packageName(folder string) (string, error) {
	switch _, err := os.Stat(folder); {
	case errors.Is(err, fs.ErrNotExist):
		return folderName(folder)
	case err != nil:
		return "", fmt.Errorf("looking for the output folder: %w", err)
	}
	ctx := build.Default
	ctx.ReadDir = handWritten
	pkg, err := ctx.ImportDir(folder, 0)
	var none *build.NoGoError
	var several *build.MultiplePackageError
	switch {
	case errors.As(err, &several):
		return "", usagef("%s has Go files of the packages %s and %s: say with --package which is meant",
			folder, several.Packages[0], several.Packages[1])
	case errors.As(err, &none):
		return folderName(folder)
	case pkg.Name == "":
		return "", &problem{fmt.Sprintf("the name of the package in %s cannot be read: %v", folder, err)}
	}
	return pkg.Name, nil // also of files that do not compile, which they may do only with what is generated
}

// handWritten reads a folder as if generated files were not there.
func handWritten(folder string) ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var infos []fs.FileInfo
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".go" || ours(filepath.Join(folder, entry.Name())) {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// ours says whether a file was written by bextgen. One that cannot be read is
// not, nor one that is no regular file: opening a pipe would wait for its writer.
func ours(path string) bool {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	_, ok := templates.SourceOf(content)
	return ok
}

// folderName is the name of a folder as one of a package: small letters and
// digits.
func folderName(folder string) (string, error) {
	path, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("finding the name of the folder %s: %w", folder, err)
	}
	base := filepath.Base(path)
	name := strings.TrimLeft(strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(base)), "0123456789")
	if name == "" || token.IsKeyword(name) {
		return "", usagef("no package can be named after the folder %s: say with --package how it is to be named", base)
	}
	return name, nil
}
