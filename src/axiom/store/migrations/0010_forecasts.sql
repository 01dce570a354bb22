-- What a forecaster expects in the middle. Older predictions have none: the middle of their interval is meant.
ALTER TABLE prediction ADD COLUMN median DOUBLE PRECISION;
