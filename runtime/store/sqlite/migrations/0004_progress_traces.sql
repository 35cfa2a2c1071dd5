-- What handlers tell of long steps, and what traces keep of the start of a run.

ALTER TABLE log ADD COLUMN progress   TEXT; -- how far an attempt says that it is, a JSON object
ALTER TABLE log ADD COLUMN checkpoint TEXT; -- the last value that it stored to go on from, JSON

ALTER TABLE runs ADD COLUMN trace TEXT; -- where the start of the run is in a trace, as its observer wrote it
