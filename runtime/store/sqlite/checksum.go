package sqlite

import (
	"database/sql/driver"
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// This file finds values of the log that were changed in the file: SQLite has no checksums, and a byte of a
// value is as good for it as any other. Each row has the checksum of its own values.

// checksum is the checksum of values as they are stored. Nil bytes are NULL.
func checksum(values ...driver.Value) int64 {
	var d xxhash.Digest
	d.Reset()
	for _, v := range values {
		addTo(&d, v)
	}
	return int64(d.Sum64()) //nolint:gosec // any of 64 bits
}

// sum is the checksum of an entry as it is stored.
func (r *entryRow) sum() int64 {
	var d xxhash.Digest
	d.Reset()
	for i, v := range r.values {
		if i != sumPlace {
			addTo(&d, v)
		}
	}
	told := r.told
	if told == nil {
		told = new([2]driver.Value)
	}
	addTo(&d, told[0])
	addTo(&d, told[1])
	return int64(d.Sum64()) //nolint:gosec // any of 64 bits
}

// addTo adds a value with its kind and its length, so that none can pass for a part of another.
// What a digest is given never fails.
func addTo(d *xxhash.Digest, v driver.Value) {
	head := [9]byte{'t'}
	switch v := v.(type) {
	case int64:
		head[0] = 'i'
		binary.LittleEndian.PutUint64(head[1:], uint64(v)) //nolint:gosec // any of 64 bits
		_, _ = d.Write(head[:])
	case string:
		binary.LittleEndian.PutUint64(head[1:], uint64(len(v)))
		_, _ = d.Write(head[:])
		_, _ = d.WriteString(v)
	case []byte:
		if v == nil {
			_, _ = d.Write([]byte{'n'})
			return
		}
		binary.LittleEndian.PutUint64(head[1:], uint64(len(v)))
		_, _ = d.Write(head[:])
		_, _ = d.Write(v)
	default:
		_, _ = d.Write([]byte{'n'})
	}
}
