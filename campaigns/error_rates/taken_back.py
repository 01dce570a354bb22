"""Somebody takes work back who has seen every value so far, whenever he likes, and looks for the best moment."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.evidence.closed_blocks import ReplicateProgress, form_blocks, list_closed_blocks
from error_rates.figures import Answer, Size, below
from error_rates.laws import CONTRAST, Numbers
from error_rates.processes import decided

_ASKED = pose_question(CONTRAST)
_BLOCK, _DESIGNS = 16, 2
_TURNS, _EACH = 12, 32  # so often the two designs are issued numbers, one after the other, and so many
_SLOW = 4  # of each turn, that are taken back while they are out
_ROUNDS = 20  # of one who takes back by lot


@dataclass(kw_only=True)
class _Issued:
    """What was issued, all of which waits at first: what is back of it, and what was taken back."""

    values: Numbers
    back: set[int] = field(default_factory=set)
    taken: set[int] = field(default_factory=set)

    def compute(self, numbers: set[int]) -> None:
        self.back |= numbers
        self.taken -= numbers

    def take_back(self, numbers: set[int]) -> None:
        self.taken |= numbers - self.back

    def count(self, *, is_left_out: bool) -> list[int]:
        """Which numbers are weighed by now, in order: as here, or if what was taken back were as if never issued."""
        issued = [number for number in range(len(self.values)) if not (is_left_out and number in self.taken)]
        designs = [
            form_blocks(
                [
                    ReplicateProgress(number=number, cells=1, back=int(number in self.back), over=False)
                    for number in issued
                    if number // _EACH % _DESIGNS == design
                ],
                _BLOCK,
                design,
            )
            for design in range(_DESIGNS)
        ]
        return [number for block in list_closed_blocks(designs) for number in block.replicates]


Canceller = Callable[[np.random.Generator, _Issued], Iterator[None]]  # he looks at each step


def _turn(place: int) -> set[int]:
    return set(range(place * _EACH, (place + 1) * _EACH))


def _last_first(_: np.random.Generator, issued: _Issued) -> Iterator[None]:
    """What was issued last is computed first; what is before it is taken back while that would look well alone."""
    issued.take_back(set(range(len(issued.values))))
    for place in reversed(range(_TURNS)):
        issued.compute(_turn(place))
        yield


def _slowest(rng: np.random.Generator, issued: _Issued) -> Iterator[None]:
    """What takes longest, since its value is low, is taken back; and computed after all where that cannot hurt."""
    for place in range(_TURNS):
        runtimes = np.exp(-issued.values + rng.normal(0.0, 0.5, issued.values.shape))
        slow = set(sorted(_turn(place), key=lambda number: -runtimes[number])[:_SLOW])
        issued.compute(_turn(place) - slow)
        issued.take_back(slow)
        yield
        if issued.values[sorted(_turn(place) - slow)].mean() > 0.5:
            issued.compute(slow)
            yield


def _worse_design(_: np.random.Generator, issued: _Issued) -> Iterator[None]:
    """Of both designs more is computed in turns; of the one that looks worse what waits is taken back each time."""
    for place in range(0, _TURNS, _DESIGNS):
        issued.compute(_turn(place) | _turn(place + 1))
        yield
        means = [issued.values[sorted(n for n in issued.back if n // _EACH % _DESIGNS == d)].mean() for d in (0, 1)]
        worse = int(means[1] < means[0])
        waiting = set().union(*(_turn(later) for later in range(place + 2, _TURNS) if later % _DESIGNS == worse))
        for later in range(place + 2, _TURNS):
            if later % _DESIGNS != worse:
                issued.compute(_turn(later))
                break
        issued.take_back(waiting)
        yield


def _by_lot(rng: np.random.Generator, issued: _Issued) -> Iterator[None]:
    """He takes back and has computed whatever the lot says."""
    for _ in range(_ROUNDS):
        for do in (issued.take_back, issued.compute):
            do(set(rng.integers(len(issued.values), size=_TURNS * _EACH // 8).tolist()))
        yield
    issued.compute(set(range(len(issued.values))))
    yield


_CANCELLERS: Mapping[str, Canceller] = {
    "what is issued last goes first": _last_first,
    "what is slow is taken back": _slowest,
    "the worse design is taken back": _worse_design,
    "by lot": _by_lot,
}


def taken_back(seed: int, size: Size) -> Answer:
    """There is no effect. How often is one called at any look, if what was taken back waits, and if it is left out?"""
    rng = np.random.default_rng(seed)
    n = size.nulls // 2
    lines, bounds = [f"{'':<34}{'it waits, as here':>20}{'it is left out':>18}"], []
    for name, canceller in _CANCELLERS.items():
        called = {False: 0, True: 0}
        for values in rng.normal(size=(n, _TURNS * _EACH)):
            for is_left_out, is_called in _follow(rng, canceller, values).items():
                called[is_left_out] += is_called
        lines.append(f"{name:<34}{called[False] / n:>20.4f}{called[True] / n:>18.4f}")
        bounds.append(below(f"{name}, it waits: called an effect", called[False] / n, 0.05, n))
    return Answer(lines=lines, bounds=bounds)


def _follow(rng: np.random.Generator, canceller: Canceller, values: Numbers) -> dict[bool, bool]:
    """Whether an effect is called at any look, by whether what was taken back is left out."""
    issued = _Issued(values=values)
    seen: dict[bool, set[tuple[int, ...]]] = {False: set(), True: set()}
    for _ in canceller(rng, issued):
        for is_left_out, streams in seen.items():
            streams.add(tuple(issued.count(is_left_out=is_left_out)))
    return {is_left_out: any(_is_called(values, stream) for stream in streams) for is_left_out, streams in seen.items()}


def _is_called(values: Numbers, stream: tuple[int, ...]) -> bool:
    if not stream:
        return False
    return bool(np.isfinite(decided(values[list(stream)][None, :], _ASKED, every=_BLOCK)).any())
