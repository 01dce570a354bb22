-- Experiments take turns: whose last task was sent longest ago comes first among equals.
CREATE INDEX task_turn ON task (experiment_id, sent_at) WHERE sent_at IS NOT NULL;
