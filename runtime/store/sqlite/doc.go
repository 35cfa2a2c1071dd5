// Package sqlite keeps runs in one SQLite file.
//
// # The file
//
// The schema stands in migrations/*.sql, with what each column means: a row of
// runs for each run, a row of log for each entry of its log, a row of messages
// for each message not yet obeyed, a row of schedules for each schedule, a row of definitions
// for each version of a flow; run_chunks
// says where in runs those of a flow and of a time are (chunks.go), run_counts and
// run_slots have numbers about them (tally.go), and commits has a row for each transaction of the writer's (commits.go). The
// tables are as the last migration that has to do with them says. The database is in WAL mode, so FILE-wal and
// FILE-shm stand beside it while it is open, and FILE.lock, which is locked by
// the process that executes. A file is ours if its application_id says so;
// nothing is ever written to another.
//
// # Writing
//
// All writing is done by one goroutine, the writer (writer.go), on one
// connection (conn.go). Callers hand it changes over a bounded queue and wait.
// It takes all that has come in, up to a limit, into one transaction: while that
// is being synced, the next one fills. No time is spent on waiting for a batch to
// become full; the writer only lets other goroutines run once before it takes one.
//
// A change checks, before it writes, whether it may; one that may not is refused
// and has written nothing. If SQLite itself refuses a change (the disk is full,
// say), the transaction is rolled back and its changes are applied again, each in
// a transaction of its own: so one bad change does not take others with it. If
// COMMIT fails, the store asks the database whether the transaction is there
// (recover.go) before it answers anybody. After any such failure the next batch
// begins on a fresh connection if the old one may be of no use.
//
// A caller whose context ends takes its change out of the queue; if it is being
// written already, the caller waits for the end of that transaction. So an error
// that wraps ctx.Err() always says that nothing was written.
//
// # Lazy changes
//
// That a step has started is kept in memory (lazy.go) and written with a
// transaction some milliseconds later, if the step has not ended before. It is
// also written before the run's claim ends, and by Close.
//
// # Numbers
//
// How a claimed run stands on disk is known with its claim, so that a change of its status
// is counted without reading it. When a transaction failed, that is forgotten, and read again.
//
// # Who may execute
//
// Acquire locks FILE.lock and counts up meta.epoch. A claim is the epoch in the
// run's row together with a token in memory (claims.go): a process that lost the
// right cannot write since its epoch is over, and an execution whose claim was
// given back cannot since its token is. Every transaction with changes of claimed
// runs checks the epoch. Claims of earlier epochs are freed by Acquire.
//
// # How many may be under way
//
// Runs of a flow with a bound that find no place for their key are blocked until
// another one is over; places.go says how, and why none is forgotten.
//
// # Reading
//
// Reads use a pool of connections of their own and never wait for the writer. Each
// is of a bounded number of runs and hands nobody a snapshot to keep.
//
// # Damage
//
// Rows have checksums of their values (checksum.go), and a database that is not too large is looked through
// when it is opened (structure.go). Pages have none, since others write them too: connections of the
// program's own, and SQLite's shell.
//
// # The size of the WAL
//
// SQLite begins to write the WAL anew when nobody reads from it, and with many short
// reads that may never be. So the writer empties one that has become larger than 32 MiB (wal.go), which
// waits for the reads of the moment, for 100 ms at most. A foreign connection that keeps
// a snapshot for minutes holds that up, and the file grows with what is written meanwhile; within 30
// seconds of its end the WAL is empty.
package sqlite
