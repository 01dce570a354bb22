-- The first thread of work: publish, register, order, hand out, bring back, prove.
-- {id} is each database's own word for a 64-bit key that is never used twice, {bytes} its word for bytes.
-- Times are microseconds since 1970 in UTC.

-- One version of an experiment, with its manifest: all that the server ever reads of an experiment.
CREATE TABLE experiment (
    id {id},
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    manifest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    recalled_at BIGINT,
    UNIQUE (name, version)
);

-- The signed code of a version. A version may have several: a repair that leaves the golden numbers has the next serial.
CREATE TABLE bundle (
    id {id},
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    serial BIGINT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    seal TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (experiment_id, serial)
);

-- What is asked, predicted and when it ends, as a canonical body, written before any workunit of it exists. Each
-- registration holds the hash of the one before.
CREATE TABLE registration (
    id {id},
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    cohort TEXT NOT NULL,
    body TEXT NOT NULL,
    previous_hash TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

-- What somebody expects of an estimand before anything is seen: three chances and an interval.
CREATE TABLE prediction (
    id {id},
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    estimand TEXT NOT NULL,
    forecaster TEXT NOT NULL,
    positive DOUBLE PRECISION NOT NULL,
    negative DOUBLE PRECISION NOT NULL,
    absent DOUBLE PRECISION NOT NULL,
    low DOUBLE PRECISION NOT NULL,
    high DOUBLE PRECISION NOT NULL,
    because TEXT NOT NULL,
    UNIQUE (registration_id, estimand, forecaster)
);

-- One independent repetition of a whole sweep. Numbers are issued once per version, in order, over all designs.
CREATE TABLE replicate (
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    number BIGINT NOT NULL,
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    seed BIGINT NOT NULL,
    PRIMARY KEY (experiment_id, number)
);

-- An order for some cells of one experiment. One with `split_from` is a part of a larger one; one with
-- `checks_task_id` repeats the cells of that task at another volunteer.
CREATE TABLE workunit (
    id {id},
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    replicates TEXT NOT NULL,
    configs TEXT NOT NULL,
    state TEXT NOT NULL,
    quorum BIGINT NOT NULL,
    max_failures BIGINT NOT NULL,
    target_host_id BIGINT,
    abort_requested BIGINT NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    closed_at BIGINT
);
CREATE INDEX workunit_open ON workunit (experiment_id, id) WHERE state = 'open';

-- A person who owns hosts; from `email` on, the columns are the account.
CREATE TABLE volunteer (
    id {id},
    name TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

-- A computer that computes.
CREATE TABLE host (
    id {id},
    volunteer_id BIGINT NOT NULL REFERENCES volunteer (id),
    name TEXT NOT NULL,
    system TEXT NOT NULL,
    processor TEXT NOT NULL,
    instructions TEXT NOT NULL,
    cores BIGINT NOT NULL,
    memory_mb BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    UNIQUE (volunteer_id, name)
);

-- One copy of a workunit, given to one host.
CREATE TABLE task (
    id {id},
    workunit_id BIGINT NOT NULL REFERENCES workunit (id),
    experiment_id BIGINT NOT NULL,
    target_host_id BIGINT,
    ordinal BIGINT NOT NULL,
    state TEXT NOT NULL,
    host_id BIGINT REFERENCES host (id),
    bundle_digest TEXT REFERENCES bundle (digest),
    ticket TEXT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    deadline BIGINT,
    returned_at BIGINT,
    closed_at BIGINT,
    exit_status BIGINT,
    output_digest TEXT,
    cpu_seconds DOUBLE PRECISION,
    elapsed_seconds DOUBLE PRECISION,
    message TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    UNIQUE (workunit_id, ordinal)
);
-- Dispatch pops the oldest unsent task of an experiment; the two others are read by the transitioner and validator.
CREATE INDEX task_unsent ON task (experiment_id, target_host_id, id) WHERE state = 'unsent';
CREATE INDEX task_sent ON task (deadline, id) WHERE state = 'sent';
CREATE INDEX task_sent_host ON task (host_id, id) WHERE state = 'sent';
CREATE INDEX task_returned ON task (id) WHERE state = 'returned';

-- The measures of one cell with its outcome, proven and stored once.
CREATE TABLE result (
    id {id},
    task_id BIGINT NOT NULL REFERENCES task (id),
    experiment_id BIGINT NOT NULL,
    replicate BIGINT NOT NULL,
    config BIGINT NOT NULL,
    seed BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    measures TEXT,
    early TEXT NOT NULL,
    cpu_seconds DOUBLE PRECISION NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (experiment_id, replicate, config),
    FOREIGN KEY (experiment_id, replicate) REFERENCES replicate (experiment_id, number)
);
CREATE INDEX result_task ON result (task_id);

-- A cell computed again with the same seed elsewhere: shows that hosts agree, never counts as evidence.
CREATE TABLE duplicate (
    id {id},
    result_id BIGINT NOT NULL REFERENCES result (id),
    task_id BIGINT NOT NULL REFERENCES task (id),
    outcome TEXT NOT NULL,
    measures TEXT,
    early TEXT NOT NULL,
    cpu_seconds DOUBLE PRECISION NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (result_id, task_id)
);

-- Bytes by their SHA-256: small ones in `body`, larger ones in a file of that name.
CREATE TABLE blob (
    digest TEXT PRIMARY KEY,
    size BIGINT NOT NULL,
    body {bytes},
    created_at BIGINT NOT NULL
);

-- How many there are of something; the writer changes it in the transaction that changes the rows.
CREATE TABLE counter (
    noun TEXT NOT NULL,
    experiment_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (noun, experiment_id, state)
);

-- Each command, in a chain of hashes: who asked for what, and the answer.
CREATE TABLE audit (
    id {id},
    at BIGINT NOT NULL,
    caller TEXT NOT NULL,
    command TEXT NOT NULL,
    arguments TEXT NOT NULL,
    dry_run BIGINT NOT NULL,
    key TEXT,
    outcome TEXT NOT NULL,
    answer TEXT NOT NULL,
    workunits BIGINT NOT NULL,
    aborts BIGINT NOT NULL,
    previous_hash TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL UNIQUE
);
CREATE UNIQUE INDEX audit_key ON audit (caller, key) WHERE key IS NOT NULL;

-- The server's periodic jobs: when each last began and succeeded, and its last error.
CREATE TABLE job (
    name TEXT PRIMARY KEY,
    every_seconds DOUBLE PRECISION NOT NULL,
    last_start BIGINT,
    last_ok BIGINT,
    last_error TEXT NOT NULL DEFAULT ''
);
