-- A version reaches two stages before all computers may have it. What was in the share stage goes on in the wider pilot,
-- and is open at once where its tasks so far allow it.
UPDATE release SET change = 'wider pilot' WHERE change = 'share';
