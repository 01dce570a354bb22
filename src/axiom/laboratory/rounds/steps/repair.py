"""A step of rounds: which bundles were mended since the last one, what was wrong, and what the mending touches."""

from axiom.domain.proposals import ProposalState, StoredProposal
from axiom.domain.rounds import Note
from axiom.domain.work import TaskState, WorkunitState
from axiom.laboratory.failures.rules.failures import group_failures, suggest_remedy
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.store.engine import counters
from axiom.store.engine.database import Row
from axiom.store.experiments import experiments
from axiom.store.experiments.recall_effects import blast_radius
from axiom.store.registrations import proposals
from axiom.store.rounds import session_counts
from axiom.store.tasks import endings

_MOST_CHANGES = 600  # characters of changed lines that a log has; the proposal has all
_SHORT = 12  # characters of a digest: enough to find it


def tell_repairs(this_round: OpenRound) -> list[Note]:
    """Tell of every bundle that took another's place, and of every version that did; also when there is none."""
    counted, window = counters.read_counters(this_round.db), this_round.window
    bundles = [
        _mended_note(this_round, row, counted) for row in session_counts.list_repaired_bundles(this_round.db, window)
    ]
    stored = experiments.list_experiment_versions(this_round.db)
    versions = [
        Note(
            kind="repair.version",
            text="{experiment} asks anew what version {older} asked.",
            facts={"experiment": experiment.whole_name, "older": max(older)},
            about=f"/experiments/{experiment.whole_name}",
        )
        for experiment in stored
        if window.holds(experiment.created_at)
        and (
            older := [
                other.version
                for other in stored
                if other.name == experiment.name and other.version < experiment.version
            ]
        )
    ]
    notes = [
        *shorten_notes(_approved(this_round), "Mended texts that were approved", "/proposals"),
        *shorten_notes(bundles, "Bundles that took another’s place", "/experiments"),
        *shorten_notes(versions, "Newer versions", "/experiments"),
    ]
    return notes or [Note(kind="repair.nothing", text="No bundle was mended since the last session.")]


def _approved(this_round: OpenRound) -> list[Note]:
    """Mended texts that somebody approved: the old and new lines, and what hangs on what they mend."""
    approved = proposals.list_proposals_in_state(this_round.db, ProposalState.APPROVED)
    return [
        _approved_note(this_round, proposal)
        for proposal in approved
        if proposal.proposal.mends and this_round.window.holds(proposal.decided_at)
    ]


def _approved_note(this_round: OpenRound, stored_proposal: StoredProposal) -> Note:
    proposal = stored_proposal.proposal
    stored = experiments.resolve_experiment_name(this_round.db, proposal.mends)
    if stored is None:
        raise LookupError(f"proposal {stored_proposal.number} mends {proposal.mends}, which is not there")
    touched = blast_radius(this_round.db, stored.id)
    lines = [
        line for line in proposal.changes.splitlines() if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")
    ]
    changes = " ⏎ ".join(lines)
    return Note(
        kind="repair.approved",
        text="{mends} was mended by {author} as version {version}, and {by} approved it. On it hang "
        "{registrations} registrations, {findings} findings and {results} results of {volunteers} volunteers; "
        "{waiting} tasks of it wait. Old and new lines: {changes}",
        facts={
            "mends": proposal.mends,
            "author": proposal.author,
            "version": proposal.version,
            "by": stored_proposal.decided_by,
            "registrations": touched.registrations,
            "findings": len(touched.findings),
            "results": touched.results,
            "volunteers": touched.volunteers,
            "waiting": touched.tasks.get(TaskState.UNSENT, 0),
            "changes": changes if len(changes) <= _MOST_CHANGES else f"{changes[:_MOST_CHANGES]}…",
        },
        about=f"/proposals/{stored_proposal.number}",
    )


def _mended_note(this_round: OpenRound, row: Row, counted: dict[tuple[str, int, str], int]) -> Note:
    name = f"{row['name']}@{row['version']}"
    queued = ("task", row["id"], TaskState.UNSENT)
    return Note(
        kind="repair.bundle",
        text="{experiment} has a new bundle, {new} after {old}. What was wrong: {reason}. With the old one {tasks} "
        "tasks had ended, {failed} of them badly. Tasks not sent yet: {unsent}, of open workunits: {workunits}; each "
        "gets the new bundle as soon as its host may have it.",
        facts={
            "experiment": name,
            "new": row["new"][:_SHORT],
            "old": row["old"][:_SHORT],
            "reason": _main_fault(this_round, row),
            "tasks": row["tasks"],
            "failed": row["failed"],
            "unsent": counted.get(queued, 0),
            "workunits": counted.get(("workunit", row["id"], WorkunitState.OPEN), 0),
        },
        about=f"/experiments/{name}",
        rows={"tasks": f"/failures?experiment={name}", "failed": f"/failures?experiment={name}"},
    )


def _main_fault(this_round: OpenRound, row: Row) -> str:
    """Why whoever proposed the text mended it, in their words; else what most tasks with the old bundle failed at."""
    mended = proposals.find_bundle_approval(this_round.db, row["new"])
    if mended is not None:
        return f"{mended.proposal.author} said “{mended.proposal.motivation}”"
    failed = [
        failure
        for failure in endings.list_failure_counts(this_round.db, row["id"])
        if failure.bundle_digest == row["old"]
    ]
    groups = sorted(
        group_failures(failed, endings.list_working_hosts(this_round.db, row["id"])), key=lambda group: -group.tasks
    )
    if not groups:
        return "no task has failed with it, and nobody has said why it was changed"
    worst = groups[0]
    raised = f" ({worst.raised})" if worst.raised else ""
    return f"most often {worst.cause.words}{raised}, which made us look at {suggest_remedy(worst).look_at}"
