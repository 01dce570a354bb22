-- Experiments take turns: whose last task was sent longest ago comes first among equals.
CREATE INDEX task_turn ON task (experiment_id, sent_at) WHERE sent_at IS NOT NULL;
-- Whether a blob is still needed is asked by its digest.
CREATE INDEX task_output ON task (output_digest) WHERE output_digest IS NOT NULL;
