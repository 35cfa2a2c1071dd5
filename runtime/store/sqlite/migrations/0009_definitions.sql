-- What each version of a flow is, for who shows its runs without having its code.

CREATE TABLE definitions (
  flow        TEXT    NOT NULL,
  version     TEXT    NOT NULL, -- major.minor
  hash        TEXT    NOT NULL, -- of the description
  saved_at    INTEGER NOT NULL, -- when this description came
  description BLOB    NOT NULL, -- JSON
  PRIMARY KEY (flow, version)
) STRICT;
