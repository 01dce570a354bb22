"""Which tiles of maps are computed next: coarse before fine, and what a registered number needs before all else.

Of two levels that could go on, the one comes first that shows more of its plane for its cost: a tile of the next level
shows a quarter of what its parent shows. So a cheap arm runs a few levels ahead of a dear one. But a tile is never
cheaper than its share of a task: were a tile of a tenth of a second as cheap as it is to compute, most tasks would be
of such tiles and last some seconds each, and most of what is stored would be theirs.

Of a level the worthiest quarters of drawn tiles come first. Worth is counted in boxes of two pixels a side. What a look
at a tile adds to its quarters is `LOOKED_AT`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from axiom.domain.maps import DEEPEST, Tile, place_of, tile_at
from axiom.limits import maps as limits
from axiom.rules.planning.map_borders import Borders


def measure_quarter_worth(tile: Tile, borders: Borders, differences: Sequence[int]) -> dict[Tile, int]:
    """The quarters through which a border passes, and what each is worth.

    A quarter has more to tell the longer its border is, and the more of it ended otherwise in another replicate.
    """
    return {
        quarter: length + differing
        for quarter, length, differing, passes in zip(
            tile.children, borders.lengths, differences, borders.passes, strict=True
        )
        if passes
    }


def list_visited_quarters(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Which tiles are worth more since somebody looks at these, each of an experiment: their quarters."""
    return [
        (experiment_id, place_of(quarter, arm))
        for experiment_id, (tile, arm) in ((experiment_id, tile_at(place)) for experiment_id, place in places)
        if tile.level < DEEPEST
        for quarter in tile.children
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Frontier:
    """A level of an arm at which tiles could be computed next."""

    experiment_id: int
    arm: int
    level: int
    tiles: int
    seconds: float  # of a reference core, for each
    is_needed: bool  # by a number that is registered; what is deeper is drawn for those who look

    def worth(self, turn: float) -> float:
        """How much of its plane a second shows, where a task should last for a turn."""
        return 0.25**self.level / max(self.seconds, turn / limits.TILES_OF_A_TASK)


@dataclass(frozen=True, kw_only=True, slots=True)
class TileOrder:
    """So many tiles of a frontier, those with most border first."""

    frontier: Frontier
    tiles: int


def next_tiles(
    frontiers: Sequence[Frontier], *, wanted: float, deep: float, out: float, is_idle: bool, turn: float
) -> list[TileOrder]:
    """Decide how many tiles of which frontiers are ordered.

    A task should last for a turn. `wanted` is for how many seconds of cores work should wait, and `out` for how many
    of them the tasks are `counted` that were ordered already. While others wait too, what registered numbers need has a
    share; where cores are idle, tiles may have all, and those that no number needs go up to `deep`.
    """
    rooms = {
        True: (wanted if is_idle else limits.SHARE_OF_WORK * wanted) - out,
        False: (min(wanted, deep) if is_idle else 0.0) - out,
    }
    orders: list[TileOrder] = []
    for frontier in sorted(
        frontiers,
        key=lambda frontier: (not frontier.is_needed, -frontier.worth(turn), frontier.experiment_id, frontier.arm),
    ):
        if (room := rooms[frontier.is_needed]) <= 0:
            continue
        tile_seconds = cap_task_seconds(frontier.seconds, turn)
        tiles = min(frontier.tiles, max(1, int(room / tile_seconds)))
        orders.append(TileOrder(frontier=frontier, tiles=tiles))
        rooms = {is_needed: left - tiles * tile_seconds for is_needed, left in rooms.items()}
    return orders


def choose_tiles_to_chart(frontiers: Sequence[Frontier], *, most: int, turn: float) -> list[TileOrder]:
    """Decide which tiles are ordered for a person who waits for a version's numbers, in about so many workunits.

    One arm after another, the cheapest first: so numbers are there early, and not all of them at the very end.
    """
    orders: list[TileOrder] = []
    for frontier in sorted(frontiers, key=lambda frontier: (frontier.seconds, frontier.arm, frontier.level)):
        if most <= 0:
            break
        tiles = min(frontier.tiles, most * tiles_per_task(frontier.seconds, turn))
        orders.append(TileOrder(frontier=frontier, tiles=tiles))
        most -= math.ceil(tiles / tiles_per_task(frontier.seconds, turn))
    return orders


def wanted_tile_seconds(cores: int, per_core: int, turn: float, *, is_idle: bool) -> float:
    """For how many seconds of so many cores work should wait, where a core is kept waiting for so many turns.

    A laboratory that computes alone has short turns: where nothing but tiles waits, nothing would be left of them long
    before the next order.
    """
    return cores * max(per_core * turn, limits.AHEAD_SECONDS if is_idle else 0.0)


def deep_tile_seconds(cores: int, turn: float) -> float:
    """For how many seconds of so many cores tiles should wait that no registered number needs."""
    return cores * max(limits.DEEP_TURNS * turn, limits.AHEAD_SECONDS)


def task_length(orders: Sequence[TileOrder], lacking: int, turn: float) -> float:
    """How long each task of these orders should last: a turn, or less where so many tasks lack and would not be there.

    A young map has few tiles, and each opens others only once its whole task is back.
    """
    seconds = sum(order.tiles * order.frontier.seconds for order in orders)
    return max(min(limits.SHORT_SECONDS, turn), min(turn, seconds / max(1, lacking)))


def cap_task_seconds(seconds: float, turn: float) -> float:
    """For how much of the work that should wait a task of so many seconds stands: for a turn at most.

    However long it takes, it keeps one core busy: a few hundred tasks of hours would stand for a whole fleet's work,
    and most of its cores would find none.
    """
    return min(seconds, turn)


def tiles_per_task(seconds: float, turn: float) -> int:
    """How many tiles of one replicate a task computes, so that it lasts for about a turn."""
    return max(1, min(limits.TILES_OF_A_TASK, round(turn / max(seconds, 1e-9))))


def task_sizes(tiles: Mapping[int, int], tiles_each: int) -> list[tuple[int, int]]:
    """For each task its replicate and how many tiles it computes, where so many of each replicate are there."""
    return [
        (replicate, min(tiles_each, amount - begun))
        for replicate, amount in tiles.items()
        for begun in range(0, amount, tiles_each)
    ]
