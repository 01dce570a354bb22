"""Does something happen as often in both arms? Bets on the mean difference: errors, and seeds until a verdict."""

import math

import numpy as np

from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.evidence.verdict import weigh_values
from axiom_weigh.statistics.signed_ranks import BETS, SHARES
from axiom_weigh.values import Verdict
from error_rates.figures import Answer, Bound, Size, below
from error_rates.laws import CONTRAST, Numbers
from error_rates.processes import BAR, FEWEST, betting, either, ever, first, t_mixture
from error_rates.seeds_needed import heading, middle, no_later
from error_rates.seeds_needed import row as seeds_of

_LOOKS = 256
_CHANCES = (0.05, 0.3, 0.5, 0.7, 0.95)  # of success, the same in both arms
_DIFFERENT = {(0.9, 0.6): 400, (0.7, 0.5): 800, (0.99, 0.9): 800, (0.95, 0.5): 200, (0.2, 0.0): 200}  # and looks
_SMALLEST = 0.2
_BEST = 1.5  # times the seeds of the best of the others


def events(seed: int, size: Size) -> Answer:
    """Look after every seed: at arms that succeed as often, that differ by what just matters, and by more."""
    rng, n = np.random.default_rng(seed), size.streams // 5
    question = pose_question({**CONTRAST, "is_event": True, "smallest": _SMALLEST})
    looks = min(_LOOKS, size.looks)
    lines = [f"{n:,} streams, looked at after each of {looks} seeds", f"{'success in both arms':<32}{'an effect':>11}"]
    bounds = list[Bound]()
    for chance in _CHANCES:
        streams = _drawn(rng, (chance, chance), (n, looks))
        wrong = float(ever(_log_e(streams)[:, FEWEST - 1 :]).mean())
        lines.append(f"{chance:<32}{wrong:>11.4f}")
        bounds.append(below(f"success in {chance}: called an effect", wrong, 0.05, n))
    for chances in ((0.6, 0.4), (0.82, 0.6)):
        streams = _drawn(rng, chances, (n, looks))
        absent = np.minimum(_above(streams, -_SMALLEST), _above(-streams, -_SMALLEST)) - math.log(2.0)
        wrong = float(ever(absent[:, FEWEST - 1 :]).mean())
        lines.append(f"{f'{chances[0]} against {chances[1]}, {_SMALLEST} matters':<32}{wrong:>11.4f} said to be absent")
        bounds.append(below(f"{chances[0]} against {chances[1]}: said to be absent", wrong, 0.025, n))
    streams = _drawn(rng, (0.8, 0.5), (20, 60))
    away = max(
        abs(float(_log_e(streams)[row, -1]) - weigh_values(question, streams[row].tolist()).log_e) for row in range(20)
    )
    bounds.append(Bound(words=f"simulated and library's e-values lie {away:.2g} apart", holds=away < 1e-9))
    lines.append(heading("success of one arm and of the other", "Axiom", "t-mixture", "hedged capital"))
    for chances, length in _DIFFERENT.items():
        streams = _drawn(rng, chances, (max(100, n // 4), length))
        now = first(_log_e(streams) >= BAR, FEWEST)
        others = [first(log_es >= BAR, FEWEST) for log_es in (t_mixture(streams), betting(streams, 0.0, (-1.0, 1.0)))]
        lines.append(seeds_of(f"{chances[0]} against {chances[1]}", now, *others))
        best = min(middle(other) for other in others)
        bounds.append(no_later(f"{chances[0]} against {chances[1]}", now, _BEST, best, "of the best of the others"))
    verdict = weigh_values(question, _drawn(rng, (0.82, 0.6), (1, 2_000))[0].tolist()).verdict
    bounds.append(Bound(words=f"2,000 seeds of 0.82 against 0.6: {verdict}", holds=verdict is Verdict.POSITIVE))
    return Answer(lines=lines, bounds=bounds)


def _drawn(rng: np.random.Generator, chances: tuple[float, float], shape: tuple[int, int]) -> Numbers:
    first_arm, second_arm = ((rng.random(shape) < chance).astype(float) for chance in chances)
    differences: Numbers = first_arm - second_arm
    return differences


def _above(streams: Numbers, mean: float) -> Numbers:
    """The logarithm of the e-value after each value of a row, for a mean difference above this one."""
    logs: Numbers = np.full(streams.shape, -np.inf)
    for bet, share in zip(BETS, SHARES, strict=True):
        grown = np.cumsum(np.log1p(bet * (streams - mean) / (mean + 1.0)), axis=1) + share
        logs = np.logaddexp(logs, grown)
    return logs


def _log_e(streams: Numbers) -> Numbers:
    return either(_above(streams, 0.0), _above(-streams, 0.0))
