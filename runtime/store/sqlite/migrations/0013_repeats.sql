-- The runs that repeat a run or go on with it.
CREATE INDEX runs_retry ON runs (retry_of, run) WHERE retry_of IS NOT NULL;
