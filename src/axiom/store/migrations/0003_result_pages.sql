-- A page of results is found, whatever its filter and its order, without looking at those that it does not show.
CREATE INDEX result_newest ON result (experiment_id, id, config);
CREATE INDEX result_seconds ON result (experiment_id, cpu_seconds, id, config);
CREATE INDEX result_odd ON result (experiment_id, outcome, replicate, config) WHERE outcome <> 'ok';
