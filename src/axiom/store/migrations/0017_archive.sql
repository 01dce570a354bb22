-- What moved out of the database: the tickets and outputs of tasks that closed long ago. One file holds a month, or a
-- part of one that is too large for a single file. The file is a blob and never changes; `emptied_at` is when the last
-- of its tasks had let go of its own ticket and output. Files follow one another by the time at which tasks closed.
CREATE TABLE archive (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    month TEXT NOT NULL,
    part BIGINT NOT NULL,
    digest TEXT NOT NULL UNIQUE REFERENCES blob (digest),
    tasks BIGINT NOT NULL CHECK (tasks > 0),
    bytes BIGINT NOT NULL,
    last_closed_at BIGINT NOT NULL,
    last_task BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    emptied_at BIGINT,
    UNIQUE (month, part)
);

-- The file that holds a task's ticket and output, which then stand nowhere else.
ALTER TABLE task ADD COLUMN archive_id BIGINT REFERENCES archive (id);
