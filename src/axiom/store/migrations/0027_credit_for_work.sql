-- Credit is for the work that was ordered and proven, so the time of the dearest tasks is not looked up any more. A late
-- cell proves nothing: the index tells whether a task has one. Failures are looked up by version and host.
DROP INDEX task_cost;
CREATE INDEX task_failed ON task (experiment_id, host_id, id) WHERE state = 'failed';
CREATE INDEX result_late ON result (task_id) WHERE outcome = 'late';
CREATE INDEX duplicate_late ON duplicate (task_id) WHERE outcome = 'late';
