"""What was written down before it was computed: designs, predictions, and how far their blocks are."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

from axiom.domain.evidence import Registration
from axiom.domain.maps import first_place
from axiom.domain.registrations import (
    DRAWN_SEEDS,
    NAMED_SEEDS,
    RegistrationBody,
    map_amendments,
    read_registration_body,
)
from axiom.laboratory.findings.rules.reproduction import sum_agreements
from axiom.reads import findings as finding_views
from axiom.reads.base.page_addresses import NUMBER, page_at
from axiom.reads.base.paging import paginate_ids
from axiom.reads.base.request import Answer, Reading, require_stored
from axiom.reads.base.resolved_prose import quote_text
from axiom.signed.manifests import stored_manifest
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.findings import blocks as block_store
from axiom.store.findings import reproductions
from axiom.store.findings.links import find_finding_states
from axiom.store.registrations import registrations, seed_secrets, time_stamps
from axiom.store.views import findings
from axiom_weigh.evidence.closed_blocks import ReplicateProgress, form_blocks

_NOTHING = (0, 0.0)  # is back of a replicate, and took no time


@page_at("/registrations", "registrations.html", words="from")
def registrations_page(reading: Reading) -> Answer:
    """The registrations that the address asks for, the newest first."""
    versions = {version.id: version for version in experiments.list_experiment_versions(reading.db)}
    numbers = registrations.list_registration_ids(reading.db)
    part = paginate_ids(reading, "from", numbers)
    stored = [row for number in part.shown if (row := registrations.find_registration(reading.db, number)) is not None]
    by_version = itertools.groupby(sorted(stored, key=_version_of), key=_version_of)
    rows = [row for number, these in by_version for row in _rows(reading, list(these), versions[number])]
    return {
        "registrations": sorted(rows, key=lambda row: -row["number"]),
        "of": len(numbers),
        **part.around("/registrations?from="),
    }


def describe_registrations(reading: Reading, version: StoredExperiment) -> list[Answer]:
    """The registrations of one version, oldest first."""
    return _rows(reading, registrations.read_registrations(reading.db, version.id), version)


@page_at(f"/registrations/{NUMBER}", "registration.html")
def registration_page(reading: Reading, number: int) -> Answer:
    """What was asked and expected before its first replicate was issued, and its place in the chain."""
    registration = require_stored(registrations.find_registration(reading.db, number), reading, "registration", number)
    version = require_stored(
        experiments.find_experiment(reading.db, registration.experiment_id),
        reading,
        "experiment",
        registration.experiment_id,
    )
    stamp = time_stamps.find_stamp(reading.db, number)
    mine = set(registrations.list_claim_numbers(reading.db, registration).values())
    claims = [
        claim for claim in findings.list_experiment_findings(reading.db, version.id) if claim.finding.number in mine
    ]
    (shown,), forecasts = _rows(reading, [registration], version), findings.list_forecasts(reading.db, number)
    weighed = {claim.finding.estimand for claim in claims if claim.line}
    return {
        "registration": shown
        | {
            "said": [*shown["said"], *finding_views.quote_forecasts(reading, forecasts, weighed)],
            "previous_hash": registration.previous_hash,
            "stamped_at": stamp.stamped_at.isoformat() if stamp else None,
            "seeds": _describe_seeds(reading, number),
            "body": registration.body,
            "configs": [dict(config) for config in read_registration_body(registration.body).design.configs],
            "blocks": _blocks(reading, registration, version),
            "predictions": [
                {"estimand": forecast.estimand} | finding_views.describe_forecast(forecast) for forecast in forecasts
            ],
            "findings": [finding_views.describe_finding(reading, view) for view in claims],
        }
    }


def _describe_seeds(reading: Reading, number: int) -> Answer:
    """From what its seeds follow; each secret by its commitment, and itself once it is revealed."""
    stored = seed_secrets.list_secrets(reading.db, number)
    return {
        "follow": DRAWN_SEEDS if stored else NAMED_SEEDS,
        "secrets": [
            {
                "commitment": secret.commitment,
                "drawn_at": secret.created_at.isoformat(),
                "revealed_at": secret.revealed_at.isoformat() if secret.revealed_at else None,
                "restored_at": secret.restored_at.isoformat() if secret.restored_at else None,
                "secret": secret.public,
            }
            for secret in stored
        ],
    }


def describe_reproductions(reading: Reading, registration_ids: Sequence[int]) -> list[Answer]:
    """In how many seeds of these registrations each pair of platforms agreed."""
    counted = sum_agreements(
        pair
        for registration_number in registration_ids
        for pair in reproductions.list_agreement_counts(reading.db, registration_number, reading.now)
    )
    return [
        {
            "platforms": list(pair.platforms),
            "exact": pair.exact,
            "close": pair.close,
            "divergent_at_the_end": pair.divergent - pair.disputed,
            "divergent_from_the_start": pair.disputed,
        }
        for pair in counted
    ]


def _version_of(registration: Registration) -> int:
    return registration.experiment_id


def _rows(reading: Reading, stored: Sequence[Registration], version: StoredExperiment) -> list[Answer]:
    """Registrations of one version, of which the findings and what was issued are read once."""
    issued = experiments.count_issued_replicates(reading.db, version.id)
    begun = registrations.list_begun_findings(reading.db, version.id)
    return [_shown(reading, row, version, issued.get(row.id, 0), begun.get(row.id, {})) for row in stored]


def _shown(
    reading: Reading, registration: Registration, version: StoredExperiment, issued: int, begun: Mapping[str, int]
) -> Answer:
    registered = read_registration_body(registration.body)
    numbers = {**registered.joins, **begun}
    return {
        "number": registration.id,
        "experiment": version.name,
        "version": version.version,
        "design": registered.design.name,
        "cells": len(registered.design.configs),
        "cohort": registered.cohort.value,
        "stopping": registered.stopping.tell_end(len(registered.estimands)),
        "block": registered.block,
        "block_why": registered.block_why,
        "issued": issued,
        "estimands": [
            {"estimand": name, "finding": number, "is_new": name not in registered.joins}
            for name, number in sorted(numbers.items(), key=lambda pair: pair[1])
        ],
        "amends": registered.amends,
        "said": _quotes(reading, registration, registered, numbers.values()),
        "registered_at": registration.created_at.isoformat(),
        "hash": registration.hash,
    }


def _quotes(
    reading: Reading, registration: Registration, registered: RegistrationBody, numbers: Iterable[int]
) -> list[Answer]:
    """Why it was registered; nothing before all that it asks is weighed."""
    if not registered.why or not all(state.is_weighed for state in find_finding_states(reading.db, numbers).values()):
        return []
    by = registered.document.get("proposal", {}).get("author", "whoever registered it")
    return quote_text(reading, by, f"why registration {registration.id} was made", registered.why)


def _blocks(reading: Reading, registration: Registration, version: StoredExperiment) -> list[Answer]:
    """How far each block is, and what it has cost; of a map by its whole tiles, of which deeper ones are parts."""
    registered = read_registration_body(registration.body)
    below = first_place(1) if stored_manifest(version.manifest).map else block_store.ALL_PLACES
    ordered = block_store.list_ordered_replicates(reading.db, registration.id)
    spent = block_store.sum_replicate_seconds(reading.db, registration.id, below)
    cells, seconds = len(registered.design.configs), sum(registered.design.seconds)
    returned = [
        ReplicateProgress(
            number=number, cells=cells, back=spent.get(number, _NOTHING)[0], over=ordered.get(number, False)
        )
        for number in block_store.list_issued_numbers(reading.db, version.id, registration.id, -1)
    ]
    by_number = {progress.number: progress for progress in returned}
    is_amended = registration.id in map_amendments(registrations.read_registrations(reading.db, version.id))
    is_over = is_amended and not block_store.has_number_gaps(reading.db, version.id)
    return [
        {
            "block": block.number,
            "first": block.replicates[0],
            "last": block.replicates[-1],
            "replicates": len(block.replicates),
            "done": sum(progress.back >= progress.cells for progress in members),
            "missing": sum(progress.over and progress.back < progress.cells for progress in members),
            "out": sum(not progress.over and progress.back < progress.cells for progress in members),
            "is_closed": block.closed,
            "reason": block.reason,
            "core_seconds": sum(spent.get(number, _NOTHING)[1] for number in block.replicates),
            "declared_core_seconds": seconds * len(block.replicates),
        }
        for block in form_blocks(returned, registered.block, registration.id, is_over=is_over)
        for members in [[by_number[number] for number in block.replicates]]
    ]
