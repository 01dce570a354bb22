-- Questions that nobody has asked yet. A volunteer's is shown to everybody only from `shown_at` on. `basis` is what the
-- autopilot saw, of which it writes one idea, once; `finding_number` is where it saw it.
CREATE TABLE idea (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    question TEXT NOT NULL,
    why TEXT NOT NULL,
    said_by TEXT NOT NULL,
    volunteer_id BIGINT REFERENCES volunteer (id),
    basis TEXT UNIQUE,
    finding_number BIGINT REFERENCES finding (id),
    session_id BIGINT REFERENCES session (id),
    created_at BIGINT NOT NULL,
    shown_at BIGINT,
    state TEXT NOT NULL DEFAULT 'open',
    answer TEXT NOT NULL DEFAULT '',
    answered_by TEXT NOT NULL DEFAULT '',
    answered_at BIGINT,
    proposal_id BIGINT REFERENCES proposal (id),
    experiment_id BIGINT REFERENCES experiment (id),
    answering_finding BIGINT REFERENCES finding (id)
);
CREATE INDEX idea_of_volunteer ON idea (volunteer_id, id) WHERE volunteer_id IS NOT NULL;
