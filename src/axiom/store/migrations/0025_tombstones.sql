-- A volunteer or host that asked to be forgotten. For some weeks the statistics files tell other sites whom to forget,
-- by the number and the hashed id that were in them.
CREATE TABLE tombstone (
    noun TEXT NOT NULL CHECK (noun IN ('volunteer', 'host')),
    number BIGINT NOT NULL,
    cpid TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (noun, number)
);
