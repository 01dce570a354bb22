"""Registers what is asked: with a new version, and later a further design, a fresh cohort or an amendment of it.

What stands in a registration never changes. What comes later is a registration of its own, for numbers issued later.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.estimands import prediction_data
from axiom.domain.evidence import Registration
from axiom.domain.headlines.finding_sentences import compose_question
from axiom.domain.headlines.levels_to_tell import with_words
from axiom.domain.registrations import (
    CATALOGUE,
    DECLARED,
    DRAWN_SEEDS,
    INFORMED,
    Design,
    Rule,
    StoppingRule,
    estimand_definition,
    forecaster_name,
    map_amendments,
    read_registration_body,
)
from axiom.errors import NotFound, Refused, Withdrawn
from axiom.laboratory.planning.rules.block_size import BlockSize, block_size
from axiom.laboratory.registrations.predictions import declared_prediction
from axiom.laboratory.registrations.rules.acceptable_claims import (
    demand_askable,
    demand_believed_claim,
    demand_sound_prediction,
    is_another_design,
)
from axiom.limits import registrations as limits
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, preflights
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.findings import blocks
from axiom.store.registrations import registrations
from axiom.store.views import findings
from axiom_weigh.statistics.estimand_arithmetic import why_not_concluded
from axiom_weigh.values import Cohort

_NUMBERED = re.compile(r"_[0-9]+$")
_BLOCKS = {
    "closes": "when every replicate in it is back or its workunits are closed; a later block waits for those before it",
    "looks": "after each closed block, over all replicates in the order in which they were issued",
}


@dataclass(frozen=True, kw_only=True)
class FurtherRegistration:
    design: Design
    estimands: Sequence[Mapping[str, Any]]
    joins: Mapping[str, int]
    stopping: StoppingRule
    why: str
    predictions: Sequence[Mapping[str, Any]] = field(default=())
    amends: int | None = None
    proposal: Mapping[str, Any] | None = None  # from which it follows
    informed: str | None = None  # what of its kin was run before its predictions were made


@dataclass(frozen=True, kw_only=True)
class ProposalOrigin:
    """From which proposal a registration follows, who made it and what he expects of the finding it is about."""

    proposal: Mapping[str, Any]  # what of it stands in the registration
    finding: int
    forecaster: str
    prediction: Mapping[str, Any]
    informed: str | None = None


def register_version(
    db: Database,
    version: StoredExperiment,
    now: datetime,
    *,
    has_address: bool = False,
    forecaster: str | None = None,
    informed: str | None = None,
    proposal: Mapping[str, Any] | None = None,
    mended: Registration | None = None,
) -> int:
    """Register a new version as its file declares it, before its first seed: so its own numbers confirm its claims.

    `mended`: what was registered of the version whose place it takes.
    """
    declared = json.loads(version.manifest)
    estimands = declared["estimands"]
    further = FurtherRegistration(
        design=Design(
            name=DECLARED,
            configs=tuple(declared["configs"]),
            places=tuple(range(len(declared["configs"]))),
            seconds=tuple(declared["cell_seconds"]),
        ),
        estimands=estimands,
        joins={},
        stopping=StoppingRule(replicates=limits.REPLICATES),
        why="",
        predictions=[
            declared_prediction(
                estimand, forecaster_name(_forecaster(estimand, mended) or forecaster or CATALOGUE, informed)
            )
            for estimand in estimands
        ],
        informed=informed,
        proposal=proposal,
    )
    has_volunteers = preflights.read_circumstances(db, now).has_volunteers
    size = block_size(sum(further.design.seconds), has_address=has_address, has_volunteers=has_volunteers)
    return _write(db, version, further, size, now)


def register_further(
    db: Database,
    version: StoredExperiment,
    name: str,
    points: Sequence[tuple[Mapping[str, object], float]],
    *,
    stopping: StoppingRule,
    why: str,
    now: datetime,
    followed: ProposalOrigin | None = None,
) -> Registration:
    """Add a design, whose configs come with their seconds: its replicates are evidence of the findings there are."""
    registered = _demand_open(db, version)
    if name in {read_registration_body(registration.body).design.name for registration in registered}:
        raise Refused(
            f"{version.whole_name} has a design {name} already. Nothing was registered; give this one "
            "another name, or register a fresh cohort of a finding to order more of the same."
        )
    configs = [config for config, _ in points]
    joined = _joined_findings(db, version, registered, configs)
    demand_askable(list(joined.values()), configs)
    further = FurtherRegistration(
        design=_design(registered, name, points),
        estimands=list(joined.values()),
        joins={estimand["name"]: number for number, estimand in joined.items()},
        stopping=stopping,
        why=why,
        **_proposal_fields(followed, joined),
    )
    return _register_further(db, version, further, registered, now)


def register_question(
    db: Database,
    version: StoredExperiment,
    name: str,
    points: Sequence[tuple[Mapping[str, object], float]],
    estimands: Sequence[Mapping[str, Any]],
    *,
    stopping: StoppingRule,
    why: str,
    forecaster: str,
    informed: str | None,
    now: datetime,
    proposal: Mapping[str, Any] | None = None,
) -> Registration:
    """Ask something new of a published version, over a design of its own: findings with numbers of their own.

    Nothing that was computed before is evidence of them, and their replicates are evidence of nothing else.
    """
    registered = _demand_open(db, version)
    configs = [config for config, _ in points]
    demand_askable(estimands, configs)
    taken = {
        estimand for registration in registered for estimand in read_registration_body(registration.body).estimands
    }
    for estimand in estimands:
        demand_sound_prediction(estimand["prediction"])
        demand_believed_claim(estimand, estimand["prediction"])
        why_not = why_not_concluded(estimand, configs)
        if (
            why_not
            or estimand["name"] in taken
            or name in {read_registration_body(registration.body).design.name for registration in registered}
        ):
            raise Refused(
                f"{estimand['name']} cannot be asked of {version.whole_name}: "
                f"{why_not or 'it is there already'}. Nothing was registered."
            )
    _demand_other_words(db, version, estimands, configs)
    further = FurtherRegistration(
        design=_design(registered, name, points),
        estimands=estimands,
        joins={},
        stopping=stopping,
        why=why,
        predictions=[declared_prediction(claim, forecaster_name(forecaster, informed)) for claim in estimands],
        informed=informed,
        proposal=proposal,
    )
    return _register_further(db, version, further, registered, now)


def register_cohort(
    db: Database,
    number: int,
    *,
    stopping: StoppingRule,
    why: str,
    now: datetime,
    followed: ProposalOrigin | None = None,
) -> Registration:
    """Have fresh replicates confirm what a finding says: the same design and estimand, numbers issued from now on."""
    version, registration, estimand = _finding(db, number)
    registered = _demand_open(db, version)
    _demand_finding_open(db, version, number)
    design = read_registration_body(registration.body).design
    demand_askable([estimand], design.configs)
    further = FurtherRegistration(
        design=design,
        estimands=[estimand],
        joins={estimand["name"]: number},
        stopping=stopping,
        why=why,
        **_proposal_fields(followed, {number: estimand}),
    )
    return _register_further(db, version, further, registered, now)


def register_goal(db: Database, version: StoredExperiment, *, replicates: int, why: str, now: datetime) -> Registration:
    """Promise all open findings of the declared sweep so many fresh replicates of it, whatever they say."""
    registered = _demand_open(db, version)
    bodies = {registration.id: read_registration_body(registration.body) for registration in registered}
    joined = {
        number: estimand
        for number, origin, estimand in _claims(db, version, registered)
        if bodies[origin].design.name == DECLARED
    }
    if not joined:
        raise Refused(f"No finding of {version.whole_name} is open. Nothing was registered.")
    further = FurtherRegistration(
        design=bodies[registered[0].id].design,
        estimands=list(joined.values()),
        joins={estimand["name"]: number for number, estimand in joined.items()},
        stopping=StoppingRule(rule=Rule.FIXED, replicates=replicates),
        why=why,
    )
    return _register_further(db, version, further, registered, now)


def amend_claim(
    db: Database,
    number: int,
    changes: Mapping[str, Any],
    *,
    prediction: Mapping[str, Any],
    forecaster: str,
    why: str,
    now: datetime,
) -> Registration:
    """Put a claim otherwise, as it was formed from data: a new finding, of which only later replicates are evidence.

    The other claims of the amended registration go on under the new one, and nothing more is ordered of the old.
    """
    version, registration, estimand = _finding(db, number)
    registered = _demand_open(db, version)
    amended = read_registration_body(registration.body)
    _demand_amendable(registration, registered)
    prediction = prediction_data(demand_sound_prediction(prediction))
    if all(changed == estimand[name] for name, changed in changes.items()):
        raise Refused(f"This says of finding {number} what is registered of it. Nothing was registered.")
    taken = {name for earlier in registered for name in read_registration_body(earlier.body).estimands}
    new = {**estimand, **changes, "name": _free(estimand["name"], taken), "prediction": prediction}
    demand_believed_claim(new, prediction)
    demand_askable([new], amended.design.configs)
    others = [
        (numbered, claim)
        for numbered, origin, claim in _claims(db, version, registered)
        if numbered != number and claim["name"] in amended.estimands and origin <= registration.id
    ]
    further = FurtherRegistration(
        design=amended.design,
        estimands=[*(claim for _, claim in others), new],
        joins={claim["name"]: numbered for numbered, claim in others},
        stopping=amended.stopping,
        why=why,
        predictions=[declared_prediction(new, f"{forecaster}{INFORMED}")],
        amends=registration.id,
    )
    blocks.request_reweighing(db, version.id)  # the last block of what is amended closes with the numbers that it has
    return _register_further(db, version, further, registered, now)


def _demand_other_words(
    db: Database,
    version: StoredExperiment,
    estimands: Sequence[Mapping[str, Any]],
    configs: Sequence[Mapping[str, object]],
) -> None:
    """Refuse a question that reads like an open one: nobody could tell the two answers apart."""
    manifest, estimand_of = stored_manifest(version.manifest), findings.list_finding_estimands(db)
    open_numbers = [brief.number for brief in findings.list_finding_briefs(db) if brief.status == "open"]
    by_question = {compose_question(estimand_of[number]): number for number in open_numbers}
    for estimand in estimands:
        question = compose_question(with_words(estimand, manifest, configs))
        if question in by_question:
            raise Refused(
                f"Finding {by_question[question]} asks this in the same words: “{question}”. Nothing was registered; "
                "ask for more seeds of that finding, or say what is otherwise in `between`, `across` or `null`."
            )


def _forecaster(estimand: Mapping[str, Any], mended: Registration | None) -> str:
    """Who made the forecast first, where a mended text leaves it and what it is of as they were; else nobody."""
    body = read_registration_body(mended.body) if mended else None
    before = body.estimands.get(estimand["name"]) if body else None
    if body is None or before is None or estimand_definition(before) != estimand_definition(estimand):
        return ""
    forecasts: list[Mapping[str, Any]] = body.document["predictions"]
    names = [str(forecast["forecaster"]) for forecast in forecasts if forecast["estimand"] == estimand["name"]]
    return names[0] if names and before["prediction"] == estimand["prediction"] else ""


def _demand_open(db: Database, version: StoredExperiment) -> list[Registration]:
    if version.status != "open":
        raise Withdrawn(f"{version.whole_name} is {version.status}, so nothing more of it is registered.")
    return registrations.read_registrations(db, version.id)


def _demand_amendable(registration: Registration, registered: Sequence[Registration]) -> None:
    by = map_amendments(registered).get(registration.id)
    if by is not None:
        raise Refused(
            f"Registration {registration.id} was amended by registration {by} before. Nothing was registered; amend a "
            "finding of that one."
        )


def _demand_finding_open(db: Database, version: StoredExperiment, number: int) -> None:
    status, why = registrations.list_finding_statuses(db, version.id)[number]
    if status != "open":
        raise Withdrawn(f"Finding {number} is {status}: {why or 'no reason is known'}. Nothing was registered.")


def _finding(db: Database, number: int) -> tuple[StoredExperiment, Registration, Mapping[str, Any]]:
    registration = registrations.find_finding_registration(db, number)
    version = experiments.find_experiment(db, registration[0].experiment_id) if registration else None
    if registration is None or version is None:
        raise NotFound(f"There is no finding {number}. Nothing was registered; `axiom finding list` shows all.")
    return version, registration[0], read_registration_body(registration[0].body).estimands[registration[1]]


def _claims(
    db: Database, version: StoredExperiment, registered: Sequence[Registration]
) -> list[tuple[int, int, Mapping[str, Any]]]:
    """Every open finding of a version: its number, the registration that began it, its estimand."""
    statuses = registrations.list_finding_statuses(db, version.id)
    return [
        (number, registration.id, read_registration_body(registration.body).estimands[name])
        for registration in registered
        for name, number in registrations.list_claim_numbers(db, registration).items()
        if name not in read_registration_body(registration.body).joins and statuses[number][0] == "open"
    ]


def _joined_findings(
    db: Database, version: StoredExperiment, registered: Sequence[Registration], configs: Sequence[Mapping[str, object]]
) -> dict[int, Mapping[str, Any]]:
    """The open findings, with their estimands, for which these configs are a design that none has had before."""
    concluded = {
        number: estimand
        for number, _, estimand in _claims(db, version, registered)
        if not why_not_concluded(estimand, configs)
    }
    if not concluded:
        raise Refused(
            f"No open finding of {version.whole_name} could be concluded from this design: it lacks the "
            "arms that they compare. Nothing was registered; add those levels."
        )
    designs = [read_registration_body(registration.body).design.configs for registration in registered]
    joined = {
        number: estimand for number, estimand in concluded.items() if is_another_design(estimand, configs, designs)
    }
    if not joined:
        raise Refused(
            f"For the findings of {version.whole_name} this is no other design: where they look, its "
            "configs are those of a design that is registered. Nothing was registered; vary what the claims leave "
            "open, or register a fresh cohort of a finding to order more of the same."
        )
    return joined


def _design(
    registered: Sequence[Registration], name: str, points: Sequence[tuple[Mapping[str, object], float]]
) -> Design:
    configs = tuple(config for config, _ in points)
    return Design(
        name=name, configs=configs, places=_places(registered, configs), seconds=tuple(cost for _, cost in points)
    )


def _proposal_fields(followed: ProposalOrigin | None, joined: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """What a proposal adds to a registration that joins findings: itself, and what its author expects of one."""
    if followed is None:
        return {}
    demand_sound_prediction(followed.prediction)
    claims = [joined[followed.finding]] if followed.finding in joined else []
    forecaster = forecaster_name(followed.forecaster, followed.informed)
    predictions = [declared_prediction({**claim, "prediction": followed.prediction}, forecaster) for claim in claims]
    return {"proposal": followed.proposal, "predictions": predictions, "informed": followed.informed}


def _register_further(
    db: Database,
    version: StoredExperiment,
    further: FurtherRegistration,
    registered: Sequence[Registration],
    now: datetime,
) -> Registration:
    first = registered[0]  # what was decided with it stays for the version, however many volunteers there are by now
    size = BlockSize(
        replicates=read_registration_body(first.body).block,
        reason=f"as in registration {first.id}, the first of this version",
    )
    registration_id = _write(db, version, further, size, now)
    return next(
        registration
        for registration in registrations.read_registrations(db, version.id)
        if registration.id == registration_id
    )


def _write(
    db: Database, version: StoredExperiment, further: FurtherRegistration, size: BlockSize, now: datetime
) -> int:
    design, stopping, manifest = further.design, further.stopping, stored_manifest(version.manifest)
    body: dict[str, Any] = {
        "experiment": version.name,
        "version": version.version,
        "design": design.name,
        "configs": [dict(config) for config in design.configs],
        "places": list(design.places),
        "expected_seconds": list(design.seconds),
        "cohort": Cohort.CONFIRMATORY.value,  # what is older than a claim is never its evidence, so it is all there is
        "estimands": [
            dict(estimand) if estimand["name"] in further.joins else with_words(estimand, manifest, design.configs)
            for estimand in further.estimands
        ],
        "joins": dict(further.joins),
        "block": size.replicates,
        "block_why": size.reason,
        "stopping": {
            "rule": stopping.rule.value,
            "replicates": stopping.replicates,
            "ends": stopping.tell_end(len(further.estimands)),
            **_BLOCKS,
        },
        "predictions": [dict(prediction) for prediction in further.predictions],
        "seeds": DRAWN_SEEDS,
        "why": further.why,
        "registered_at": now.isoformat(),
    }
    if further.amends is not None:
        body["amends"] = further.amends
    if further.proposal is not None:
        body["proposal"] = dict(further.proposal)
    return registrations.add_registration(
        db,
        experiment_id=version.id,
        cohort=Cohort.CONFIRMATORY,
        body=canonical_bytes(body).decode(),
        predictions=further.predictions,
        informed=further.informed,
        now=now,
        claims=[estimand["name"] for estimand in further.estimands if estimand["name"] not in further.joins],
    )


def _places(registered: Sequence[Registration], configs: Sequence[Mapping[str, object]]) -> tuple[int, ...]:
    """The place of each config among all of the version; one that no design had before gets the next."""
    taken = [
        (place, config)
        for registration in registered
        for place, config in read_registration_body(registration.body).design.by_place.items()
    ]
    following = max((place for place, _ in taken), default=-1) + 1
    places = []
    for config in configs:
        place = next((place for place, taken_config in taken if taken_config == config), None)
        places.append(following if place is None else place)
        following += place is None
    return tuple(places)


def _free(name: str, taken: set[str]) -> str:
    """The next free name: grows, grows_2, grows_3."""
    stem, number = _NUMBERED.sub("", name), 2
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"
