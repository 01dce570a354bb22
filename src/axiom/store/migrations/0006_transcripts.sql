-- What was said to language models and what came back. An entry is never changed; each covers the one before it by its
-- hash. A request is written before it is sent, with the most that it can take: until an entry answers it, that counts.
CREATE TABLE transcript (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id BIGINT NOT NULL REFERENCES session (id),
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    request_id BIGINT UNIQUE REFERENCES transcript (id),
    model TEXT NOT NULL,
    prompt TEXT NOT NULL,
    body TEXT NOT NULL,
    tokens BIGINT NOT NULL,
    micros BIGINT NOT NULL,
    previous_hash TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL
);
CREATE INDEX transcript_of ON transcript (session_id, id);
