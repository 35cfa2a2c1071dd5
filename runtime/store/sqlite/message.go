package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file turns messages into rows and back, and puts them into a transaction.

// messageRow is a message as the arguments of stmtInsertMessage.
type messageRow [11]driver.Value

func encodeMessage(m *store.Message) (*messageRow, error) {
	if !knownMessage(m.Kind) {
		return nil, fmt.Errorf("send a message to the run %q: there is no kind %q", m.RunID, m.Kind)
	}
	failure, err := encodeError(m.Error)
	if err != nil {
		return nil, fmt.Errorf("send a message to the run %q: %w", m.RunID, err)
	}
	return &messageRow{
		string(m.Kind), m.Reason, m.Actor, fromTime(m.At), m.Name, m.Key, m.SignalID, fromJSON(m.Payload), failure,
		messageSum(m, failure), m.RunID,
	}, nil
}

func knownMessage(kind store.MessageKind) bool {
	switch kind {
	case store.MessageCancel, store.MessageTerminate, store.MessagePause, store.MessageResume, store.MessageSkipDelay,
		store.MessageSignal, store.MessageChild:
		return true
	}
	return false
}

// send stores a message and makes its run due. The id is 0 if there is no run to take it.
func (b *batch) send(row *messageRow) (id int64, err error) {
	result, err := b.w.conn.exec(stmtInsertMessage, row[:]...)
	if err != nil {
		return 0, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return 0, err
	}
	b.wrote = true
	if id, err = result.LastInsertId(); err != nil {
		return 0, err
	}
	run := row[len(row)-1]
	if kind, _ := row[0].(string); store.MessageKind(kind).Ends() { // it needs no place for that
		if _, err := b.write(stmtUnblock, run); err != nil {
			return 0, err
		}
	}
	_, err = b.write(stmtWake, run)
	return id, err
}

// messageColumns are what scanMessage reads, from messages joined with runs.
const messageColumns = `messages.run, messages.id, runs.id, messages.kind, messages.reason, messages.actor, messages.at,
	messages.name, messages.key, messages.signal_id, messages.payload, messages.error, messages.sum`

func scanMessage(scan func(...any) error) (run int64, m store.Message, err error) {
	var at int64
	var failure []byte
	var sum sql.NullInt64 // rows of earlier layouts have none
	if err := scan(&run, &m.ID, &m.RunID, &m.Kind, &m.Reason, &m.Actor, &at,
		&m.Name, &m.Key, &m.SignalID, (*[]byte)(&m.Payload), &failure, &sum); err != nil {
		return 0, store.Message{}, err
	}
	m.At = toTime(at)
	if sum.Valid && sum.Int64 != messageSum(&m, failure) {
		return run, store.Message{}, damaged("the message %d to the run %q is not what was stored: its checksum is another one", m.ID, m.RunID)
	}
	if err := decodeError(failure, &m.Error); err != nil {
		return run, store.Message{}, fmt.Errorf("the message %d to the run %q: %w", m.ID, m.RunID, err)
	}
	if !knownMessage(m.Kind) {
		return run, store.Message{}, damaged("the message %d to the run %q has the kind %q", m.ID, m.RunID, m.Kind)
	}
	return run, m, nil
}
