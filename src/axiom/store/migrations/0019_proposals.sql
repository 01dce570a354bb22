-- A question that the laboratory might ask next. The body never changes; the state does, once. Approval registers the
-- question, and the row then names the registration.
CREATE TABLE proposal (
    id {id},
    slug TEXT NOT NULL,
    template TEXT NOT NULL,
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    finding_number BIGINT NOT NULL REFERENCES finding (id),
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    why TEXT NOT NULL DEFAULT '',
    decided_by TEXT NOT NULL DEFAULT '',
    registration_id BIGINT REFERENCES registration (id),
    session_id BIGINT REFERENCES session (id),
    created_at BIGINT NOT NULL,
    decided_at BIGINT
);

CREATE INDEX proposal_state ON proposal (state, id);
