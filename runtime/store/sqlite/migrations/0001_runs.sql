-- The first layout. Times are milliseconds since 1970 in UTC, and 0 where there is none.
-- Payloads and errors are JSON as text, NULL where there is none.

-- The one row of facts about the whole database.
CREATE TABLE meta (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL -- how often the right to execute was given
) STRICT;
INSERT INTO meta (id, epoch) VALUES (1, 0);

-- A row for each open store that has written: how many transactions it has
-- committed. After a COMMIT that failed it says whether the transaction is there.
CREATE TABLE writers (
  writer  INTEGER PRIMARY KEY, -- a random number of the store's
  commits INTEGER NOT NULL
) STRICT;

-- A row for each run: its head.
CREATE TABLE runs (
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
  wake_at         INTEGER NOT NULL, -- of a run that is running and free: when it is due
  end_seq         INTEGER NOT NULL,
  claim           INTEGER NOT NULL, -- the epoch of the process that executes the run; 0: it is free
  error           TEXT,
  input           TEXT, -- these two last: lists do not read them
  output          TEXT
) STRICT;

-- One run for each key of a flow and tenant.
CREATE UNIQUE INDEX runs_key ON runs (flow, tenant, idempotency_key) WHERE idempotency_key <> '';

-- What may be claimed. A run that is claimed when it is created is never in these.
CREATE INDEX runs_pending ON runs (flow, major, priority DESC, run, minor, created_at)
  WHERE status = 'pending' AND claim = 0;
CREATE INDEX runs_due ON runs (flow, major, wake_at, run, minor)
  WHERE status = 'running' AND claim = 0;

-- What is claimed: the runs to free when another process takes over.
CREATE INDEX runs_claimed ON runs (claim) WHERE claim <> 0;

-- For lists, newest first. Most runs are completed ones, and are found without an index.
CREATE INDEX runs_status ON runs (status, run) WHERE status <> 'completed';
CREATE INDEX runs_tenant ON runs (tenant, run) WHERE tenant <> '';

-- A row for each entry of a run's log.
CREATE TABLE log (
  run         INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  end_seq     INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  step        TEXT    NOT NULL,
  run_attempt INTEGER NOT NULL,
  attempt     INTEGER NOT NULL,
  actor       TEXT    NOT NULL,
  started_at  INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  wake_at     INTEGER NOT NULL,
  error       TEXT,
  input       TEXT,
  output      TEXT
) STRICT;
CREATE UNIQUE INDEX log_run ON log (run, seq);

-- A row for each message that its run has not obeyed yet. Numbers are not used again.
CREATE TABLE messages (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  run    INTEGER NOT NULL,
  kind   TEXT    NOT NULL,
  reason TEXT    NOT NULL,
  actor  TEXT    NOT NULL,
  at     INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_run ON messages (run);
