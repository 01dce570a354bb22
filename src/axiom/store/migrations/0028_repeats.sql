-- A seed may be ignored in single configs, or by a single measure: which of a replicate's cells repeats another seed's.
ALTER TABLE observation ADD COLUMN repeats TEXT NOT NULL DEFAULT '';
