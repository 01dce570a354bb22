-- How closed tasks ended, by version, bundle, host, platform, cause and exception: how many, from when to when.
-- Sessions and a job count each closing once, up to `ending_look.counted_to`; `forgiven` are tasks for which a version
-- was stopped already.
CREATE TABLE ending (
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    bundle_digest TEXT NOT NULL,
    host_id BIGINT NOT NULL REFERENCES host (id),
    platform TEXT NOT NULL,
    cause TEXT NOT NULL,
    raised TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    forgiven BIGINT NOT NULL DEFAULT 0,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    last_task BIGINT NOT NULL,
    PRIMARY KEY (experiment_id, bundle_digest, host_id, platform, cause, raised)
);

-- The moment up to which closed tasks are counted in `ending`.
CREATE TABLE ending_look (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    counted_to BIGINT NOT NULL
);

INSERT INTO ending_look (id, counted_to) VALUES (1, 0);

-- A condition that somebody watches for: they are told when a result of a version first meets it. It is never
-- evidence.
CREATE TABLE watch (
    id {id},
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    sentence TEXT NOT NULL,
    measure TEXT NOT NULL,
    comparison TEXT NOT NULL,
    threshold DOUBLE PRECISION NOT NULL,
    seen_result BIGINT NOT NULL,
    hits BIGINT NOT NULL DEFAULT 0,
    first_hit BIGINT,
    first_hit_at BIGINT,
    value DOUBLE PRECISION,
    registered_at BIGINT NOT NULL,
    ended_at BIGINT
);

CREATE INDEX watch_open ON watch (experiment_id, id) WHERE ended_at IS NULL;

-- Why a version is retired.

ALTER TABLE experiment ADD COLUMN why TEXT NOT NULL DEFAULT '';
