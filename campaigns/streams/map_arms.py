"""Maps as a simulated fleet draws them: borders are fractals by construction."""

import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_AT_ONCE = 20_000  # tiles of an arm that are looked at in one order
_DEEPEST = 22


@dataclass(frozen=True, kw_only=True)
class PlayedMap:
    """A map: the seconds of a tile of each arm, and the level down to which its registered numbers need it."""

    name: str
    seconds: tuple[float, ...]
    charted: int


@dataclass(kw_only=True)
class Arm:
    """How far one arm of a map has come, in each replicate."""

    map: PlayedMap
    place: int
    seconds: float
    dimension: float
    open: dict[int, dict[int, int]] = field(default_factory=dict)  # by level, of each replicate
    out: Counter[int] = field(default_factory=Counter)  # by replicate, tiles that registered numbers need and are out
    drawn: Counter[int] = field(default_factory=Counter)  # by level

    def coarsest(self) -> int | None:
        """The coarsest level at which a tile could be computed."""
        return min((level for level, waiting in self.open.items() if waiting), default=None)

    def levels(self, most: int) -> Iterator[tuple[int, int]]:
        """The levels at which tiles could be computed, and how many: the coarsest, so many in all."""
        for level in sorted(self.open):
            tiles = min(most, sum(self.open[level].values()))
            if tiles:
                yield level, tiles
            most -= tiles

    def take(self, level: int, amount: int) -> dict[int, int]:
        """So many of a level, from each replicate its share."""
        waiting = self.open[level]
        total, taken = sum(waiting.values()), dict[int, int]()
        for replicate in sorted(waiting):
            share = -(-waiting[replicate] * amount // total)
            taken[replicate] = min(share, waiting[replicate], amount - sum(taken.values()))
            waiting[replicate] -= taken[replicate]
        self.open[level] = {replicate: left for replicate, left in waiting.items() if left}
        if level <= self.map.charted:
            self.out.update(taken)
        return {replicate: tiles for replicate, tiles in taken.items() if tiles}

    def draw(self, level: int, replicate: int, tiles: int, dice: random.Random) -> None:
        """These are back: the quarters through which the border passes are open."""
        self.drawn[level] += tiles
        if 0 < level <= self.map.charted:
            self.out[replicate] -= tiles
        if level < _DEEPEST:
            waiting = self.open.setdefault(level + 1, {})
            waiting[replicate] = waiting.get(replicate, 0) + self._quarters(tiles, dice)

    def _quarters(self, tiles: int, dice: random.Random) -> int:
        """Each tile has one to four quarters with a border: one, and each of three more by the same chance."""
        chance = (math.exp2(self.dimension) - 1.0) / 3.0
        if tiles <= 20:
            return tiles + sum(dice.random() < chance for _ in range(3 * tiles))
        spread = math.sqrt(3 * tiles * chance * (1 - chance))
        return tiles + round(dice.gauss(3 * tiles * chance, spread))

    def is_charted(self, replicate: int) -> bool:
        """Is every tile back that the registered numbers need of this replicate?"""
        is_open = any(self.open.get(level, {}).get(replicate) for level in range(1, self.map.charted + 1))
        return not is_open and self.out[replicate] <= 0
