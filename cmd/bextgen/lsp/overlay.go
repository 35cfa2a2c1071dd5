package lsp

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// overlay is a folder on disk with the documents that are open in the editor in place of, and beside,
// its files.
type overlay struct {
	disk fs.FS
	open map[string]string // text by base name
}

// ReadDir is the files of the folder.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.disk, name)
	if err != nil && (!errors.Is(err, fs.ErrNotExist) || len(o.open) == 0) {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { _, open := o.open[e.Name()]; return open })
	for name, text := range o.open {
		entries = append(entries, fs.FileInfoToDirEntry(info{name, len(text)}))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Open opens a file.
func (o overlay) Open(name string) (fs.File, error) {
	if text, open := o.open[name]; open {
		return &file{strings.NewReader(text), info{name, len(text)}}, nil
	}
	return o.disk.Open(name)
}

// Stat is about a file.
func (o overlay) Stat(name string) (fs.FileInfo, error) {
	if text, open := o.open[name]; open {
		return info{name, len(text)}, nil
	}
	return fs.Stat(o.disk, name)
}

// file is an open document as a file.
type file struct {
	*strings.Reader
	info info
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

// info is about an open document.
type info struct {
	name string
	size int
}

func (i info) Name() string     { return i.name }
func (i info) Size() int64      { return int64(i.size) }
func (info) Mode() fs.FileMode  { return 0o444 }
func (info) ModTime() time.Time { return time.Time{} }
func (info) IsDir() bool        { return false }
func (info) Sys() any           { return nil }
