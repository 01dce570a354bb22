"""What experiments cost each kind of host, as their valid tasks have shown."""

import json
from collections.abc import Mapping
from datetime import datetime

from axiom.domain.costs import Cost, CostFit, HostCostReport
from axiom.domain.value import value_class
from axiom.store.engine.database import Database, Row, to_microseconds

_ONE = "SELECT * FROM cost WHERE experiment_id = :experiment_id AND host_class = :host_class"
_OF_EXPERIMENT = "SELECT * FROM cost WHERE experiment_id = :experiment_id ORDER BY tasks DESC, host_class"
# Of processors alone: what a host's GPU takes says nothing of what others should be paid for their cores.
_VOICES = """
SELECT c.experiment_id, h.volunteer_id, v.value AS voice FROM cost c CROSS JOIN json_each(c.voices) v
    CROSS JOIN host h ON h.id = json_extract(v.value, '$[0]')
WHERE c.host_class = h.system || '-' || h.processor || '-' || h.instructions
"""
_IN_USE = "SELECT experiment_id, host_class, factor, host_id FROM cost WHERE factor <> 1"
_KEEP = """
INSERT INTO cost (experiment_id, host_class, tasks, voices, factor, host_id, changed_at)
VALUES (:experiment_id, :host_class, :tasks, :voices, :factor, :host_id, :now)
ON CONFLICT (experiment_id, host_class) DO UPDATE SET tasks = excluded.tasks, voices = excluded.voices,
    factor = excluded.factor, host_id = excluded.host_id, changed_at = excluded.changed_at
"""

_DIGITS = 6


@value_class
class LearnedCost:
    host_class: str
    fit: CostFit
    cost: Cost


def find_learned_cost(db: Database, experiment_id: int, host_class: str) -> LearnedCost:
    learned = db.read_row(_learned_cost, _ONE, experiment_id=experiment_id, host_class=host_class)
    return learned or LearnedCost(host_class=host_class, fit=CostFit(), cost=Cost())


def list_learned_costs(db: Database, experiment_id: int) -> list[LearnedCost]:
    return [_learned_cost(row) for row in db.select(_OF_EXPERIMENT, experiment_id=experiment_id)]


def list_cost_voices(db: Database) -> list[tuple[int, int, HostCostReport]]:
    return [
        (row["experiment_id"], row["volunteer_id"], _voice(*json.loads(row["voice"]))) for row in db.select(_VOICES)
    ]


def list_applied_costs(db: Database) -> Mapping[tuple[int, str], Cost]:
    """Every version and kind of host of which the cost is another than declared."""
    return {(row["experiment_id"], row["host_class"]): _cost(row) for row in db.select(_IN_USE)}


def store_learned_cost(db: Database, experiment_id: int, cost: LearnedCost, now: datetime) -> None:
    db.execute(
        _KEEP,
        experiment_id=experiment_id,
        host_class=cost.host_class,
        tasks=cost.fit.tasks,
        voices=json.dumps([[voice.host_id, voice.tasks, round(voice.log_ratio, _DIGITS)] for voice in cost.fit.voices]),
        factor=cost.cost.factor,
        host_id=cost.cost.host_id,
        now=to_microseconds(now),
    )


def _learned_cost(row: Row) -> LearnedCost:
    voices = tuple(_voice(*facts) for facts in json.loads(row["voices"]))
    return LearnedCost(host_class=row["host_class"], fit=CostFit(tasks=row["tasks"], voices=voices), cost=_cost(row))


def _voice(host_id: int, tasks: int, log_ratio: float) -> HostCostReport:
    return HostCostReport(host_id=host_id, tasks=tasks, log_ratio=log_ratio)


def _cost(row: Row) -> Cost:
    return Cost(factor=row["factor"], host_id=row["host_id"])
