-- Runs that are started for later, and starts that found their run with another input.

-- runs.blocked is 2 while a pending run waits for its time, which is in wake_at: so it is not among
-- those to claim. It is found here.
CREATE INDEX runs_starting ON runs (flow, major, wake_at, minor)
  WHERE status = 'pending' AND blocked = 2;

-- How often the run was started once more with another input, and when that was last.
ALTER TABLE runs ADD COLUMN other_inputs   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN other_input_at INTEGER NOT NULL DEFAULT 0;
