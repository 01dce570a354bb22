"""Which tiles of maps are computed next: coarse before fine, and what a registered number needs before all else.

Of two levels that could go on, the one comes first that shows more of its plane for its cost: a tile of the next level
shows a quarter of what its parent shows. So a cheap arm runs a few levels ahead of a dear one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SHARE = 0.25  # of all work that should wait, for tiles that registered numbers need, while other questions wait too


@dataclass(frozen=True, kw_only=True, slots=True)
class Frontier:
    """The coarsest level of an arm at which tiles could be computed next."""

    experiment_id: int
    arm: int
    level: int
    tiles: int
    seconds: float  # of a reference core, for each
    is_needed: bool  # by a number that is registered; what is deeper is drawn for those who look

    @property
    def worth(self) -> float:
        """How much of its plane a second shows."""
        return 0.25**self.level / max(self.seconds, 1e-9)


@dataclass(frozen=True, kw_only=True, slots=True)
class TileOrder:
    """So many tiles of a frontier, those with most border first."""

    frontier: Frontier
    tiles: int


def next_tiles(frontiers: Sequence[Frontier], *, wanted: float, out: float, is_idle: bool) -> list[TileOrder]:
    """Decide how many tiles of which frontiers are ordered.

    `wanted` is for how many seconds of cores work should wait, `out` how many of them are tiles that were ordered
    already. While others wait too, what registered numbers need has a share; where cores are idle, tiles may have all.
    """
    room = (wanted if is_idle else SHARE * wanted) - out
    orders: list[TileOrder] = []
    for one in sorted(frontiers, key=lambda one: (not one.is_needed, -one.worth, one.experiment_id, one.arm)):
        if room <= 0 or not (one.is_needed or is_idle):
            break
        tiles = min(one.tiles, max(1, int(room / one.seconds)))
        orders.append(TileOrder(frontier=one, tiles=tiles))
        room -= tiles * one.seconds
    return orders


def tiles_a_task(seconds: float, turn: float, most: int) -> int:
    """How many tiles of one replicate a task computes, so that it lasts for about a turn."""
    return max(1, min(most, round(turn / max(seconds, 1e-9))))
