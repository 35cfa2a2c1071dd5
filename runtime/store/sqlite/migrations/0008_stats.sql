-- Numbers about runs, kept by whoever changes them, in the same transaction (tally.go).

-- How many runs there are. A row for each flow and tenant that has some.
CREATE TABLE run_counts (
  flow      TEXT    NOT NULL,
  tenant    TEXT    NOT NULL,
  pending   INTEGER NOT NULL,
  running   INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  failed    INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  PRIMARY KEY (flow, tenant)
) STRICT, WITHOUT ROWID;
INSERT INTO run_counts (flow, tenant, pending, running, completed, failed, cancelled)
  SELECT flow, tenant, sum(status = 'pending'), sum(status = 'running'),
    sum(status = 'completed'), sum(status = 'failed'), sum(status = 'cancelled')
  FROM runs GROUP BY flow, tenant;

-- Deleted runs are not there any more, whoever deletes them. Runs that are changed and
-- created are counted by the writer, all of a transaction together. (A migration that makes the table runs anew
-- makes this anew too.)
CREATE TRIGGER run_deleted AFTER DELETE ON runs BEGIN
  UPDATE run_counts SET
    pending = pending - (OLD.status = 'pending'),
    running = running - (OLD.status = 'running'),
    completed = completed - (OLD.status = 'completed'),
    failed = failed - (OLD.status = 'failed'),
    cancelled = cancelled - (OLD.status = 'cancelled')
  WHERE flow = OLD.flow AND tenant = OLD.tenant;
END;

-- What happened in each quarter of an hour: runs that were started (in the bucket 0), and
-- runs that ended, by the bucket of their duration. Old rows are deleted.
CREATE TABLE run_slots (
  slot      INTEGER NOT NULL, -- its beginning
  flow      TEXT    NOT NULL,
  others    INTEGER NOT NULL, -- 1: of all tenants that are too many to be kept apart
  tenant    TEXT    NOT NULL,
  bucket    INTEGER NOT NULL,
  started   INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  failed    INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  PRIMARY KEY (slot, flow, others, tenant, bucket)
) STRICT, WITHOUT ROWID;
INSERT INTO run_slots (slot, flow, others, tenant, bucket, started, completed, failed, cancelled)
  SELECT created_at / 900000 * 900000, flow, 0, tenant, 0, count(*), 0, 0, 0
  FROM runs WHERE created_at >= (unixepoch() - 604800) * 1000 GROUP BY 1, 2, 4;
INSERT INTO run_slots (slot, flow, others, tenant, bucket, started, completed, failed, cancelled)
  SELECT finished_at / 900000 * 900000, flow, 0, tenant,
    CASE WHEN started_at = 0 THEN 0 WHEN finished_at - started_at <= 1 THEN 1 ELSE 1 + ceil(ln(finished_at - started_at) / ln(1.25)) END,
    0, sum(status = 'completed'), sum(status = 'failed'), sum(status = 'cancelled')
  FROM runs WHERE finished_at >= (unixepoch() - 604800) * 1000 GROUP BY 1, 2, 4, 5
  ON CONFLICT DO UPDATE SET completed = excluded.completed, failed = excluded.failed, cancelled = excluded.cancelled;
