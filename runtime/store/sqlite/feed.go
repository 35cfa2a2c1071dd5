package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file reads what became visible, for those who follow runs.

var _ store.Feed = (*Store)(nil)

const (
	headByIDText  = `SELECT ` + headColumns + ` FROM runs WHERE id = ?`
	headByRunText = `SELECT ` + headColumns + ` FROM runs WHERE run = ?`
	lastInLogText = `SELECT coalesce(max(max(seq, end_seq)), 0) FROM log WHERE run = ?`
	logBetween    = `SELECT ` + entryColumns + ` FROM log
		WHERE run = ?1 AND (seq > ?2 AND seq <= ?3 OR end_seq > ?2 AND end_seq <= ?3) ORDER BY seq`
	edgesText       = `SELECT coalesce(min(number), 0), coalesce(max(number), 0) FROM commits`
	commitsFromText = `SELECT number, moves FROM commits WHERE number > ? ORDER BY number LIMIT ?`
)

// Find implements store.Feed.
func (s *Store) Find(ctx context.Context, runID string) (store.Run, store.Move, error) {
	leave, err := s.enter("find a run")
	if err != nil {
		return store.Run{}, store.Move{}, err
	}
	defer leave()
	var row runRow
	var last int64
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		row, err = scanRun(tx.StmtContext(ctx, s.reads.headByID).QueryRowContext(ctx, runID).Scan, false)
		if err != nil {
			return err
		}
		return tx.StmtContext(ctx, s.reads.lastInLog).QueryRowContext(ctx, row.key).Scan(&last)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.Run{}, store.Move{}, store.ErrNotFound // whoever asks names the run
	case err != nil:
		return store.Run{}, store.Move{}, wrap(s.path, fmt.Sprintf("read the run %q", runID), err)
	}
	return row.Run, store.Move{Key: row.key, Tag: tagOf(row.ID), Last: max(last, lastOf(&row.Run, nil))}, nil
}

// Newest implements store.Feed.
func (s *Store) Newest(ctx context.Context) (int64, error) {
	leave, err := s.enter("look for the newest commit")
	if err != nil {
		return 0, err
	}
	defer leave()
	var oldest, newest int64
	if err := s.reads.edges.QueryRowContext(ctx).Scan(&oldest, &newest); err != nil {
		return 0, wrap(s.path, "look for the newest commit", err)
	}
	return newest, nil
}

// Commits implements store.Feed.
func (s *Store) Commits(ctx context.Context, after int64, limit int) ([]store.Commit, error) {
	leave, err := s.enter("read what changed")
	if err != nil {
		return nil, err
	}
	defer leave()
	var oldest, newest int64
	var commits []store.Commit
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		if err := tx.StmtContext(ctx, s.reads.edges).QueryRowContext(ctx).Scan(&oldest, &newest); err != nil {
			return err
		}
		rows, err := tx.StmtContext(ctx, s.reads.commitsFrom).QueryContext(ctx, after, limit)
		return each(rows, err, func(scan func(...any) error) error {
			var c store.Commit
			var moves []byte
			if err := scan(&c.Number, &moves); err != nil {
				return err
			}
			if c.Moves, err = decodeMoves(moves); err != nil { // who follows goes on behind it
				return errors.Join(store.ErrForgotten, err)
			}
			commits = append(commits, c)
			return nil
		})
	})
	switch {
	case err != nil:
		return nil, wrap(s.path, "read what changed", err)
	case after < oldest-1 || after > newest:
		return nil, fmt.Errorf("read what changed after commit %d: %w", after, store.ErrForgotten)
	}
	return commits, nil
}

// Read implements store.Feed.
func (s *Store) Read(ctx context.Context, moves []store.Move) ([]store.Moved, error) {
	leave, err := s.enter("read what became visible")
	if err != nil {
		return nil, err
	}
	defer leave()
	moved := make([]store.Moved, len(moves))
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		head, log := tx.StmtContext(ctx, s.reads.headByRun), tx.StmtContext(ctx, s.reads.logBetween)
		for i, m := range moves {
			moved[i], err = readMove(ctx, head, log, m)
			if errors.Is(err, store.ErrDamaged) { // it is not to keep all others from being followed
				moved[i], err = store.Moved{Move: m}, nil
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, wrap(s.path, "read what became visible", err)
	}
	return moved, nil
}

func readMove(ctx context.Context, head, log *sql.Stmt, m store.Move) (store.Moved, error) {
	moved := store.Moved{Move: m}
	row, err := scanRun(head.QueryRowContext(ctx, m.Key).Scan, false)
	if errors.Is(err, sql.ErrNoRows) || err == nil && tagOf(row.ID) != m.Tag {
		return moved, nil // it was deleted
	}
	if err != nil {
		return moved, err
	}
	moved.Run = row.Run
	rows, err := log.QueryContext(ctx, m.Key, m.After, m.Last)
	return moved, each(rows, err, func(scan func(...any) error) error {
		_, e, err := scanEntry(scan)
		moved.Entries = append(moved.Entries, e)
		return err
	})
}

// Watch implements store.Feed.
func (s *Store) Watch(wake func()) (stop func()) {
	if s.writer == nil {
		return func() {} // it never writes
	}
	return s.writer.watchers.add(wake)
}
