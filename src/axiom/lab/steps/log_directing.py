"""The log's research direction: how findings hang together, what is watched for, and what should be done next."""

from collections.abc import Mapping, Sequence

from axiom.decisions.findings.links import bearing
from axiom.decisions.sessions import agenda
from axiom.decisions.sessions.agenda import Need
from axiom.decisions.sessions.agenda_next_steps import NextStep
from axiom.domain.links import Footing, Link, LinkKind, Noun
from axiom.domain.proposals import ProposalState
from axiom.domain.sessions import Note
from axiom.lab.registrations.links import hanging, said
from axiom.lab.step import shortened
from axiom.lab.steps.design_standing import Standing
from axiom.store.engine.database import Database
from axiom.store.evidence import links, old_claims
from axiom.store.experiments import experiments
from axiom.store.registrations import proposals
from axiom.store.upkeep import watches

_GRAPH = "/findings/graph"


def direction(db: Database) -> list[Note]:
    """Every inference from one finding to another, the newest first, and every watch that waits."""
    footings = links.footings(db)
    inferred = [_inference(one, footings) for one in reversed(links.everything(db))]
    if not inferred:
        inferred = [Note(kind="direction.none", text="No finding is linked to another yet.", about=_GRAPH)]
    return [*shortened(inferred, "Inferences", _GRAPH), *shortened(_watched(db), "Watches", "/watches")]


def next_directions(db: Database, standing: Sequence[Standing]) -> list[NextStep]:
    """What the findings need, what waits for an answer, what the old laboratory claimed and nobody asks."""
    hangs = hanging(db)
    needs = [
        Need(
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


def _inference(link: Link, footings: Mapping[int, Footing]) -> Note:
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
