-- The signed word of a time-stamping authority that a registration existed, and the certificates that it was checked by.
CREATE TABLE stamp (
    registration_id BIGINT PRIMARY KEY REFERENCES registration (id),
    stamped_at BIGINT NOT NULL,
    response BLOB NOT NULL,
    roots TEXT NOT NULL
);
