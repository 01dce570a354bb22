-- Nobody is given a bundle without a row that says that it passed, the laboratory's own hosts neither. What they demand
-- is less, so a row says for whom it speaks: rows of before speak for everybody, the new ones for our own hosts alone.

ALTER TABLE preflight ADD COLUMN ours_only BIGINT NOT NULL DEFAULT 0 CHECK (ours_only IN (0, 1));

-- Asked with every task that is sent, and reports, behind which a row keeps that column, are long.
CREATE INDEX preflight_passed ON preflight (bundle_digest, passed, ours_only);
