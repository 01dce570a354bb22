-- Computers that only play a part, labelled so that nothing is ever concluded, ranked or counted on from them.

ALTER TABLE volunteer ADD COLUMN is_simulated BIGINT NOT NULL DEFAULT 0 CHECK (is_simulated IN (0, 1));
ALTER TABLE host ADD COLUMN is_simulated BIGINT NOT NULL DEFAULT 0 CHECK (is_simulated IN (0, 1));

CREATE INDEX volunteer_simulated ON volunteer (id) WHERE is_simulated = 1;
CREATE INDEX host_simulated ON host (id) WHERE is_simulated = 1;
