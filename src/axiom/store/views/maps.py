import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.maps import Tile, tile_at
from axiom.store.engine import counters
from axiom.store.engine.database import Database, as_value

# Along indexes alone, and never more rows than are looked at.
_NEWEST = """
SELECT experiment_id, replicate, config AS place, shares, drawn_at FROM tile
WHERE experiment_id = :experiment_id AND state = 'drawn' ORDER BY drawn_at DESC LIMIT :limit
"""
# Of the last tasks of a host alone, and of each its deepest tile, at the end of the task's own entries of an index.
_OF_HOST = """
SELECT l.experiment_id, l.replicate, l.config AS place, l.shares, l.drawn_at
FROM (SELECT id FROM task WHERE host_id = :host_id AND sent_at IS NOT NULL ORDER BY id DESC LIMIT :tasks) t
    CROSS JOIN tile l ON (l.experiment_id, l.config, l.replicate) = (
        SELECT experiment_id, config, replicate FROM tile WHERE task_id = t.id AND state = 'drawn' AND level > 0
        ORDER BY level DESC LIMIT 1)
ORDER BY l.level DESC, l.drawn_at DESC LIMIT :limit
"""
_OF_TASK = """
SELECT experiment_id, replicate, config AS place, shares, drawn_at FROM tile
WHERE task_id = :task_id AND state = 'drawn' ORDER BY level DESC LIMIT :limit
"""
_DRAWERS = """
SELECT t.id AS task_id, t.host_id, h.volunteer_id, t.gpu
FROM json_each(:tasks) j JOIN task t ON t.id = j.value LEFT JOIN host h ON h.id = t.host_id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedTile:
    experiment_id: int
    replicate: int
    place: int
    shares: tuple[float, ...]
    drawn_at: datetime

    @property
    def tile(self) -> Tile:
        return tile_at(self.place)[0]

    @property
    def arm(self) -> int:
        return tile_at(self.place)[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class TileDrawer:
    task_id: int
    host_id: int | None
    volunteer_id: int | None
    gpu: str  # the kind that computed it; empty for the processor


def count_drawn_tiles(db: Database) -> dict[int, dict[int, int]]:
    by_version: dict[int, dict[int, int]] = {}
    for (noun, experiment_id, level), amount in counters.read_counters(db).items():
        if noun == "tile" and amount:
            by_version.setdefault(experiment_id, {})[int(level)] = amount
    return by_version


def list_newest_tiles(db: Database, experiment_id: int, limit: int) -> list[ListedTile]:
    return db.values(ListedTile, _NEWEST, experiment_id=experiment_id, limit=limit)


def list_host_tiles(db: Database, host_id: int, *, tasks: int, limit: int) -> list[ListedTile]:
    return db.values(ListedTile, _OF_HOST, host_id=host_id, tasks=tasks, limit=limit)


def list_task_tiles(db: Database, task_id: int, limit: int) -> list[ListedTile]:
    return db.values(ListedTile, _OF_TASK, task_id=task_id, limit=limit)


def find_tile_drawers(db: Database, task_ids: Collection[int]) -> Mapping[int, TileDrawer]:
    rows = db.select(_DRAWERS, tasks=json.dumps(sorted(set(task_ids))))
    return {row["task_id"]: as_value(TileDrawer, row) for row in rows}
