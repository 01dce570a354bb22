"""Credit: awards (once per task and reason), the bookings that add up to zero, and balances.

A balance says what a volunteer, a host or a team has in all: the sum of its awards and of what it carried over. It is
kept with every booking, so that nobody ever adds up ten million awards; `balance_check` does, and says where the two
differ.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from axiom.domain.credit import Award, Balance, ReportedTime
from axiom.domain.work import TaskState
from axiom.store.engine import counters
from axiom.store.engine.database import Database, Row, as_value, from_microseconds, to_microseconds
from axiom.store.tasks.sql_rules import MAY_BE_THANKED, WAS_TAKEN_BACK

_TASKS = f"""
SELECT t.id, t.host_id, t.experiment_id, t.cpu_seconds, t.elapsed_seconds, t.sent_at, t.returned_at, t.cause, t.state,
    t.gpu, h.volunteer_id, v.team_id, {WAS_TAKEN_BACK} AS is_taken_back, w.registration_id, w.configs,
    json_array_length(w.replicates) AS replicates,
    EXISTS (SELECT 1 FROM result r WHERE r.task_id = t.id AND r.outcome = 'late')
        OR EXISTS (SELECT 1 FROM duplicate d WHERE d.task_id = t.id AND d.outcome = 'late') AS is_late
FROM task t JOIN host h ON h.id = t.host_id JOIN volunteer v ON v.id = h.volunteer_id
    JOIN workunit w ON w.id = t.workunit_id
"""
_UNPAID = f"{_TASKS} WHERE t.state = 'valid' AND t.is_paid = 0 ORDER BY t.id LIMIT :limit"
_UNTHANKED = f"""{_TASKS}
WHERE {MAY_BE_THANKED} AND t.is_paid = 0 AND t.returned_at IS NOT NULL ORDER BY t.id LIMIT :limit
"""
_FIRST_BROKEN = """
SELECT t.id FROM host h CROSS JOIN task t ON t.host_id = h.id
WHERE h.volunteer_id = :volunteer_id AND t.experiment_id = :experiment_id AND t.state = 'failed'
    AND t.sent_at IS NOT NULL AND t.cause IN (SELECT value FROM json_each(:causes))
ORDER BY t.returned_at, t.id LIMIT :limit
"""
_OF_TASK = "SELECT * FROM award WHERE task_id = :task_id ORDER BY id"
_PAYEE = """
SELECT t.state, t.is_paid, t.returned_at, t.host_id, h.volunteer_id, v.team_id
FROM task t JOIN host h ON h.id = t.host_id JOIN volunteer v ON v.id = h.volunteer_id WHERE t.id = :task_id
"""
_DAYBOOK = """
INSERT INTO daybook (day, tariff_id, reason, tier, awards, amount)
VALUES (:day, :tariff_id, :reason, :tier, :awards, :amount)
ON CONFLICT (day, tariff_id, reason, tier)
DO UPDATE SET awards = daybook.awards + excluded.awards, amount = daybook.amount + excluded.amount
"""
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
_TOP = """
SELECT * FROM balance WHERE holder = :holder
    AND NOT (holder = 'volunteer' AND holder_id IN (SELECT id FROM volunteer WHERE is_simulated = 1))
    AND NOT (holder = 'host' AND holder_id IN (SELECT id FROM host WHERE is_simulated = 1))
ORDER BY total DESC, holder_id LIMIT :limit
"""
_BEGAN_VOLUNTEERS = "SELECT v.id, v.created_at FROM json_each(:ids) j CROSS JOIN volunteer v ON v.id = j.value"
_BEGAN_HOSTS = "SELECT h.id, h.created_at FROM json_each(:ids) j CROSS JOIN host h ON h.id = j.value"
_BEGAN_TEAMS = "SELECT t.id, t.created_at FROM json_each(:ids) j CROSS JOIN team t ON t.id = j.value"
_CARRIED = "SELECT 1 FROM carried WHERE holder = :holder AND holder_id = :holder_id AND source = :source"
_TOTAL = """
SELECT (SELECT coalesce(sum(total), 0) FROM balance WHERE holder = 'volunteer')
    - (SELECT coalesce(sum(amount), 0) FROM carried WHERE holder = 'volunteer') AS amount
