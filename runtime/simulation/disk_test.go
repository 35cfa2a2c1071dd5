package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is the disk of a process: it is slow, it fails, and at some of its writes
// the process dies.

var errDisk = errors.New("the disk failed, says the simulation")

// disk is the store of one process.
type disk struct {
	store.Store
	p *process
	// Guarded by world.mu.
	writes int            // that the process asked for
	asked  map[string]int // how often it asked, by what for
}

// draw is for the next time that the process asks for something.
func (d *disk) draw(what string) *rand.Rand {
	d.p.w.mu.Lock()
	d.asked[what]++
	n := d.asked[what]
	d.p.w.mu.Unlock()
	return d.p.w.dice.of("disk", d.p.number, what, n)
}

// write makes a write: before it and after it time passes, the process may die, and
// an error may be all that the writer hears.
func (d *disk) write(what string, make func() error) error {
	w, r := d.p.w, d.draw(what)
	before, after := d.fault(r), d.fault(r)
	time.Sleep(d.latency(r))
	w.mu.Lock()
	d.writes++
	dies := 0
	if d.writes == d.p.diesAt && !w.quiet {
		dies = 1 + r.IntN(2)
	}
	if dies == 1 {
		d.p.die()
	}
	if d.p.isDead() || before {
		w.mu.Unlock()
		return d.unless(errDisk)
	}
	err := make()
	if dies == 2 {
		d.p.die()
	}
	w.mu.Unlock()
	time.Sleep(d.latency(r))
	if err == nil && after {
		err = errDisk
	}
	return d.unless(err)
}

// unless is an error, but for a process that is dead: that hears nothing any more.
func (d *disk) unless(err error) error {
	if d.p.isDead() {
		return fmt.Errorf("the process is dead: %w", store.ErrClosed)
	}
	return err
}

func (d *disk) fault(r *rand.Rand) bool { return chance(r, d.p.w.faults) && !d.p.w.isQuiet() }

func (d *disk) latency(r *rand.Rand) time.Duration {
	if chance(r, d.p.w.faults) {
		return upTo(r, 2*time.Second)
	}
	return upTo(r, 2*time.Millisecond)
}

// read is for what changes nothing, or what a store undoes if it cannot answer.
func (d *disk) read(what string) error {
	if d.p.w.faults > 0 && d.fault(d.draw(what)) {
		return d.unless(errDisk)
	}
	return d.unless(nil)
}

// Acquire implements store.Store.
func (d *disk) Acquire(ctx context.Context) (bool, error) {
	if err := d.read("acquire"); err != nil {
		return false, err
	}
	ok, err := d.Store.Acquire(ctx)
	if ok {
		d.p.w.executes(d.p)
	}
	return ok, err
}

// Create implements store.Store.
func (d *disk) Create(ctx context.Context, r store.Run, claim bool, limit int) (created store.Created, err error) {
	if r.RetryOf != "" { // the runtime draws its id: it would be another one each time
		r.ID = runID(d.draw("repeat " + r.Kept[0].Actor))
	}
	err = d.write("create "+r.ID, func() (err error) {
		created, err = d.Store.Create(ctx, r, claim, limit)
		if err == nil && !created.Existing {
			run := created.Run
			d.p.w.wrote(d.p, write{created: &run, kept: r.Kept})
		}
		return err
	})
	if err != nil && created.Claim != nil {
		// A store that cannot answer gives back the claim of which nobody knows.
		err = errors.Join(err, d.Store.Commit(context.Background(), store.Change{Claim: *created.Claim, Release: true}))
	}
	if err != nil {
		return store.Created{}, err
	}
	return created, nil
}

// Commit implements store.Store.
func (d *disk) Commit(ctx context.Context, c store.Change) error {
	if c.Lazy {
		if err := d.unless(nil); err != nil {
			return err
		}
		return d.Store.Commit(ctx, c)
	}
	return d.write("commit "+c.Claim.RunID, func() error {
		err := d.Store.Commit(ctx, c)
		if err == nil {
			d.p.w.wrote(d.p, write{change: c})
		}
		return err
	})
}

// Schedule implements store.Store.
func (d *disk) Schedule(ctx context.Context, flowName, name string) (store.Schedule, error) {
	if err := d.read("schedule"); err != nil {
		return store.Schedule{}, err
	}
	return d.Store.Schedule(ctx, flowName, name)
}

// SaveSchedule implements store.Store.
func (d *disk) SaveSchedule(ctx context.Context, s store.Schedule) error {
	return d.write("save schedule", func() error { return d.Store.SaveSchedule(ctx, s) })
}

// Send implements store.Store.
func (d *disk) Send(ctx context.Context, m store.Message) (sent store.Message, err error) {
	err = d.write("send "+m.RunID, func() (err error) {
		sent, err = d.Store.Send(ctx, m)
		return err
	})
	return sent, err
}

// Claim implements store.Store.
func (d *disk) Claim(ctx context.Context, q store.ClaimQuery) ([]store.Claimed, error) {
	r := d.draw("claim")
	if d.fault(r) {
		return nil, d.unless(errDisk)
	}
	time.Sleep(d.latency(r))
	if err := d.unless(nil); err != nil {
		return nil, err
	}
	claimed, err := d.Store.Claim(ctx, q)
	if len(claimed) > 0 {
		d.p.w.claimed(d.p, claimed, q.Suspect)
	}
	return claimed, err
}

// NextDue implements store.Store.
func (d *disk) NextDue(ctx context.Context, flows []store.FlowVersion) (time.Time, bool, error) {
	if err := d.read("next due"); err != nil {
		return time.Time{}, false, err
	}
	return d.Store.NextDue(ctx, flows)
}

// Unobeyed implements store.Store.
func (d *disk) Unobeyed(ctx context.Context) ([]store.Message, error) {
	if err := d.read("unobeyed"); err != nil {
		return nil, err
	}
	return d.Store.Unobeyed(ctx)
}

// Messages implements store.Store.
func (d *disk) Messages(ctx context.Context, runID string) ([]store.Message, error) {
	if err := d.read("messages " + runID); err != nil {
		return nil, err
	}
	return d.Store.Messages(ctx, runID)
}

// Get implements store.Store.
func (d *disk) Get(ctx context.Context, runID string) (store.Run, []flow.Entry, error) {
	if err := d.read("get " + runID); err != nil {
		return store.Run{}, nil, err
	}
	return d.Store.Get(ctx, runID)
}
