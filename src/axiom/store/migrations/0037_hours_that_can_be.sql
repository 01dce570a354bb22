-- A host's word of its CPU time counts for no more than the task's cores can have computed while it was out, and a minute
-- for clocks that are set. From here on that is asked when a report is stored.
UPDATE task SET cpu_seconds = (max(0, returned_at - sent_at) / 1000000.0 + 60.0)
    * coalesce((SELECT json_extract(manifest, '$.cores') FROM bundle WHERE digest = task.bundle_digest), 1)
WHERE sent_at IS NOT NULL AND returned_at IS NOT NULL
    AND cpu_seconds > max(0, returned_at - sent_at) / 1000000.0 + 60.0
    AND cpu_seconds > (max(0, returned_at - sent_at) / 1000000.0 + 60.0)
        * coalesce((SELECT json_extract(manifest, '$.cores') FROM bundle WHERE digest = task.bundle_digest), 1);
