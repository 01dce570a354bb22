"""The last step: a quiet round just ends; one that has something to tell ends a session and writes its log."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from axiom.decisions.findings.links import bearing
from axiom.decisions.planning.eta import expected
from axiom.decisions.sessions import agenda
from axiom.decisions.sessions.agenda import NextStep, OpenNeed, in_order, next_steps
from axiom.decisions.sessions.due import telling
from axiom.domain.links import FindingState, Link, LinkKind, Noun
from axiom.domain.proposals import ProposalState
from axiom.domain.sessions import Note, Step
from axiom.domain.work import TaskState
from axiom.lab.registrations.links import hanging, said
from axiom.lab.step import Round, shortened
from axiom.lab.steps.design import OpenFinding, open_findings
from axiom.lab.steps.summary import SessionSummary, tell
from axiom.limits import hosts as limits
from axiom.store.engine.database import Database, at
from axiom.store.evidence import links, old_claims
from axiom.store.experiments import experiments
from axiom.store.registrations import proposals
from axiom.store.sessions import session_counts, sessions
from axiom.store.sessions import since_last as untold
from axiom.store.upkeep import watches

_GRAPH = "/findings/graph"
_PERSON = "person"
_MOST_ROUNDS = 100_000  # of one session


def direction(db: Database) -> list[Note]:
    """Every inference from one finding to another, the newest first, and every watch that waits."""
    footings = links.footings(db)
    inferred = [_inference(one, footings) for one in reversed(links.everything(db))]
    if not inferred:
        inferred = [Note(kind="direction.none", text="No finding is linked to another yet.", about=_GRAPH)]
    return [*shortened(inferred, "Inferences", _GRAPH), *shortened(_watched(db), "Watches", "/watches")]


def next_directions(db: Database, standing: Sequence[OpenFinding]) -> list[NextStep]:
    """What the findings need, what waits for an answer, what the old laboratory claimed and nobody asks."""
    hangs = hanging(db)
    needs = [
        OpenNeed(
            finding=one.number,
            experiment=one.experiment,
            cells=one.block_cells if one.said is None or one.grade_cells is None else one.grade_cells,
            hangs=hangs.get(one.number, 0),
            lacks=one.lacks_beside_seeds,
        )
        for one in standing
    ]
    waiting = len(proposals.in_state(db, ProposalState.OPEN))
    return agenda.directions(needs, proposals=waiting, claims=_untested(db))


def _inference(link: Link, footings: Mapping[int, FindingState]) -> Note:
    came_to = bearing(link, footings)
    return Note(
        kind="direction.link",
        text="{source} {kind} {target}{came_to}: {why}",
        facts={
            "source": said(link.source).capitalize(),
            "kind": link.kind.value,
            "target": said(link.target),
            "came_to": f" and {came_to.value}" if came_to is not None else "",
            "why": link.why or "no reason was given",
        },
        about=_GRAPH,
    )


def _watched(db: Database) -> list[Note]:
    names = {one.id: f"{one.name}@{one.version}" for one in experiments.everything(db)}
    return [
        Note(
            kind="direction.watch",
            text="Watched for in {experiment}: {sentence}",
            facts={"experiment": names[one.experiment_id], "sentence": one.sentence},
            about="/watches",
        )
        for one in watches.still_open(db)
        if one.first_hit is None
    ]


def _untested(db: Database) -> int:
    """How many claims of the old laboratory no finding tests."""
    tested = {
        one.target.id
        for one in links.everything(db)
        if one.kind is LinkKind.TESTS and one.target.noun is Noun.OLD_CLAIM and one.source.noun is Noun.FINDING
    }
    return sum(one.id not in tested for one in old_claims.everything(db))


_Written = Sequence[tuple[Step, Note]]


def why_told(db: Database, now: datetime) -> str:
    """Why a round that ends now would end a session; nothing where it would be a quiet one."""
    last = sessions.told(db, 1)
    return telling(untold.untold(db), now - (last[0].ended_at or now) if last else None)


def close(held: Round) -> list[Note]:
    """End the round. A person who holds one always ends a session, for they wish to read it."""
    why = held.session.reason if held.session.pi == _PERSON else why_told(held.db, held.now)
    if not why:
        text = "This round was held quietly. The next session tells of it."
        return [Note(kind="round.ended", text=text, about="/sessions")]
    return _told(replace(held, session=sessions.tell(held.db, held.session.id, why, held.now)))


def _told(held: Round) -> list[Note]:
    """Tell what has happened since the session before, sum up, and say what comes next; the last line is the news."""
    told, written = tell(held), sessions.gathered(held.db, held.session)
    graded = session_counts.graded(held.db)
    standing = open_findings(held.db, held.now)
    times = [_times(one) for one in standing]
    steps = in_order([*next_steps(_weights(written)), *next_directions(held.db, standing)])
    return [
        *told.notes,
        _summary(held),
        _grades(graded, session_counts.never_weighed(held.db)),
        *(shortened(times, "Open findings", "/findings") or [_no_times()]),
        *direction(held.db),
        *[
            Note(
                kind="log.next",
                text="Next, {priority}: {step} ({times}).",
                facts={"priority": step.priority, "step": step.sentence, "times": step.times},
                about=step.page or f"/sessions/{held.session.name}",
            )
            for step in steps
        ],
        _closed(held, told),
    ]


def _summary(held: Round) -> Note:
    db, window = held.db, held.whole_window
    closed = sessions.closed_since(db, at(window.since), window.until)
    hosts, cores = session_counts.heard(db, held.now - limits.COUNTED_ON_FOR)
    return Note(
        kind="log.summary",
        text="Session {session} reviewed {tasks} task(s), valid {valid}, and awarded {credit} credit. "
        "Workunits ordered, by whomever: {ordered}; taken back: {taken_back}. "
        "Hosts heard from in the last hour: {hosts}, with {cores} core(s).",
        facts={
            "session": held.session.name,
            "tasks": sum(row["sent"] for row in closed),
            "valid": sum(row["amount"] for row in closed if row["state"] == TaskState.VALID),
            "credit": _awarded(held),
            "ordered": _ordered(held),
            "taken_back": sum(row["workunits"] for row in session_counts.taken_back(db, window)),
            "hosts": hosts,
            "cores": cores,
        },
        about=held.tasks(),
        rows={
            "credit": "/ledger",
            "hosts": "/hosts",
            "cores": "/hosts",
            "taken_back": held.tasks(state="aborted"),
            "ordered": "/experiments",
        },
    )


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


def _times(one: OpenFinding) -> Note:
    return Note(
        kind="log.times",
        text="Finding {finding} ({experiment}): its next block {block}; its next grade {grade}.",
        facts={
            "finding": one.number,
            "experiment": one.experiment,
            "block": expected(one.pace, one.block_cells),
            "grade": one.grade_expected,
        },
        about=f"/findings/{one.number}",
    )


def _no_times() -> Note:
    return Note(kind="log.no_times", text="No finding is open, so none is waited for.", about="/findings")


def _awarded(held: Round) -> float:
    """What all rounds of this session have awarded."""
    earlier = sessions.notes_of_rounds(held.db, held.session, ("credit.awarded",), _MOST_ROUNDS)
    return _sum([*earlier, *sessions.notes(held.db, held.session.id)], "credit", "credit.awarded")


def _closed(held: Round, told: SessionSummary) -> Note:
    return Note(
        kind="session.closed",
        text="Session {session} is closed. {headline} Findings weighed again: {weighed}. "
        "Workunits ordered, by whomever: {ordered}.",
        facts={
            "session": held.session.name,
            "headline": told.headline.sentence,
            "weighed": told.weighed,
            "ordered": _ordered(held),
        },
        about=f"/sessions/{held.session.name}",
        rows={"weighed": "/findings"},
    )


def _ordered(held: Round) -> int:
    """How many workunits were ordered since the session before told of orders, by whomever."""
    told = sessions.told_workunits(held.db, sessions.first_round(held.db, held.session) + 1)
    return sum(row["workunits"] for row in session_counts.ordered(held.db, told))


def _weights(written: _Written) -> Counter[str]:
    """How often each kind was said; of refused outputs, how many there were."""
    found = Counter(note.kind for _, note in written)
    found["inspect.refused"] = int(_sum(written, "tasks", "inspect.refused"))
    return found


def _sum(written: _Written, fact: str, *kinds: str) -> float:
    found = [note.facts.get(fact, 0) for _, note in written if note.kind in kinds]
    return sum(each for each in found if isinstance(each, int | float))
