"""The last step: a quiet round just ends; one that has something to tell ends a session and writes its log."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from axiom.domain.links import FindingState, Link, LinkKind, Noun
from axiom.domain.proposals import ProposalState
from axiom.domain.rounds import Note, Step
from axiom.domain.work import TaskState
from axiom.laboratory.findings.links import node_phrase
from axiom.laboratory.findings.rules.links import find_bearing, upholding_verdicts
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.laboratory.planning.hanging_questions import read_hanging_questions
from axiom.laboratory.planning.rules.eta import time_until_cells
from axiom.laboratory.rounds.rules import agenda
from axiom.laboratory.rounds.rules.agenda import (
    NextStep,
    OpenNeed,
    next_steps,
    sort_next_steps,
    write_number_ranges,
)
from axiom.laboratory.rounds.rules.due import why_end_session
from axiom.laboratory.rounds.steps.design import OpenFinding, open_findings
from axiom.laboratory.rounds.steps.summary import SessionSummary, summarize_session
from axiom.limits import hosts as host_limits
from axiom.limits import rounds as limits
from axiom.store.credit import settlements
from axiom.store.engine.database import Database, to_microseconds
from axiom.store.experiments import experiments
from axiom.store.findings import links, old_claims
from axiom.store.registrations import proposals
from axiom.store.rounds import rounds, session_counts, untold_events
from axiom.store.upkeep import watches

_GRAPH = "/findings/graph"
_PERSON = "person"
_MOST_ROUNDS = 100_000  # of one session


def tell_inferences(db: Database) -> list[Note]:
    """Every inference from one finding to another, the newest first, and every watch that waits."""
    states = links.list_finding_states(db)
    inferred = [_inference(link, states) for link in reversed(links.list_links(db))]
    if not inferred:
        inferred = [Note(kind="direction.none", text="No finding is linked to another yet.", about=_GRAPH)]
    return [*shorten_notes(inferred, "Inferences", _GRAPH), *shorten_notes(_watch_notes(db), "Watches", "/watches")]


def read_directions(db: Database, findings: Sequence[OpenFinding]) -> list[NextStep]:
    """What the findings need, what waits for an answer, what the old laboratory claimed and nobody asks."""
    hangs = read_hanging_questions(db)
    needs = [
        OpenNeed(
            finding=finding.number,
            experiment=finding.experiment,
            cells=finding.block_cells if finding.line is None or finding.grade_cells is None else finding.grade_cells,
            hangs=hangs.get(finding.number, 0),
            lacks=finding.lacks_beside_seeds,
        )
        for finding in findings
    ]
    waiting = len(proposals.list_proposals_in_state(db, ProposalState.OPEN))
    return agenda.choose_directions(needs, proposals=waiting, claims=_amount_untested(db))


def _inference(link: Link, states: Mapping[int, FindingState]) -> Note:
    came_to, upheld = find_bearing(link, states), " or ".join(upholding_verdicts(link, states))
    return Note(
        kind="direction.link",
        text="{source} {kind} {target}{came_to}.",
        facts={
            "source": node_phrase(link.source).capitalize(),
            "kind": link.kind.value,
            "target": node_phrase(link.target),
            "came_to": f", upheld by {upheld}, and {came_to.value}" if came_to is not None else "",
        },
        about=_GRAPH,
    )


def _watch_notes(db: Database) -> list[Note]:
    names = {experiment.id: experiment.whole_name for experiment in experiments.list_experiment_versions(db)}
    return [
        Note(
            kind="direction.watch",
            text="Watched for in {experiment}: {sentence}",
            facts={"experiment": names[watch.experiment_id], "sentence": watch.sentence},
            about="/watches",
        )
        for watch in watches.list_open_watches(db)
        if watch.first_hit is None
    ]


def _amount_untested(db: Database) -> int:
    """How many claims of the old laboratory no finding tests."""
    tested = {
        link.target.id
        for link in links.list_links(db)
        if link.kind is LinkKind.TESTS and link.target.noun is Noun.OLD_CLAIM and link.source.noun is Noun.FINDING
    }
    return sum(claim.id not in tested for claim in old_claims.list_old_claims(db))


_Written = Sequence[tuple[Step, Note]]


def why_session_ends(db: Database, now: datetime) -> str:
    """Why a round that ends now would end a session; nothing where it would be a quiet one."""
    last = rounds.list_newest_sessions(db, 1)
    return why_end_session(untold_events.count_untold_events(db), now - (last[0].ended_at or now) if last else None)


def end_round(this_round: OpenRound) -> list[Note]:
    """End the round. A person who holds one always ends a session, for they wish to read it."""
    why = this_round.round.reason if this_round.round.pi == _PERSON else why_session_ends(this_round.db, this_round.now)
    if not why:
        text = "This round was held quietly. The next session tells of it."
        return [Note(kind="round.ended", text=text, about="/sessions")]
    session = rounds.make_session_of_round(this_round.db, this_round.round.id, why, this_round.now)
    settlements.empty_cap(this_round.db)
    return _end_session(replace(this_round, round=session))


def _end_session(this_round: OpenRound) -> list[Note]:
    """Tell what has happened since the session before, sum up, and say what comes next; the last line is the news."""
    summary, written = summarize_session(this_round), rounds.list_session_notes(this_round.db, this_round.round)
    graded = session_counts.count_findings_by_grade(this_round.db)
    findings = open_findings(this_round.db, this_round.now)
    times = [_times(finding) for finding in findings]
    steps = sort_next_steps([*next_steps(_weights(written)), *read_directions(this_round.db, findings)])
    return [
        *summary.notes,
        _summary(this_round),
        *_task_numbers(this_round),
        _grades(graded, session_counts.count_unweighed_findings(this_round.db)),
        *(shorten_notes(times, "Open findings", "/findings") or [_no_times()]),
        *tell_inferences(this_round.db),
        *[
            Note(
                kind="log.next",
                text="{priority}: {step}" + (" ({times} times)." if step.times > 1 else "."),
                facts={"priority": step.priority.capitalize(), "step": step.sentence, "times": step.times},
                about=step.page or f"/sessions/{this_round.round.name}",
            )
            for step in steps
        ],
        _closing_note(this_round, summary),
    ]


def _summary(this_round: OpenRound) -> Note:
    db, window = this_round.db, this_round.whole_window
    closed = rounds.list_closed_task_counts(db, to_microseconds(window.since), window.until)
    hosts, cores = session_counts.count_seen_hosts(db, this_round.now - host_limits.COUNTED_ON_FOR)
    return Note(
        kind="log.summary",
        text="Session {session} reviewed {tasks} task(s), valid {valid}, and awarded {credit} credit. "
        "Workunits ordered: {ordered}; taken back: {taken_back}. "
        "Hosts heard from in the last hour: {hosts}, with {cores} core(s); {before} at the session before.",
        facts={
            "session": this_round.round.name,
            "tasks": sum(row["sent"] for row in closed),
            "valid": sum(row["amount"] for row in closed if row["state"] == TaskState.VALID),
            "credit": _awarded_credit(this_round),
            "ordered": _ordered_workunits(this_round),
            "taken_back": sum(row["workunits"] for row in session_counts.list_abort_counts(db, window)),
            "hosts": hosts,
            "cores": cores,
            "before": _hosts_before(this_round),
        },
        about=this_round.tasks_page(),
        rows={
            "before": "/sessions",
            "credit": "/ledger",
            "hosts": "/hosts",
            "cores": "/hosts",
            "taken_back": this_round.tasks_page(state="aborted"),
            "ordered": "/experiments",
        },
    )


def _hosts_before(this_round: OpenRound) -> object:
    """How many hosts the session before had counted."""
    earlier = [session for session in rounds.list_newest_sessions(this_round.db, 2) if session.id < this_round.round.id]
    notes = [note for session in earlier for _, note in rounds.list_round_notes(this_round.db, session.id)]
    return next((note.facts["hosts"] for note in notes if note.kind == "log.summary"), "none were counted")


def _task_numbers(this_round: OpenRound) -> list[Note]:
    """Each task that closed, by its number, and how many of them a GPU computed."""
    most, every = limits.TASK_NUMBERS_TOLD, session_counts.TaskFilter()
    closed = session_counts.list_closed_tasks(this_round.db, this_round.whole_window, every, most)
    if not closed:
        return []
    well = {row["id"]: row["state"] == TaskState.VALID for row in closed}
    more = ", and more than this list takes" if len(closed) == most else ""
    text = "Tasks that closed, with a star where one is not valid: {numbers}" + more + "."
    on_gpu = [row["state"] for row in closed if row["gpu"]]
    facts: dict[str, object] = {"numbers": write_number_ranges(well)}
    if on_gpu:
        text += " A GPU computed {gpu} of them, of which {valid} are valid."
        facts |= {"gpu": len(on_gpu), "valid": on_gpu.count(TaskState.VALID)}
    return [Note(kind="review.numbers", text=text, facts=facts, about=this_round.tasks_page())]


def _grades(graded: Mapping[str, int], never: int) -> Note:
    return Note(
        kind="log.grades",
        text="Findings by grade: Definitive {definitive}, Strong {strong}, Moderate {moderate}, Awaiting {awaiting}; "
        "never weighed {never}.",
        facts={
            "definitive": graded.get("Definitive", 0),
            "strong": graded.get("Strong", 0),
            "moderate": graded.get("Moderate", 0),
            "awaiting": graded.get("Awaiting", 0),
            "never": never,
        },
        about="/findings",
    )


def _times(finding: OpenFinding) -> Note:
    return Note(
        kind="log.times",
        text="Finding {finding} ({experiment}): its next block {block}; its next grade {grade}.",
        facts={
            "finding": finding.number,
            "experiment": finding.experiment,
            "block": time_until_cells(finding.pace, finding.block_cells),
            "grade": finding.grade_expected,
        },
        about=f"/findings/{finding.number}",
    )


def _no_times() -> Note:
    return Note(kind="log.no_times", text="No finding is open, so none is waited for.", about="/findings")


def _awarded_credit(this_round: OpenRound) -> float:
    earlier = rounds.list_quiet_round_notes(this_round.db, this_round.round, ("credit.awarded",), _MOST_ROUNDS)
    return _sum([*earlier, *rounds.list_round_notes(this_round.db, this_round.round.id)], "credit", "credit.awarded")


def _closing_note(this_round: OpenRound, summary: SessionSummary) -> Note:
    ordered = _ordered_workunits(this_round)
    return Note(
        kind="session.closed",
        text="Session {session} is closed. {headline}"
        + (" Findings weighed again: {weighed}." if summary.weighed else "")
        + (" Workunits ordered: {ordered}." if ordered else ""),
        facts={
            "session": this_round.round.name,
            "headline": summary.headline.sentence,
            "weighed": summary.weighed,
            "ordered": ordered,
        },
        about=f"/sessions/{this_round.round.name}",
        rows={"weighed": "/findings"},
    )


def _ordered_workunits(this_round: OpenRound) -> int:
    """How many workunits were ordered since the session before told of orders, by whomever."""
    since = rounds.read_reviewed_workunit(
        this_round.db, rounds.find_last_round_before_session(this_round.db, this_round.round) + 1
    )
    return sum(row["workunits"] for row in session_counts.list_new_orders(this_round.db, since))


def _weights(written: _Written) -> Counter[str]:
    """How often each kind was said; of refused outputs, how many there were."""
    counts = Counter(note.kind for _, note in written)
    counts["inspect.refused"] = int(_sum(written, "tasks", "inspect.refused"))
    return counts


def _sum(written: _Written, fact: str, *kinds: str) -> float:
    amounts = [note.facts.get(fact, 0) for _, note in written if note.kind in kinds]
    return sum(amount for amount in amounts if isinstance(amount, int | float))
