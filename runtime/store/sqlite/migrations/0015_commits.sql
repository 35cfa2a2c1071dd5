-- A row for each transaction, with all that is written once for it: it is one row and one page more for
-- each, however much is kept of it.

ALTER TABLE changes RENAME TO commits;
ALTER TABLE commits ADD COLUMN writer INTEGER NOT NULL DEFAULT 0; -- of which open store it is; after a COMMIT that failed that says whether the transaction is there
ALTER TABLE commits ADD COLUMN tally BLOB; -- what it changed of run_counts and run_slots, see tally.go
DROP TABLE writers;

-- The numbers of the commits up to this one are in run_counts and run_slots. From time to time
-- those of the later ones are put there, all together.
ALTER TABLE meta ADD COLUMN folded INTEGER NOT NULL DEFAULT 0;
UPDATE meta SET folded = coalesce((SELECT max(number) FROM commits), 0);

-- As before, also where the row is not there yet.
DROP TRIGGER run_deleted;
CREATE TRIGGER run_deleted AFTER DELETE ON runs BEGIN
  INSERT INTO run_counts (flow, tenant, pending, running, completed, failed, cancelled)
  VALUES (OLD.flow, OLD.tenant, -(OLD.status = 'pending'), -(OLD.status = 'running'),
    -(OLD.status = 'completed'), -(OLD.status = 'failed'), -(OLD.status = 'cancelled'))
  ON CONFLICT (flow, tenant) DO UPDATE SET
    pending = pending + excluded.pending, running = running + excluded.running, completed = completed + excluded.completed,
    failed = failed + excluded.failed, cancelled = cancelled + excluded.cancelled;
END;

-- For lists. Runs that are claimed, which are few, are found by their claim: so a run that is begun and
-- completed at once is never in this.
DROP INDEX runs_status;
CREATE INDEX runs_status ON runs (status, run) WHERE status <> 'completed' AND claim <= 0;
