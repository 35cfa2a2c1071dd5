package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is messages to runs.

// Send implements store.Store.
func (s *Store) Send(ctx context.Context, m store.Message) (store.Message, error) {
	leave, err := s.enter(ctx, "send a message")
	if err != nil {
		return store.Message{}, err
	}
	defer leave()
	if err := checkMessage(&m); err != nil {
		return store.Message{}, err
	}
	r := s.data.runs[m.RunID]
	switch {
	case r == nil:
		return store.Message{}, fmt.Errorf("the run %q: %w", m.RunID, store.ErrNotFound)
	case m.Flow != "" && m.Flow != r.Flow:
		return store.Message{}, fmt.Errorf("the run %q is one of %s, not of %s: %w", m.RunID, r.Flow, m.Flow, store.ErrNotFound)
	case m.Flow != "" && !flow.SameMajor(m.Version, r.Version):
		return store.Message{}, fmt.Errorf("the run %q began with version %s, and who sends has %s: %w", m.RunID, r.Version, m.Version, store.ErrOtherVersion)
	case r.Status.Final():
		return store.Message{}, fmt.Errorf("the run %q: %w", m.RunID, store.ErrFinal)
	}
	m.ID, m.At = s.data.send(m), stored(m.At)
	return m, nil
}

// send stores a message, if there is a run to take it, and makes that due.
func (d *Data) send(m store.Message) (id int64) {
	r := d.runs[m.RunID]
	if r == nil || r.Status.Final() {
		return 0
	}
	d.lastMessage++
	m.ID, m.At, m.Flow, m.Version = d.lastMessage, stored(m.At), "", ""
	r.messages = append(r.messages, m)
	if r.token == 0 && r.Status == flow.StatusRunning {
		r.dormant, r.WakeAt = false, time.Time{}
	}
	return m.ID
}

func checkMessage(m *store.Message) error {
	switch m.Kind {
	case store.MessageCancel, store.MessageTerminate, store.MessagePause, store.MessageResume, store.MessageSkipDelay,
		store.MessageSignal, store.MessageChild:
	default:
		return fmt.Errorf("send a message to the run %q: there is no kind %q", m.RunID, m.Kind)
	}
	return checkError(m.Error)
}

// Messages implements store.Store.
func (s *Store) Messages(ctx context.Context, runID string) ([]store.Message, error) {
	leave, err := s.enter(ctx, "look for messages")
	if err != nil {
		return nil, err
	}
	defer leave()
	if r := s.data.runs[runID]; r != nil {
		return slices.Clone(r.messages), nil
	}
	return nil, nil
}

// Unobeyed implements store.Store.
func (s *Store) Unobeyed(ctx context.Context) ([]store.Message, error) {
	leave, err := s.enter(ctx, "look for messages")
	if err != nil {
		return nil, err
	}
	defer leave()
	var all []store.Message
	for _, r := range s.data.live {
		if r.token != 0 {
			all = append(all, r.messages...)
		}
	}
	slices.SortFunc(all, func(a, b store.Message) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}
