-- Work that was taken back is ordered again. What ended without a result is looked up without what is done.
CREATE INDEX workunit_in_vain ON workunit (registration_id, id)
WHERE state IN ('failed', 'cancelled') AND checks_task_id IS NULL;
