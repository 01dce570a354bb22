"""Loads what the grammar of follow-ups goes by: every finding that has evidence, with what is known beside it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from statistics import fmean
from typing import Any

from axiom.domain.evidence import Registration
from axiom.domain.links import LinkKind, Noun
from axiom.domain.proposals import Admission, ProposalState, StoredProposal, Template
from axiom.domain.registrations import RegistrationBody, read_registration_body
from axiom.domain.work import WorkunitState
from axiom.laboratory.findings.score_predictions import why_registration_ended
from axiom.laboratory.planning.design_cost import cost_factor
from axiom.laboratory.planning.read_candidates import read_aims
from axiom.laboratory.planning.rules.stopping import is_settled
from axiom.laboratory.proposals.rules.estimated_prices import ConfigPrices, read_config_prices
from axiom.laboratory.proposals.rules.subject import Config, Subject, find_axis
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.engine import counters
from axiom.store.engine.database import Database, from_microseconds
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.findings import blocks, evidence, links
from axiom.store.registrations import registrations as registration_store
from axiom_weigh.values import Evidence, Outcome, Verdict

_LOOKED_AT = 16  # replicates from which the course of a measure is read: it only chooses where to look closer
_EVER = datetime.max.replace(tzinfo=UTC)
_NOT_STRONG = (Verdict.ABSENT, Verdict.UNDECIDED)
_PLATFORMS = "platforms"  # the kind of an alarm


@dataclass(frozen=True)
class _Version:
    """A version that may be asked more, with what was registered of it."""

    db: Database
    stored: StoredExperiment
    newest: Mapping[int, Evidence]
    proposals: Sequence[StoredProposal]

    @property
    def manifest(self) -> Manifest:
        """What its file declares."""
        return stored_manifest(self.stored.manifest)

    @cached_property
    def registrations(self) -> dict[int, Registration]:
        """By their numbers, oldest first."""
        return {
            registration.id: registration
            for registration in registration_store.read_registrations(self.db, self.stored.id)
        }

    @cached_property
    def cost_factor(self) -> float:
        return cost_factor(self.db, self.stored.id)

    @cached_property
    def failed_share(self) -> float:
        failed, done = (
            counters.read_counter(self.db, "workunit", self.stored.id, state)
            for state in (WorkunitState.FAILED, WorkunitState.DONE)
        )
        return failed / max(1, failed + done)

    @cached_property
    def registered(self) -> dict[int, RegistrationBody]:
        return {
            number: read_registration_body(registration.body) for number, registration in self.registrations.items()
        }

    @cached_property
    def over(self) -> dict[int, bool]:
        """By registration: will nothing more of it be ordered or come back?"""
        return {
            number: bool(why_registration_ended(self.db, registration, self.newest))
            for number, registration in self.registrations.items()
        }

    @cached_property
    def feeding(self) -> dict[int, tuple[int, ...]]:
        """Of each finding the registrations whose replicates are its evidence."""
        return registration_store.group_feeders_by_finding(self.db, self.stored.id)


def read_subjects(db: Database, proposals: Sequence[StoredProposal], dull: Mapping[int, int]) -> list[Subject]:
    """Every open or retired finding of an open version, once something is known of it."""
    newest = evidence.list_newest_evidence(db)
    collected: list[Subject] = []
    for stored in experiments.list_experiment_versions(db):
        if stored.status == "open":
            collected += _subjects_of_version(_Version(db, stored, newest, proposals), dull)
    return collected


def list_explanation_pairs(db: Database) -> list[tuple[int, int]]:
    """Findings of which one is said to explain the other."""
    return [
        (link.source.id, link.target.id)
        for link in links.list_links(db)
        if link.kind is LinkKind.EXPLAINS and link.source.noun is link.target.noun is Noun.FINDING
    ]


@lru_cache(maxsize=1024)
def _prices(declared: str) -> ConfigPrices:
    """What a file says of its costs: every pair of its configs is compared, so it is read once a process."""
    return read_config_prices(stored_manifest(declared))


def _subjects_of_version(version: _Version, dull: Mapping[int, int]) -> Iterator[Subject]:
    statuses = registration_store.list_finding_statuses(version.db, version.stored.id)
    for finding in evidence.list_weighed_findings(version.db, version.stored.id):
        line = version.newest.get(finding.number)
        if line is not None and statuses[finding.number][0] in ("open", "retired"):
            yield _subject(
                version, finding.number, finding.registration_id, finding.estimand, statuses[finding.number][0], dull
            )


def _subject(
    version: _Version, number: int, registration_id: int, name: str, status: str, dull: Mapping[int, int]
) -> Subject:
    registered, line = version.registered[registration_id], version.newest[number]
    feeders = version.feeding[number]
    has_ended = all(version.over[feeder] for feeder in feeders)
    mine = [proposal for proposal in version.proposals if proposal.proposal.finding == number]
    origin = next((proposal for proposal in version.proposals if _is_origin(proposal, registration_id)), None)
    bare = Subject(
        number=number,
        experiment=version.stored.name,
        version=version.stored.version,
        manifest=version.manifest,
        prices=_prices(version.stored.manifest),
        estimand=registered.estimands[name],
        status=status,
        evidence=line,
        configs=registered.design.configs,
        cell_seconds=registered.design.seconds,
        cost_factor=version.cost_factor,
        block=registered.block,
        designs=tuple(body.design.configs for body in version.registered.values()),
        feeders=len({version.registered[feeder].design.name for feeder in feeders}),
        is_settled=_is_settled(version, registration_id, number),
        has_ended=has_ended,
        failed_share=version.failed_share,
        dull_sessions=min((dull.get(feeder, 0) for feeder in feeders if not version.over[feeder]), default=0),
        faults=_faults(version, number, mine) if status == "retired" else (),
        decided=frozenset(
            proposal.proposal.slug
            for proposal in mine
            if proposal.state in (ProposalState.APPROVED, ProposalState.REFUSED)
        ),
        depth=origin.proposal.depth if origin else 0,
        origin=origin.proposal.template if origin else None,
    )
    return _add_values(version, bare, registration_id)


def _is_origin(proposal: StoredProposal, registration_id: int) -> bool:
    return proposal.registration_id == registration_id and proposal.proposal.admission is Admission.QUESTION


def _is_settled(version: _Version, registration_id: int, number: int) -> bool:
    """Is this one finding settled, though others of its registration may go on?"""
    registration = version.registrations[registration_id]
    statuses = registration_store.list_finding_statuses(version.db, version.stored.id)
    numbered = sorted(registration_store.list_claim_numbers(version.db, registration).items(), key=lambda pair: pair[1])
    still_open = [number for _, number in numbered if statuses[number][0] == "open"]
    aims = dict(zip(still_open, read_aims(version.db, registration, version.newest), strict=True))
    return number in aims and is_settled(aims[number])


def _add_values(version: _Version, bare: Subject, registration_id: int) -> Subject:
    """The subject with what takes longer to read, where it may be needed."""
    if bare.status != "open":
        return bare
    changes: dict[str, Any] = {}
    line = bare.evidence
    if (bare.has_ended and line.verdict in _NOT_STRONG and not bare.is_strong) or 2 * line.missing > line.seeds:
        observations = evidence.read_observations(version.db, bare.number)
        changes["values"] = tuple(observation.value for observation in observations if observation.value is not None)
        changes["late"] = sum(observation.outcome is Outcome.LATE for observation in observations)
    if bare.has_effect and (bare.is_settled or bare.has_ended) and find_axis(bare) is not None:
        changes["means"] = _means(version, bare, registration_id)
    return replace(bare, **changes) if changes else bare


def _means(version: _Version, subject: Subject, registration_id: int) -> tuple[tuple[Config, float], ...]:
    """The mean of the measure at each config of its design, over the first replicates."""
    db, stored = version.db, version.stored
    numbers = blocks.list_issued_numbers(db, stored.id, registration_id, -1)[:_LOOKED_AT]
    by_place = version.registered[registration_id].design.by_place
    measured: dict[int, list[float]] = {}
    for _, config, outcome, _, measures, *_ in blocks.read_replicate_cells(db, stored.id, numbers, _EVER):
        number = json.loads(measures)[subject.estimand["measure"]] if measures and outcome == Outcome.OK else None
        if isinstance(number, int | float) and config in by_place:
            measured.setdefault(config, []).append(float(number))
    return tuple((by_place[place], fmean(numbers)) for place, numbers in sorted(measured.items()))


def _faults(version: _Version, number: int, mine: Sequence[StoredProposal]) -> tuple[str, ...]:
    """What has come to light since it was retired upon a proposal."""
    retired = [
        proposal
        for proposal in mine
        if proposal.proposal.template is Template.RETIRE and proposal.state is ProposalState.APPROVED
    ]
    if not retired or retired[-1].decided_at is None:
        return ()
    since, line = retired[-1].decided_at, version.newest[number]
    then = next(
        (
            evidence.parse_evidence(row)
            for row in reversed(evidence.list_evidence_lines(version.db, number))
            if from_microseconds(row["created_at"]) <= since
        ),
        line,
    )
    bundles = experiments.list_experiment_bundles(version.db, version.stored.id)
    alarms = {alarm.kind for alarm in line.alarms} - {alarm.kind for alarm in then.alarms}
    faults = (
        (
            any(bundle.created_at > since for bundle in bundles),
            "a new bundle took the place of the one that computed it",
        ),
        (line.verdict is not then.verdict, f"its verdict is {line.verdict} and was {then.verdict}"),
        (_PLATFORMS in alarms, "platforms disagree about it"),
    )
    return tuple(sentence for is_so, sentence in faults if is_so)
