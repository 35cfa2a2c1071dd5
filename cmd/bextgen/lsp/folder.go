package lsp

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// folder is a package: its files are checked together.
type folder struct {
	path string
	wake chan struct{} // says, once, that there is a new revision

	// Guarded by the server's mutex:
	revision int             // counts changes
	told     map[string]bool // files, by base name, that have diagnostics in the editor
}

// snapshot is a folder's documents at a moment.
type snapshot struct {
	revision int
	fsys     fs.FS
	open     map[string]*document // by base name
}

// changed says that a document is not as it was.
func (s *server) changed(ctx context.Context, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := filepath.Dir(path)
	f, known := s.folders[dir]
	if !known {
		f = &folder{path: dir, wake: make(chan struct{}, 1), told: map[string]bool{}}
		s.folders[dir] = f
		s.work.Go(func() { s.follow(ctx, f) })
	}
	f.revision++
	select {
	case f.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// follow checks a folder whenever it has changed and it is quiet.
func (s *server) follow(ctx context.Context, f *folder) {
	quiet := time.NewTimer(0)
	quiet.Stop()
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
			quiet.Reset(s.opts.Settle)
		case <-quiet.C:
			s.check(ctx, f)
		}
	}
}

// check checks a folder and publishes what is wrong, unless it has changed meanwhile.
func (s *server) check(ctx context.Context, f *folder) {
	now := s.snapshot(f)
	_, list := s.load(now.fsys, f.path)
	if messages, ok := s.messages(f, now, list); ok {
		for _, m := range messages {
			if err := s.conn.Notify(ctx, "textDocument/publishDiagnostics", m); err != nil {
				return // the conversation is over
			}
		}
	}
}

func (s *server) snapshot(f *folder) snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := snapshot{revision: f.revision, open: map[string]*document{}}
	texts := map[string]string{}
	for path, d := range s.documents {
		if filepath.Dir(path) == f.path {
			now.open[filepath.Base(path)] = d
			texts[filepath.Base(path)] = d.content
		}
	}
	now.fsys = overlay{os.DirFS(f.path), texts}
	return now
}

// load keeps a mistake in a check from ending the server.
func (s *server) load(fsys fs.FS, folder string) (pkg *model.Package, list diag.List) {
	defer func() {
		if r := recover(); r != nil {
			s.log("internal error in the check of %s: %v\n%s", folder, r, debug.Stack())
			pkg, list = nil, diag.List{{Code: diag.Unreadable, Message: fmt.Sprintf("bextgen itself has a fault: %v", r)}}
		}
	}()
	return s.opts.Load(fsys, folder)
}

// messages are what is to be published of a folder; false if that is not true any more.
func (s *server) messages(f *folder, now snapshot, list diag.List) ([]publishParams, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.revision != now.revision {
		return nil, false
	}
	found := now.diagnostics(f.path, list)
	for name := range f.told {
		if _, there := found[name]; !there {
			found[name] = []diagnostic{}
		}
	}
	var messages []publishParams
	for _, name := range slices.Sorted(maps.Keys(found)) {
		diagnostics := found[name]
		m := publishParams{URI: now.uri(f.path, name), Diagnostics: diagnostics}
		if d, open := now.open[name]; open {
			m.Version = &d.version
		}
		messages = append(messages, m)
		if f.told[name] = true; len(diagnostics) == 0 {
			delete(f.told, name)
		}
	}
	return messages, true
}
