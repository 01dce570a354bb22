-- The literature that a person has approved, or that the catalogue of Axiom itself names: what may stand behind a sentence.
CREATE TABLE approved_reference (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    words TEXT NOT NULL UNIQUE,
    number TEXT NOT NULL,
    title TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    approved_at BIGINT NOT NULL
);
