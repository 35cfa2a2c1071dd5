package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/bextgen/bextgen/runtime/store"
)

// This file finds values that were changed in the file: SQLite has no checksums, and a byte of a value is as good
// for it as any other. So rows have the checksum of their own values. (Rows that are lost are found by structure.go,
// and docs/decisions say why it is rows that have them, and not pages.)

// checksum is the checksum of values as they are stored.
func checksum(values ...driver.Value) int64 {
	var d digest
	for _, v := range values {
		d.value(v)
	}
	return d.sum()
}

// sum is the checksum of an entry as it is stored.
func (r *entryRow) sum() int64 {
	var d digest
	for i, v := range r.values {
		if i != sumPlace {
			d.value(v)
		}
	}
	told := r.told
	if told == nil {
		told = new([2]driver.Value)
	}
	d.value(told[0])
	d.value(told[1])
	return d.sum()
}

// createdSum is the checksum of what a run is created with; labels are as they are stored. The key of its place is not
// in it, since it may be given later.
func createdSum(r *store.Run, labels driver.Value) int64 {
	var listed, others digest
	listed.texts(r.ID, r.Flow, r.Version, r.Tenant, r.IdempotencyKey, r.ParentID, r.RetryOf)
	listed.numbers(int64(r.Priority), fromTime(r.CreatedAt))
	listed.value(labels)
	others.bytes(r.Input)
	others.texts(r.Trace)
	return halves(&listed, &others)
}

// headSum is the checksum of a head; the error is as it is stored. When a run is due and when it may be deleted is part
// of it once the run is over: before, others set that too.
func headSum(r *store.Run, failure driver.Value) int64 {
	var listed, others digest
	listed.texts(string(r.Status), string(r.Phase))
	listed.numbers(int64(r.Attempt), fromTime(r.StartedAt), fromTime(r.FinishedAt), r.EndSeq)
	listed.value(failure)
	if r.Status.Final() {
		listed.numbers(fromTime(r.WakeAt), fromTime(r.DeleteAt))
	}
	others.bytes(r.Output)
	return halves(&listed, &others)
}

// messageSum is the checksum of a message; the error is as it is stored.
func messageSum(m *store.Message, failure driver.Value) int64 {
	var d digest
	d.texts(m.RunID, string(m.Kind), m.Reason, m.Actor, m.Name, m.Key, m.SignalID)
	d.numbers(fromTime(m.At))
	d.bytes(m.Payload)
	d.value(failure)
	return d.sum()
}

// halves is a checksum of two: the upper half is of what lists read of a run, the lower one of what they do not.
func halves(listed, others *digest) int64 {
	return listed.sum()&^math.MaxUint32 | others.sum()&math.MaxUint32
}

// sameSum compares a run's checksum with the one that is stored; without payloads, the half of what lists read.
func sameSum(stored sql.NullInt64, sum int64, payloads bool) bool {
	differs := stored.Int64 ^ sum
	return !stored.Valid || differs == 0 || !payloads && differs>>32 == 0
}

// digest puts values behind each other with their kind and their length, so that none can pass for a part of
// another. There is one for each row that is written, so it takes little: it lies on the stack, and is hashed at once.
type digest struct {
	used   int
	fields [256]byte // enough for most rows; then a hash stands for what is in it
}

const (
	// longValue is from which length on a hash stands for a value.
	longValue = 64
	// longestField is what a value takes at most: its kind, a number, and its bytes.
	longestField = 1 + binary.MaxVarintLen64 + longValue
)

func (d *digest) sum() int64 { return int64(xxhash.Sum64(d.fields[:d.used])) } //nolint:gosec // any of 64 bits

// value takes a value as it is stored, or as it is read; nil bytes are NULL.
func (d *digest) value(v driver.Value) {
	switch v := v.(type) {
	case int64:
		d.begin('i', v)
	case string:
		d.text(v)
	case []byte:
		d.bytes(v)
	default:
		d.begin('n', 0)
	}
}

func (d *digest) numbers(numbers ...int64) {
	for _, n := range numbers {
		d.begin('i', n)
	}
}

func (d *digest) texts(texts ...string) {
	for _, text := range texts {
		d.text(text)
	}
}

func (d *digest) text(text string) {
	d.begin('t', int64(len(text)))
	if len(text) < longValue {
		d.used += copy(d.fields[d.used:], text)
		return
	}
	d.hash(xxhash.Sum64String(text))
}

func (d *digest) bytes(b []byte) {
	if b == nil {
		d.begin('n', 0)
		return
	}
	d.begin('t', int64(len(b)))
	if len(b) < longValue {
		d.used += copy(d.fields[d.used:], b)
		return
	}
	d.hash(xxhash.Sum64(b))
}

// begin takes the kind of a value, and its length or the number that it is.
func (d *digest) begin(kind byte, n int64) {
	if d.used+longestField > len(d.fields) {
		sum := xxhash.Sum64(d.fields[:d.used])
		d.used = 0
		d.hash(sum)
	}
	d.fields[d.used] = kind
	d.used += 1 + binary.PutVarint(d.fields[d.used+1:], n)
}

func (d *digest) hash(sum uint64) {
	binary.LittleEndian.PutUint64(d.fields[d.used:], sum)
	d.used += 8
}
