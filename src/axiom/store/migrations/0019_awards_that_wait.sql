-- A task for which the session's cap leaves no room waits by itself, unpaid, and is priced when it is paid. What waited
-- as an award that was priced already does so, too.
UPDATE task SET is_paid = 0 WHERE id IN (SELECT task_id FROM pending_award WHERE booked_at IS NULL);
DROP TABLE pending_award;
