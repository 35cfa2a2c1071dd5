-- What waits, calls, schedules, bounded flows and the deletion of old runs need.

-- The runs are copied, so that the payloads stay the last columns: what stands
-- behind a large one is slow to read.
CREATE TABLE new_runs (
  run             INTEGER PRIMARY KEY, -- in the order in which they were stored
  id              TEXT    NOT NULL UNIQUE,
  flow            TEXT    NOT NULL,
  version         TEXT    NOT NULL,
  major           INTEGER NOT NULL,
  minor           INTEGER NOT NULL,
  tenant          TEXT    NOT NULL,
  priority        INTEGER NOT NULL,
  idempotency_key TEXT    NOT NULL,
  labels          TEXT, -- a JSON object
  status          TEXT    NOT NULL,
  phase           TEXT    NOT NULL,
  attempt         INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  started_at      INTEGER NOT NULL,
  finished_at     INTEGER NOT NULL,
  wake_at         INTEGER NOT NULL, -- of a run that is running and free: when it is due; the largest number: when a message comes
  end_seq         INTEGER NOT NULL,
  claim           INTEGER NOT NULL, -- the epoch of the process that executes the run; 0: it is free
  parent_id       TEXT,             -- the id of the run that called this one
  concurrency     TEXT,             -- the key of which so many runs of the flow may be under way; NULL: there is no bound
  blocked         INTEGER NOT NULL DEFAULT 0, -- 1: a pending run that waits until another of its key is over
  delete_at       INTEGER NOT NULL DEFAULT 0, -- of a run that is over: when it may be deleted
  error           TEXT,
  input           TEXT, -- these two last: lists do not read them
  output          TEXT
) STRICT;
INSERT INTO new_runs (run, id, flow, version, major, minor, tenant, priority, idempotency_key, labels, status, phase,
    attempt, created_at, started_at, finished_at, wake_at, end_seq, claim, error, input, output)
  SELECT run, id, flow, version, major, minor, tenant, priority, idempotency_key, labels, status, phase,
    attempt, created_at, started_at, finished_at, wake_at, end_seq, claim, error, input, output FROM runs ORDER BY run;
DROP TABLE runs;
ALTER TABLE new_runs RENAME TO runs;

-- As before, but for runs that are blocked: they are not among those to claim. (The
-- brackets are for SQLite: it sees that runs_pending covers a query only with them.)
CREATE UNIQUE INDEX runs_key ON runs (flow, tenant, idempotency_key) WHERE idempotency_key <> '';
CREATE INDEX runs_pending ON runs (flow, major, priority DESC, run, minor, created_at)
  WHERE status = 'pending' AND (claim = 0 AND blocked = 0);
CREATE INDEX runs_due ON runs (flow, major, wake_at, run, minor)
  WHERE status = 'running' AND claim = 0;
CREATE INDEX runs_claimed ON runs (claim) WHERE claim <> 0;
CREATE INDEX runs_status ON runs (status, run) WHERE status <> 'completed';
CREATE INDEX runs_tenant ON runs (tenant, run) WHERE tenant <> '';

-- Of flows with a bound: what is under way, to be counted, and what waits, by its turn.
CREATE INDEX runs_under_way ON runs (flow, concurrency, status, claim)
  WHERE concurrency IS NOT NULL AND (status = 'running' OR status = 'pending' AND claim <> 0);
CREATE INDEX runs_waiting ON runs (flow, concurrency, blocked, major, priority DESC, run, minor)
  WHERE concurrency IS NOT NULL AND status = 'pending' AND claim = 0;

-- What may be deleted, by its time.
CREATE INDEX runs_expiry ON runs (delete_at) WHERE delete_at <> 0;

ALTER TABLE log ADD COLUMN key       TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN signal_id TEXT NOT NULL DEFAULT '';

-- Those that stayed when their run ended; it takes them along now.
DELETE FROM messages WHERE run NOT IN (SELECT run FROM runs WHERE status IN ('pending', 'running'));
ALTER TABLE messages ADD COLUMN name      TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN key       TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN signal_id TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN payload   TEXT;
ALTER TABLE messages ADD COLUMN error     TEXT;

-- A row for each schedule that has been dealt with.
CREATE TABLE schedules (
  flow     TEXT    NOT NULL,
  name     TEXT    NOT NULL,
  last     INTEGER NOT NULL, -- the latest of its times that was dealt with
  last_run TEXT    NOT NULL, -- the id of the latest run that it started
  PRIMARY KEY (flow, name)
) STRICT, WITHOUT ROWID;
