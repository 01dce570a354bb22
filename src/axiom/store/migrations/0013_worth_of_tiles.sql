-- How much an open tile has to tell is more than its border: where replicates end differently and where people look
-- counts, too. `worth` is the sum, in boxes of two pixels a side.
ALTER TABLE tile RENAME COLUMN border TO worth;