"""

DAY = 86_400_000_000  # microseconds

UNSETTLED = ("credit", 0, "unsettled")  # the counter of what counts against the session's cap
FROM = "laboratory"  # the account out of which all credit comes
VOLUNTEER, HOST, TEAM = "volunteer", "host", "team"
_BEGAN = {VOLUNTEER: _BEGAN_VOLUNTEERS, HOST: _BEGAN_HOSTS, TEAM: _BEGAN_TEAMS}


@dataclass(frozen=True, kw_only=True, slots=True)
class UnpaidTask:
    task_id: int
    experiment_id: int
    host_id: int
    volunteer_id: int
    team_id: int | None
    registration_id: int
    configs: tuple[int, ...]  # its places in the registered sweep
    replicates: int
    sent_at: datetime | None
    said: ReportedTime
    is_valid: bool
    is_late: bool  # a cell was stopped, as its host says: then nothing shows that it was computed
    cause: str  # how it ended
    is_taken_back: bool  # by the laboratory, as its own books say
    gpu: str = ""  # the kind of GPU to which it was sent; empty for the processor


def list_unpaid_tasks(db: Database, limit: int) -> list[UnpaidTask]:
    return [_unpaid(row) for row in db.select(_UNPAID, limit=limit)]


def count_unpaid_tasks(db: Database) -> int:
    return db.number("SELECT count(*) AS tasks FROM task WHERE state = 'valid' AND is_paid = 0")


def list_unpaid_failures(db: Database, limit: int) -> list[UnpaidTask]:
    """Tasks that ended otherwise, of which a host told and that nobody has looked at for credit, oldest first."""
    return [_unpaid(row) for row in db.select(_UNTHANKED, limit=limit)]


def list_first_failures(
    db: Database, experiment_id: int, volunteer_id: int, causes: Collection[str], limit: int
) -> list[int]:
    """Return the first tasks of a version that failed on a volunteer's hosts for one of these causes, by their word.

    The first are those that came back first: an older task that fails later takes no place of one that was paid.
    """
    named = json.dumps(sorted(causes))
    ids = {"experiment_id": experiment_id, "volunteer_id": volunteer_id}
    return db.column(int, _FIRST_BROKEN, **ids, causes=named, limit=limit)


def list_task_awards(db: Database, task_id: int) -> list[Award]:
    return [as_value(Award, row, task_id=task_id) for row in db.select(_OF_TASK, task_id=task_id)]


def find_payee(db: Database, task_id: int) -> Row | None:
    """Whose task it was, and whether it still waits for credit; None of one that no host has had."""
    return db.row(_PAYEE, task_id=task_id)


def book_awards(
    db: Database,
    awards: Sequence[Award],
    *,
    tariff_id: int,
    now: datetime,
    is_capped: bool = True,
) -> None:
    """Book awards out of the laboratory's account into the volunteers', and into what everybody has in all.

    The same task and reason again is refused, and with it all of these. What is capped counts until the next session
    settles.
    """
    before, stamp = find_last_award_id(db), to_microseconds(now)
    common = {"tariff_id": tariff_id, "created_at": stamp, "is_capped": int(is_capped)}
    db.add_all("award", [asdict(award) | common for award in awards])
    booked = [row["id"] for row in db.select("SELECT id FROM award WHERE id > :after ORDER BY id", after=before)]
    db.add_all(
        "entry", [entry for number, award in zip(booked, awards, strict=True) for entry in _entries(number, award)]
    )
    _keep_balances(db, awards, stamp)
    _keep_daybook(db, awards, tariff_id, stamp)
    if is_capped and awards:
        counters.add_to_counter(db, *UNSETTLED, sum(award.amount for award in awards))


def sum_awards_by_holder(awards: Sequence[Award]) -> dict[str, dict[int, int]]:
    amounts: dict[str, dict[int, int]] = {VOLUNTEER: {}, HOST: {}, TEAM: {}}
    for award in awards:
        for holder, holder_id in ((VOLUNTEER, award.volunteer_id), (HOST, award.host_id), (TEAM, award.team_id)):
            if holder_id is not None:
                amounts[holder][holder_id] = amounts[holder].get(holder_id, 0) + award.amount
    return amounts


def store_recent_credit(db: Database, holder: str, recent: Mapping[int, tuple[float, datetime]]) -> None:
    db.execute_many(
        _RECENT,
        [
            {"holder": holder, "holder_id": holder_id, "recent": value, "recent_at": to_microseconds(moment)}
            for holder_id, (value, moment) in recent.items()
        ],
    )


def read_holder_start_times(db: Database, holder: str, ids: Sequence[int]) -> dict[int, datetime]:
    rows = db.select(_BEGAN[holder], ids=json.dumps(list(ids)))
    return {row["id"]: from_microseconds(row["created_at"]) for row in rows}


def carry_over_credit(
    db: Database, volunteer_id: int, *, source: str, amount: int, because: str, now: datetime
) -> bool:
    """Credit that a volunteer earned elsewhere counts from now on; False when it came from this source before.

    It is not recent, and no team's.
    """
    holder = {"holder": VOLUNTEER, "holder_id": volunteer_id}
    if db.row(_CARRIED, **holder, source=source) is not None:
        return False
    db.add("carried", **holder, source=source, amount=amount, because=because, created_at=now)
    db.execute(_ADD, **holder, amount=amount, now=to_microseconds(now))
    return True


def begin_balances(db: Database, holder: str, balances: Mapping[int, Balance], *, source: str, now: datetime) -> None:
    """What holders who are new here had elsewhere, the recent part of it too, which fades on from when it was so."""
    common = {"holder": holder, "source": source, "because": "total at the move", "created_at": now}
    carried = {holder_id: balance for holder_id, balance in balances.items() if balance.total}
    db.add_all("carried", [common | {"holder_id": key, "amount": of.total} for key, of in carried.items()])
    db.add_all("balance", [{"holder": holder, "holder_id": key, **asdict(of)} for key, of in balances.items()])


def find_balance(db: Database, holder: str, holder_id: int) -> Balance | None:
    return db.value(Balance, _BALANCE, holder=holder, id=holder_id)


def find_balances(db: Database, holder: str, ids: Sequence[int]) -> dict[int, Balance]:
    rows = db.select(_BALANCES, holder=holder, ids=json.dumps(list(ids)))
    return {row["holder_id"]: as_value(Balance, row) for row in rows}


def list_top_balances(db: Database, holder: str, limit: int) -> list[tuple[int, Balance]]:
    return [(row["holder_id"], as_value(Balance, row)) for row in db.select(_TOP, holder=holder, limit=limit)]


def find_last_award_id(db: Database) -> int:
    return db.number("SELECT coalesce(max(id), 0) AS id FROM award")


def sum_awarded_credit(db: Database) -> int:
    return db.number(_TOTAL)


def _keep_balances(db: Database, awards: Sequence[Award], stamp: int) -> None:
    for holder, amounts in sum_awards_by_holder(awards).items():
        for holder_id, amount in amounts.items():
            db.execute(_ADD, holder=holder, holder_id=holder_id, amount=amount, now=stamp)


def _keep_daybook(db: Database, booked: Sequence[Award], tariff_id: int, stamp: int) -> None:
    awards, amounts = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for award in booked:
        awards[award.reason, award.tier] += 1
        amounts[award.reason, award.tier] += award.amount
    day = stamp // DAY
    for (reason, tier), number in awards.items():
        amount = amounts[reason, tier]
        db.execute(_DAYBOOK, day=day, tariff_id=tariff_id, reason=reason, tier=tier, awards=number, amount=amount)


def _entries(award_id: int, award: Award) -> list[Mapping[str, object]]:
    return [
        {"award_id": award_id, "account": FROM, "amount": -award.amount},
        {"award_id": award_id, "account": f"volunteer:{award.volunteer_id}", "amount": award.amount},
    ]


def _unpaid(row: Row) -> UnpaidTask:
    sent, back = row["sent_at"], row["returned_at"]
    return as_value(
        UnpaidTask,
        row,
        task_id=row["id"],
        said=ReportedTime(
            cpu_seconds=row["cpu_seconds"] or 0.0,
            elapsed_seconds=row["elapsed_seconds"] or 0.0,
            out_seconds=None if sent is None or back is None else (back - sent) / 1e6,
        ),
        is_valid=row["state"] == TaskState.VALID,
    )
