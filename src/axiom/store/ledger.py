"""Credit: the tariff in force, awards (once per task and reason), the bookings that add up to zero, and balances.

A balance says what a volunteer, a host or a team has in all: the sum of its awards and of what it carried over. It is
kept with every booking, so that nobody ever adds up ten million awards; `books` adds them up, and says where the two
differ.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.ledger import Award, Balance, Tariff
from axiom.store.database import Database, Row, at, moment

_IN_FORCE = "SELECT * FROM tariff WHERE valid_from <= :now ORDER BY valid_from DESC, id DESC LIMIT 1"
_ADD_TARIFF = """
INSERT INTO tariff (name, version, per_core_second, valid_from) VALUES (:name, :version, :per_core_second, :valid_from)
"""
_UNPAID = """
SELECT t.id, t.host_id, t.experiment_id, t.cpu_seconds, t.elapsed_seconds, t.sent_at, t.returned_at, t.ticket,
    h.volunteer_id, v.team_id
FROM task t JOIN host h ON h.id = t.host_id JOIN volunteer v ON v.id = h.volunteer_id
WHERE t.state = 'valid' AND t.is_paid = 0 ORDER BY t.id LIMIT :limit
"""
_TYPICAL = """
SELECT cpu_seconds FROM task WHERE experiment_id = :experiment_id AND state = 'valid'
    AND :least <= (SELECT coalesce(max(amount), 0) FROM counter
        WHERE noun = 'task' AND experiment_id = :experiment_id AND state = 'valid')
ORDER BY cpu_seconds DESC LIMIT 1 OFFSET (SELECT coalesce(max(amount), 0) / 100 FROM counter
    WHERE noun = 'task' AND experiment_id = :experiment_id AND state = 'valid')
"""
_AWARD = """
INSERT INTO award (task_id, reason, tariff_id, host_id, volunteer_id, team_id, session_id, amount, because, created_at)
VALUES (:task_id, :reason, :tariff_id, :host_id, :volunteer_id, :team_id, :session_id, :amount, :because, :created_at)
"""
_ENTRY = "INSERT INTO entry (award_id, account, amount) VALUES (:award_id, :account, :amount)"
_LAST_AWARD = "SELECT coalesce(max(id), 0) AS id FROM award"
_LAST_OF_SESSIONS = """
SELECT id FROM award WHERE session_id IS NOT NULL AND session_id < :before ORDER BY id DESC LIMIT 1
"""
_BOOKED = "SELECT id FROM award WHERE id > :after ORDER BY id"
_SINCE = "SELECT count(*) AS tasks, coalesce(sum(amount), 0) AS amount FROM award WHERE id > :after"
_BALANCE = "SELECT * FROM balance WHERE holder = :holder AND holder_id = :id"
_BALANCES = """
SELECT b.* FROM json_each(:ids) j CROSS JOIN balance b ON b.holder = :holder AND b.holder_id = j.value
"""
_ADD = """
INSERT INTO balance (holder, holder_id, total, recent, recent_at) VALUES (:holder, :holder_id, :amount, 0, :now)
ON CONFLICT (holder, holder_id) DO UPDATE SET total = balance.total + excluded.total
"""
_RECENT = """
UPDATE balance SET recent = :recent, recent_at = :recent_at WHERE holder = :holder AND holder_id = :holder_id
"""
_TOP = "SELECT * FROM balance WHERE holder = :holder ORDER BY total DESC LIMIT :limit"
_BEGAN_VOLUNTEERS = "SELECT v.id, v.created_at FROM json_each(:ids) j CROSS JOIN volunteer v ON v.id = j.value"
_BEGAN_HOSTS = "SELECT h.id, h.created_at FROM json_each(:ids) j CROSS JOIN host h ON h.id = j.value"
_BEGAN_TEAMS = "SELECT t.id, t.created_at FROM json_each(:ids) j CROSS JOIN team t ON t.id = j.value"
_CARRIED = "SELECT 1 FROM carried WHERE volunteer_id = :volunteer_id AND source = :source"
_CARRY = """
INSERT INTO carried (volunteer_id, source, amount, because, created_at)
VALUES (:volunteer_id, :source, :amount, :because, :now)
"""
_TOTAL = """
SELECT (SELECT coalesce(sum(total), 0) FROM balance WHERE holder = 'volunteer')
    - (SELECT coalesce(sum(amount), 0) FROM carried) AS amount
