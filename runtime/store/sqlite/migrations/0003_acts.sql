-- What operators do to runs: a run may go on where another one ended.

ALTER TABLE runs ADD COLUMN retry_of TEXT; -- the id of that other run
