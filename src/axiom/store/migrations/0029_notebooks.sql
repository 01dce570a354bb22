-- What a program keeps for itself: each page takes the place of the one before. `wakes_on` names the finding or the
-- proposal that it waits for, and is empty where it waits for none.
CREATE TABLE notebook (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    wakes_on TEXT NOT NULL,
    at BIGINT NOT NULL
);
