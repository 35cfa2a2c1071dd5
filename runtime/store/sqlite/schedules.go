package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file keeps where the schedules of flows are.

// Schedule implements store.Store.
func (s *Store) Schedule(ctx context.Context, flow, name string) (store.Schedule, error) {
	leave, err := s.enter("read a schedule")
	if err != nil {
		return store.Schedule{}, err
	}
	defer leave()
	found := store.Schedule{Flow: flow, Name: name}
	var last int64
	var sum sql.NullInt64 // rows of earlier layouts have none
	err = s.reads.schedule.QueryRowContext(ctx, flow, name).Scan(&last, &found.LastRun, &sum)
	if sum.Valid && sum.Int64 != checksum(last, found.LastRun, flow, name) {
		err = damaged("it is not what was stored: its checksum is another one")
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return store.Schedule{}, wrap(s.path, fmt.Sprintf("read the schedule %q of the flow %s", name, flow), err)
	}
	found.Last = toTime(last)
	return found, nil
}

// SaveSchedule implements store.Store.
func (s *Store) SaveSchedule(ctx context.Context, schedule store.Schedule) error {
	leave, err := s.enter("save a schedule")
	if err != nil {
		return err
	}
	defer leave()
	return s.write(ctx, &saving{schedule: schedule})
}

// saving stores where a schedule is.
type saving struct {
	request
	schedule store.Schedule
}

func (c *saving) apply(b *batch) error {
	row := []value{fromTime(c.schedule.Last), c.schedule.LastRun, c.schedule.Flow, c.schedule.Name}
	_, err := b.write(stmtSaveSchedule, append(row, checksum(row...))...)
	return err
}
