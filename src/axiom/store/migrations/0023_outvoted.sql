-- A seed that was computed three times is settled two against one; `opinion` is the task that repeated it, unknown of
-- what was compared before. How often a host was the one, and when last: twice in a month, and it gets nothing more.

ALTER TABLE reproduction ADD COLUMN opinion BIGINT;
ALTER TABLE host ADD COLUMN outvoted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN outvoted_at BIGINT;

CREATE INDEX host_outvoted ON host (id) WHERE outvoted > 0;
