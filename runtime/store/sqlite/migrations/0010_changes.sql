-- What each transaction made visible of which runs, for those who follow runs. The oldest rows
-- are deleted from time to time, and never the newest.
CREATE TABLE changes (
  number INTEGER PRIMARY KEY,
  total  INTEGER NOT NULL, -- how many moves this row and all before it have
  moves  BLOB    NOT NULL  -- see changes.go
) STRICT;
