package sqlite

import (
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file keeps the numbers about runs. What the changes of a transaction make of them is
// added up, and written into its row of commits; from time to time those of many transactions are
// folded into the tables of the numbers, run_counts and run_slots. Who reads adds up both.

// standing is how a run stands on disk.
type standing struct {
	flow, tenant string
	status       flow.Status
}

// tally is what a transaction changes of the numbers.
type tally struct {
	counts map[countKey]counts
	slots  map[slotKey]happened

	// tenants are those of which numbers of the slot are kept apart.
	slot    int64
	tenants map[string]bool
	// swept is the slot in which old rows were deleted last.
	swept int64
}

type countKey struct{ flow, tenant string }

// counts are numbers of runs, by counted.
type counts [5]int64

// counted are the statuses in the order of the columns.
var counted = [...]flow.Status{
	flow.StatusPending, flow.StatusRunning, flow.StatusCompleted, flow.StatusFailed, flow.StatusCancelled,
}

type slotKey struct {
	slot   int64
	flow   string
	others bool // the tenant is not kept apart
	tenant string
	bucket int
}

// happened are how many runs were started, and how many completed, failed and were cancelled.
type happened [4]int64

func newTally() *tally {
	return &tally{counts: map[countKey]counts{}, slots: map[slotKey]happened{}, tenants: map[string]bool{}}
}

// reset begins another transaction.
func (t *tally) reset() {
	clear(t.counts)
	clear(t.slots)
}

// created counts a new run.
func (t *tally) created(row *newRunRow) {
	t.count(row.flow(), row.tenant(), flow.StatusPending, 1)
	t.happen(row.created(), row.flow(), row.tenant(), store.NoDuration, 0)
}

// moved counts a run that had a standing and has a head now.
func (t *tally) moved(s *standing, head *headRow) {
	to := head.status()
	if s == nil || s.status == to {
		return
	}
	t.count(s.flow, s.tenant, s.status, -1)
	t.count(s.flow, s.tenant, to, 1)
	s.status = to
	if !to.Final() {
		return
	}
	bucket := store.NoDuration
	if started := head.started(); started != 0 {
		bucket = store.BucketOf(time.Duration(head.finished()-started) * time.Millisecond)
	}
	for i, status := range counted[2:] {
		if status == to {
			t.happen(head.finished(), s.flow, s.tenant, bucket, i+1)
		}
	}
}

func (t *tally) count(flowName, tenant string, status flow.Status, n int64) {
	key := countKey{flowName, tenant}
	c := t.counts[key]
	for i := range counted {
		if counted[i] == status {
			c[i] += n
		}
	}
	t.counts[key] = c
}

func (t *tally) happen(at int64, flowName, tenant string, bucket, what int) {
	key := slotKey{slot: fromTime(store.SlotOf(toTime(at))), flow: flowName, tenant: tenant, bucket: bucket}
	if key.slot != t.slot {
		t.slot = key.slot
		clear(t.tenants)
	}
	if !t.tenants[tenant] {
		if len(t.tenants) < store.MaxSlotTenants {
			t.tenants[tenant] = true
		} else {
			key.others, key.tenant = true, ""
		}
	}
	h := t.slots[key]
	h[what]++
	t.slots[key] = h
}

// encode is what the row of the transaction in commits says of the numbers.
func (t *tally) encode() []byte {
	w := &fieldWriter{}
	for key, c := range t.counts {
		if c == (counts{}) {
			continue
		}
		w.number(countRecord)
		w.text(key.flow)
		w.text(key.tenant)
		for _, n := range c {
			w.number(n)
		}
	}
	for key, h := range t.slots {
		w.number(slotRecord)
		w.number(key.slot)
		w.text(key.flow)
		w.flag(key.others)
		w.text(key.tenant)
		w.number(int64(key.bucket))
		for _, n := range h {
			w.number(n)
		}
	}
	return w.fields
}

// What the records of an encoded tally are about.
const (
	countRecord int64 = iota
	slotRecord
)

// add adds what another transaction changed of the numbers; nothing, if that cannot be read.
func (t *tally) add(encoded []byte) error {
	other, err := decodeTally(encoded)
	if err != nil {
		return err
	}
	for key, more := range other.counts {
		c := t.counts[key]
		for i := range c {
			c[i] += more[i]
		}
		t.counts[key] = c
	}
	for key, more := range other.slots {
		h := t.slots[key]
		for i := range h {
			h[i] += more[i]
		}
		t.slots[key] = h
	}
	return nil
}

// decodeTally reads what encode wrote.
func decodeTally(encoded []byte) (*tally, error) {
	t := newTally()
	r := &fieldReader{fields: encoded}
	for len(r.fields) > 0 {
		switch r.number() {
		case countRecord:
			key := countKey{flow: r.text(), tenant: r.text()}
			var c counts
			for i := range c {
				c[i] = r.number()
			}
			t.counts[key] = c
		case slotRecord:
			key := slotKey{slot: r.number(), flow: r.text(), others: r.flag(), tenant: r.text(), bucket: int(r.number())}
			var h happened
			for i := range h {
				h[i] = r.number()
			}
			t.slots[key] = h
		default:
			r.fail()
		}
	}
	if r.bad {
		return nil, damaged("the numbers in a row of commits cannot be read")
	}
	return t, nil
}

// unfoldedText are the numbers that are not in the tables.
const unfoldedText = `SELECT tally FROM commits WHERE number > (SELECT folded FROM meta WHERE id = 1)`

// fold puts the numbers of all transactions up to this one into the tables. The first time in each
// slot it also deletes what is old, and the counts of those who have no runs any more.
func (b *batch) fold() error {
	if err := b.foldNumbers(); err != nil {
		return err
	}
	if _, err := b.write(stmtFolded, b.number); err != nil {
		return err
	}
	t := b.w.tally
	if t.slot <= t.swept {
		return nil
	}
	t.swept = t.slot
	if _, err := b.write(stmtForgetSlots, t.slot-store.SlotsKept.Milliseconds()); err != nil {
		return err
	}
	_, err := b.write(stmtForgetCounts)
	return err
}

// foldNumbers leaves out what cannot be read: nobody's run is to wait for that. The runs are counted anew then.
func (b *batch) foldNumbers() error {
	all, bad := newTally(), false
	err := b.w.conn.query(unfoldedText, nil, func(row []value) error {
		encoded, _ := row[0].([]byte)
		bad = all.add(encoded) != nil || bad
		return nil
	})
	if err == nil && bad {
		clear(all.counts)
		err = b.w.conn.run(recountText)
	}
	if err != nil {
		return err
	}
	return all.write(func(s statement, values ...value) error {
		_, err := b.write(s, values...)
		return err
	})
}

// recountText makes run_counts anew.
const recountText = `DELETE FROM run_counts;
	INSERT INTO run_counts (flow, tenant, pending, running, completed, failed, cancelled)
	SELECT flow, tenant, sum(status = 'pending'), sum(status = 'running'),
		sum(status = 'completed'), sum(status = 'failed'), sum(status = 'cancelled')
	FROM runs GROUP BY flow, tenant`

// write adds the numbers to those in the tables.
func (t *tally) write(write func(s statement, values ...value) error) error {
	for key, c := range t.counts {
		if err := write(stmtAddCounts, key.flow, key.tenant, c[0], c[1], c[2], c[3], c[4]); err != nil {
			return err
		}
	}
	for key, h := range t.slots {
		others := int64(0)
		if key.others {
			others = 1
		}
		if err := write(stmtAddSlot, key.slot, key.flow, others, key.tenant, int64(key.bucket), h[0], h[1], h[2], h[3]); err != nil {
			return err
		}
	}
	return nil
}

// standing is how a claimed run stands before its head is written; nil if there is no such run.
func (b *batch) standing(run int64) (*standing, error) {
	if s := b.w.claims.standing(run); s != nil {
		return s, nil
	}
	var found *standing
	err := b.w.conn.query(`SELECT flow, tenant, status FROM runs WHERE run = ?`, []value{run}, func(row []value) error {
		flowName, ok1 := row[0].(string)
		tenant, ok2 := row[1].(string)
		status, ok3 := row[2].(string)
		if !ok1 || !ok2 || !ok3 {
			return damaged("the run with the key %d has no flow, tenant and status", run)
		}
		found = &standing{flowName, tenant, flow.Status(status)}
		return nil
	})
	b.w.claims.note(run, found)
	return found, err
}
