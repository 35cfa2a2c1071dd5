package sqlite

import "encoding/binary"

// This file is how the values of a row of commits are made of fields: numbers, and sizes, which are not
// below 0, in as few bytes as they need, and texts behind their size.

// fieldWriter appends fields.
type fieldWriter struct{ fields []byte }

func (w *fieldWriter) number(n int64) { w.fields = binary.AppendVarint(w.fields, n) }

func (w *fieldWriter) size(n int64) { w.fields = binary.AppendUvarint(w.fields, uint64(n)) }

func (w *fieldWriter) tag(n uint32) { w.fields = binary.BigEndian.AppendUint32(w.fields, n) }

func (w *fieldWriter) flag(yes bool) {
	if yes {
		w.number(1)
		return
	}
	w.number(0)
}

func (w *fieldWriter) text(s string) {
	w.size(int64(len(s)))
	w.fields = append(w.fields, s...)
}

// fieldReader takes fields off the front. It is bad from the first one on that is not there.
type fieldReader struct {
	fields []byte
	bad    bool
}

// fail ends the reading.
func (r *fieldReader) fail() { r.bad, r.fields = true, nil }

func (r *fieldReader) number() int64 {
	n, size := binary.Varint(r.fields)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.fields = r.fields[size:]
	return n
}

func (r *fieldReader) size() int64 {
	n, size := binary.Uvarint(r.fields)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.fields = r.fields[size:]
	return int64(n)
}

func (r *fieldReader) tag() uint32 {
	b := r.bytes(4)
	if r.bad {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

func (r *fieldReader) flag() bool { return r.number() != 0 }

func (r *fieldReader) text() string { return string(r.bytes(r.size())) }

// bytes are the next so many.
func (r *fieldReader) bytes(n int64) []byte {
	if n < 0 || n > int64(len(r.fields)) {
		r.fail()
		return nil
	}
	var b []byte
	b, r.fields = r.fields[:n], r.fields[n:]
	return b
}
