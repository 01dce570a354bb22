-- Whether a text's parts tell what it computes. Decorators, defaults and what is evaluated at import are parts now, so
-- every text is taken apart anew.
UPDATE bundle SET code = NULL;
DELETE FROM kin;
DELETE FROM code;
ALTER TABLE code ADD COLUMN is_readable BIGINT NOT NULL DEFAULT 1;
-- What a text gave at the seeds that all preflights of a laboratory have in common, in forms that stretching and
-- shifting leave as they are: a JSON list. Nothing where no preflight of it came back since these seeds are shared.
ALTER TABLE code ADD COLUMN numbers TEXT NOT NULL DEFAULT '[]';

-- What a mark beside the file said of runs outside of this laboratory when it was published.
ALTER TABLE experiment ADD COLUMN ran TEXT NOT NULL DEFAULT '';

-- The tried draft whose place this one takes: it is the same but for what it says of its costs, so it is the same try.
ALTER TABLE draft ADD COLUMN costs_of BIGINT REFERENCES draft (id);
-- When its author was told more of a failure than that there was one.
ALTER TABLE draft ADD COLUMN told_at BIGINT;
