package sqlite

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file turns records into the values of rows and back. Values are made by
// the callers, on their own goroutines: the writer only binds them.

// entryRow is an entry as the arguments of stmtPutEntry. Most entries have
// nothing in the last seven: binding costs, so those are written with stmtPutPlainEntry.
type entryRow struct {
	seq    int64
	plain  bool
	values [17]driver.Value
	told   *[2]driver.Value // the last two arguments; nil where they are
}

// all are the arguments of stmtPutEntry and stmtInsertEntry.
func (r *entryRow) all() (args [19]driver.Value) {
	copy(args[:], r.values[:])
	if r.told != nil {
		copy(args[len(r.values):], r.told[:])
	}
	return args
}

// last is the greater of the entry's sequence numbers.
func (r *entryRow) last() int64 {
	end, _ := r.values[2].(int64)
	return max(r.seq, end)
}

// plainValues is how many arguments stmtPutPlainEntry takes.
const plainValues = 12

// sumPlace is which of the values is the checksum of the others, see checksum.go.
const sumPlace = 11

func encodeEntry(run int64, e *flow.Entry) (entryRow, error) {
	failure, err := encodeError(e.Error)
	if err != nil {
		return entryRow{}, fmt.Errorf("the entry %d: %w", e.Seq, err)
	}
	told, err := encodeTold(e.Told)
	if err != nil {
		return entryRow{}, fmt.Errorf("the entry %d: %w", e.Seq, err)
	}
	plain := e.Error == nil && e.Actor == "" && e.WakeAt.IsZero() && e.Key == "" && e.SignalID == "" &&
		told == nil
	row := entryRow{e.Seq, plain, [17]driver.Value{
		run, e.Seq, e.EndSeq, string(e.Kind), e.Step, int64(e.RunAttempt), int64(e.Attempt),
		fromTime(e.StartedAt), fromTime(e.FinishedAt), fromJSON(e.Input), fromJSON(e.Output), nil,
		e.Actor, fromTime(e.WakeAt), failure, e.Key, e.SignalID,
	}, told}
	row.values[sumPlace] = row.sum()
	return row, nil
}

// headRow is a head as the arguments of stmtSetHead before the run.
type headRow [10]driver.Value

func encodeHead(h *store.Run) (*headRow, error) {
	failure, err := encodeError(h.Error)
	if err != nil {
		return nil, err
	}
	row := &headRow{
		string(h.Status), string(h.Phase), int64(h.Attempt), fromJSON(h.Output), failure,
		fromTime(h.StartedAt), fromTime(h.FinishedAt), h.EndSeq, nil, fromTime(h.WakeAt),
	}
	row[headSumPlace] = headSum(h, failure)
	return row, nil
}

// headSumPlace is where the checksum of a head is in its row.
const headSumPlace = 8

func (h *headRow) status() flow.Status { return flow.Status(h[0].(string)) }

func (h *headRow) started() int64 { return h[5].(int64) }

func (h *headRow) finished() int64 { return h[6].(int64) }

// uponMessage is the time of a run that waits for a message and for no time.
const uponMessage = math.MaxInt64

// wait makes a head without a time one of a run that is due when a message comes.
func (h *headRow) wait() {
	if wake := &h[len(h)-1]; *wake == int64(0) {
		*wake = int64(uponMessage)
	}
}

// newRunRow is a run to insert. Most are plain: they may begin at once, nobody called
// them, they repeat no other one, and their flow has no bound.
type newRunRow struct {
	values                       [newRunValueCount]driver.Value // the arguments of stmtInsertRun before the claim
	startAt                      int64                          // 0: at once
	parent, retryOf, concurrency driver.Value                   // nil where there is none
}

const newRunValueCount = 15

func (r *newRunRow) id() string {
	id, _ := r.values[0].(string)
	return id
}

func (r *newRunRow) plain() bool {
	return r.startAt == 0 && r.parent == nil && r.retryOf == nil && r.concurrency == nil
}

func (r *newRunRow) flow() string { return r.values[1].(string) }

func (r *newRunRow) tenant() string { return r.values[5].(string) }

func (r *newRunRow) created() int64 { return r.values[10].(int64) }

// rest are the arguments of stmtInsertOtherRun behind the claim; the last ones are those of othersBlocked.
func (r *newRunRow) rest() [10]driver.Value {
	return [10]driver.Value{
		r.startAt, r.parent, r.retryOf, r.concurrency, r.startAt,
		r.values[1], r.concurrency, r.values[3], r.values[4], r.values[6],
	}
}

