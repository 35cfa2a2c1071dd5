package lsp

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/bextgen/bextgen/schema/parse"
)

// document is a flow file or types file that is open in the editor.
type document struct {
	uri     string // as the client writes it
	version int
	content string
}

// specPath is the path of a flow file or types file by its URI; false for what is none.
func specPath(uri string) (string, bool) {
	path, ok := filePath(uri)
	if !ok || !strings.HasSuffix(path, parse.FlowSuffix) && !strings.HasSuffix(path, parse.TypesSuffix) {
		return "", false
	}
	return path, true
}

func (s *server) didOpen(ctx context.Context, req *jsonrpc2.Request) error {
	var params didOpenParams
	if err := read(req, &params); err != nil {
		return err
	}
	d := params.Document
	if path, ok := specPath(d.URI); ok {
		s.mu.Lock()
		s.documents[path] = &document{d.URI, d.Version, d.Text}
		s.mu.Unlock()
		s.changed(ctx, path)
	}
	return nil
}

func (s *server) didChange(ctx context.Context, req *jsonrpc2.Request) error {
	var params didChangeParams
	if err := read(req, &params); err != nil {
		return err
	}
	path, _ := specPath(params.Document.URI)
	s.mu.Lock()
	d, open := s.documents[path]
	for _, c := range params.Changes {
		if open && c.Range == nil { // of a part there is none: the server does not say that it takes them
			s.documents[path] = &document{d.uri, params.Document.Version, c.Text}
		}
	}
	s.mu.Unlock()
	if open {
		s.changed(ctx, path)
	}
	return nil
}

func (s *server) didClose(ctx context.Context, req *jsonrpc2.Request) error {
	return s.about(ctx, req, func(path string) {
		s.mu.Lock()
		delete(s.documents, path)
		s.mu.Unlock()
	})
}

func (s *server) didSave(ctx context.Context, req *jsonrpc2.Request) error {
	return s.about(ctx, req, func(string) {})
}

// about does something for the document that a message is about, whose folder has changed then.
func (s *server) about(ctx context.Context, req *jsonrpc2.Request, do func(path string)) error {
	var params documentParams
	if err := read(req, &params); err != nil {
		return err
	}
	if path, ok := specPath(params.Document.URI); ok {
		do(path)
		s.changed(ctx, path)
	}
	return nil
}

// didChangeWatched checks folders again that are known, and of which files changed on disk.
func (s *server) didChangeWatched(ctx context.Context, req *jsonrpc2.Request) error {
	var params watchedParams
	if err := read(req, &params); err != nil {
		return err
	}
	for _, c := range params.Changes {
		path, ok := specPath(c.URI)
		s.mu.Lock()
		_, known := s.folders[filepath.Dir(path)]
		s.mu.Unlock()
		if ok && known {
			s.changed(ctx, path)
		}
	}
	return nil
}
