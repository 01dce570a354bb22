"""Takes a question of a person or a program about published code, complete, as a proposal that waits for an answer."""

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.domain.estimands import Center, Direction, Kind, prediction_data
from axiom.domain.evidence import Meaning, verdicts_of
from axiom.domain.proposals import Admission, Proposal, ProposalState, StoredProposal, Template
from axiom.domain.registrations import StoppingRule, read_registration_body
from axiom.errors import NotFound, Refused, UnknownName
from axiom.laboratory.planning.design_cost import cost_of_cells
from axiom.laboratory.proposals.approve_or_refuse import approve_proposal
from axiom.laboratory.proposals.new_question import demand_new_question, demand_rival_apart
from axiom.laboratory.proposals.price import Points
from axiom.laboratory.proposals.rules.base_rates import prediction_entropy
from axiom.laboratory.proposals.rules.compose_proposal import change_estimand
from axiom.laboratory.registrations.rules.acceptable_claims import demand_sound_prediction
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.registrations import proposals, registrations
from axiom_weigh.values import Verdict

_MARK = 8  # characters of a digest
_ARMS = 2  # of a contrast


class _RehearsalRollback(Exception):
    """Rolls back what a rehearsal registered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedQuestion:
    """What somebody asks, in their own words."""

    finding: int  # from which it follows
    question: str
    motivation: str
    claim: str
    rival: str
    rival_interval: tuple[float, float]  # in which the number lies if the rival is right
    estimand: Mapping[str, Any]  # what differs from the estimand of that finding
    replicates: int
    prediction: Mapping[str, Any]
    outcomes: tuple[str, str, str]  # what an effect above the null, none, and one below would change
    author: str
    upheld_by: tuple[Verdict, ...] = ()  # of its number, under which the finding holds


def propose_question(db: Database, question: AskedQuestion, points: Points, now: datetime) -> StoredProposal:
    """Write it down, if it could be registered as it stands. Nothing of it is ordered before it is approved."""
    proposal = _proposal(db, question, points)
    before = [other for other in proposals.list_all_proposals(db) if other.proposal.slug == proposal.slug]
    if before and before[-1].state is not ProposalState.WITHDRAWN:
        raise Refused(
            f"This very question is proposal {before[-1].number}, which is {before[-1].state}. Nothing was proposed."
        )
    version = experiments.find_experiment_by_name(db, proposal.experiment, proposal.version)
    if version is None:
        raise NotFound(f"There is no {proposal.experiment}@{proposal.version}. Nothing was proposed.")
    number = proposals.add_proposal(db, proposal, version.id, None, now)
    stored_proposal = proposals.find_proposal(db, number)
    if stored_proposal is None:
        raise LookupError(f"proposal {number} was written down and is not there")
    _rehearse(db, stored_proposal, points, now)
    return stored_proposal


def _proposal(db: Database, question: AskedQuestion, points: Points) -> Proposal:
    begun = registrations.find_finding_registration(db, question.finding)
    if begun is None:
        raise NotFound(f"There is no finding {question.finding}. Nothing was proposed; `axiom finding list` shows all.")
    registration, name = begun
    version = experiments.find_experiment(db, registration.experiment_id)
    if version is None:
        raise LookupError(f"finding {question.finding} is of a version that is gone")
    prediction = demand_sound_prediction(question.prediction)
    low, high = prediction.interval
    demand_rival_apart(prediction, question.rival_interval)
    before = read_registration_body(registration.body).estimands[name]
    estimand = _estimand(before, question)
    _demand_known(estimand, stored_manifest(version.manifest))
    _demand_arms(estimand)
    _demand_share(estimand)
    mark = hashlib.sha256(
        canonical_bytes([question.claim, estimand, [dict(config) for config, _ in points], question.author])
    ).hexdigest()
    demand_new_question(db, version.whole_name, estimand, [config for config, _ in points])
    slug = f"asked-{question.finding}-{mark[:_MARK]}"
    stopping = StoppingRule(replicates=question.replicates)
    cost = cost_of_cells(db, version.id, [seconds for _, seconds in points], stopping)
    null, (positive, absent, negative) = float(estimand["null"]), question.outcomes
    return Proposal(
        slug=slug,
        template=Template.ASKED,
        admission=Admission.QUESTION,
        experiment=version.name,
        version=version.version,
        finding=question.finding,
        links=(question.finding,),
        kind=f"{Template.ASKED} {question.author}",
        question=question.question,
        motivation=question.motivation,
        claim=question.claim,
        rival=question.rival,
        rival_interval=question.rival_interval,
        basis=mark,
        configs=tuple(dict(config) for config, _ in points),
        estimands=({**estimand, "name": slug.replace("-", "_"), "prediction": prediction_data(prediction)},),
        stopping=stopping,
        core_seconds=cost.likely,
        most_core_seconds=cost.most,
        prediction=prediction,
        expects=Direction(estimand["expects"]),
        effect=(low + high) / 2.0 - null,
        if_positive=positive,
        if_absent=absent,
        if_negative=negative,
        bits=round(prediction_entropy(prediction), 3),
        depth=_depth(db, registration.id),
        author=question.author,
        inherited=tuple(
            sorted(
                name
                for name in estimand.keys() - question.estimand.keys() - {"name", "claim"}
                if estimand[name] == before.get(name)
            )
        ),
        upheld_by=question.upheld_by or _usual_verdicts(before, estimand),
    )


def _estimand(before: Mapping[str, Any], question: AskedQuestion) -> dict[str, Any]:
    """What is asked. Another kind of number lies between no arms but those that are said with it.

    Whether something happened is 1 or 0, and 1, 0 or -1 between two arms: it is weighed as that and nothing else.
    """
    own = question.estimand
    is_alike = own.get("kind", before["kind"]) == before["kind"]
    arms = {} if is_alike else {"between": ()}
    changes = {**arms, **own, "claim": question.claim}
    estimand = change_estimand(before, **changes)
    if estimand.get("event") and estimand["kind"] == Kind.CONTRAST:
        estimand |= {"bounds": [-1.0, 1.0], "about": Center.MEAN.value}
    elif estimand.get("event") or before.get("event"):
        estimand |= {"bounds": None, "about": Center.MEDIAN.value}
    # What is meant unless it is said is left out, as in what a file declares.
    return {name: value for name, value in estimand.items() if (name, value) != ("about", Center.MEDIAN.value)}


def _usual_verdicts(before: Mapping[str, Any], estimand: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """Under which verdict the finding holds where nobody says it: of the same number under its own."""
    is_alike = all(before.get(name) == estimand.get(name) for name in ("kind", "measure", "across", "event"))
    return verdicts_of(Meaning.AS_CLAIMED, Direction((before if is_alike else estimand)["expects"]))


def _demand_arms(estimand: Mapping[str, Any]) -> None:
    """A contrast lies between two arms; any other kind looks at one, or at all configs."""
    arms, is_contrast = len(estimand["between"]), estimand["kind"] == Kind.CONTRAST
    if is_contrast and arms != _ARMS:
        raise Refused(f"A contrast lies between two configs, and here are {arms}. Nothing was proposed.")
    if not is_contrast and arms > 1:
        raise Refused(f"A {estimand['kind']} looks at one config or at all, not at {arms}. Nothing was proposed.")


def _demand_known(estimand: Mapping[str, Any], manifest: Manifest) -> None:
    """What is measured, and the factor that it is asked across, are the file's."""
    measures = [measure.name for measure in manifest.measures]
    if estimand["measure"] not in measures:
        raise UnknownName("measure", str(estimand["measure"]), measures)
    named = [estimand["across"], (estimand.get("event") or {}).get("budget", "")]
    if unknown := [factor for factor in named if factor and factor not in manifest.factors]:
        raise UnknownName("factor", str(unknown[0]), manifest.factors)


def _demand_share(estimand: Mapping[str, Any]) -> None:
    """An event has a share, in one arm or in two."""
    if estimand.get("event") and estimand["kind"] not in (Kind.PROPORTION, Kind.CONTRAST):
        raise Refused(
            f"An event is asked of kind proportion, or of kind contrast; this is a {estimand['kind']}. Nothing was "
            "proposed."
        )


def _depth(db: Database, registration_id: int) -> int:
    """One more than that of the proposal which registered what it follows from; 1 after a question of a file."""
    origins = [
        proposal.proposal.depth
        for proposal in proposals.list_all_proposals(db)
        if proposal.registration_id == registration_id
    ]
    return 1 + max(origins, default=0)


def _rehearse(db: Database, proposal: StoredProposal, points: Points, now: datetime) -> None:
    """Register it and take that back, so that whoever approves it finds that it can be."""
    with contextlib.suppress(_RehearsalRollback), db.savepoint():
        approve_proposal(db, proposal, points, by=proposal.proposal.author, why="a rehearsal", now=now)
        raise _RehearsalRollback
