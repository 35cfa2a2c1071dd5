package sqlite

import "time"

// This file keeps in which chunks of keys the runs of a flow are, and when those were
// created (the table run_chunks): so lists find the runs of a flow, and of a time, without an index
// that each run is in. A chunk's row may say more than there is: runs are deleted, and
// it claims some time ahead, so that it is not written for each run.

const (
	// chunkBits is how many bits of a run's key are its place in its chunk.
	chunkBits = 10
	chunkSize = 1 << chunkBits
	// chunkAhead is how far a row claims time ahead.
	chunkAhead = time.Minute
	// maxChunksKnown bounds the memory that is spent on not writing rows again.
	maxChunksKnown = 10_000
)

// knownChunk is what the table says at least of a flow, in the chunk that was written last.
type knownChunk struct{ chunk, earliest, latest int64 }

// noteChunk sees to it that the table knows of a new run.
func (b *batch) noteChunk(run int64, flowName string, created int64) error {
	chunk, known := run>>chunkBits, b.w.chunks[flowName]
	if known.chunk == chunk && known.earliest <= created && created <= known.latest {
		return nil
	}
	latest := created + chunkAhead.Milliseconds()
	if _, err := b.write(stmtNoteChunk, chunk, flowName, created, latest); err != nil {
		return err
	}
	if known.chunk != chunk || known.latest == 0 {
		known = knownChunk{chunk, created, latest}
	}
	if len(b.w.chunks) >= maxChunksKnown {
		clear(b.w.chunks)
	}
	b.w.chunks[flowName] = knownChunk{chunk, min(known.earliest, created), max(known.latest, latest)}
	return nil
}
