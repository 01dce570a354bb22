-- What people and programs wrote about a session, or for a paper over findings. Texts are stored as they were written,
-- with references, which are resolved when they are shown. Nothing is changed or removed; of each author the newest text
-- about the same stands.
CREATE TABLE prose (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id BIGINT REFERENCES session (id),
    findings TEXT NOT NULL DEFAULT '',
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX prose_of_session ON prose (session_id, id) WHERE session_id IS NOT NULL;
CREATE INDEX prose_of_paper ON prose (findings, id) WHERE findings <> '';
