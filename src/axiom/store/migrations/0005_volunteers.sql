-- Volunteers who attach with the BOINC client: accounts, teams, what their computers can do and how far they are
-- trusted, uploads that wait for their report, credit as totals and recent averages, and words for the owner.

-- An account. Only digests of keys are kept: the keys themselves follow from the account secret, the id and a serial.
ALTER TABLE volunteer ADD COLUMN email TEXT;
ALTER TABLE volunteer ADD COLUMN password TEXT;
ALTER TABLE volunteer ADD COLUMN password_serial BIGINT NOT NULL DEFAULT 0;
ALTER TABLE volunteer ADD COLUMN key_serial BIGINT NOT NULL DEFAULT 0;
ALTER TABLE volunteer ADD COLUMN key_digest TEXT;
ALTER TABLE volunteer ADD COLUMN weak_digest TEXT;
ALTER TABLE volunteer ADD COLUMN cross_id TEXT NOT NULL DEFAULT '';
ALTER TABLE volunteer ADD COLUMN team_id BIGINT REFERENCES team (id);
ALTER TABLE volunteer ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE volunteer ADD COLUMN website TEXT NOT NULL DEFAULT '';
ALTER TABLE volunteer ADD COLUMN venue TEXT NOT NULL DEFAULT '';
ALTER TABLE volunteer ADD COLUMN preferences TEXT NOT NULL DEFAULT '';
ALTER TABLE volunteer ADD COLUMN preferences_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE volunteer ADD COLUMN project_preferences TEXT NOT NULL DEFAULT '{}';
ALTER TABLE volunteer ADD COLUMN is_exported BIGINT NOT NULL DEFAULT 0;
ALTER TABLE volunteer ADD COLUMN shows_hosts BIGINT NOT NULL DEFAULT 1;

CREATE UNIQUE INDEX volunteer_email ON volunteer (email) WHERE email IS NOT NULL;

CREATE UNIQUE INDEX volunteer_key ON volunteer (key_digest) WHERE key_digest IS NOT NULL;

CREATE UNIQUE INDEX volunteer_weak ON volunteer (weak_digest) WHERE weak_digest IS NOT NULL;

CREATE INDEX volunteer_team ON volunteer (team_id) WHERE team_id IS NOT NULL;

-- Volunteers who compute together.
CREATE TABLE team (
    id {id},
    name TEXT NOT NULL UNIQUE,
    founder_id BIGINT NOT NULL REFERENCES volunteer (id),
    country TEXT NOT NULL DEFAULT '',
    website TEXT NOT NULL DEFAULT '',
    about TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);