func encodeNewRun(r *store.Run) (newRunRow, error) {
	if r.ID == "" || r.Flow == "" {
		return newRunRow{}, errors.New("it needs an id and the name of its flow")
	}
	major, minor, err := flow.ParseVersion(r.Version)
	if err != nil {
		return newRunRow{}, fmt.Errorf("the flow %s: %w", r.Flow, err)
	}
	labels, err := encodeLabels(r.Labels)
	if err != nil {
		return newRunRow{}, err
	}
	row := newRunRow{values: [newRunValueCount]driver.Value{
		r.ID, r.Flow, r.Version, int64(major), int64(minor), r.Tenant, int64(r.Priority), r.IdempotencyKey, labels,
		int64(r.Attempt), fromTime(r.CreatedAt), fromJSON(r.Input), fromText(r.Trace),
		createdSum(r, labels), headSum(&store.Run{Status: flow.StatusPending, Attempt: r.Attempt}, nil),
	}}
	row.startAt = fromTime(r.WakeAt)
	if r.ParentID != "" {
		row.parent = r.ParentID
	}
	if r.RetryOf != "" {
		row.retryOf = r.RetryOf
	}
	if r.Concurrency != nil {
		row.concurrency = *r.Concurrency
	}
	return row, nil
}

func encodeLabels(labels map[string]string) (driver.Value, error) {
	if len(labels) == 0 {
		return nil, nil
	}
	return encodeJSON(labels)
}

func encodeError(e *flow.Error) (driver.Value, error) {
	if e == nil {
		return nil, nil
	}
	value, err := encodeJSON(e)
	if err != nil {
		return nil, fmt.Errorf("the error %q cannot be stored: %w", e.Message, err)
	}
	return value, nil
}

func encodeTold(t *flow.Told) (*[2]driver.Value, error) {
	if t == nil {
		return nil, nil
	}
	told := &[2]driver.Value{nil, fromJSON(t.Checkpoint)}
	if t.Progress == nil {
		return told, nil
	}
	var err error
	if told[0], err = encodeJSON(t.Progress); err != nil {
		return nil, fmt.Errorf("the progress %v cannot be stored: %w", t.Progress.Fraction, err)
	}
	return told, nil
}

