-- An estimand's value in one replicate, stored once. A line of a finding's history counts, of each replicate, the
-- newest row that is not newer than the line; a value that came late is a further row. Exploratory rows are older than
-- the claim and only shown.
CREATE TABLE observation (
    finding_number BIGINT NOT NULL REFERENCES finding (id),
    replicate BIGINT NOT NULL,
    line BIGINT NOT NULL CHECK (line > 0),
    block BIGINT NOT NULL CHECK (block > 0),
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    cohort TEXT NOT NULL,
    value DOUBLE PRECISION,
    outcome TEXT NOT NULL,
    why_missing TEXT NOT NULL,
    hosts TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (finding_number, replicate, line)
);

ALTER TABLE evidence RENAME TO evidence_before;

-- One line of a finding's history, written when a block closed or something else changed what is concluded.
CREATE TABLE evidence (
    id {id},
    finding_number BIGINT NOT NULL REFERENCES finding (id),
    line BIGINT NOT NULL,
    session_id BIGINT,
    blocks BIGINT NOT NULL,
    seeds BIGINT NOT NULL,
    missing BIGINT NOT NULL,
    clones BIGINT NOT NULL DEFAULT 0,
    estimate DOUBLE PRECISION,
    low DOUBLE PRECISION,
    high DOUBLE PRECISION,
    e_value DOUBLE PRECISION NOT NULL,
    e_kind TEXT NOT NULL,
    e_absent DOUBLE PRECISION NOT NULL DEFAULT 1,
    verdict TEXT NOT NULL,
    grade TEXT NOT NULL,
    hosts BIGINT NOT NULL,
    volunteers BIGINT NOT NULL,
    platforms BIGINT NOT NULL,
    designs BIGINT NOT NULL DEFAULT 1,
    needs TEXT NOT NULL,
    more TEXT NOT NULL DEFAULT 'null',
    flags TEXT NOT NULL,
    alarms TEXT NOT NULL DEFAULT '[]',
    reasons TEXT NOT NULL,
    agreements TEXT NOT NULL DEFAULT '[]',
    false_share DOUBLE PRECISION,
    observations TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    UNIQUE (finding_number, line)
);

INSERT INTO evidence (id, finding_number, line, session_id, blocks, seeds, missing, estimate, low, high, e_value, e_kind,
    verdict, grade, hosts, volunteers, platforms, needs, flags, reasons, observations, created_at)
SELECT id, finding_number, blocks, session_id, blocks, seeds, missing, estimate, low, high, e_value, e_kind, verdict,
    grade, hosts, volunteers, platforms, needs, flags, reasons, observations, created_at
FROM evidence_before ORDER BY id;

DROP TABLE evidence_before;

-- How much of each version was there when it was last weighed: its newest result and how many workunits were closed.
-- While both are the same, no block of it can have closed.
CREATE TABLE weighing (
    experiment_id BIGINT PRIMARY KEY REFERENCES experiment (id),
    newest_result BIGINT NOT NULL,
    closed_workunits BIGINT NOT NULL
);
