-- Of a repetition that disputes the value in evidence: the task that had repeated it before and says the same as this one.
-- 0: none had, or it disputes nothing; NULL: it was compared before anybody asked.

ALTER TABLE reproduction ADD COLUMN confirms BIGINT;

CREATE INDEX reproduction_confirms ON reproduction (registration_id, replicate) WHERE confirms > 0;
