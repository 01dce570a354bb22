-- What each design of a finding says by itself: a list of names and verdicts, empty where there is one design, and in
-- lines of earlier rules, by which this was not asked.
ALTER TABLE evidence ADD COLUMN by_design TEXT NOT NULL DEFAULT '[]';
