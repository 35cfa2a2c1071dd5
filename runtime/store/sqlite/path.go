package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// This file is about names: of the database's file and of its connections.

// Settings of all connections.
const (
	busyTimeout = 10 * time.Second
	// maxLinks is how many symbolic links are followed, as in the kernel.
	maxLinks = 40
)

// resolve is the one name of the file at path: absolute and without symbolic
// links, so that everybody who opens the file finds the same lock beside it.
// The file need not exist; its folder must.
func resolve(path string) (string, error) {
	if path == "" {
		return "", errors.New("the path of the database is empty")
	}
	name, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	for range maxLinks {
		dir, err := filepath.EvalSymlinks(filepath.Dir(name))
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s: the folder %s does not exist; create it first: %w", path, filepath.Dir(name), err)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		name = filepath.Join(dir, filepath.Base(name))
		info, err := os.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return name, nil
		case err != nil:
			return "", fmt.Errorf("%s: %w", path, err)
		case info.IsDir():
			return "", fmt.Errorf("%s: this is a folder; the path must name a file", path)
		case info.Mode()&fs.ModeSymlink == 0:
			return name, nil
		}
		target, err := os.Readlink(name)
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		name = target
	}
	return "", fmt.Errorf("%s: more than %d symbolic links in a row", path, maxLinks)
}

// lockPath is the file whose lock is the right to execute.
func lockPath(database string) string { return database + ".lock" }

// uri names the database for SQLite. As a URI, any character may stand in the path.
func uri(database string, params url.Values) string {
	// SQLite does not read a + as a space.
	query := strings.ReplaceAll(params.Encode(), "+", "%20")
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(database), RawQuery: query}
	if filepath.VolumeName(database) != "" {
		u.Path = "/" + u.Path // file:///C:/…
	}
	return u.String()
}

// probeURI opens a file without changing anything about it. With create, a file
// that is not there is made, with the mode of the lock file.
func probeURI(database string, create bool) string {
	params := url.Values{"_busy_timeout": {milliseconds(busyTimeout)}, "mode": {"rw"}}
	if create {
		params.Set("mode", "rwc")
		params.Set("modeof", lockPath(database))
	}
	return uri(database, params)
}

// writerURI opens the writing connection.
func writerURI(database string, synchronous Synchronous) string {
	return uri(database, url.Values{
		"mode":          {"rw"},
		"_busy_timeout": {milliseconds(busyTimeout)},
		"_pragma": {
			"synchronous(" + string(synchronous) + ")",
			"wal_autocheckpoint(2000)",
			"journal_size_limit(67108864)",
			// On macOS a plain fsync does not reach the disk; elsewhere these say nothing.
			"fullfsync(1)", "checkpoint_fullfsync(1)",
		},
	})
}

// readerURI opens a connection that cannot write.
func readerURI(database string) string { return readingURI(database, "rw") } // readers of a WAL write to its index

// readOnlyURI opens a connection that cannot write and, where it is the last one to close,
// leaves the WAL alone.
func readOnlyURI(database string) string { return readingURI(database, "ro") }

func readingURI(database, mode string) string {
	return uri(database, url.Values{
		"mode":          {mode},
		"_busy_timeout": {milliseconds(busyTimeout)},
		"_query_only":   {"1"},
	})
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
