-- By which rules a line of evidence was weighed. Lines of earlier rules stay as they are; a session weighs their findings
-- again.
ALTER TABLE evidence ADD COLUMN method BIGINT NOT NULL DEFAULT 1;
