"""Compares every new duplicate with the result that it repeats, once, and counts what came of it by platforms."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from axiom.decisions.reproduction import Reproduced, agreements, compare, recounted, summed
from axiom.domain.findings import Agreements
from axiom.domain.reproductions import Reproduction
from axiom.signed.manifests import stored_manifest
from axiom.store import duplicates, experiments
from axiom.store.database import Database
from axiom.store.duplicates import Pair

_SLICE = 2_000
_ALL = datetime.max.replace(tzinfo=UTC)


def reproduce(db: Database) -> int:
    """Compare what was computed again since the last time; how many cells that were."""
    amount = 0
    while pairs := duplicates.uncompared(db, _SLICE):
        tolerances = {one.id: stored_manifest(one.manifest).tolerance for one in experiments.everything(db)}
        compared = [(one, compare(one.first, one.second, tolerance=tolerances[one.experiment_id])) for one in pairs]
        for registration_id in sorted({one.registration_id for one in pairs}):
            _count(db, registration_id, [each for each in compared if each[0].registration_id == registration_id])
        duplicates.keep(db, compared)
        amount += len(pairs)
    return amount


def agreements_of(db: Database, registration_ids: Sequence[int], until: datetime) -> tuple[Agreements, ...]:
    """In how many seeds of these registrations each pair of platforms agreed, as was known at a moment."""
    return summed(one for each in registration_ids for one in duplicates.counted(db, each, until))


def miscounted(db: Database) -> list[str]:
    """I10, of duplicates: every class and every count follows from what the hosts brought."""
    tolerances = {one.id: stored_manifest(one.manifest).tolerance for one in experiments.everything(db)}
    problems, found, after = [], dict[int, list[Reproduced]](), 0
    while pairs := duplicates.compared(db, after, _SLICE):
        for one, kept in pairs:
            again = str(compare(one.first, one.second, tolerance=tolerances[one.experiment_id]) or "")
            if again != kept:
                problems.append(f"duplicate {one.duplicate_id} is {again or 'not to be compared'}, and {kept} is kept")
            if again:
                seen = (one.first.replicate, one.platforms, Reproduction(again), one.opinion)
                found.setdefault(one.registration_id, []).extend(_reproduced([seen]))
        after = pairs[-1][0].duplicate_id
    return problems + [
        f"the platforms of registration {registration_id} agree in other seeds than its duplicates say"
        for registration_id, seeds in found.items()
        if agreements(seeds)
        != tuple(
            one for one in agreements_of(db, [registration_id], _ALL) if one != Agreements(platforms=one.platforms)
        )
    ]


def _count(db: Database, registration_id: int, compared: Sequence[tuple[Pair, Reproduction | None]]) -> None:
    """Add what was just compared to the counts; only the seeds that it is about are looked at."""
    new = _reproduced(
        (one.first.replicate, one.platforms, found, one.opinion) for one, found in compared if found is not None
    )
    before = _reproduced(duplicates.of_seeds(db, registration_id, {one.replicate for one in new}))
    counts = recounted(duplicates.counted(db, registration_id, _ALL), before, new)
    duplicates.count(db, registration_id, counts, max(one.duplicated_at for one, _ in compared))


def _reproduced(kept: Iterable[tuple[int, tuple[str, str], Reproduction, int | None]]) -> list[Reproduced]:
    return [
        Reproduced(replicate=replicate, platforms=platforms, reproduction=reproduction, opinion=opinion)
        for replicate, platforms, reproduction, opinion in kept
    ]
