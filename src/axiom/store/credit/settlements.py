"""What each session settled, and awards that wait because the session's cap leaves no room for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.credit import Award
from axiom.store.credit.ledger import UNSETTLED
from axiom.store.engine import counters
from axiom.store.engine.database import Database, Row, at, moment

_HOLD = """
INSERT INTO pending_award (task_id, reason, tariff_id, host_id, volunteer_id, team_id, tier, amount, because,
    created_at)
VALUES (:task_id, :reason, :tariff_id, :host_id, :volunteer_id, :team_id, :tier, :amount, :because, :now)
"""
_WAITING = "SELECT * FROM pending_award WHERE booked_at IS NULL AND amount <= :most ORDER BY id LIMIT :limit"
_SUM = "SELECT count(*) AS awards, coalesce(sum(amount), 0) AS amount FROM pending_award WHERE booked_at IS NULL"
_ONE = "SELECT * FROM pending_award WHERE id = :id AND booked_at IS NULL"
_OF_TASK = "SELECT * FROM pending_award WHERE task_id = :task_id AND booked_at IS NULL ORDER BY id"
_BOOKED = "UPDATE pending_award SET booked_at = :now WHERE id = :id AND booked_at IS NULL"
_LAST = "SELECT * FROM settlement ORDER BY session_id DESC LIMIT 1"
_OF_SESSION = "SELECT * FROM settlement WHERE session_id = :session_id"
_BEFORE = "SELECT * FROM settlement WHERE session_id < :session_id ORDER BY session_id DESC LIMIT 1"
_OF_ROUNDS = "SELECT * FROM settlement WHERE session_id > :after AND session_id <= :until ORDER BY session_id"
_NEWEST = """
SELECT s.name, max(t.session_id) AS session_id, min(t.after_award) AS after_award, max(t.last_award) AS last_award,
    sum(t.awards) AS awards, sum(t.amount) AS amount, sum(t.capped) AS capped, max(t.session_cap) AS session_cap,
    max(t.settled_at) AS settled_at
FROM session s JOIN settlement t ON t.session_id <= s.id AND t.session_id > (
    SELECT coalesce(max(id), 0) FROM session WHERE told <> '' AND id < s.id)
WHERE s.told <> '' AND s.id >= coalesce(
    (SELECT id FROM session WHERE told <> '' ORDER BY id DESC LIMIT 1 OFFSET :limit - 1), 0)
GROUP BY s.id, s.name ORDER BY s.id DESC
"""
_SETTLE = """
INSERT INTO settlement (session_id, after_award, last_award, awards, amount, capped, session_cap, settled_at)
SELECT :session_id, :after, coalesce(max(id), :after), count(*), coalesce(sum(amount), 0),
    coalesce(sum(CASE WHEN is_capped = 1 THEN amount ELSE 0 END), 0), :session_cap, :now
FROM award WHERE id > :after ORDER BY 1
RETURNING *
"""

_LARGEST = 2**62


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """An award that waits."""

    id: int
    tariff_id: int
    award: Award
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """What was awarded since the settlement before, told by one session."""

    session_id: int
    after_award: int
    last_award: int
    awards: int
    amount: int
    capped: int  # of the amount, what counts against the cap
    session_cap: int | None
    settled_at: datetime


def hold(db: Database, given: Sequence[Award], *, tariff_id: int, now: datetime) -> None:
    """These awards wait. The same task and reason again is refused."""
    db.many(
        _HOLD,
        [
            {
                "task_id": one.task_id,
                "reason": one.reason,
                "tariff_id": tariff_id,
                "host_id": one.host_id,
                "volunteer_id": one.volunteer_id,
                "team_id": one.team_id,
                "tier": one.tier,
                "amount": one.amount,
                "because": one.because,
                "now": at(now),
            }
            for one in given
        ],
    )


def waiting(db: Database, limit: int, *, most: int | None = None) -> list[Pending]:
    """Awards that wait, oldest first; only those that are no larger than `most`."""
    rows = db.select(_WAITING, limit=limit, most=_LARGEST if most is None else most)
    return [_pending(row) for row in rows]


def waiting_in_all(db: Database) -> tuple[int, int]:
    """How many awards wait, and how much they are in all, in thousandths."""
    row = db.one(_SUM)
    return (int(row["awards"]), int(row["amount"])) if row else (0, 0)


def pending(db: Database, number: int) -> Pending | None:
    """One award that waits."""
    row = db.one(_ONE, id=number)
    return _pending(row) if row else None


def of_task(db: Database, task_id: int) -> list[Pending]:
    """The awards of a task that wait."""
    return [_pending(row) for row in db.select(_OF_TASK, task_id=task_id)]


def booked(db: Database, numbers: Sequence[int], now: datetime) -> None:
    """These wait no longer: they were just booked."""
    db.many(_BOOKED, [{"id": number, "now": at(now)} for number in numbers])


def unsettled(db: Database) -> int:
    """What was awarded since the last settlement and counts against the cap, in thousandths."""
    return counters.amount(db, *UNSETTLED)


def last(db: Database) -> Settlement | None:
    """The newest settlement."""
    return _maybe(db.one(_LAST))


def of_session(db: Database, session_id: int) -> Settlement | None:
    """What this session settled; None before it did."""
    return _maybe(db.one(_OF_SESSION, session_id=session_id))


def of_rounds(db: Database, after: int, until: int) -> list[Settlement]:
    """What the rounds behind the first of these, and up to the second, settled, in order."""
    return [_settlement(row) for row in db.select(_OF_ROUNDS, after=after, until=until)]


def before(db: Database, session_id: int) -> Settlement | None:
    """The settlement before this session's."""
    return _maybe(db.one(_BEFORE, session_id=session_id))


def newest(db: Database, limit: int) -> list[tuple[str, Settlement]]:
    """What the rounds of each of the newest sessions settled together, with its name, newest first."""
    return [(row["name"], _settlement(row)) for row in db.select(_NEWEST, limit=limit)]


def settle(db: Database, session_id: int, *, after: int, session_cap: int | None, now: datetime) -> Settlement:
    """Write down what was awarded after this award; from now on the cap counts anew."""
    counters.add(db, *UNSETTLED, -unsettled(db))
    (row,) = db.select(_SETTLE, session_id=session_id, after=after, session_cap=session_cap, now=at(now))
    return _settlement(row)


def _maybe(row: Row | None) -> Settlement | None:
    return _settlement(row) if row else None


def _settlement(row: Row) -> Settlement:
    return Settlement(
        session_id=row["session_id"],
        after_award=row["after_award"],
        last_award=row["last_award"],
        awards=row["awards"],
        amount=row["amount"],
        capped=row["capped"],
        session_cap=row["session_cap"],
        settled_at=moment(row["settled_at"]),
    )


def _pending(found: Row) -> Pending:
    return Pending(
        id=found["id"],
        tariff_id=found["tariff_id"],
        created_at=moment(found["created_at"]),
        award=Award(
            task_id=found["task_id"],
            reason=found["reason"],
            host_id=found["host_id"],
            volunteer_id=found["volunteer_id"],
            team_id=found["team_id"],
            amount=found["amount"],
            because=found["because"],
            tier=found["tier"],
        ),
    )
