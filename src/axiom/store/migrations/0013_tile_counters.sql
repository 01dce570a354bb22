-- How many tiles are drawn at each level, so that no page counts them; and which tiles a task drew.
INSERT INTO counter (noun, experiment_id, state, amount)
SELECT 'tile', experiment_id, CAST(level AS TEXT), count(*) FROM tile WHERE state = 'drawn' GROUP BY experiment_id, level
ORDER BY experiment_id, level;
CREATE INDEX tile_task ON tile (task_id, level) WHERE state = 'drawn';
