-- The outcome of a bundle's preflight, one row for each bundle and set of gates. A host gets a bundle only when a row
-- here says that it passed the gates which such a host demands. A pass stays as it is; a failure may be tried again,
-- and the row then has the new outcome. The report is the attempt as JSON.
CREATE TABLE preflight (
    bundle_digest TEXT NOT NULL REFERENCES bundle (digest),
    gates TEXT NOT NULL,
    passed BIGINT NOT NULL CHECK (passed IN (0, 1)),
    reason TEXT NOT NULL,
    platform TEXT NOT NULL,
    report TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (bundle_digest, gates)
);
