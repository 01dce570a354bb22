"""Which law breaks the promise soonest? A search over laws drawn at random, the worst of which are asked again, longer.

The promise is a theorem for any one law about its own typical value; this looks whether the program keeps it.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from error_rates.figures import Answer, Bound, Size, interval, scored
from error_rates.laws import Flags, Numbers
from error_rates.processes import BAR, ever, ranks

_PARTS = 4  # of which a law is mixed at most
_LOOKS = 256
_DRAWS = 100_000  # pairs, from which the typical value of a law is known well enough to search
_AGAIN, _LONGEST = 20, 3  # laws that are asked again, and of these to the end
_SURELY = 40  # times as many pairs, of the laws that are asked again
_CHUNK = 50
_MOST = 0.05


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """A law: with these chances a value is of this shape, place and width."""

    chances: Numbers
    shapes: tuple[str, ...]
    places: Numbers
    widths: Numbers

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Numbers:
        """Independent values."""
        part = rng.choice(len(self.chances), size=shape, p=self.chances)
        values = np.zeros(shape)
        for number, name in enumerate(self.shapes):
            is_here = part == number
            values[is_here] = self.places[number] + self.widths[number] * _SHAPES[name](rng, int(is_here.sum()))
        return values

    def typical(self, rng: np.random.Generator, pairs: int) -> float:
        """The median of the means of two values."""
        return float(np.median(self.draw(rng, (2, pairs)).mean(axis=0)))

    def __str__(self) -> str:
        parts = zip(self.chances, self.shapes, self.places, self.widths, strict=True)
        return " + ".join(f"{chance:.3f} {name}({place:.2f}, {width:.2g})" for chance, name, place, width in parts)


_SHAPES: Mapping[str, Callable[[np.random.Generator, int], Numbers]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "point": lambda rng, n: np.zeros(n),  # noqa: ARG005
    "exponential": lambda rng, n: rng.exponential(size=n),
    "turned": lambda rng, n: -rng.exponential(size=n),
    "pareto": lambda rng, n: rng.pareto(1.0, n),
    "uniform": lambda rng, n: rng.uniform(-1.0, 1.0, n),
}


def searched(seed: int, size: Size) -> Answer:
    """Draw laws, look after each of 256 values, and ask the worst again: with more streams, and of many more values."""
    rng = np.random.default_rng(seed)
    laws, streams, longest = size.streams // 4, max(50, size.streams // 100), 100 * size.looks
    laws_by_share = sorted(((_broken(rng, law, streams), law) for law in _drawn(rng, laws)), key=lambda seen: -seen[0])
    lines = [f"{laws:,} laws, {streams} streams of each, looks after each of {_LOOKS} values: a verdict against"]
    lines.append(f"the own typical value in {100 * laws_by_share[0][0]:.1f} % at worst; the {_AGAIN} worst again")
    shares, many = list[tuple[float, int, Mixture]](), size.streams // 5
    for _, law in laws_by_share[:_AGAIN]:
        shares.append((_broken(rng, law, many, pairs=_DRAWS * _SURELY), many, law))
    shares.sort(key=lambda seen: -seen[0])
    lines += [_row(*seen) for seen in shares]
    lines.append(f"the {_LONGEST} worst of them, looked at until {longest:,} values")
    few = size.streams // 20
    last = [(_broken(rng, law, few, looks=longest, pairs=_DRAWS * _SURELY), few, law) for *_, law in shares[:_LONGEST]]
    lines += [_row(*seen) for seen in last]
    worst = shares[0][0]
    lines.append(scored("any-law", worst, interval(round(worst * many), many), many, _MOST))
    return Answer(lines=lines, bounds=[_bound(*seen) for seen in (shares[0], max(last, key=lambda seen: seen[0]))])


def _drawn(rng: np.random.Generator, laws: int) -> Iterator[Mixture]:
    """One in three has two modes, the upper as likely as it may be before the typical value jumps to it."""
    for number in range(laws):
        parts = int(rng.integers(1, _PARTS + 1))
        chances = rng.dirichlet(np.full(parts, 0.7))
        if number % 3 == 0:
            parts, upper = 2, math.sqrt(0.5) + rng.normal(0.0, 0.02)
            chances = np.array([upper, 1.0 - upper] if number % 2 else [1.0 - upper, upper])
        yield Mixture(
            chances=chances,
            shapes=tuple(rng.choice(list(_SHAPES), parts).tolist()),
            places=rng.normal(size=parts) * (1.0 + 2.0 * rng.random()),
            widths=10.0 ** rng.uniform(-2.0, 0.5, parts),
        )


def _broken(rng: np.random.Generator, law: Mixture, streams: int, *, looks: int = _LOOKS, pairs: int = _DRAWS) -> float:
    """In how large a share of streams the law's own typical value is ever refuted."""
    typical, ends = law.typical(rng, pairs), list[Flags]()
    for start in range(0, streams, rows := max(1, _CHUNK * _LOOKS * 40 // looks)):
        drawn = law.draw(rng, (min(rows, streams - start), looks))
        ends.append(ever(np.maximum(*ranks(drawn, typical)), BAR + math.log(2.0)))
    return float(np.concatenate(ends).mean())


def _row(share: float, streams: int, law: Mixture) -> str:
    low, high = interval(round(share * streams), streams)
    return f"  {100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}]  {law}"


def _bound(share: float, streams: int, law: Mixture) -> Bound:
    low, high = interval(round(share * streams), streams)
    words = f"typical value refuted at any look: {100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}] ({law})"
    return Bound(words=words, holds=low <= _MOST)
