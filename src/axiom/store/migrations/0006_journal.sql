-- The place of the database in the journal, which holds every change: how many groups, and the digest of the last. One
-- row. A journal with another history, or one that goes on differently, is never replayed here.
CREATE TABLE journal (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    history TEXT NOT NULL,
    position BIGINT NOT NULL,
    digest TEXT NOT NULL
);
