-- How much the janitor deleted each time, also when it was nothing: sessions tell of it.
CREATE TABLE cleaning (
    id {id},
    cleaned_at BIGINT NOT NULL,
    files BIGINT NOT NULL,
    uploads BIGINT NOT NULL,
    blobs BIGINT NOT NULL,
    sign_ins BIGINT NOT NULL,
    caches BIGINT NOT NULL
);

CREATE INDEX cleaning_at ON cleaning (cleaned_at);
