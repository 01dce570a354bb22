"""What each round settled, and what counts against the cap of the session that is to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.store.credit.ledger import UNSETTLED
from axiom.store.engine import counters
from axiom.store.engine.database import Database, as_value, to_microseconds

_BEFORE = "SELECT * FROM settlement WHERE session_id < :session_id ORDER BY session_id DESC LIMIT 1"
_OF_ROUNDS = "SELECT * FROM settlement WHERE session_id > :after AND session_id <= :until ORDER BY session_id"
_NEWEST = """
SELECT s.name, max(t.session_id) AS session_id, min(t.after_award) AS after_award, max(t.last_award) AS last_award,
    sum(t.awards) AS awards, sum(t.amount) AS amount, sum(t.capped) AS capped, max(t.settled_at) AS settled_at,
    CASE WHEN count(t.session_cap) = count(*) THEN max(t.session_cap) END AS session_cap
FROM session s JOIN settlement t ON t.session_id <= s.id AND t.session_id > (
    SELECT coalesce(max(id), 0) FROM session WHERE told <> '' AND id < s.id)
WHERE s.told <> '' AND s.id >= coalesce(
    (SELECT id FROM session WHERE told <> '' ORDER BY id DESC LIMIT 1 OFFSET :limit - 1), 0)
GROUP BY s.id, s.name ORDER BY s.id DESC
"""
_SINCE_SESSION = """
SELECT coalesce(sum(amount), 0) AS amount FROM award WHERE is_capped = 1 AND id > coalesce((
    SELECT t.last_award FROM settlement t JOIN session s ON s.id = t.session_id WHERE s.told <> ''
    ORDER BY t.session_id DESC LIMIT 1), 0)
"""
_SETTLE = """
INSERT INTO settlement (session_id, after_award, last_award, awards, amount, capped, session_cap, settled_at)
SELECT :session_id, :after, coalesce(max(id), :after), count(*), coalesce(sum(amount), 0),
    coalesce(sum(CASE WHEN is_capped = 1 THEN amount ELSE 0 END), 0), :session_cap, :now
FROM award WHERE id > :after ORDER BY 1
RETURNING *
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    session_id: int
    after_award: int
    last_award: int
    awards: int
    amount: int
    capped: int  # of the amount, what counts against the cap
    session_cap: int | None  # as it is for awards of this round
    settled_at: datetime


def sum_unsettled_credit(db: Database) -> int:
    """What was awarded since the last session settled and counts against the cap, in thousandths."""
    return counters.read_counter(db, *UNSETTLED)


def count_unsettled_credit(db: Database) -> int:
    """The same, added up from the awards."""
    return db.number(_SINCE_SESSION)


def empty_cap(db: Database) -> None:
    """A session has ended: what was booked before its settlement counts no more."""
    counters.add_to_counter(db, *UNSETTLED, count_unsettled_credit(db) - sum_unsettled_credit(db))


def join_caps(caps: Sequence[int | None]) -> int | None:
    """The cap of a session whose rounds have these: the largest, and none if one of them has none."""
    numbers = [cap for cap in caps if cap is not None]
    return max(numbers) if len(numbers) == len(caps) else None


def find_settlement(db: Database, session_id: int) -> Settlement | None:
    return db.value(Settlement, "SELECT * FROM settlement WHERE session_id = :session_id", session_id=session_id)


def list_round_settlements(db: Database, after: int, until: int) -> list[Settlement]:
    """What the rounds behind the first of these, and up to the second, settled, in order."""
    return db.values(Settlement, _OF_ROUNDS, after=after, until=until)


def find_previous_settlement(db: Database, session_id: int) -> Settlement | None:
    return db.value(Settlement, _BEFORE, session_id=session_id)


def list_newest_settlements(db: Database, limit: int) -> list[tuple[str, Settlement]]:
    return [(row["name"], as_value(Settlement, row)) for row in db.select(_NEWEST, limit=limit)]


def settle_round(db: Database, session_id: int, *, after: int, session_cap: int | None, now: datetime) -> Settlement:
    (row,) = db.select(_SETTLE, session_id=session_id, after=after, session_cap=session_cap, now=to_microseconds(now))
    return as_value(Settlement, row)