// encodeJSON leaves <, > and & as they are: fields of errors are kept as given.
func encodeJSON(v any) (driver.Value, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// fromText is a text of which most rows have none.
func fromText(text string) driver.Value {
	if text == "" {
		return nil
	}
	return text
}

func fromJSON(raw json.RawMessage) driver.Value {
	if raw == nil {
		return nil
	}
	return string(raw)
}

// fromTime is a time as it is stored: milliseconds, 0 for the zero time.
func fromTime(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func toTime(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// stored is a time as it is read back.
func stored(t time.Time) time.Time { return toTime(fromTime(t)) }

// headColumns are all columns of a run but its payloads, runColumns all; scanRun reads both. The checksums stand behind
// the payloads in a row, where they are slow to read if those are large: lists do not then.
const (
	shownColumns = `run, id, flow, version, tenant, priority, idempotency_key, labels, status, phase, attempt,
		created_at, started_at, finished_at, wake_at, end_seq, claim, parent_id, retry_of, concurrency, delete_at, error`
	areSmall    = `coalesce(octet_length(input), 0) + coalesce(octet_length(output), 0) < 65536`
	headColumns = shownColumns + `, iif(` + areSmall + `, sum, NULL), iif(` + areSmall + `, head_sum, NULL)`
	runColumns  = shownColumns + `, sum, head_sum, input, output, trace, other_inputs, other_input_at, takeovers`
)

// runRow is a run with what the store itself keeps of it.
type runRow struct {
	store.Run
	key       int64
	claim     int64
	takeovers int
}

// scanRun reads headColumns, and runColumns with payloads.
func scanRun(scan func(...any) error, payloads bool) (runRow, error) {
	var (
		r                                         runRow
		created, started, finished, wake, deletes int64
		otherInputAt                              int64
		labels, failure                           []byte
		parent, retryOf, trace                    sql.NullString
		sum, head                                 sql.NullInt64
	)
	fields := []any{
		&r.key, &r.ID, &r.Flow, &r.Version, &r.Tenant, &r.Priority, &r.IdempotencyKey, &labels, &r.Status, &r.Phase, &r.Attempt,
		&created, &started, &finished, &wake, &r.EndSeq, &r.claim,
		&parent, &retryOf, &r.Concurrency, &deletes, &failure, &sum, &head,
	}
	if payloads {
		fields = append(fields, (*[]byte)(&r.Input), (*[]byte)(&r.Output), &trace, &r.OtherInputs, &otherInputAt, &r.takeovers)
	}
	if err := scan(fields...); err != nil {
		return runRow{}, err
	}
	if wake == uponMessage {
		wake = 0
	}
	r.CreatedAt, r.StartedAt, r.FinishedAt = toTime(created), toTime(started), toTime(finished)
	r.WakeAt, r.DeleteAt, r.OtherInputAt = toTime(wake), toTime(deletes), toTime(otherInputAt)
	r.ParentID, r.RetryOf, r.Trace = parent.String, retryOf.String, trace.String
	if !sameSum(sum, createdSum(&r.Run, labels), payloads) || !sameSum(head, headSum(&r.Run, failure), payloads) {
		return runRow{}, damaged("the run %q is not what was stored: its checksum is another one", r.ID)
	}
	if labels != nil {
		if err := json.Unmarshal(labels, &r.Labels); err != nil {
			return runRow{}, damaged("the labels of the run %q are no JSON object of texts: %v", r.ID, err)
		}
	}
	if err := decodeError(failure, &r.Error); err != nil {
		return runRow{}, fmt.Errorf("the run %q: %w", r.ID, err)
	}
	return r, checkNames(&r)
}

// checkNames refuses a status or phase that this program does not write.
func checkNames(r *runRow) error {
	switch r.Status {
	case flow.StatusPending, flow.StatusRunning, flow.StatusCompleted, flow.StatusFailed, flow.StatusCancelled:
	default:
		return damaged("the run %q has the status %q", r.ID, r.Status)
	}
	switch r.Phase {
	case "", flow.PhaseForward, flow.PhaseWaiting, flow.PhaseCompensating, flow.PhasePaused:
		return nil
	}
	return damaged("the run %q has the phase %q", r.ID, r.Phase)
}

// entryColumns are what scanEntry reads.
const entryColumns = `run, seq, end_seq, kind, step, run_attempt, attempt, actor, started_at, finished_at, wake_at,
	error, input, output, key, signal_id, progress, checkpoint, sum`

func scanEntry(scan func(...any) error) (run int64, e flow.Entry, err error) {
	var (
		started, finished, wake int64
		failure                 []byte
		progress, checkpoint    []byte
		sum                     sql.NullInt64 // rows of earlier layouts have none
	)
	if err := scan(&run, &e.Seq, &e.EndSeq, &e.Kind, &e.Step, &e.RunAttempt, &e.Attempt, &e.Actor,
		&started, &finished, &wake, &failure, (*[]byte)(&e.Input), (*[]byte)(&e.Output), &e.Key, &e.SignalID,
		&progress, &checkpoint, &sum); err != nil {
		return 0, flow.Entry{}, err
	}
	if sum.Valid && sum.Int64 != checksum(
		run, e.Seq, e.EndSeq, string(e.Kind), e.Step, int64(e.RunAttempt), int64(e.Attempt), started, finished,
		[]byte(e.Input), []byte(e.Output), e.Actor, wake, failure, e.Key, e.SignalID, progress, checkpoint) {
		return run, flow.Entry{}, damaged("the entry %d of a run's log is not what was stored: its checksum is another one", e.Seq)
	}
	e.StartedAt, e.FinishedAt, e.WakeAt = toTime(started), toTime(finished), toTime(wake)
	if err := decodeError(failure, &e.Error); err != nil {
		return run, flow.Entry{}, fmt.Errorf("the entry %d of a run's log: %w", e.Seq, err)
	}
	if err := decodeTold(progress, checkpoint, &e.Told); err != nil {
		return run, flow.Entry{}, fmt.Errorf("the entry %d of a run's log: %w", e.Seq, err)
	}
	if !slices.Contains(kinds, e.Kind) {
		return run, flow.Entry{}, damaged("the entry %d of a run's log has the kind %q", e.Seq, e.Kind)
	}
	return run, e, nil
}

// kinds are what a log may have in it.
var kinds = flow.Kinds()

func decodeTold(progress, checkpoint []byte, into **flow.Told) error {
	if progress == nil && checkpoint == nil {
		return nil
	}
	told := &flow.Told{Checkpoint: checkpoint}
	if progress != nil {
		told.Progress = new(flow.Progress)
		if err := json.Unmarshal(progress, told.Progress); err != nil {
			return damaged("a stored progress is no JSON object: %v", err)
		}
		told.Progress.At = told.Progress.At.UTC()
	}
	*into = told
	return nil
}

func decodeError(text []byte, into **flow.Error) error {
	if text == nil {
		return nil
	}
	var e flow.Error
	if err := json.Unmarshal(text, &e); err != nil {
		return damaged("a stored error is no JSON object: %v", err)
	}
	*into = &e
	return nil
}
