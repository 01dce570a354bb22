-- What an operator says of the tasks of one experiment, in every version: on which computers, and for how long.
CREATE TABLE task_rule (
    experiment TEXT PRIMARY KEY,
    least_cores INTEGER NOT NULL,
    least_memory_mb INTEGER NOT NULL,
    times_longer INTEGER NOT NULL,
    reason TEXT NOT NULL,
    said_by TEXT NOT NULL,
    said_at BIGINT NOT NULL
);
