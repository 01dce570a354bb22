-- A laboratory that weighs what it measured: findings, evidence, sessions with their notes, credit, figures.

-- A claim with a number, given when the claim is registered.
CREATE TABLE finding (
    id {id},
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    estimand TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'open',
    created_at BIGINT NOT NULL,
    UNIQUE (registration_id, estimand)
);
INSERT INTO finding (registration_id, experiment_id, estimand, created_at)
SELECT p.registration_id, r.experiment_id, p.estimand, r.created_at
FROM prediction p JOIN registration r ON r.id = p.registration_id ORDER BY p.id;

-- One row whenever another block closed: the finding's history.
CREATE TABLE evidence (
    id {id},
    finding_number BIGINT NOT NULL REFERENCES finding (id),
    session_id BIGINT,
    blocks BIGINT NOT NULL,
    seeds BIGINT NOT NULL,
    missing BIGINT NOT NULL,
    estimate DOUBLE PRECISION,
    low DOUBLE PRECISION,
    high DOUBLE PRECISION,
    e_value DOUBLE PRECISION NOT NULL,
    e_kind TEXT NOT NULL,
    verdict TEXT NOT NULL,
    grade TEXT NOT NULL,
    hosts BIGINT NOT NULL,
    volunteers BIGINT NOT NULL,
    platforms BIGINT NOT NULL,
    needs TEXT NOT NULL,
    flags TEXT NOT NULL,
    reasons TEXT NOT NULL,
    observations TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (finding_number, blocks)
);

-- One round of the laboratory's steps, named by date and letter.
CREATE TABLE session (
    id {id},
    name TEXT NOT NULL UNIQUE,
    pi TEXT NOT NULL,
    reason TEXT NOT NULL,
    done TEXT NOT NULL DEFAULT '[]',
    seen_task BIGINT NOT NULL,
    plan TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT
);

-- One line that a step leaves in a session's log; its numbers are facts beside the text.
CREATE TABLE note (
    id {id},
    session_id BIGINT NOT NULL REFERENCES session (id),
    step TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    facts TEXT NOT NULL,
    about TEXT NOT NULL
);
CREATE INDEX note_session ON note (session_id, id);

-- How credit is computed, from when on. A change is a new version.
CREATE TABLE tariff (
    id {id},
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    per_core_second BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    UNIQUE (name, version)
);

-- Credit for one task and one reason, once.
CREATE TABLE award (
    id {id},
    task_id BIGINT NOT NULL REFERENCES task (id),
    reason TEXT NOT NULL,
    tariff_id BIGINT NOT NULL REFERENCES tariff (id),
    host_id BIGINT NOT NULL REFERENCES host (id),
    volunteer_id BIGINT NOT NULL REFERENCES volunteer (id),
    session_id BIGINT,
    amount BIGINT NOT NULL,
    because TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (task_id, reason)
);

-- One side of a booking; the two sides of an award add up to zero.
CREATE TABLE entry (
    id {id},
    award_id BIGINT NOT NULL REFERENCES award (id),
    account TEXT NOT NULL,
    amount BIGINT NOT NULL
);
CREATE INDEX entry_account ON entry (account);

-- A picture, drawn by a process of its own when its data have changed; the bytes are blobs.
CREATE TABLE figure (
    name TEXT PRIMARY KEY,
    shows TEXT NOT NULL,
    svg TEXT NOT NULL REFERENCES blob (digest),
    png TEXT NOT NULL REFERENCES blob (digest),
    drawn_at BIGINT NOT NULL
);
CREATE INDEX task_closed ON task (closed_at, id) WHERE closed_at IS NOT NULL;

-- What a bundle itself declares: a repair may need more memory or time than the bundle before it said.
ALTER TABLE bundle ADD COLUMN manifest TEXT NOT NULL DEFAULT '';

-- How much a caller has had in a day is asked before every command.
CREATE INDEX audit_caller ON audit (caller, at);
CREATE INDEX workunit_registration ON workunit (registration_id, id);
