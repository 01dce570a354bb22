"""A step of sessions: strangers compute seeds again of findings that could be Strong but for that."""

from axiom.decisions.evidence.grade import checks_wanted
from axiom.decisions.evidence.reproduction import OUTVOTED
from axiom.domain.sessions import Note
from axiom.lab.step import Round
from axiom.server.returns.duplicates import compute_again
from axiom.store.engine.database import Database
from axiom.store.evidence import evidence
from axiom.store.evidence.evidence import ComparedClaim
from axiom.store.registrations import registrations
from axiom.store.tasks import tasks


def checks(held: Round) -> list[Note]:
    """Order what is wanted and does not wait already; findings of one registration share it."""
    notes = []
    for standing in evidence.standings(held.db):
        wanted = _wanted(held.db, standing)
        if not wanted:
            continue
        feeding = registrations.feeding(held.db, standing.experiment_id)[standing.number]
        wanted -= tasks.seeds_being_checked(held.db, feeding)
        chosen = tasks.unchecked(held.db, feeding, wanted) if wanted > 0 else []
        if chosen:
            compute_again(held.db, chosen, held.now)
            notes.append(
                Note(
                    kind="deploy.checks",
                    text="Finding {finding} could be Strong if strangers agreed: tasks to be computed again: {tasks}.",
                    facts={"finding": standing.number, "tasks": len(chosen)},
                    about=f"/findings/{standing.number}",
                )
            )
    return notes


def _wanted(db: Database, standing: ComparedClaim) -> int:
    """Of a finding that is suspended or retired nothing is."""
    said = evidence.latest(db, standing.number)
    if said is None or not checks_wanted(said, outvoted=0):
        return 0
    status, _ = registrations.statuses(db, standing.experiment_id)[standing.number]
    if status != "open":
        return 0
    outvoted = sum(one.why_missing == OUTVOTED for one in evidence.observed(db, standing.number))
    return checks_wanted(said, outvoted)
