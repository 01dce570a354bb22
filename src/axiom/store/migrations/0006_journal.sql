-- Where the database stands in the journal, which holds every change: so many groups, the last of them with this digest.
-- One row. A database whose history is another one, or goes on differently, is never brought up to date by a journal.

CREATE TABLE journal (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    history TEXT NOT NULL,
    position BIGINT NOT NULL,
    digest TEXT NOT NULL
);
