-- Runs under which the process that executed them died, again and again.

-- How often, since the run last got further. One that is free and was counted so often that it is a
-- suspect has that number in runs.claim, below 0: so nothing takes it for an ordinary one that is free.
ALTER TABLE runs ADD COLUMN takeovers INTEGER NOT NULL DEFAULT 0;

ALTER TABLE meta ADD COLUMN alone INTEGER NOT NULL DEFAULT 0; -- the suspect that is executed on its own; 0: none
