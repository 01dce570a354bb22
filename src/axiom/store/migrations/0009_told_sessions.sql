-- A row of `session` is a round of the steps. Most rounds are held quietly. One that ends a session gets its name by date
-- and letter, `told` says why, and it tells of all rounds since the session before it.
ALTER TABLE session ADD COLUMN told TEXT NOT NULL DEFAULT '';
UPDATE session SET told = reason WHERE ended_at IS NOT NULL;
CREATE INDEX session_told ON session (id) WHERE told <> '';

-- What is told without waiting for the next session.
CREATE INDEX note_urgent ON note (session_id) WHERE kind IN ('finding.suspended', 'experiment.stopped', 'watch.met');
