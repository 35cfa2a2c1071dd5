// What packages became when they were compiled, kept on this machine so that `generate --check`
// need not compile a package that is as it was.

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/model"
)

// mostRecords bounds how many records are kept. One has about 100 bytes for each generated file.
const mostRecords = 4096

// records are what generating gave, by all that decides it. The zero value keeps none.
type records struct {
	folder    string
	generator string // the identity of the program that generates
}

// record is what a package became.
type record struct {
	Files []recordedFile `json:"files"`
	// Zones are the time zones that the package names. That there are such is for the machine to say.
	Zones []string `json:"zones,omitempty"`
}

type recordedFile struct {
	Name string `json:"name"`
	Hash []byte `json:"sha256"`
}

// openRecords finds the records of this user. Where there can be none, packages are compiled, so
// that it is not worth a word.
func openRecords() records {
	cache, err := os.UserCacheDir()
	if err != nil {
		return records{}
	}
	generator, err := identify()
	if err != nil {
		return records{}
	}
	return records{folder: filepath.Join(cache, "bextgen", "generated"), generator: generator}
}

// upToDate says whether what generating a folder would write is there already, and nothing else
// that is generated. It is false wherever there is any doubt.
func (r records) upToDate(folder string, to target) bool {
	if r.folder == "" {
		return false
	}
	out, name, err := to.resolve(folder)
	if err != nil {
		return false
	}
	specs, ok := schema.Specs(os.DirFS(folder))
	if !ok {
		return false
	}
	known, ok := r.get(r.key(name, specs))
	return ok && known.zonesExist() && known.isIn(out)
}

// put keeps what a package became. Nobody is told if it cannot: the next check takes longer, and that is all.
func (r records) put(g generated) {
	if r.folder == "" || !repeatable(g.pkg) {
		return
	}
	made := record{Zones: g.pkg.Zones}
	for _, file := range g.files {
		hash := sha256.Sum256(file.Content)
		made.Files = append(made.Files, recordedFile{file.Name, hash[:]})
	}
	name := r.key(g.pkg.Name, g.pkg.Specs)
	text, err := json.Marshal(made)
	if err != nil {
		return
	}
	const folderMode, fileMode = 0o700, 0o600
	if err := os.MkdirAll(r.folder, folderMode); err != nil {
		return
	}
	root, err := os.OpenRoot(r.folder)
	if err != nil {
		return
	}
	defer root.Close() //nolint:errcheck // what was written is whole
	if replace(root, name, seal(name, text), fileMode) == nil {
		_ = discardOldest(root, mostRecords) // the next one tries again
	}
}

// repeatable says whether the specs alone decide what a package becomes. A type that is written in Go
// is read from its package with all that this needs: files in any folder, modules, settings of the go command.
func repeatable(pkg *model.Package) bool {
	return !slices.ContainsFunc(pkg.Types, func(t *model.Named) bool { return t.Go != nil })
}

// key is the name of a record: a hash of all that decides what is generated. Each part has its
// length in front, so that no two lists of parts look alike.
func (r records) key(packageName string, specs []model.Spec) string {
	hash := sha256.New()
	part := func(text string) { fmt.Fprintf(hash, "%d %s\n", len(text), text) }
	part(r.generator)
	part(packageName)
	for _, spec := range specs {
		part(spec.Name)
		part(spec.Text)
	}
	return fmt.Sprintf("%x", hash.Sum(nil))
}

// get reads a record. One that is damaged is as none.
func (r records) get(name string) (known record, ok bool) {
	sealed, err := os.ReadFile(filepath.Join(r.folder, name))
	if err != nil {
		return record{}, false
	}
	text, ok := unseal(name, sealed)
	return known, ok && json.Unmarshal(text, &known) == nil
}

// seal puts a checksum in front of a record. It is one of the name too, so that a record stands for
// nothing under another name.
func seal(name string, text []byte) []byte {
	return fmt.Appendf(nil, "%x\n%s", sha256.Sum256([]byte(name+"\n"+string(text))), text)
}

func unseal(name string, sealed []byte) ([]byte, bool) {
	_, text, ok := bytes.Cut(sealed, []byte("\n"))
	return text, ok && bytes.Equal(seal(name, text), sealed)
}

// discardOldest deletes the oldest files of a folder if there are more than so many. A quarter goes
// at once, so that it is not done each time.
func discardOldest(root *os.Root, most int) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil || len(entries) <= most {
		return err
	}
	var infos []fs.FileInfo
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil { // another process may have deleted it
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	var errs []error
	for _, info := range infos[:max(0, len(infos)-most+most/4)] {
		errs = append(errs, root.Remove(info.Name()))
	}
	return errors.Join(errs...)
}

// zonesExist says whether this machine has the time zones that were there when the package was compiled.
func (r record) zonesExist() bool {
	return !slices.ContainsFunc(r.Zones, func(name string) bool {
		_, err := time.LoadLocation(name)
		return err != nil
	})
}

// isIn says whether an output folder has just the files of the record.
func (r record) isIn(folder string) bool {
	wanted := map[string]bool{}
	for _, file := range r.Files {
		wanted[file.Name] = true
		path := filepath.Join(folder, file.Name)
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return false
		}
		content, err := os.ReadFile(path)
		if hash := sha256.Sum256(content); err != nil || !bytes.Equal(hash[:], file.Hash) {
			return false
		}
	}
	orphans, err := findOrphans(folder, wanted)
	return err == nil && len(orphans) == 0
}
