-- Volunteers who may act as operators at the site. The secret of the second factor follows from the laboratory's own and
-- the serial, so it stands nowhere; a code counts once. A name stands for one account for ever, since the audit knows it.
CREATE TABLE operator (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    volunteer_id BIGINT NOT NULL UNIQUE REFERENCES volunteer (id),
    serial BIGINT NOT NULL,
    used_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
