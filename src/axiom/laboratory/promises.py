"""All promises together: those of the server, of sessions, credit and evidence. See docs/explanation/promises.md."""

from datetime import datetime

from axiom.domain.rounds import Round
from axiom.laboratory.findings.compare_duplicates import find_miscounted_duplicates
from axiom.laboratory.findings.find_wrong_evidence import find_wrong_evidence
from axiom.laboratory.findings.score_predictions import find_wrong_scores
from axiom.server.upkeep import invariants
from axiom.signed.trust import Trust
from axiom.store.credit import balance_check
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.rounds import rounds

PROMISES = {
    **invariants.PROMISES,
    "I3": "every award is booked on two sides that add up to zero, once for a task; everybody has what they earned",
    "I4": "no session awarded more than its cap, and each settled what was booked since the one before",
    "I10": "every line of evidence, count of duplicates and score follows from what is stored, identically",
    "I13": "every round did its steps in order and each once; one is open at most, and each was closed once",
}


def find_broken_promises(db: Database, folder: Folder, trust: Trust, now: datetime) -> dict[str, list[str]]:
    """What breaks each promise; all lists are empty when all is well."""
    problems = invariants.list_broken_invariants(db, folder, trust, now)
    with db.savepoint():
        return {
            **problems,
            "I3": balance_check.list_ledger_problems(db),
            "I4": balance_check.list_cap_violations(db),
            "I10": find_wrong_evidence(db) + find_miscounted_duplicates(db) + find_wrong_scores(db),
            "I13": _round_problems(db),
        }


def _round_problems(db: Database) -> list[str]:
    problems = []
    all_rounds = rounds.list_rounds(db, limit=1_000_000)
    for place, held_round in enumerate(all_rounds):
        if held_round.done != held_round.steps[: len(held_round.done)]:
            problems.append(f"{held_round.name} did not do its steps in order and once each")
        if held_round.ended_at is None and place > 0:
            problems.append(f"{held_round.name} is open, and a newer one began")
        if _closings(db, held_round) != (1 if held_round.ended_at else 0):
            problems.append(f"{held_round.name} was not closed once")
        if (held_round.due is None) != (held_round.ended_at is not None):
            problems.append(f"{held_round.name} is ended with steps left, or open without any")
    return problems


def _closings(db: Database, held_round: Round) -> int:
    """How many of its notes say that it ended: `session.closed` if it tells of rounds, else `round.ended`."""
    last = "session.closed" if held_round.told else "round.ended"
    return sum(note.kind == last for _, note in rounds.list_round_notes(db, held_round.id))
