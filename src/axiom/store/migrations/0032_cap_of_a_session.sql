-- What counts against a session's cap was emptied by every round; it is by those alone that end a session.
UPDATE counter SET amount = (
    SELECT coalesce(sum(amount), 0) FROM award WHERE is_capped = 1 AND id > coalesce((
        SELECT t.last_award FROM settlement t JOIN session s ON s.id = t.session_id WHERE s.told <> ''
        ORDER BY t.session_id DESC LIMIT 1), 0))
WHERE noun = 'credit' AND experiment_id = 0 AND state = 'unsettled';
