-- A message of the operator to everybody: in the news, and on the front page for some days.
CREATE TABLE news (
    id {id},
    line TEXT NOT NULL,
    text TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    withdrawn_at BIGINT
);
