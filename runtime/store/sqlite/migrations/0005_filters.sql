-- What filters of lists need.

-- By the key alone, also where the tenant is not given.
DROP INDEX runs_key;
CREATE UNIQUE INDEX runs_key ON runs (idempotency_key, flow, tenant) WHERE idempotency_key <> '';

-- The runs that a run called.
CREATE INDEX runs_parent ON runs (parent_id, run) WHERE parent_id IS NOT NULL;

-- Where runs of a flow are, and those of a time, without an index that each run is in:
-- keys come in chunks of 1,024, and here is a row for each chunk and each flow that has
-- runs in it. All of them were created between earliest and latest.
CREATE TABLE run_chunks (
  chunk    INTEGER NOT NULL, -- runs.run >> 10
  flow     TEXT    NOT NULL,
  earliest INTEGER NOT NULL,
  latest   INTEGER NOT NULL,
  PRIMARY KEY (flow, chunk)
) STRICT, WITHOUT ROWID;
INSERT INTO run_chunks (chunk, flow, earliest, latest)
  SELECT run >> 10, flow, min(created_at), max(created_at) FROM runs GROUP BY run >> 10, flow;
