-- Values of runs, messages and schedules that were changed in the file are found too: see checksum.go. All are
-- NULL in rows of earlier layouts.
ALTER TABLE runs ADD COLUMN sum      INTEGER; -- of what the run was created with
ALTER TABLE runs ADD COLUMN head_sum INTEGER; -- of what its last change of the head set
ALTER TABLE messages  ADD COLUMN sum INTEGER;
ALTER TABLE schedules ADD COLUMN sum INTEGER;
