-- `reviewed_to` is the moment up to which a round has reviewed the tasks that closed.
ALTER TABLE session RENAME COLUMN seen_task TO reviewed_to;
