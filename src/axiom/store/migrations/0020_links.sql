-- A claim of the old laboratory, as the catalogue lists it: words and number are the list's, and follow it.
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

-- A statement about two findings, a finding and an old claim, or an explanation: who said it, when and why. `line` and
-- `evidence_hash` keep the evidence of that day. A link is never changed.
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
