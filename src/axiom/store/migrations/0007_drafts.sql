-- Experiments' files that are not published. A row is one text, which never changes: `refusals` is what reading it said.
-- A preflight is ordered at `ordered_at`; what came of it is `attempt`, of which its author sees `gates`, which tells
-- no measure. `declaration` is the manifest; `question` is the digest of what it asks, expects and controls.
CREATE TABLE draft (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    digest TEXT NOT NULL,
    refusals TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ordered_at BIGINT,
    tried_at BIGINT,
    passed INTEGER,
    reason TEXT NOT NULL DEFAULT '',
    gates TEXT NOT NULL DEFAULT '[]',
    attempt TEXT NOT NULL DEFAULT '',
    declaration TEXT NOT NULL DEFAULT '',
    question TEXT NOT NULL DEFAULT '',
    bundle_digest TEXT NOT NULL DEFAULT ''
);
CREATE INDEX draft_name ON draft (name, id);
CREATE INDEX draft_waits ON draft (id) WHERE ordered_at IS NOT NULL AND tried_at IS NULL;
CREATE INDEX draft_bundle ON draft (bundle_digest) WHERE bundle_digest != '';

-- A proposal may ask something of code that is not published: then it has a draft, and neither experiment nor finding.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE proposal_again (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    slug TEXT NOT NULL,
    template TEXT NOT NULL,
    experiment_id BIGINT REFERENCES experiment (id),
    finding_number BIGINT REFERENCES finding (id),
    draft_id BIGINT REFERENCES draft (id),
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    why TEXT NOT NULL DEFAULT '',
    decided_by TEXT NOT NULL DEFAULT '',
    registration_id BIGINT REFERENCES registration (id),
    session_id BIGINT REFERENCES session (id),
    created_at BIGINT NOT NULL,
    decided_at BIGINT
);
INSERT INTO proposal_again (id, slug, template, experiment_id, finding_number, body, state, why, decided_by,
    registration_id, session_id, created_at, decided_at)
SELECT id, slug, template, experiment_id, finding_number, body, state, why, decided_by, registration_id, session_id,
    created_at, decided_at FROM proposal ORDER BY id;
DROP TABLE proposal;
ALTER TABLE proposal_again RENAME TO proposal;
CREATE INDEX proposal_state ON proposal (state, id);
CREATE INDEX proposal_draft ON proposal (draft_id) WHERE draft_id IS NOT NULL;
