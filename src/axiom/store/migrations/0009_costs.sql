-- How much dearer a version is on one kind of host than its file declares: the reports of the latest hosts, in JSON as
-- [host, tasks, logarithm of spent over expected], and the factor that follows. A factor that rests on a single host
-- holds for that host alone.
CREATE TABLE cost (
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    host_class TEXT NOT NULL,
    tasks BIGINT NOT NULL CHECK (tasks > 0),
    voices TEXT NOT NULL,
    factor DOUBLE PRECISION NOT NULL CHECK (factor BETWEEN 0.1 AND 10),
    host_id BIGINT REFERENCES host (id),
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (experiment_id, host_class)
);
