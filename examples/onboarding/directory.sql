-- What the company's systems have. Each entry carries the idempotency keys of the step
-- that created it and of the compensation that removed it.

CREATE TABLE IF NOT EXISTS entries (
    id         INTEGER PRIMARY KEY,
    created_by TEXT    NOT NULL UNIQUE,
    removed_by TEXT    UNIQUE,  -- NULL while the entry stands
    run_id     TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS standing_entries ON entries (kind, name) WHERE removed_by IS NULL;

CREATE TABLE IF NOT EXISTS mails (
    id      INTEGER PRIMARY KEY,
    sent_by TEXT    NOT NULL UNIQUE,
    run_id  TEXT    NOT NULL,
    address TEXT    NOT NULL,
    subject TEXT    NOT NULL
);
