-- A workunit that was larger than a host should have gave away some of its replicates: those became a workunit of their
-- own, which says whose they were. Its number is high and its replicates are old, so workunits are found by the highest
-- of their replicates from here on, and no longer by their own number.

ALTER TABLE workunit ADD COLUMN split_from BIGINT REFERENCES workunit (id);
ALTER TABLE workunit ADD COLUMN highest BIGINT GENERATED ALWAYS AS (json_extract(replicates, '$[#-1]')) VIRTUAL;

DROP INDEX workunit_registration;
CREATE INDEX workunit_registration ON workunit (registration_id, highest);
CREATE INDEX workunit_parts ON workunit (split_from) WHERE split_from IS NOT NULL;
