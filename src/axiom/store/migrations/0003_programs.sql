-- Programs that may work here. Of a token only the digest is kept. A name stands for one program for ever, since the
-- audit knows it by that.
CREATE TABLE program (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    model TEXT NOT NULL,
    prompt TEXT NOT NULL,
    may TEXT NOT NULL,
    may_approve BIGINT NOT NULL,
    limits TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);

-- Which model spoke through a program, what it was told first, and what a command ordered at most. Entries without them
-- are older, or a person's.
ALTER TABLE audit ADD COLUMN model TEXT;
ALTER TABLE audit ADD COLUMN prompt TEXT;
ALTER TABLE audit ADD COLUMN core_seconds DOUBLE PRECISION;

-- A note to a finding, in somebody's own words. It is never changed, and nothing is concluded from it.
CREATE TABLE finding_note (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    finding_number BIGINT NOT NULL REFERENCES finding (id),
    text TEXT NOT NULL,
    said_by TEXT NOT NULL,
    said_at BIGINT NOT NULL
);
CREATE INDEX finding_note_of ON finding_note (finding_number, id);
