"""What was taken back before anybody brought it. It is ordered again, under the numbers that it has, before new ones.

So whoever takes work back, and whatever he has seen, decides only how far a stream of numbers has come. Nobody can
leave a number out of it: what comes after a withdrawn one waits until that one has been computed.
"""

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from axiom.store.engine import counters
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.tasks.sql_rules import IS_ALIVE

_ORDERS = f"""
SELECT w.registration_id, w.replicates, w.configs, w.state = 'cancelled' AND NOT EXISTS (
        SELECT 1 FROM task t WHERE t.workunit_id = w.id AND {IS_ALIVE}) AS is_withdrawn,
    w.state = 'done' OR (w.quorum = 1 AND EXISTS (
        SELECT 1 FROM task t WHERE t.workunit_id = w.id AND t.state = 'valid')) AS is_back
FROM json_each(:ids) j CROSS JOIN workunit w ON w.registration_id = j.value
WHERE w.highest >= (SELECT min(json_extract(o.replicates, '$[0]')) FROM workunit o
        WHERE o.registration_id = j.value AND o.state = 'cancelled' AND o.checks_task_id IS NULL)
    AND w.checks_task_id IS NULL
ORDER BY w.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class WithdrawnOrder:
    """Replicates of a registration that were taken back, and over which configs of it each of them lacks."""

    registration_id: int
    configs: tuple[int, ...]
    replicates: tuple[int, ...]


def list_withdrawn_orders(
    db: Database, experiment_id: int, registration_ids: Collection[int], most: int | None = None
) -> list[WithdrawnOrder]:
    """What is to be ordered again of these registrations of a version: of so many replicates, the first that lack."""
    if not counters.read_counter(db, "workunit", experiment_id, "cancelled"):
        return []
    newest: dict[tuple[int, str, int], bool] = {}  # the newest order of a replicate is what counts
    back: set[tuple[int, str, int]] = set()
    for row in db.select(_ORDERS, ids=json.dumps(sorted(registration_ids))):
        for number in json.loads(row["replicates"]):
            key = row["registration_id"], row["configs"], number
            newest[key] = bool(row["is_withdrawn"])
            if row["is_back"]:  # whatever else was ordered of it
                back.add(key)
    lacking = (key for key, is_withdrawn in newest.items() if is_withdrawn and key not in back)
    withdrawn = sorted(lacking, key=lambda key: key[2])
    wanted = set(sorted({number for _, _, number in withdrawn})[:most])
    numbers: dict[tuple[int, str], list[int]] = {}
    for registration_id, configs, number in withdrawn:
        if number in wanted:
            numbers.setdefault((registration_id, configs), []).append(number)
    return [
        WithdrawnOrder(registration_id=registration_id, configs=tuple(json.loads(configs)), replicates=tuple(taken))
        for (registration_id, configs), taken in numbers.items()
    ]


def count_ordered_replicates(db: Database, experiment_id: int) -> dict[int, int]:
    """How many replicates of each registration of a version are ordered: those issued, without what was taken back."""
    issued = experiments.count_issued_replicates(db, experiment_id)
    withdrawn = {  # of one that was ordered in parts several may have been
        (order.registration_id, number)
        for order in list_withdrawn_orders(db, experiment_id, issued.keys())
        for number in order.replicates
    }
    gone = Counter(registration_id for registration_id, _ in withdrawn)
    return {registration_id: amount - gone[registration_id] for registration_id, amount in issued.items()}
