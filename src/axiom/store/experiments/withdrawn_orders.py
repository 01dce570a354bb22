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

# What is done is not looked at, of which there is most: its cells are back.
_ORDERS = f"""
SELECT w.id, w.registration_id, w.replicates, w.configs, w.state = 'cancelled' AND NOT EXISTS (
    SELECT 1 FROM task t WHERE t.workunit_id = w.id AND {IS_ALIVE}) AS is_withdrawn
FROM json_each(:ids) j CROSS JOIN workunit w ON w.registration_id = j.value
WHERE w.state IN ('failed', 'cancelled') AND w.checks_task_id IS NULL
UNION ALL
SELECT w.id, w.registration_id, w.replicates, w.configs, 0 AS is_withdrawn FROM workunit w
WHERE w.experiment_id = :experiment_id AND w.state = 'open' AND w.checks_task_id IS NULL
ORDER BY 1
"""
_BACK = """
SELECT r.replicate, r.config FROM json_each(:cells) j CROSS JOIN result r ON r.experiment_id = :experiment_id
    AND r.replicate = json_extract(j.value, '$[0]') AND r.config = json_extract(j.value, '$[1]')
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
    for row in db.select(_ORDERS, ids=json.dumps(sorted(registration_ids)), experiment_id=experiment_id):
        for number in json.loads(row["replicates"]):
            newest[row["registration_id"], row["configs"], number] = bool(row["is_withdrawn"])
    cells = {key: (key[2], json.loads(key[1])[0]) for key, is_withdrawn in newest.items() if is_withdrawn}
    rows = db.select(_BACK, experiment_id=experiment_id, cells=json.dumps([*cells.values()])) if cells else []
    back = {(row["replicate"], row["config"]) for row in rows}
    withdrawn = sorted((key for key, cell in cells.items() if cell not in back), key=lambda key: key[2])
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
