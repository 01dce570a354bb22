"""A step of rounds: strangers compute seeds again of findings that could be Strong but for that."""

from axiom.domain.rounds import Note
from axiom.laboratory.open_round import OpenRound
from axiom.server.returns.rechecks import compute_again
from axiom.store.engine.database import Database
from axiom.store.findings import evidence
from axiom.store.registrations import registrations
from axiom.store.tasks import tasks, workunits
from axiom_weigh.evidence.seeds_computed_again import checks_wanted, is_nearly_strong
from axiom_weigh.values import OUTVOTED, Evidence


def order_checks(this_round: OpenRound) -> list[Note]:
    """Order what is wanted and does not wait already; findings of one registration share it."""
    notes = []
    for number, line in evidence.list_newest_evidence(this_round.db).items():
        feeding = _open_registrations(this_round.db, number) if is_nearly_strong(line) else ()
        wanted = (
            _amount_wanted(this_round.db, number, line) - workunits.count_seeds_being_checked(this_round.db, feeding)
            if feeding
            else 0
        )
        chosen = tasks.choose_unchecked_tasks(this_round.db, feeding, wanted) if wanted > 0 else []
        if chosen:
            compute_again(this_round.db, chosen, this_round.now)
            notes.append(
                Note(
                    kind="deploy.checks",
                    text="Finding {finding} could be Strong if strangers agreed: tasks to be computed again: {tasks}.",
                    facts={"finding": number, "tasks": len(chosen)},
                    about=f"/findings/{number}",
                )
            )
    return notes


def _open_registrations(db: Database, number: int) -> tuple[int, ...]:
    """The registrations that feed a finding; none of one that is suspended, retired or recalled."""
    begun = registrations.find_finding_registration(db, number)
    if begun is None or registrations.list_finding_statuses(db, begun[0].experiment_id)[number][0] != "open":
        return ()
    return registrations.group_feeders_by_finding(db, begun[0].experiment_id)[number]


def _amount_wanted(db: Database, number: int, line: Evidence) -> int:
    return checks_wanted(
        line, sum(observation.why_missing == OUTVOTED for observation in evidence.read_observations(db, number))
    )
