-- Which volunteer the laboratory itself is: one row, made when it first computes. Whoever asks whether a host is ours
-- asks this; that somebody has no address says nothing of the kind.

ALTER TABLE volunteer ADD COLUMN is_ours BIGINT NOT NULL DEFAULT 0 CHECK (is_ours IN (0, 1));

UPDATE volunteer SET is_ours = 1 WHERE name = 'the laboratory itself' AND email IS NULL;

CREATE UNIQUE INDEX volunteer_ours ON volunteer (is_ours) WHERE is_ours = 1;

-- How far a task is by its host's own word, while it is out; no decision trusts it. Only long tasks have a row. It
-- goes with the next cleaning.
CREATE TABLE progress (
    task_id BIGINT PRIMARY KEY REFERENCES task (id),
    fraction DOUBLE PRECISION NOT NULL CHECK (fraction BETWEEN 0 AND 1),
    cpu_seconds DOUBLE PRECISION NOT NULL,
    heard_at BIGINT NOT NULL
);