"""

FROM = "laboratory"  # the account out of which all credit comes
VOLUNTEER, HOST, TEAM = "volunteer", "host", "team"
_LEAST_TYPICAL = 20  # valid tasks: of fewer, the largest would be the word of one host
_BEGAN = {VOLUNTEER: _BEGAN_VOLUNTEERS, HOST: _BEGAN_HOSTS, TEAM: _BEGAN_TEAMS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpaid:
    """A valid task without an award, and to whom one would go."""

    task_id: int
    experiment_id: int
    host_id: int
    volunteer_id: int
    team_id: int | None
    cpu_seconds: float
    elapsed_seconds: float
    out_seconds: float | None  # between its dispatch and its return
    ticket: str | None  # what was ordered, and for how long at most


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


def unpaid(db: Database, limit: int) -> list[Unpaid]:
    """Valid tasks without an award, oldest first."""
    return [_unpaid(row) for row in db.select(_UNPAID, limit=limit)]


def typical_cpu_seconds(db: Database, experiment_id: int) -> float | None:
    """What 99 of 100 valid tasks of this experiment do not go beyond; of fewer than a hundred, none does.

    None while fewer than twenty are known, and where no task said a number.
    """
    row = db.one(_TYPICAL, experiment_id=experiment_id, least=_LEAST_TYPICAL)
    return None if row is None or row["cpu_seconds"] is None else float(row["cpu_seconds"])


def award(db: Database, given: Sequence[Award], *, tariff_id: int, session_id: int | None, now: datetime) -> None:
    """Book awards out of the laboratory's account into the volunteers', and into what everybody has in all.

    The same task and reason again is refused, and with it all of these.
    """
    before, stamp = last_award(db), at(now)
    rows = [
        {
            "task_id": one.task_id,
            "reason": one.reason,
            "tariff_id": tariff_id,
            "host_id": one.host_id,
            "volunteer_id": one.volunteer_id,
            "team_id": one.team_id,
            "session_id": session_id,
            "amount": one.amount,
            "because": one.because,
            "created_at": stamp,
        }
        for one in given
    ]
    db.many(_AWARD, rows)
    booked = [row["id"] for row in db.select(_BOOKED, after=before)]
    db.many(_ENTRY, [entry for number, one in zip(booked, given, strict=True) for entry in _entries(number, one)])
    for holder, amounts in by_holder(given).items():
        for holder_id, amount in amounts.items():
            db.execute(_ADD, holder=holder, holder_id=holder_id, amount=amount, now=stamp)


def by_holder(given: Sequence[Award]) -> dict[str, dict[int, int]]:
    """What these awards are in all for each volunteer, host and team."""
    amounts: dict[str, dict[int, int]] = {VOLUNTEER: {}, HOST: {}, TEAM: {}}
    for one in given:
        for holder, holder_id in ((VOLUNTEER, one.volunteer_id), (HOST, one.host_id), (TEAM, one.team_id)):
            if holder_id is not None:
                amounts[holder][holder_id] = amounts[holder].get(holder_id, 0) + one.amount
    return amounts


def keep_recent(db: Database, holder: str, recent: Mapping[int, tuple[float, datetime]]) -> None:
    """The recent average of each of these volunteers, hosts or teams, and as of when it is that."""
    db.many(
        _RECENT,
        [
            {"holder": holder, "holder_id": holder_id, "recent": value, "recent_at": at(moment)}
            for holder_id, (value, moment) in recent.items()
        ],
    )


def began(db: Database, holder: str, ids: Sequence[int]) -> dict[int, datetime]:
    """Since when these volunteers, hosts or teams have been here."""
    rows = db.select(_BEGAN[holder], ids=json.dumps(list(ids)))
    return {row["id"]: moment(row["created_at"]) for row in rows}


def carry_over(db: Database, volunteer_id: int, *, source: str, amount: int, because: str, now: datetime) -> bool:
    """Credit that a volunteer earned elsewhere counts from now on; False when it came from this source before.

    It is not recent, and no team's.
    """
    if db.one(_CARRIED, volunteer_id=volunteer_id, source=source) is not None:
        return False
    db.execute(_CARRY, volunteer_id=volunteer_id, source=source, amount=amount, because=because, now=at(now))
    db.execute(_ADD, holder=VOLUNTEER, holder_id=volunteer_id, amount=amount, now=at(now))
    return True


def balance(db: Database, holder: str, holder_id: int) -> Balance | None:
    """What a volunteer, a host or a team has; None while it has nothing."""
    row = db.one(_BALANCE, holder=holder, id=holder_id)
    return _balance(row) if row else None


def balances(db: Database, holder: str, ids: Sequence[int]) -> dict[int, Balance]:
    """What those of these volunteers, hosts or teams have that have anything."""
    rows = db.select(_BALANCES, holder=holder, ids=json.dumps(list(ids)))
    return {row["holder_id"]: _balance(row) for row in rows}


def top(db: Database, holder: str, limit: int) -> list[tuple[int, Balance]]:
    """The volunteers, hosts or teams with the most credit in all, by their id."""
    return [(row["holder_id"], _balance(row)) for row in db.select(_TOP, holder=holder, limit=limit)]


def last_award(db: Database) -> int:
    """The number of the newest award; 0 before the first."""
    row = db.one(_LAST_AWARD)
    return int(row["id"]) if row else 0


def last_of_sessions(db: Database, *, before: int) -> int:
    """The number of the newest award that a session before this one made; 0 where none did."""
    row = db.one(_LAST_OF_SESSIONS, before=before)
    return int(row["id"]) if row else 0


def awarded_since(db: Database, award_id: int) -> tuple[int, int]:
    """How many awards came after this one, and how much they are in all, in thousandths."""
    row = db.one(_SINCE, after=award_id)
    return (int(row["tasks"]), int(row["amount"])) if row else (0, 0)


def total(db: Database) -> int:
    """All credit ever awarded here, in thousandths."""
    row = db.one(_TOTAL)
    return int(row["amount"]) if row else 0


def _entries(award_id: int, given: Award) -> list[Mapping[str, object]]:
    return [
        {"award_id": award_id, "account": FROM, "amount": -given.amount},
        {"award_id": award_id, "account": f"volunteer:{given.volunteer_id}", "amount": given.amount},
    ]


def _balance(row: Row) -> Balance:
    return Balance(total=row["total"], recent=row["recent"], recent_at=row["recent_at"])


def _unpaid(row: Row) -> Unpaid:
    sent, back = row["sent_at"], row["returned_at"]
    return Unpaid(
        task_id=row["id"],
        experiment_id=row["experiment_id"],
        host_id=row["host_id"],
        volunteer_id=row["volunteer_id"],
        team_id=row["team_id"],
        cpu_seconds=row["cpu_seconds"] or 0.0,
        elapsed_seconds=row["elapsed_seconds"] or 0.0,
        out_seconds=None if sent is None or back is None else (back - sent) / 1e6,
        ticket=row["ticket"],
    )
