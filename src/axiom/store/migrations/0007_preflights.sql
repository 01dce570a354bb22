-- What came of trying a bundle with all of its configs, one row for each bundle and set of gates. Other people's
-- computers get a bundle only when a row here says that it passed. Such a row stays as it is; what failed may be tried
-- again, and then this row says how that ended. The report is the attempt as JSON.

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
