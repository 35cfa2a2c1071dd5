package store

import (
	"context"
	"errors"

	"github.com/bextgen/bextgen/runtime/flow"
)

// This file is the part of the port for those who follow runs as they change.
//
// What happens to a run has sequence numbers (flow.Entry). A store makes them visible in
// their order: who reads a number has read, or can read, all smaller ones. So a reader is at
// one number of a run, and what is behind that is new to him.

// ErrForgotten says that a store does not know any more what followed a commit, or never knew the commit.
var ErrForgotten = errors.New("the store does not know any more what followed that commit")

// Move says that sequence numbers of a run became visible: those greater than After, up to Last.
type Move struct {
	Key int64 // the store's own key of the run
	// Tag is made of the run's id: it tells whether a run that has the key now is the
	// one that had it then. It belongs to the store.
	Tag         uint32
	After, Last int64
}

// Commit is what one transaction made visible; it may be nothing.
type Commit struct {
	// Number is greater than that of each commit before.
	Number int64
	Moves  []Move
}

// Moved is a Move with what became visible.
type Moved struct {
	Move
	// Run is the run's head as it is now, without payloads. It has no ID if the run was deleted, or
	// cannot be read.
	Run Run
	// Entries are those that began or ended with one of the numbers, by Seq.
	Entries []flow.Entry
}

// Feed is a store that tells what became visible, and in which order.
type Feed interface {
	Store

	// Find returns the head of a run, without payloads, and all of its numbers that are
	// visible, as one Move. It returns ErrNotFound.
	Find(ctx context.Context, runID string) (Run, Move, error)

	// Newest is the number of the latest commit; 0 before the first.
	Newest(ctx context.Context) (int64, error)

	// Commits are those behind a number, in their order, at most limit of them. It returns
	// ErrForgotten if there are others in between that are not kept, or no commit
	// ever had the number. A store keeps those of some hours or days.
	Commits(ctx context.Context, after int64, limit int) ([]Commit, error)

	// Read reads what moves made visible, all at one moment.
	Read(ctx context.Context, moves []Move) ([]Moved, error)

	// Watch has a function called behind each commit of this process that makes something visible,
	// until stop is called. It is called by who writes, and must return at once.
	// Commits of other processes are found with Newest.
	Watch(wake func()) (stop func())
}
