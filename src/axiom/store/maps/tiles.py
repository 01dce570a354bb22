import json
import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.maps import Tile, place_of, tile_at
from axiom.domain.work import Result
from axiom.store.engine import counters
from axiom.store.engine.database import Database, as_value, to_microseconds

_DRAW = """
INSERT INTO tile (experiment_id, replicate, config, arm, level, state, worth, task_id, shares, pixels, drawn_at)
VALUES (:experiment_id, :replicate, :config, :arm, :level, :state, 0, :task_id, :shares, :pixels, :now)
ON CONFLICT (experiment_id, config, replicate) DO UPDATE SET state = excluded.state, task_id = excluded.task_id,
    shares = excluded.shares, pixels = excluded.pixels, drawn_at = excluded.drawn_at
WHERE tile.state IN ('open', 'ordered')
"""
_OPEN = """
INSERT INTO tile (experiment_id, replicate, config, arm, level, state, worth)
VALUES (:experiment_id, :replicate, :config, :arm, :level, 'open', :worth)
ON CONFLICT (experiment_id, config, replicate) DO NOTHING
"""
_SETTLED_PLACES = """
SELECT t.config, t.replicate FROM json_each(:cells) j CROSS JOIN tile t ON t.experiment_id = :experiment_id
    AND t.config = json_extract(j.value, '$[0]') AND t.replicate = json_extract(j.value, '$[1]')
WHERE t.state IN ('drawn', 'void')
"""
_COARSEST = """
SELECT level FROM tile WHERE experiment_id = :experiment_id AND arm = :arm AND level > :above AND state = 'open'
ORDER BY level LIMIT 1
"""
_NEXT = """
SELECT replicate, config AS place FROM tile
WHERE experiment_id = :experiment_id AND arm = :arm AND level = :level AND state = 'open'
ORDER BY worth DESC, replicate, config LIMIT :limit
"""
# The worth is asked for so that the index of open tiles is what answers, and not a shorter one of all.
_AMOUNT_OPEN = """
SELECT count(worth) AS amount FROM (SELECT worth FROM tile
    WHERE experiment_id = :experiment_id AND arm = :arm AND level = :level AND state = 'open' LIMIT :most)
"""
_ANOTHER = """
SELECT pixels FROM tile
WHERE experiment_id = :experiment_id AND config = :config AND replicate <> :replicate AND state = 'drawn'
ORDER BY drawn_at DESC, replicate LIMIT 1
"""
_WORTH_MORE = """
UPDATE tile SET worth = worth + :more WHERE experiment_id = :experiment_id AND config = :config AND state = 'open'
"""
_OUT = """
SELECT w.replicates, w.configs FROM workunit w
WHERE w.state = 'open' AND w.experiment_id = :experiment_id AND w.checks_task_id IS NULL
"""
_ORDER = """
UPDATE tile SET state = 'ordered'
WHERE experiment_id = :experiment_id AND config = :config AND replicate = :replicate AND state = 'open'
"""
# What a replicate has down to a level: every tile that is known to be needed, and those that are settled. From each
# replicate to its first levels, for those below them are many more.
_CHARTED = """
SELECT t.replicate, t.arm, count(*) AS wanted, sum(t.state IN ('drawn', 'void')) AS back
FROM replicate r CROSS JOIN tile t ON t.experiment_id = r.experiment_id AND t.replicate = r.number
WHERE r.experiment_id = :experiment_id AND r.number >= :first AND t.level BETWEEN 1 AND :deepest
GROUP BY t.replicate, t.arm
"""
_ONE = """
SELECT replicate, config, task_id, shares, pixels, drawn_at FROM tile
WHERE experiment_id = :experiment_id AND config = :config AND replicate = :replicate AND state = 'drawn'
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewTile:
    """What a result brought of a tile; one without pixels is void."""

    result: Result
    shares: tuple[float, ...] = ()  # of the tile, by band
    opened: Mapping[Tile, int] = field(default_factory=dict)  # quarters that may be computed now, with their worth


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenTile:
    replicate: int
    place: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnTile:
    replicate: int
    place: int
    task_id: int
    shares: tuple[float, ...]
    pixels: bytes
    drawn_at: datetime

    @property
    def tile(self) -> Tile:
        return tile_at(self.place)[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartProgress:
    """How much of a replicate is charted: tiles that are known to be needed, and those of them that are settled."""

    wanted: int = 0
    back: int = 0

    @property
    def lacking(self) -> int:
        return self.wanted - self.back


def store_tiles(db: Database, tiles: Sequence[NewTile], now: datetime) -> None:
    """Keep the pixels of these tiles, and open quarters of theirs."""
    rows, opened = list[dict[str, Any]](), []
    for new_tile in tiles:
        result = new_tile.result
        tile, arm = tile_at(result.config)
        key = {"experiment_id": result.experiment_id, "replicate": result.replicate, "arm": arm}
        rows.append(
            {
                **key,
                "config": result.config,
                "level": tile.level,
                "state": "void" if result.pixels is None else "drawn",
                "task_id": result.task_id,
                "shares": json.dumps(new_tile.shares) if new_tile.shares else None,
                "pixels": None if result.pixels is None else zlib.compress(result.pixels, 9),
                "now": to_microseconds(now),
            }
        )
        opened += [
            {**key, "config": place_of(quarter, arm), "level": quarter.level, "worth": worth}
            for quarter, worth in new_tile.opened.items()
        ]
    db.execute_many(_DRAW, rows)
    db.execute_many(_OPEN, opened)
    new = Counter(("tile", row["experiment_id"], str(row["level"])) for row in rows if row["state"] == "drawn")
    counters.add_to_counters(db, new)


def find_other_pixels(db: Database, result: Result) -> bytes | None:
    """What the same tile shows in the replicate in which it was drawn last before."""
    cell = {"experiment_id": result.experiment_id, "config": result.config, "replicate": result.replicate}
    row = db.row(_ANOTHER, **cell)
    return None if row is None else zlib.decompress(row["pixels"])


def raise_tile_worth(db: Database, places: Sequence[tuple[int, int]], more: int) -> None:
    """Of these tiles, each of an experiment, those that are open are worth more."""
    rows = [{"experiment_id": experiment_id, "config": place, "more": more} for experiment_id, place in places]
    db.execute_many(_WORTH_MORE, rows)


def list_unsettled_results(db: Database, results: Sequence[Result]) -> list[Result]:
    """Those of an experiment's results whose tiles are neither drawn nor void."""
    if not results:
        return []
    cells = json.dumps([[result.config, result.replicate] for result in results])
    rows = db.select(_SETTLED_PLACES, experiment_id=results[0].experiment_id, cells=cells)
    settled = {(row["config"], row["replicate"]) for row in rows}
    return [result for result in results if (result.config, result.replicate) not in settled]


