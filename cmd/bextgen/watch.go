// bextgen generate --watch: generates again when a file changes.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a folder has to be quiet before it is looked at: editors write a file in
// several steps, and git many files.
const settle = 100 * time.Millisecond

// watch generates the code of folders, and again when something in them changes, until the
// context ends. What is wrong is told, and the files that were generated last stay.
func watch(ctx context.Context, folders []string, generate func() error, stderr io.Writer) (err error) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch for changes: %w", err)
	}
	defer func() { err = errors.Join(err, watcher.Close()) }()
	for _, folder := range folders { // folders, since editors replace files
		if err := watcher.Add(folder); err != nil {
			return fmt.Errorf("watch %s: %w", folder, err)
		}
	}
	again := func() error {
		if err := generate(); err != nil && !errors.Is(err, errFound) {
			var p *problem
			if !errors.As(err, &p) {
				return err
			}
			fmt.Fprintf(stderr, "bextgen: %v\n", p)
		}
		return nil
	}
	if err := again(); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "watching %s; stop with Ctrl-C\n", strings.Join(folders, ", "))
	return follow(ctx, watcher.Events, watcher.Errors, again)
}

// follow calls again when changes have come and it is quiet.
func follow(ctx context.Context, events <-chan fsnotify.Event, failures <-chan error, again func() error) error {
	quiet := time.NewTimer(0)
	quiet.Stop()
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-events:
			if concerns(e.Name) {
				quiet.Reset(settle)
			}
		case err := <-failures:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("watch for changes: %w", err)
			}
			quiet.Reset(settle) // some changes were not told
		case <-quiet.C:
			if err := again(); err != nil {
				return err
			}
		}
	}
}

// concerns says whether what is generated may depend on a file: flow files and types, and Go
// with types of the user's own, but not what is generated.
func concerns(path string) bool {
	name := filepath.Base(path)
	switch {
	case strings.HasPrefix(name, "."):
		return false // of an editor, or ours while it is written
	case strings.HasSuffix(name, ".flow.yaml"), strings.HasSuffix(name, ".types.yaml"):
		return true
	}
	return filepath.Ext(name) == ".go" && !strings.HasSuffix(name, ".flow.go") && !ours(path)
}
