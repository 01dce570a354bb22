-- From which the seeds of a registration follow. The hash of one is public at once, and chained; it is itself when the
-- registration has ended. A registration of before has none: its seeds follow from names, as they always did.
CREATE TABLE seed_secret (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    secret TEXT NOT NULL,
    commitment TEXT NOT NULL,
    previous_hash TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revealed_at BIGINT, -- from then on no seed follows from it that was not issued before
    restored_at BIGINT -- a backup was restored in which it was not revealed: it may have been, later
);
CREATE INDEX seed_secret_registration ON seed_secret (registration_id, id);
