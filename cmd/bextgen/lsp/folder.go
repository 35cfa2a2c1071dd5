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
	path  string
	wake  chan struct{} // says, once, that there is a new revision
	hurry chan struct{} // says, once, that somebody waits for it to be checked

	// Guarded by the server's mutex:
	revision int             // counts changes
	seen     *view           // of the last check; nil before the first
	news     chan struct{}   // closed when seen changes
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
		f = &folder{path: dir, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), news: make(chan struct{}), told: map[string]bool{}}
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
		case <-f.hurry:
			quiet.Reset(0)
		case <-quiet.C:
			s.check(ctx, f)
		}
	}
}

// check checks a folder and publishes what is wrong, unless it has changed meanwhile.
func (s *server) check(ctx context.Context, f *folder) {
	now := s.snapshot(f)
	if s.fresh(f) {
		return // who waited for it came a moment late
	}
	pkg, list := s.load(now.fsys, f.path)
	for _, m := range s.checked(f, &view{snapshot: now, folder: f.path, pkg: pkg, list: list}) {
		if err := s.conn.Notify(ctx, "textDocument/publishDiagnostics", m); err != nil {
			return // the conversation is over
		}
	}
}

// fresh says whether a folder was checked as it is.
func (s *server) fresh(f *folder) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f.seen != nil && f.seen.revision == f.revision
}

// checked keeps what was found, and returns what is to be published; nothing if the folder has changed meanwhile.
func (s *server) checked(f *folder, v *view) []publishParams {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.revision != v.revision {
		return nil
	}
	if v.outdated = v.pkg == nil; v.outdated && f.seen != nil {
		v.pkg = f.seen.pkg
	}
	f.seen = v
	close(f.news)
	f.news = make(chan struct{})
	return f.messages(v)
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

// messages are what is to be published of a folder.
func (f *folder) messages(v *view) []publishParams {
	found := v.diagnostics(f.path, v.list)
	for name := range f.told {
		if _, there := found[name]; !there {
			found[name] = []diagnostic{}
		}
	}
	var messages []publishParams
	for _, name := range slices.Sorted(maps.Keys(found)) {
		m := publishParams{URI: v.uri(f.path, name), Diagnostics: found[name]}
		if d, open := v.open[name]; open {
			m.Version = &d.version
		}
		messages = append(messages, m)
		if f.told[name] = true; len(m.Diagnostics) == 0 {
			delete(f.told, name)
		}
	}
	return messages
}
