-- The shop's tables. What handlers write carries the idempotency key of its step.

CREATE TABLE stock (
    sku      TEXT    PRIMARY KEY,
    quantity INTEGER NOT NULL CHECK (quantity >= 0)
);

CREATE TABLE charges (
    id              INTEGER PRIMARY KEY,
    idempotency_key TEXT    NOT NULL UNIQUE,
    order_id        TEXT    NOT NULL,
    run_id          TEXT    NOT NULL,
    run_attempt     INTEGER NOT NULL,
    cents           INTEGER NOT NULL,
    asked           INTEGER NOT NULL DEFAULT 1 -- how often, with the same key
);

CREATE TABLE refunds (
    id              INTEGER PRIMARY KEY,
    idempotency_key TEXT    NOT NULL UNIQUE,
    charge_id       INTEGER NOT NULL REFERENCES charges (id)
);

CREATE TABLE shipments (
    id              INTEGER PRIMARY KEY,
    idempotency_key TEXT    NOT NULL UNIQUE,
    order_id        TEXT    NOT NULL,
    address         TEXT    NOT NULL
);

CREATE TABLE mails (
    id              INTEGER PRIMARY KEY,
    idempotency_key TEXT    NOT NULL UNIQUE,
    order_id        TEXT    NOT NULL,
    email           TEXT    NOT NULL
);

-- What goes wrong in this shop, so that there is something to see.

CREATE TABLE declined_cards (
    method TEXT PRIMARY KEY,
    reason TEXT NOT NULL
);

CREATE TABLE outages (
    service   TEXT    NOT NULL,
    order_id  TEXT    NOT NULL,
    remaining INTEGER NOT NULL,
    PRIMARY KEY (service, order_id)
);

CREATE TABLE refusals (
    call TEXT PRIMARY KEY
);
