-- Since when the e-mail address that a volunteer has now is known to be theirs.
ALTER TABLE volunteer ADD COLUMN confirmed_at BIGINT;

-- The mail that a volunteer asked for: `digest` or `silence`. They were told everything up to `told_until`, and had
-- `told_credit` then.
CREATE TABLE subscription (
    volunteer_id BIGINT NOT NULL REFERENCES volunteer (id),
    kind TEXT NOT NULL,
    told_until BIGINT NOT NULL,
    told_credit BIGINT NOT NULL,
    PRIMARY KEY (volunteer_id, kind)
);
CREATE INDEX subscription_due ON subscription (kind, told_until);

-- Messages that wait to be sent, and for a day those that were. Only facts stand here: words, links and addresses are
-- added when a message is sent. One without a volunteer is for the operator.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    volunteer_id BIGINT REFERENCES volunteer (id),
    facts TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    sent_at BIGINT
);
CREATE INDEX outbox_due ON outbox (channel, next_at, id) WHERE sent_at IS NULL;
CREATE INDEX outbox_volunteer ON outbox (volunteer_id, kind) WHERE volunteer_id IS NOT NULL;

-- What the operator was told is wrong, and when; `is_over` says that they were told of its end, too.
CREATE TABLE alert (
    kind TEXT PRIMARY KEY,
    says TEXT NOT NULL,
    told_at BIGINT NOT NULL,
    is_over BIGINT NOT NULL CHECK (is_over IN (0, 1))
);
