-- What the laboratory goes on to know of the project that it succeeds, whose server was another's.

-- From which dump all of it is. One row.
CREATE TABLE adoption (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    digest TEXT NOT NULL,
    project TEXT NOT NULL,
    facts TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    sealed_at BIGINT
);

-- Account keys of before, which count beside ours: a weak one until the password changes, another until the key does.
CREATE TABLE adopted_key (
    digest TEXT PRIMARY KEY,
    volunteer_id BIGINT NOT NULL REFERENCES volunteer (id),
    is_weak BIGINT NOT NULL CHECK (is_weak IN (0, 1))
);
CREATE INDEX adopted_key_volunteer ON adopted_key (volunteer_id);

-- Numbers of computers that were found to be another one, under whose number they go on.
CREATE TABLE merged_host (
    number BIGINT PRIMARY KEY,
    host_id BIGINT NOT NULL REFERENCES host (id)
);

-- Tasks of before that computers still have: what they report of them is kept, and is nobody's evidence.
CREATE TABLE foreign_task (
    name TEXT PRIMARY KEY,
    host_id BIGINT NOT NULL,
    app TEXT NOT NULL,
    deadline BIGINT NOT NULL,
    report TEXT,
    reported_at BIGINT
);
CREATE INDEX foreign_task_host ON foreign_task (host_id);

-- What another laboratory before this one had of an experiment, task by task: exploratory for ever. Pages show it as that,
-- and nothing that weighs reads it. Each task of a source is taken once: `measures` are its numbers by name, `config` is
-- what its file says that it was computed with, seed and all.
CREATE TABLE former_result (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment TEXT NOT NULL,
    source TEXT NOT NULL,
    task TEXT NOT NULL,
    measures TEXT NOT NULL,
    config TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (experiment, source, task)
);

-- An address as its owner spelt it, where that is not how it is kept: cross-project ids of before rest on it.
ALTER TABLE volunteer ADD COLUMN spelt_email TEXT;

-- Passwords of before that are not hashed yet.
CREATE INDEX volunteer_sealed ON volunteer (id) WHERE password GLOB 'sealed:*';

-- Credit from before the ledger is a volunteer's, a host's or a team's.
CREATE TABLE carried_again (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    holder TEXT NOT NULL,
    holder_id BIGINT NOT NULL,
    source TEXT NOT NULL,
    amount BIGINT NOT NULL,
    because TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (holder, holder_id, source)
);
INSERT INTO carried_again (id, holder, holder_id, source, amount, because, created_at)
    SELECT id, 'volunteer', volunteer_id, source, amount, because, created_at FROM carried ORDER BY id;
DROP TABLE carried;
ALTER TABLE carried_again RENAME TO carried;

CREATE TRIGGER carried_stays BEFORE UPDATE ON carried BEGIN
    SELECT RAISE(ABORT, 'what was booked is never changed: a further award sets it right');
END;

CREATE TRIGGER carried_kept BEFORE DELETE ON carried BEGIN
    SELECT RAISE(ABORT, 'what was booked is never changed: a further award sets it right');
END;
