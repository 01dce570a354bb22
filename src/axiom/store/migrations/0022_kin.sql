-- What each experiment's text computes, by the text's digest; it never changes. `shipped` is the name of an experiment
-- that Axiom brings along.
CREATE TABLE code (
    digest TEXT PRIMARY KEY,
    parts BLOB NOT NULL,
    fields TEXT NOT NULL,
    shipped TEXT NOT NULL
);
-- Two texts that compute the same or nearly so, once in each order; `of_author`: only where one author wrote both.
CREATE TABLE kin (
    digest TEXT NOT NULL REFERENCES code (digest),
    other TEXT NOT NULL REFERENCES code (digest),
    share DOUBLE PRECISION NOT NULL,
    reason TEXT NOT NULL,
    of_author BIGINT NOT NULL,
    PRIMARY KEY (digest, other)
);
-- The digest of a bundle's text; none before somebody looked for its kin.
ALTER TABLE bundle ADD COLUMN code TEXT;
CREATE INDEX bundle_code ON bundle (code) WHERE code IS NOT NULL;
CREATE INDEX draft_digest ON draft (digest);

-- A draft that its author dropped is tried and proposed no more.
ALTER TABLE draft ADD COLUMN dropped_at BIGINT;
-- What of its kin was run before: an empty text where nothing was, so that what is predicted is blind. Nothing is known
-- of what was written down before this was asked, and that counts as informed.
ALTER TABLE draft ADD COLUMN informed TEXT;
ALTER TABLE prediction ADD COLUMN informed TEXT;
