"""Credit for every valid task, once: within a second by a job of the server, and what is left by each session."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from axiom.decisions.credit import price
from axiom.decisions.recent import Recent, grown
from axiom.domain.ledger import Award, Balance, Tariff
from axiom.domain.sessions import Note, Session, Step
from axiom.server.known import LEAST_CELL_SECONDS
from axiom.signed.tickets import parse
from axiom.store import ledger, returning, sessions
from axiom.store.database import Database, moment
from axiom.store.ledger import Unpaid

# One credit for a hundred seconds of a reference core.
DEFAULT_TARIFF = Tariff(name="core-seconds", version=1, per_core_second=10)

SLICE = 500
_FOR_COMPUTING = "computed"
_THOUSANDTHS = 1_000
_TYPICAL_FOR = timedelta(minutes=1)  # what 99 of 100 tasks stay below changes slowly
_MOST_SLICES = 10  # that one step of a session pays; the job and the next session pay the rest


class Paying:
    """Pays what waits. It keeps for a minute what such tasks take, and belongs to the writer's thread."""

    def __init__(self) -> None:
        self._typical: dict[int, tuple[datetime, float | None]] = {}

    def pay(self, db: Database, now: datetime, *, session_id: int | None = None) -> int:
        """Award the oldest valid tasks that have no award yet; how many there were."""
        waiting = ledger.unpaid(db, SLICE)
        if waiting:
            tariff_id, tariff = _tariff(db, now)
            awards = [_award(one, tariff, self._usual(db, one.experiment_id, now)) for one in waiting]
            book(db, awards, tariff_id=tariff_id, session_id=session_id, now=now)
            returning.mark_paid(db, [one.task_id for one in waiting])
        return len(waiting)

    def _usual(self, db: Database, experiment_id: int, now: datetime) -> float | None:
        """What such a task takes at most, as it was within the last minute."""
        looked, seconds = self._typical.get(experiment_id, (None, None))
        if looked is None or not timedelta(0) <= now - looked < _TYPICAL_FOR:
            seconds = ledger.typical_cpu_seconds(db, experiment_id)
            self._typical[experiment_id] = (now, seconds)
        return seconds


def book(db: Database, awards: Sequence[Award], *, tariff_id: int, session_id: int | None, now: datetime) -> None:
    """Book awards, and let the recent averages of all who have a share in them follow."""
    there = {holder: ledger.balances(db, holder, list(amounts)) for holder, amounts in ledger.by_holder(awards).items()}
    ledger.award(db, awards, tariff_id=tariff_id, session_id=session_id, now=now)
    for holder, amounts in ledger.by_holder(awards).items():
        ledger.keep_recent(db, holder, _recent(db, holder, amounts, there[holder], now))


def credit(db: Database, session: Session, now: datetime) -> list[Note]:
    """The second step: award what is left, and say what was awarded since the last session looked."""
    _, tariff = _tariff(db, now)
    paying = Paying()
    for _ in range(_MOST_SLICES):
        if paying.pay(db, now, session_id=session.id) < SLICE:
            break
    seen = _seen(db, session)
    tasks, amount = ledger.awarded_since(db, seen)
    if not tasks:
        return [Note(kind="credit.nothing", text="No task waited for credit.", facts={"last_award": seen})]
    return [
        Note(
            kind="credit.awarded",
            text="Credit: {credit}, for tasks in number {tasks}, under {tariff} version {version}. In all: {total}.",
            facts={
                "credit": amount / _THOUSANDTHS,
                "tasks": tasks,
                "tariff": tariff.name,
                "version": tariff.version,
                "total": ledger.total(db) / _THOUSANDTHS,
                "last_award": ledger.last_award(db),
            },
        )
    ]


def _seen(db: Database, session: Session) -> int:
    """The newest award of which an earlier session has told. Once only sessions awarded, and did not say where."""
    note = sessions.last_note(db, Step.CREDIT)
    if note is not None and "last_award" in note.facts:
        return int(str(note.facts["last_award"]))
    return ledger.last_of_sessions(db, before=session.id)


def _tariff(db: Database, now: datetime) -> tuple[int, Tariff]:
    return ledger.in_force(db, now) or (ledger.announce(db, DEFAULT_TARIFF, now), DEFAULT_TARIFF)


def _recent(
    db: Database, holder: str, amounts: Mapping[int, int], there: Mapping[int, Balance], now: datetime
) -> dict[int, tuple[float, datetime]]:
    new = [holder_id for holder_id in amounts if holder_id not in there]
    began = ledger.began(db, holder, new) if new else {}
    found = {}
    for holder_id, amount in amounts.items():
        before = there.get(holder_id)
        known = Recent(value=before.recent, at=moment(before.recent_at)) if before else None
        recent = grown(known, amount / _THOUSANDTHS, began=began.get(holder_id, now), now=now)
        found[holder_id] = (recent.value, recent.at)
    return found


def _ordered(waiting: Unpaid) -> float | None:
    """How long the task may compute by its order; None where it says less than every order allows."""
    if waiting.ticket is None or waiting.cpu_seconds <= LEAST_CELL_SECONDS:
        return None  # nearly always, and a ticket takes long to read
    ticket = parse(waiting.ticket)
    return sum(ticket.cell_seconds) * len(ticket.replicates)


def _award(waiting: Unpaid, tariff: Tariff, typical_cpu_seconds: float | None) -> Award:
    priced = price(
        tariff,
        cpu_seconds=waiting.cpu_seconds,
        elapsed_seconds=waiting.elapsed_seconds,
        typical_cpu_seconds=typical_cpu_seconds,
        out_seconds=waiting.out_seconds,
        ordered_seconds=_ordered(waiting),
    )
    return Award(
        task_id=waiting.task_id,
        reason=_FOR_COMPUTING,
        host_id=waiting.host_id,
        volunteer_id=waiting.volunteer_id,
        team_id=waiting.team_id,
        amount=priced.amount,
        because=priced.because,
    )
