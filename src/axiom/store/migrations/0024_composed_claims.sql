-- The claims of what follows are composed from their designs now. What waits was copied from its finding, so it lapses
-- and is proposed again as it is worded today.
UPDATE proposal SET state = 'lapsed', why = 'its claim was copied, and is composed now', decided_by = 'autopilot'
WHERE state = 'open' AND json_extract(body, '$.author') = 'autopilot';
