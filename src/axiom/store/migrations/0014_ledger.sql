-- The ledger: tariffs with tiers, awards that say by which tier, what waits behind a session's cap, what each session
-- settled, and a daybook from which pages read. What was booked is never changed or taken out: a mistake is set right
-- by a further award.

-- What a tariff pays, as data: tiers of elapsed seconds, bonus, failed and broken work, a session's cap. A tariff of
-- before pays core-seconds alone.
ALTER TABLE tariff ADD COLUMN rates TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tariff ADD COLUMN because TEXT NOT NULL DEFAULT '';
ALTER TABLE tariff ADD COLUMN announced_at BIGINT;

-- By which tier it was priced, and whether it counts against the session's cap: corrections and approvals do not.
ALTER TABLE award ADD COLUMN tier TEXT NOT NULL DEFAULT 'core-seconds';
ALTER TABLE award ADD COLUMN is_capped BIGINT NOT NULL DEFAULT 1 CHECK (is_capped IN (0, 1));

-- Failed work that a host has told of and that nobody has looked at for credit. Only what fails is in it.
CREATE INDEX task_unthanked ON task (id)
WHERE state IN ('failed', 'aborted') AND is_paid = 0 AND returned_at IS NOT NULL;

-- An award that is priced and waits, since the session's cap leaves no room for it. Booked once, as the award that it
-- names.
CREATE TABLE pending_award (
    id {id},
    task_id BIGINT NOT NULL REFERENCES task (id),
    reason TEXT NOT NULL,
    tariff_id BIGINT NOT NULL REFERENCES tariff (id),
    host_id BIGINT NOT NULL REFERENCES host (id),
    volunteer_id BIGINT NOT NULL REFERENCES volunteer (id),
    team_id BIGINT REFERENCES team (id),
    tier TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    because TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    booked_at BIGINT,
    UNIQUE (task_id, reason)
);

CREATE INDEX pending_award_waiting ON pending_award (id) WHERE booked_at IS NULL;

-- The awards that each session settled: those after one number up to another, and their sum.
CREATE TABLE settlement (
    session_id BIGINT PRIMARY KEY REFERENCES session (id),
    after_award BIGINT NOT NULL,
    last_award BIGINT NOT NULL,
    awards BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    capped BIGINT NOT NULL,
    session_cap BIGINT,
    settled_at BIGINT NOT NULL
);

-- Sums of awards by day, tariff, reason and tier, kept with every booking.
CREATE TABLE daybook (
    day BIGINT NOT NULL,
    tariff_id BIGINT NOT NULL REFERENCES tariff (id),
    reason TEXT NOT NULL,
    tier TEXT NOT NULL,
    awards BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (day, tariff_id, reason, tier)
);

INSERT INTO daybook (day, tariff_id, reason, tier, awards, amount)
SELECT created_at / 86400000000, tariff_id, reason, tier, count(*), sum(amount)
FROM award GROUP BY created_at / 86400000000, tariff_id, reason, tier ORDER BY 1, 2, 3, 4;

CREATE TRIGGER award_stays BEFORE UPDATE ON award {refuse};

CREATE TRIGGER award_kept BEFORE DELETE ON award {refuse};

CREATE TRIGGER entry_stays BEFORE UPDATE ON entry {refuse};

CREATE TRIGGER entry_kept BEFORE DELETE ON entry {refuse};

CREATE TRIGGER carried_stays BEFORE UPDATE ON carried {refuse};

CREATE TRIGGER carried_kept BEFORE DELETE ON carried {refuse};

CREATE TRIGGER tariff_stays BEFORE UPDATE ON tariff {refuse};

CREATE TRIGGER tariff_kept BEFORE DELETE ON tariff {refuse};

CREATE TRIGGER settlement_stays BEFORE UPDATE ON settlement {refuse};

CREATE TRIGGER settlement_kept BEFORE DELETE ON settlement {refuse};
