-- For which flows there was code, so that it is known how long a run was parked.
CREATE TABLE coverage (
  since INTEGER PRIMARY KEY, -- from when on
  flows TEXT    NOT NULL     -- a JSON array of those of whose versions who executed had code
) STRICT;
