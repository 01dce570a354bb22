-- What the old laboratory claimed, as the catalogue lists it: words and number are the list's, and follow it.
CREATE TABLE old_claim (
    id {id},
    name TEXT NOT NULL UNIQUE,
    claim TEXT NOT NULL,
    experiment TEXT NOT NULL,
    figure TEXT NOT NULL,
    rests_on TEXT NOT NULL,
    status TEXT NOT NULL,
    source TEXT NOT NULL,
    scripts TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What somebody said of two findings, of a finding and an old claim, or of an explanation. `line` and `evidence_hash`
-- say what the evidence was then. Nothing here is changed later.
CREATE TABLE link (
    id {id},
    kind TEXT NOT NULL,
    source_noun TEXT NOT NULL CHECK (source_noun IN ('finding', 'old claim')),
    source_id BIGINT NOT NULL,
    target_noun TEXT NOT NULL CHECK (target_noun IN ('finding', 'old claim', 'link')),
    target_id BIGINT NOT NULL,
    upheld_by TEXT NOT NULL,
    why TEXT NOT NULL,
    said_by TEXT NOT NULL,
    line BIGINT NOT NULL,
    evidence_hash TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    UNIQUE (kind, source_noun, source_id, target_noun, target_id)
);

CREATE INDEX link_target ON link (target_noun, target_id);
