"""The second step: credit for every valid task that has none yet, under the tariff in force."""

from datetime import datetime

from axiom.decisions.credit import price
from axiom.domain.ledger import Award, Tariff
from axiom.domain.sessions import Note, Session
from axiom.store import ledger
from axiom.store.database import Database, Row

# One credit for a hundred seconds of a reference core.
DEFAULT_TARIFF = Tariff(name="core-seconds", version=1, per_core_second=10)

_FOR_COMPUTING = "computed"
_SLICE = 5_000


def credit(db: Database, session: Session, now: datetime) -> list[Note]:
    """Award each valid task once; a second look finds nothing left to award."""
    tariff_id, tariff = ledger.in_force(db, now) or (ledger.announce(db, DEFAULT_TARIFF, now), DEFAULT_TARIFF)
    typical: dict[int, float | None] = {}
    amounts = []
    for row in ledger.unpaid(db, _SLICE):
        experiment = row["experiment_id"]
        if experiment not in typical:
            typical[experiment] = ledger.typical_cpu_seconds(db, experiment)
        given = _award(row, tariff, typical[experiment])
        ledger.award(db, given, tariff_id=tariff_id, session_id=session.id, now=now)
        amounts.append(given.amount)
    if not amounts:
        return [Note(kind="credit.nothing", text="No task waited for credit.")]
    return [
        Note(
            kind="credit.awarded",
            text="Credit: {credit}, for tasks in number {tasks}, under {tariff} version {version}. "
            "In all sessions: {total}.",
            facts={
                "credit": sum(amounts) / 1_000,
                "tasks": len(amounts),
                "tariff": tariff.name,
                "version": tariff.version,
                "total": ledger.total(db) / 1_000,
            },
        )
    ]


def _award(row: Row, tariff: Tariff, typical_cpu_seconds: float | None) -> Award:
    priced = price(
        tariff,
        cpu_seconds=row["cpu_seconds"] or 0.0,
        elapsed_seconds=row["elapsed_seconds"] or 0.0,
        typical_cpu_seconds=typical_cpu_seconds,
    )
    return Award(
        task_id=row["id"],
        reason=_FOR_COMPUTING,
        host_id=row["host_id"],
        volunteer_id=row["volunteer_id"],
        amount=priced.amount,
        because=priced.because,
    )
