-- What is written with every task must not cost more as tasks add up: an index over random digests is written all over
-- itself. A blob counts instead how many uploads and reported tasks hold it, a version's last turn is remembered by
-- whoever hands work out, and uploads, of which there are only those not reported yet, lie in order of their tasks.

ALTER TABLE blob ADD COLUMN brought BIGINT NOT NULL DEFAULT 0;

UPDATE blob SET brought = (SELECT count(*) FROM task t WHERE t.output_digest = blob.digest)
    + (SELECT count(*) FROM upload u WHERE u.digest = blob.digest);

DROP INDEX task_output;

DROP INDEX task_turn;

ALTER TABLE upload RENAME TO upload_before;

-- An output that arrived before its report. Its bytes are a blob.
CREATE TABLE upload (
    task_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,
    md5 TEXT NOT NULL,
    received_at BIGINT NOT NULL
);

INSERT INTO upload (task_id, name, digest, size, md5, received_at)
SELECT task_id, name, digest, size, md5, received_at FROM upload_before ORDER BY task_id;

DROP TABLE upload_before;
