-- The score of a prediction, written once when its registration has ended, with the verdict and estimate of that line
-- of the finding's history.
CREATE TABLE score (
    prediction_id BIGINT PRIMARY KEY REFERENCES prediction (id),
    finding_number BIGINT NOT NULL REFERENCES finding (id),
    line BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    estimate DOUBLE PRECISION,
    brier DOUBLE PRECISION,
    log_score DOUBLE PRECISION,
    interval_score DOUBLE PRECISION,
    is_covered BIGINT CHECK (is_covered IN (0, 1)),
    reason TEXT NOT NULL,
    scored_at BIGINT NOT NULL
);

-- Predictions may come after their registration, before its first result: those are a hash chain of their own. `hash` is
-- null for those that stand in a registration's body, which its own hash covers.

ALTER TABLE prediction ADD COLUMN created_at BIGINT;

ALTER TABLE prediction ADD COLUMN previous_hash TEXT;

ALTER TABLE prediction ADD COLUMN hash TEXT;

-- Why a finding is suspended, recalled or retired, or open again.

ALTER TABLE finding ADD COLUMN why TEXT NOT NULL DEFAULT '';

-- How each duplicate compares with the result that it repeats: one of `Reproduction`, or nothing where nothing can be
-- compared. The platforms are in alphabetical order.
CREATE TABLE reproduction (
    duplicate_id BIGINT PRIMARY KEY REFERENCES duplicate (id),
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    replicate BIGINT NOT NULL,
    first_platform TEXT NOT NULL,
    second_platform TEXT NOT NULL,
    class TEXT NOT NULL,
    duplicated_at BIGINT NOT NULL
);

CREATE INDEX reproduction_registration ON reproduction (registration_id, replicate);

-- In how many seeds of a registration two platforms agreed, as known at a moment: another row whenever that changes.
CREATE TABLE reproduction_count (
    id {id},
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    first_platform TEXT NOT NULL,
    second_platform TEXT NOT NULL,
    exact BIGINT NOT NULL,
    close BIGINT NOT NULL,
    divergent BIGINT NOT NULL,
    disputed BIGINT NOT NULL,
    counted_at BIGINT NOT NULL
);

CREATE INDEX reproduction_count_registration ON reproduction_count (registration_id, counted_at);

CREATE INDEX replicate_registration ON replicate (registration_id, number);

-- How many numbers each registration was given: counted here once, and from now on where they are issued.

INSERT INTO counter (noun, experiment_id, state, amount)
SELECT 'issued', experiment_id, CAST(registration_id AS TEXT), count(*) FROM replicate
GROUP BY experiment_id, registration_id ORDER BY experiment_id, registration_id;
