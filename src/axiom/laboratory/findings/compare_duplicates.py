"""Compares every new duplicate with the result that it repeats, once, and counts what came of it by platforms."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from axiom.domain.work import Reproduction
from axiom.laboratory.findings.rules.reproduction import (
    ReproducedCell,
    classify_reproduction,
    count_agreements,
    find_confirming_task,
    recount_agreements,
    sum_agreements,
)
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.findings import reproductions
from axiom.store.findings.reproductions import DuplicatePair
from axiom_weigh.values import Agreements

_SLICE = 2_000
_ALL = datetime.max.replace(tzinfo=UTC)
_Compared = tuple[DuplicatePair, Reproduction | None, int]  # and whom it confirms against the value in evidence, or 0


def compare_new_duplicates(db: Database) -> int:
    """Compare what was computed again since the last time; how many cells that were."""
    amount = 0
    while pairs := reproductions.list_uncompared_pairs(db, _SLICE):
        compared = _compare(db, pairs, _tolerances(db))
        for registration_id in sorted({pair.registration_id for pair in pairs}):
            _count(
                db,
                registration_id,
                [comparison for comparison in compared if comparison[0].registration_id == registration_id],
            )
        reproductions.store_comparisons(db, compared)
        amount += len(pairs)
    return amount


def read_agreements(db: Database, registration_ids: Sequence[int], until: datetime) -> tuple[Agreements, ...]:
    """In how many seeds of these registrations each pair of platforms agreed, as was known at a moment."""
    return sum_agreements(
        agreements
        for registration_number in registration_ids
        for agreements in reproductions.list_agreement_counts(db, registration_number, until)
    )


def find_miscounted_duplicates(db: Database) -> list[str]:
    """I10, of duplicates: every class and every count follows from what the hosts brought."""
    tolerances = _tolerances(db)
    problems, by_registration, after = [], dict[int, list[ReproducedCell]](), 0
    while pairs := reproductions.list_compared_pairs(db, after, _SLICE):
        after = pairs[-1][0].duplicate_id
        again = _compare(db, [duplicate for duplicate, *_ in pairs], tolerances)
        for (duplicate, comes_out, confirms), (_, reproduction, stored_task) in zip(again, pairs, strict=True):
            if str(comes_out or "") != reproduction:
                outcome = comes_out or "not to be compared"
                problems.append(f"duplicate {duplicate.duplicate_id} is {outcome}, and {reproduction} is kept")
            if stored_task != confirms:
                problems.append(
                    f"duplicate {duplicate.duplicate_id} confirms task {confirms}, "
                    f"and task {stored_task} is kept (0: none)"
                )
            if comes_out is not None:
                row = (duplicate.first.replicate, duplicate.platforms, comes_out, duplicate.second.task_id, confirms)
                by_registration.setdefault(duplicate.registration_id, []).extend(_reproduced_cells([row]))
    return problems + [
        f"the platforms of registration {registration_id} agree in other seeds than its duplicates say"
        for registration_id, seeds in by_registration.items()
        if count_agreements(seeds)
        != tuple(
            agreements
            for agreements in read_agreements(db, [registration_id], _ALL)
            if agreements != Agreements(platforms=agreements.platforms)
        )
    ]


def _tolerances(db: Database) -> dict[int, float]:
    """How far early values of two honest hosts may lie apart, by version."""
    return {
        experiment.id: stored_manifest(experiment.manifest).tolerance
        for experiment in experiments.list_experiment_versions(db)
    }


def _compare(db: Database, pairs: Sequence[DuplicatePair], tolerances: Mapping[int, float]) -> list[_Compared]:
    """How each repeats its result; of those that dispute it, whether another that came before says the same."""
    classes = [
        classify_reproduction(pair.first, pair.second, tolerance=tolerances[pair.experiment_id]) for pair in pairs
    ]
    disputing = [
        duplicate.duplicate_id
        for duplicate, reproduction in zip(pairs, classes, strict=True)
        if reproduction is Reproduction.DISPUTED
    ]
    others = reproductions.list_earlier_duplicates(db, disputing) if disputing else {}
    return [
        (
            duplicate,
            reproduction,
            find_confirming_task(
                duplicate.first,
                duplicate.second,
                others.get(duplicate.duplicate_id, ()),
                tolerance=tolerances[duplicate.experiment_id],
            ),
        )
        for duplicate, reproduction in zip(pairs, classes, strict=True)
    ]


def _count(db: Database, registration_id: int, compared: Sequence[_Compared]) -> None:
    """Add what was just compared to the counts; only the seeds that it is about are looked at."""
    new = _reproduced_cells(
        (duplicate.first.replicate, duplicate.platforms, reproduction, duplicate.second.task_id, confirms)
        for duplicate, reproduction, confirms in compared
        if reproduction is not None
    )
    before = _reproduced_cells(reproductions.list_comparisons(db, registration_id, {cell.replicate for cell in new}))
    counts = recount_agreements(reproductions.list_agreement_counts(db, registration_id, _ALL), before, new)
    reproductions.store_agreement_counts(
        db, registration_id, counts, max(duplicate.duplicated_at for duplicate, *_ in compared)
    )


def _reproduced_cells(rows: Iterable[reproductions.Kept]) -> list[ReproducedCell]:
    return [
        ReproducedCell(
            replicate=replicate, platforms=platforms, reproduction=reproduction, opinion=opinion, confirms=confirms
        )
        for replicate, platforms, reproduction, opinion, confirms in rows
    ]
