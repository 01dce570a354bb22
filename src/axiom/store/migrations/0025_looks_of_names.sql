-- What is the same for names that differ in case or look alone. Names that did so before this stay as they are, so it is
-- not unique; whoever takes a name from now on asks it first.
ALTER TABLE volunteer ADD COLUMN look TEXT;
ALTER TABLE team ADD COLUMN look TEXT;
CREATE INDEX volunteer_look ON volunteer (look);
CREATE INDEX team_look ON team (look);
