-- Values that were changed in the file are found: each row of the log has a checksum.
ALTER TABLE log ADD COLUMN sum INTEGER; -- of the row's own values, see checksum.go; NULL in rows of earlier layouts
