"""What `signed-ranks.md` defines, as plainly as possible and slowly. Needs nothing of Axiom."""

import math
import statistics
from collections.abc import Sequence
from itertools import combinations_with_replacement

RANK_BETS = {2.0: 0.04, 1.0: 0.06, 0.5: 0.07, 0.2: 0.04, 0.08: 0.02}  # sizes, and shares of the capital
PAIR_BETS = {0.25: 0.12, 0.6: 0.25, 0.95: 0.40}
FIRST = 128  # values, among which all later ones are ranked


def e_above(values: Sequence[float | None], m: float, root: float = 1.0) -> float:
    """How strongly the values speak for a typical value above m; None is a value that never came."""
    signs, ranks = [], []
    for place, value in enumerate(values):
        before = values[: min(place, FIRST)]
        there = [other for other in before if other is not None]
        side, nearer = -1, float(len(before))
        if value is not None:
            side = 1 if value > m else -1
            alike = there.count(value)
            across = sum(abs(other - m) == abs(value - m) for other in there) - alike
            nearer = sum(abs(other - m) < abs(value - m) for other in there) + alike / 2
            nearer += across + len(before) - len(there) if side < 0 else 0
        signs.append(side)
        ranks.append((nearer + 0.5) / (len(before) + 1))
    pairs = []
    for first, second in zip(values[::2], values[1::2], strict=False):
        mean = -math.inf if first is None or second is None else first / 2 + second / 2
        pairs.append(1 if mean > m else -1)
    ranked = {
        bet: math.prod(1 + s * math.tanh(bet * r) for s, r in zip(signs, ranks, strict=True)) for bet in RANK_BETS
    }
    paired = {bet: math.prod(1 + bet * side for side in pairs) for bet in PAIR_BETS}
    won = sum(share * min(ranked[bet], ranked[bet] ** (1 / root)) for bet, share in RANK_BETS.items())
    return won + sum(share * paired[bet] for bet, share in PAIR_BETS.items())


def e_below(values: Sequence[float | None], m: float, root: float = 1.0) -> float:
    """How strongly they speak for one below m."""
    return e_above([None if value is None else -value for value in values], -m, root)


def typical(values: Sequence[float | None]) -> float:
    """The typical value of the sample: the median of all means of two values."""
    there = [value for value in values if value is not None]
    return statistics.median(one / 2 + other / 2 for one, other in combinations_with_replacement(there, 2))


def lopsided(values: Sequence[float | None]) -> float:
    """To which root bets on ranks are taken: how much more the ranks of mirror images scatter than evenly."""
    there, middle = [value for value in values if value is not None], typical(values)
    mirrored = [middle + (middle - value) for value in there]
    shares = [(sum(y < x for y in there) + sum(y <= x for y in there)) / (2 * len(there)) for x in mirrored]
    scatter = 12 * statistics.fmean((share - 0.5) ** 2 for share in shares)
    return scatter if len(there) > 1 and scatter > 1 + 0.25 / math.sqrt(len(there)) else 1.0
