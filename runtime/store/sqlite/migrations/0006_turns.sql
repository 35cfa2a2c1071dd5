-- The tenants take turns: what may be claimed, and what waits for a place, is found by
-- tenant, in each priority and whatever the priority. A run that is claimed when it is
-- created is in none of these.

DROP INDEX runs_pending;
CREATE INDEX runs_pending ON runs (flow, major, priority DESC, tenant, run, minor, created_at)
  WHERE status = 'pending' AND (claim = 0 AND blocked = 0);
CREATE INDEX runs_pending_any ON runs (flow, major, tenant, run, minor)
  WHERE status = 'pending' AND (claim = 0 AND blocked = 0);

DROP INDEX runs_waiting;
CREATE INDEX runs_waiting ON runs (flow, concurrency, blocked, major, priority DESC, tenant, run, minor)
  WHERE concurrency IS NOT NULL AND status = 'pending' AND claim = 0;
CREATE INDEX runs_waiting_any ON runs (flow, concurrency, blocked, major, tenant, run, minor)
  WHERE concurrency IS NOT NULL AND status = 'pending' AND claim = 0;
