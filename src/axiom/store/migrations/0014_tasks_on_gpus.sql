-- The kind of GPU to which a task was sent, with a program for it; empty for the processor. Until now what an experiment
-- declared said it of all of its tasks, and there were programs for one kind alone. What is over stays as it was: it has
-- entered evidence as its host's.
ALTER TABLE task ADD COLUMN gpu TEXT NOT NULL DEFAULT '';
UPDATE task SET gpu = 'NVIDIA' WHERE state IN ('sent', 'returned')
    AND experiment_id IN (SELECT id FROM experiment WHERE json_extract(manifest, '$.gpu') = 1);

-- How a host's newest tasks on its GPUs ended, before its GPU gets another one.
CREATE INDEX task_on_gpu ON task (host_id, closed_at) WHERE gpu <> '' AND closed_at IS NOT NULL;
