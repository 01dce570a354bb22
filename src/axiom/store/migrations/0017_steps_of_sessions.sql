-- Which steps a session has to do is written down when it is opened: those of before have other ones. `holder` has it in
-- hand until `held_until`, so that two do not take turns in one session. Workunits up to `seen_workunit` are told. Each fact of a note may lead to rows of its own.

ALTER TABLE session ADD COLUMN steps TEXT NOT NULL
    DEFAULT '["review", "credit", "clean", "evaluate", "plan", "deploy", "log"]';
ALTER TABLE session ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN held_until BIGINT;
ALTER TABLE session ADD COLUMN seen_workunit BIGINT NOT NULL DEFAULT 0;
ALTER TABLE note ADD COLUMN links TEXT NOT NULL DEFAULT '{}';

CREATE INDEX evidence_session ON evidence (session_id, finding_number) WHERE session_id IS NOT NULL;