def list_open_levels(db: Database, experiment_id: int, arm: int, most: int) -> list[tuple[int, int]]:
    """The levels of an arm at which tiles could be computed next, and how many could: the coarsest, so many in all."""
    levels: list[tuple[int, int]] = []
    above = -1
    while most > 0 and (row := db.row(_COARSEST, experiment_id=experiment_id, arm=arm, above=above)):
        above = int(row["level"])
        amount = db.number(_AMOUNT_OPEN, experiment_id=experiment_id, arm=arm, level=above, most=most)
        levels.append((above, amount))
        most -= amount
    return levels


def list_next_open_tiles(db: Database, experiment_id: int, arm: int, level: int, limit: int) -> list[OpenTile]:
    return db.values(OpenTile, _NEXT, experiment_id=experiment_id, arm=arm, level=level, limit=limit)


def list_open_orders(db: Database, experiment_id: int) -> list[tuple[int, tuple[int, ...]]]:
    """How many replicates each open workunit orders, and at which places."""
    rows = db.select(_OUT, experiment_id=experiment_id)
    return [(len(json.loads(row["replicates"])), tuple(json.loads(row["configs"]))) for row in rows]


def mark_tiles_ordered(db: Database, experiment_id: int, tiles: Sequence[OpenTile]) -> None:
    db.execute_many(
        _ORDER, [{"experiment_id": experiment_id, "config": tile.place, "replicate": tile.replicate} for tile in tiles]
    )


def read_chart_progress(
    db: Database, experiment_id: int, *, first: int, deepest: int, arms: Collection[int]
) -> dict[int, ChartProgress]:
    progress: dict[int, ChartProgress] = {}
    for row in db.select(_CHARTED, experiment_id=experiment_id, first=first, deepest=deepest):
        if row["arm"] in arms:
            before = progress.get(row["replicate"], ChartProgress())
            progress[row["replicate"]] = ChartProgress(
                wanted=before.wanted + row["wanted"], back=before.back + row["back"]
            )
    return progress


def find_drawn_tile(db: Database, experiment_id: int, place: int, replicate: int) -> DrawnTile | None:
    row = db.row(_ONE, experiment_id=experiment_id, config=place, replicate=replicate)
    return as_value(DrawnTile, row, place=place, pixels=zlib.decompress(row["pixels"])) if row else None
