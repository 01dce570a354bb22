"""How much of each replicate is back, and whether nothing more of it will come: what a block closes by."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from operator import itemgetter

from axiom.store.engine.database import Bare, Database, to_microseconds

ALL_PLACES = 2**62  # above any place of a config
_RETURNED = """
SELECT replicate, count(*) AS back FROM result
WHERE experiment_id = :experiment_id AND replicate >= :first GROUP BY replicate
"""
# From each replicate to its first places: a map has many more below them.
_RETURNED_BELOW = """
SELECT r.replicate, count(*) AS back
FROM replicate n CROSS JOIN result r ON r.experiment_id = n.experiment_id AND r.replicate = n.number
WHERE n.experiment_id = :experiment_id AND n.number >= :first AND r.config < :below GROUP BY r.replicate
"""
_SPENT = """
SELECT r.replicate, count(*) AS back, sum(r.cpu_seconds) AS seconds
FROM replicate n CROSS JOIN result r ON r.experiment_id = n.experiment_id AND r.replicate = n.number
WHERE n.registration_id = :registration_id AND r.config < :below GROUP BY r.replicate
"""
_ORDERED = """
SELECT w.replicates, w.configs, w.state IN ('done', 'failed') AS is_over FROM workunit w
WHERE w.registration_id = :registration_id AND w.highest >= :first AND w.checks_task_id IS NULL ORDER BY w.id
"""
_CELLS_OF = """
SELECT r.replicate, r.config, r.outcome, t.host_id, r.measures, r.early, t.gpu
FROM json_each(:replicates) j CROSS JOIN result r ON r.experiment_id = :experiment_id AND r.replicate = j.value
JOIN task t ON t.id = r.task_id
WHERE r.created_at <= :until AND r.config < :below
"""
_GIVEN_UP = """
SELECT replicates FROM workunit WHERE registration_id = :registration_id AND highest >= :first
    AND state = 'failed' AND checks_task_id IS NULL
"""
_NUMBERS = """
SELECT number FROM replicate WHERE registration_id = :registration_id AND number > :after ORDER BY number
"""
_OLDER = """
SELECT number, registration_id FROM replicate
WHERE experiment_id = :experiment_id AND registration_id < :registration_id ORDER BY number
"""
_GAPS = "SELECT amount FROM counter WHERE noun = 'replicate' AND experiment_id = :experiment_id AND state = 'missing'"
_LOWEST_GAP = """
SELECT p.number + 1 AS number FROM replicate p WHERE p.experiment_id = :experiment_id AND NOT EXISTS (
    SELECT 1 FROM replicate n WHERE n.experiment_id = p.experiment_id AND n.number = p.number + 1)
ORDER BY p.number LIMIT 1
"""
_HAS_FIRST = "SELECT 1 FROM replicate WHERE experiment_id = :experiment_id AND number = 0"
# Two seeks for each version, however many results there are.
_CHANGED = """
SELECT x.id AS experiment_id, x.newest_result, x.closed_workunits FROM (
    SELECT e.id, (SELECT coalesce(max(r.id), 0) FROM result r WHERE r.experiment_id = e.id) AS newest_result,
        (SELECT coalesce(sum(c.amount), 0) FROM counter c
            WHERE c.noun = 'workunit' AND c.experiment_id = e.id AND c.state <> 'open') AS closed_workunits
    FROM experiment e WHERE e.recalled_at IS NULL) x
LEFT JOIN weighing w ON w.experiment_id = x.id
WHERE w.experiment_id IS NULL OR w.newest_result <> x.newest_result OR w.closed_workunits <> x.closed_workunits
ORDER BY x.id
"""
_LOOKED = """
INSERT INTO weighing (experiment_id, newest_result, closed_workunits)
VALUES (:experiment_id, :newest_result, :closed_workunits)
ON CONFLICT (experiment_id) DO UPDATE
SET newest_result = excluded.newest_result, closed_workunits = excluded.closed_workunits
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedVersion:
    experiment_id: int
    newest_result: int
    closed_workunits: int


def list_changed_versions(db: Database) -> list[ChangedVersion]:
    return db.values(ChangedVersion, _CHANGED)