-- A browser that is signed in to the site, until when; of its token only the digest is kept.
CREATE TABLE sign_in (
    token_digest TEXT PRIMARY KEY,
    volunteer_id BIGINT NOT NULL REFERENCES volunteer (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX sign_in_expiry ON sign_in (expires_at);

-- What the client says of its computer, and what its work so far says of it.
ALTER TABLE host ADD COLUMN cpid TEXT NOT NULL DEFAULT '';
ALTER TABLE host ADD COLUMN rpc_seqno BIGINT NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN disk_mb BIGINT;
ALTER TABLE host ADD COLUMN flops DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN availability DOUBLE PRECISION NOT NULL DEFAULT 1;
ALTER TABLE host ADD COLUMN gpus TEXT NOT NULL DEFAULT '[]';
ALTER TABLE host ADD COLUMN facts TEXT NOT NULL DEFAULT '{}';
ALTER TABLE host ADD COLUMN facts_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE host ADD COLUMN venue TEXT NOT NULL DEFAULT '';
ALTER TABLE host ADD COLUMN valid_in_row BIGINT NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN quota BIGINT;
ALTER TABLE host ADD COLUMN quota_day BIGINT NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN sent_that_day BIGINT NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN speed DOUBLE PRECISION;
ALTER TABLE host ADD COLUMN turnaround_seconds DOUBLE PRECISION;
ALTER TABLE host ADD COLUMN why_no_work TEXT NOT NULL DEFAULT '';

CREATE INDEX host_cpid ON host (volunteer_id, cpid) WHERE cpid <> '';

CREATE INDEX host_volunteer ON host (volunteer_id, id);

-- A workunit may repeat the cells of a task, at another volunteer, to see whether hosts agree.
ALTER TABLE workunit ADD COLUMN checks_task_id BIGINT REFERENCES task (id);

CREATE INDEX workunit_checks ON workunit (checks_task_id) WHERE checks_task_id IS NOT NULL;

ALTER TABLE task ADD COLUMN boinc_state BIGINT;
ALTER TABLE task ADD COLUMN cause TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN peak_memory_mb DOUBLE PRECISION;
ALTER TABLE task ADD COLUMN peak_disk_mb DOUBLE PRECISION;
ALTER TABLE task ADD COLUMN agreement TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN is_paid BIGINT NOT NULL DEFAULT 0;

UPDATE task SET is_paid = 1 WHERE id IN (SELECT task_id FROM award);

CREATE INDEX task_unpaid ON task (id) WHERE state = 'valid' AND is_paid = 0;

CREATE INDEX task_cost ON task (experiment_id, cpu_seconds) WHERE state = 'valid';

-- Of what a host has had. A question for what it has now must not fit this one: it has an index of its own.
CREATE INDEX task_host ON task (host_id, id) WHERE host_id IS NOT NULL AND sent_at IS NOT NULL;

CREATE INDEX task_said ON task (experiment_id, id) WHERE state = 'failed' AND message <> '';

-- An output that arrived before its report. Its bytes are a blob.
CREATE TABLE upload (
    task_id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL REFERENCES blob (digest),
    size BIGINT NOT NULL,
    md5 TEXT NOT NULL,
    received_at BIGINT NOT NULL
);

CREATE INDEX upload_digest ON upload (digest);

CREATE INDEX upload_age ON upload (received_at);

-- Credit of a volunteer, a host or a team: the sum of its awards and what it carried over, and a recent average.
CREATE TABLE balance (
    holder TEXT NOT NULL,
    holder_id BIGINT NOT NULL,
    total BIGINT NOT NULL,
    recent DOUBLE PRECISION NOT NULL,
    recent_at BIGINT NOT NULL,
    PRIMARY KEY (holder, holder_id)
);

CREATE INDEX balance_rank ON balance (holder, total);

-- Credit from before this laboratory's ledger, brought over once from each source.
CREATE TABLE carried (
    id {id},
    volunteer_id BIGINT NOT NULL REFERENCES volunteer (id),
    source TEXT NOT NULL,
    amount BIGINT NOT NULL,
    because TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (volunteer_id, source)
);

ALTER TABLE award ADD COLUMN team_id BIGINT REFERENCES team (id);

CREATE INDEX award_host ON award (host_id, id);

CREATE INDEX award_volunteer ON award (volunteer_id, id);

CREATE INDEX award_session ON award (id) WHERE session_id IS NOT NULL;

INSERT INTO balance (holder, holder_id, total, recent, recent_at)
SELECT 'volunteer', volunteer_id, sum(amount), 0, max(created_at) FROM award GROUP BY volunteer_id;

INSERT INTO balance (holder, holder_id, total, recent, recent_at)
SELECT 'host', host_id, sum(amount), 0, max(created_at) FROM award GROUP BY host_id;

-- A sentence for the owner of a host, shown once as a notice in the client.
CREATE TABLE notice (
    id {id},
    host_id BIGINT NOT NULL REFERENCES host (id),
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    told_at BIGINT
);

CREATE INDEX notice_untold ON notice (host_id, id) WHERE told_at IS NULL;

-- Whether an owner was told the same lately, and which checks are still open.
CREATE INDEX notice_kind ON notice (host_id, kind, created_at);

CREATE INDEX workunit_checking ON workunit (experiment_id, id) WHERE state = 'open' AND checks_task_id IS NOT NULL;

CREATE INDEX entry_award ON entry (award_id);
