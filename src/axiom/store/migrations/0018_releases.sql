-- The history of how far each bundle is let out: stages, halts, pauses, approvals, ways back. No line is ever changed.
-- Tasks sent while a bundle was let out are marked, so that they are counted without looking at any other task.
CREATE TABLE release (
    id {id},
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    bundle_digest TEXT NOT NULL REFERENCES bundle (digest),
    change TEXT NOT NULL,
    platform TEXT NOT NULL,
    reason TEXT NOT NULL,
    said_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

ALTER TABLE task ADD COLUMN is_staged BIGINT NOT NULL DEFAULT 0 CHECK (is_staged IN (0, 1));
CREATE INDEX task_staged ON task (bundle_digest, host_id) WHERE is_staged = 1;

-- What was computed before there were stages is out.
INSERT INTO release (experiment_id, bundle_digest, change, platform, reason, said_by, created_at)
SELECT b.experiment_id, b.digest, 'open', '', 'it was out before versions were let out in stages', 'the laboratory',
    b.created_at
FROM bundle b JOIN counter c ON c.experiment_id = b.experiment_id AND c.noun = 'task' AND c.state = 'valid'
WHERE c.amount >= 3 ORDER BY b.id;
