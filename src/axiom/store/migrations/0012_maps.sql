-- The tiles of maps, one for each replicate: `open` is one that could be computed next, since a border passes through
-- that quarter of its parent; then it is `ordered`, and `drawn` once its result is proven; `void` when its result holds
-- no pixels. `config` is its place, of which its arm and its level are parts. `border` is the length of the border in that quarter.
CREATE TABLE tile (
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    replicate BIGINT NOT NULL,
    config BIGINT NOT NULL,
    arm BIGINT NOT NULL,
    level BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'ordered', 'drawn', 'void')),
    border BIGINT NOT NULL,
    task_id BIGINT REFERENCES task (id),
    shares TEXT,
    pixels BLOB,
    drawn_at BIGINT,
    PRIMARY KEY (experiment_id, config, replicate),
    FOREIGN KEY (experiment_id, replicate) REFERENCES replicate (experiment_id, number)
);
CREATE INDEX tile_open ON tile (experiment_id, arm, level, border DESC, replicate, config) WHERE state = 'open';
CREATE INDEX tile_replicate ON tile (experiment_id, replicate, level, arm, state);
CREATE INDEX tile_newest ON tile (experiment_id, drawn_at, level) WHERE state = 'drawn';
CREATE INDEX tile_task ON tile (task_id, level) WHERE state = 'drawn';