def mark_versions_weighed(db: Database, seen: Sequence[ChangedVersion]) -> None:
    db.execute_many(_LOOKED, [asdict(version) for version in seen])


def request_reweighing(db: Database, experiment_id: int) -> None:
    """A block of this version may have closed without anything having come back."""
    db.execute("DELETE FROM weighing WHERE experiment_id = :experiment_id", experiment_id=experiment_id)


def count_returned_cells(db: Database, experiment_id: int, first: int = 0, below: int = ALL_PLACES) -> dict[int, int]:
    """How many cells of each replicate are back, from this number on; of places below this one."""
    if below == ALL_PLACES:
        rows = db.select(_RETURNED, experiment_id=experiment_id, first=first)
    else:
        rows = db.select(_RETURNED_BELOW, experiment_id=experiment_id, first=first, below=below)
    return {row["replicate"]: row["back"] for row in rows}


def sum_replicate_seconds(db: Database, registration_id: int, below: int = ALL_PLACES) -> dict[int, tuple[int, float]]:
    rows = db.select(_SPENT, registration_id=registration_id, below=below)
    return {row["replicate"]: (row["back"], row["seconds"]) for row in rows}


def list_ordered_replicates(db: Database, registration_id: int, first: int = 0) -> dict[int, bool]:
    """Every replicate from this number on that was ordered, and whether nothing more of it will come.

    It may have been ordered in parts, and then each of them must be over; of one that was ordered again the newest
    order counts. What was taken back, by whatever command, is not over: nobody failed at it, so it is no missing value.
    Its number does not leave the block either: the block stays open until it is ordered again and computed, and so does
    every later one. So a block closes by tries alone, and who takes work back cannot choose what is counted.
    """
    newest: dict[int, dict[str, bool]] = {}
    for row in db.select(_ORDERED, registration_id=registration_id, first=first):
        for number in json.loads(row["replicates"]):
            if number >= first:
                newest.setdefault(number, {})[row["configs"]] = bool(row["is_over"])
    return {number: all(parts.values()) for number, parts in newest.items()}


def list_abandoned_replicates(db: Database, registration_id: int, first: int) -> set[int]:
    rows = db.select(_GIVEN_UP, registration_id=registration_id, first=first)
    return {number for row in rows for number in json.loads(row["replicates"])}


def list_issued_numbers(db: Database, experiment_id: int, registration_id: int, after: int) -> list[int]:
    """The numbers above this one that were issued to a registration, in order, below any that is to be issued again.

    Where a restored backup has forgotten a number, nobody knows yet whose it will be.
    """
    issued = [row["number"] for row in db.select(_NUMBERS, registration_id=registration_id, after=after)]
    if not has_number_gaps(db, experiment_id):
        return issued
    lowest = _lowest_gap(db, experiment_id)
    return [number for number in issued if number < lowest]


def has_number_gaps(db: Database, experiment_id: int) -> bool:
    return bool(db.number(_GAPS, experiment_id=experiment_id))


def list_older_replicates(db: Database, experiment_id: int, registration_id: int) -> dict[int, int]:
    rows = db.select(_OLDER, experiment_id=experiment_id, registration_id=registration_id)
    return {row["number"]: row["registration_id"] for row in rows}


def read_replicate_cells(
    db: Database, experiment_id: int, replicates: Sequence[int], until: datetime, below: int = ALL_PLACES
) -> list[Bare]:
    """Every result of these replicates that was there at a moment, with the host that computed it.

    In this order: replicate, config, outcome, host, measures, early values, kind of GPU.
    """
    # They nearly come so, and are put so faster here than by the database, which would carry the measures along.
    wanted = json.dumps(list(replicates))
    cells = db.fetch_tuples(
        _CELLS_OF, experiment_id=experiment_id, replicates=wanted, until=to_microseconds(until), below=below
    )
    return sorted(cells, key=itemgetter(0, 1))


def _lowest_gap(db: Database, experiment_id: int) -> int:
    if db.row(_HAS_FIRST, experiment_id=experiment_id) is None:
        return 0
    return db.number(_LOWEST_GAP, experiment_id=experiment_id)
