-- The messages that end a run, which a run without code obeys too. Of others there may be many that nobody obeys.
CREATE INDEX messages_ending ON messages (run) WHERE kind IN ('cancel', 'terminate');
