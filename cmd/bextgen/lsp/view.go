package lsp

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// view is a folder as it was checked, and the place in it that a question is about.
type view struct {
	snapshot
	folder string
	// pkg is the model, with gaps where something is wrong (schema.Look); that of an earlier
	// check if a file was no YAML in this one, and nil if there was none yet.
	pkg      *model.Package
	outdated bool // pkg is that of an earlier check, or nil
	list     diag.List

	file         string // by base name
	text         text   // of the file
	line, column int    // from 1, in characters; 0 for a place that is not there
}

// placeParams are those of questions about a place in a document.
type placeParams struct {
	documentParams
	Position position `json:"position"`
}

// at is the folder of a document as it is now, once that is checked, and the place that is asked about;
// nil for a document that is not open.
func (s *server) at(ctx context.Context, req *jsonrpc2.Request) (*view, error) {
	var params placeParams
	if err := read(req, &params); err != nil {
		return nil, err
	}
	path, ok := specPath(params.Document.URI)
	if !ok {
		return nil, nil
	}
	found, err := s.current(ctx, filepath.Dir(path))
	if found == nil || err != nil {
		return nil, err
	}
	v := *found
	v.file = filepath.Base(path)
	if _, open := v.open[v.file]; !open {
		return nil, nil
	}
	v.text = v.read(v.file)
	if p := params.Position; p.Line >= 0 && p.Line < len(v.text) && p.Character >= 0 {
		v.line, v.column = p.Line+1, character(v.text[p.Line], p.Character)+1
	}
	return &v, nil
}

// current is a folder as it was checked last, as soon as that is how it is; nil for one of which no
// document was opened.
func (s *server) current(ctx context.Context, folder string) (*view, error) {
	for {
		s.mu.Lock()
		f, known := s.folders[folder]
		if !known {
			s.mu.Unlock()
			return nil, nil
		}
		seen, news := f.seen, f.news
		fresh := seen != nil && seen.revision == f.revision
		s.mu.Unlock()
		if fresh {
			return seen, nil
		}
		select {
		case f.hurry <- struct{}{}:
		default: // it does already
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-news:
		}
	}
}

// read is the text of a file; nil if it cannot be read.
func (now snapshot) read(name string) text {
	content, err := fs.ReadFile(now.fsys, name)
	if err != nil {
		return nil
	}
	return newText(string(content))
}

// with is the folder with another text of a file.
func (v *view) with(file, text string) fs.FS {
	open := map[string]string{}
	for name, d := range v.open {
		open[name] = d.content
	}
	open[file] = text
	return overlay{os.DirFS(v.folder), open}
}

// word is the name at the place that is asked about, and the column at which it begins; empty if there
// is none. Names of blocks have hyphens, those in expressions have none.
func (v *view) word(hyphens bool) (name string, from int) {
	line := v.text.line(v.line)
	begin := max(0, min(v.column-1, len(line)))
	end := begin
	is := func(r rune) bool { return inName(r) && (hyphens || r != '-') }
	for begin > 0 && is(line[begin-1]) {
		begin--
	}
	for end < len(line) && is(line[end]) {
		end++
	}
	return string(line[begin:end]), begin + 1
}

// nameAt is the name that begins at a place of a file.
func (now snapshot) nameAt(pos model.Pos) string {
	line := now.read(pos.File).line(pos.Line)
	from := min(max(pos.Column-1, 0), len(line))
	to := from
	for to < len(line) && inName(line[to]) {
		to++
	}
	return string(line[from:to])
}

// inName says which characters names have: those of expressions, and of blocks.
func inName(r rune) bool {
	return r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
