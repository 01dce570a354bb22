"""Credit: the tariff in force, awards (once per task and reason) and the bookings that add up to zero."""

from datetime import datetime

from axiom.domain.ledger import Award, Tariff
from axiom.store.database import Database, Row, at

_IN_FORCE = "SELECT * FROM tariff WHERE valid_from <= :now ORDER BY valid_from DESC, id DESC LIMIT 1"
_ADD_TARIFF = """
INSERT INTO tariff (name, version, per_core_second, valid_from) VALUES (:name, :version, :per_core_second, :valid_from)
"""
_UNPAID = """
SELECT t.id, t.host_id, t.experiment_id, t.cpu_seconds, t.elapsed_seconds, h.volunteer_id
FROM task t JOIN host h ON h.id = t.host_id
WHERE t.state = 'valid' AND NOT EXISTS (SELECT 1 FROM award a WHERE a.task_id = t.id)
ORDER BY t.id LIMIT :limit
"""
_TYPICAL = """
SELECT cpu_seconds FROM task WHERE experiment_id = :experiment_id AND state = 'valid' ORDER BY cpu_seconds DESC
LIMIT 1 OFFSET (SELECT count(*) / 100 FROM task WHERE experiment_id = :experiment_id AND state = 'valid')
"""
_AWARD = """
INSERT INTO award (task_id, reason, tariff_id, host_id, volunteer_id, session_id, amount, because, created_at)
VALUES (:task_id, :reason, :tariff_id, :host_id, :volunteer_id, :session_id, :amount, :because, :created_at)
"""
_ENTRY = "INSERT INTO entry (award_id, account, amount) VALUES (:award_id, :account, :amount)"
_UNBALANCED = """
SELECT a.id FROM award a LEFT JOIN entry e ON e.award_id = a.id GROUP BY a.id, a.amount
HAVING coalesce(sum(e.amount), 0) <> 0 OR count(e.id) <> 2 OR max(e.amount) <> abs(a.amount)
"""
_UNDESERVED = "SELECT a.id FROM award a JOIN task t ON t.id = a.task_id WHERE t.state <> 'valid'"
_TOTAL = "SELECT coalesce(sum(amount), 0) AS amount FROM award"
_BY_VOLUNTEER = "SELECT volunteer_id, sum(amount) AS amount FROM award GROUP BY volunteer_id ORDER BY volunteer_id"

FROM = "laboratory"  # the account out of which all credit comes


def in_force(db: Database, now: datetime) -> tuple[int, Tariff] | None:
    """The tariff of this moment, with its id."""
    row = db.one(_IN_FORCE, now=at(now))
    if row is None:
        return None
    return row["id"], Tariff(name=row["name"], version=row["version"], per_core_second=row["per_core_second"])


def announce(db: Database, tariff: Tariff, valid_from: datetime) -> int:
    """A new version of how credit is computed."""
    return db.insert(
        _ADD_TARIFF,
        name=tariff.name,
        version=tariff.version,
        per_core_second=tariff.per_core_second,
        valid_from=at(valid_from),
    )


def unpaid(db: Database, limit: int) -> list[Row]:
    """Valid tasks without an award, oldest first."""
    return db.select(_UNPAID, limit=limit)


def typical_cpu_seconds(db: Database, experiment_id: int) -> float | None:
    """What 99 of 100 valid tasks of this experiment stay below; None where no task said a number."""
    row = db.one(_TYPICAL, experiment_id=experiment_id)
    return None if row is None or row["cpu_seconds"] is None else float(row["cpu_seconds"])


def award(db: Database, given: Award, *, tariff_id: int, session_id: int | None, now: datetime) -> int:
    """Book an award out of the laboratory's account into the volunteer's; the same task and reason again is refused."""
    booked = db.insert(
        _AWARD,
        task_id=given.task_id,
        reason=given.reason,
        tariff_id=tariff_id,
        host_id=given.host_id,
        volunteer_id=given.volunteer_id,
        session_id=session_id,
        amount=given.amount,
        because=given.because,
        created_at=at(now),
    )
    db.insert(_ENTRY, award_id=booked, account=FROM, amount=-given.amount)
    db.insert(_ENTRY, award_id=booked, account=f"volunteer:{given.volunteer_id}", amount=given.amount)
    return booked


def total(db: Database) -> int:
    """All credit ever awarded, in thousandths."""
    row = db.one(_TOTAL)
    return int(row["amount"]) if row else 0


def by_volunteer(db: Database) -> dict[int, int]:
    """Credit by volunteer, in thousandths."""
    return {row["volunteer_id"]: row["amount"] for row in db.select(_BY_VOLUNTEER)}


def unbalanced(db: Database) -> list[str]:
    """I3: every award is booked on two sides that add up to zero, and goes to a task that is valid."""
    problems = [f"award {row['id']} is not booked on two equal sides" for row in db.select(_UNBALANCED)]
    return problems + [f"award {row['id']} is for a task that is not valid" for row in db.select(_UNDESERVED)]
