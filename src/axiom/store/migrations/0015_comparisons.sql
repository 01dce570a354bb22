-- How often a host's tasks are checked follows from its newest comparisons with other hosts.
CREATE INDEX task_compared ON task (host_id, id, experiment_id, agreement) WHERE agreement <> '';

-- Copies that only some volunteers may take.
CREATE INDEX workunit_copied ON workunit (experiment_id, id) WHERE state = 'open' AND quorum > 1;
