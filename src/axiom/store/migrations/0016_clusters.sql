-- Clusters whose pilots compute here, each in the name of a volunteer of its own. Of a key only the digest is kept. A
-- name stands for one cluster for ever, since the audit knows it by that; its key can be renewed.
CREATE TABLE cluster (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    volunteer_id BIGINT NOT NULL UNIQUE REFERENCES volunteer (id),
    key_digest TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);

-- The hosts of clusters: by which secret the process is known that computes there now, and when it last spoke. What it
-- has out is lent to it for as long as it speaks.
CREATE TABLE pilot (
    host_id BIGINT PRIMARY KEY REFERENCES host (id),
    cluster_id BIGINT NOT NULL REFERENCES cluster (id),
    session TEXT NOT NULL,
    heard_at BIGINT NOT NULL,
    is_over BIGINT NOT NULL DEFAULT 0 CHECK (is_over IN (0, 1)),
    is_lent BIGINT NOT NULL DEFAULT 1 CHECK (is_lent IN (0, 1))
);
CREATE INDEX pilot_lent ON pilot (heard_at) WHERE is_lent = 1;
CREATE INDEX pilot_cluster ON pilot (cluster_id);
