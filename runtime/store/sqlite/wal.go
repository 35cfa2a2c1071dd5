package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// This file keeps the WAL small.
//
// SQLite begins to write the WAL from its start again only at a moment at which
// nobody reads from it. With many reads, each of them short, such a moment may never come, and the
// file grows for ever. So the writer empties a WAL that has become large: it copies what
// is in it into the database, and waits for the readers of the moment; those that come
// meanwhile read from the database alone. It cannot do so while somebody, such as
// another program, reads from a snapshot for long: then it goes on writing, and tries again.

const (
	// walLimit is how large a WAL may become before it is emptied.
	walLimit = 32 << 20
	// walWait is how long readers are waited for, and with them all who want to write.
	walWait = 100 * time.Millisecond
	// firstWALPause and lastWALPause are how long after a try in vain the next one comes.
	firstWALPause = time.Second
	lastWALPause  = 30 * time.Second
	// walLook is how soon after a commit the size of the file is looked at.
	walLook = 100 * time.Millisecond
)

// wal is what the writer knows of the WAL.
type wal struct {
	limit   int64
	timer   *time.Timer   // for the next look
	waiting bool          // for that
	pause   time.Duration // before it; zero if the last one was not in vain
	commits int64         // that there were when it was asked for
}

func newWAL(limit int64) wal {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return wal{limit: limit, timer: timer}
}

// keepWALSmall lets the WAL be looked at soon, if something was written.
func (w *writer) keepWALSmall() {
	if !w.wal.waiting && w.wal.commits != w.commits {
		w.lookAtWAL(walLook)
	}
}

func (w *writer) lookAtWAL(after time.Duration) {
	w.wal.timer.Reset(after)
	w.wal.waiting, w.wal.commits = true, w.commits
}

// tryWAL empties the WAL if it is too large. What goes wrong is no failure of anybody's
// change: if it lasts, the next change says so.
func (w *writer) tryWAL() {
	w.wal.waiting = false
	info, err := os.Stat(w.path + "-wal")
	if err == nil && info.Size() <= w.wal.limit || errors.Is(err, fs.ErrNotExist) || w.conn == nil {
		w.wal.pause = 0
		return
	}
	if err == nil && w.emptyWAL() == nil {
		w.wal.pause = 0
		return
	}
	w.wal.pause = min(max(2*w.wal.pause, firstWALPause), lastWALPause)
	w.lookAtWAL(w.wal.pause)
}

// errWALInUse says that somebody reads from the WAL.
var errWALInUse = errors.New("somebody reads from the WAL")

// emptyWAL copies the WAL into the database and makes the file empty.
func (w *writer) emptyWAL() (err error) {
	if err := w.setBusyTimeout(walWait); err != nil {
		return err
	}
	defer func() {
		if end := w.setBusyTimeout(busyTimeout); end != nil {
			w.disconnect()
			err = errors.Join(err, end)
		}
	}()
	busy, ok, err := w.conn.number(`PRAGMA wal_checkpoint(TRUNCATE)`)
	if err == nil && ok && busy != 0 {
		err = errWALInUse
	}
	return err
}

func (w *writer) setBusyTimeout(d time.Duration) error {
	return w.conn.query(fmt.Sprintf(`PRAGMA busy_timeout = %d`, d.Milliseconds()), nil, func([]value) error { return nil })
}
