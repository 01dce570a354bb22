-- An experiment's manifest is what its newest bundle declares: a question's words and its headlines may change without
-- another version, and pages told those of the first bundle until now.
UPDATE experiment SET manifest = coalesce(
    (SELECT manifest FROM bundle WHERE experiment_id = experiment.id ORDER BY serial DESC LIMIT 1), manifest
);
