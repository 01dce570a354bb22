"""What does it help to look at seeds before a claim is registered? Nothing, where nobody can know those that count."""

import math
from collections.abc import Callable

import numpy as np

from axiom.domain.experiments import seed_of
from axiom.domain.registrations import counted_seed, hand_seed
from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.statistics.signed_ranks import GROUP
from error_rates.figures import Answer, Size, below, interval
from error_rates.laws import CONTRAST, Numbers
from error_rates.processes import decided, either, ever, ranks

_FILES, _LOOKED, _COUNTED = 20, 16, 96  # without an effect; seeds looked at; seeds that count
_NAMES, _PICKED, _FEW = 4_000, 3, 32
_SURE = math.log(1_000.0)
_WORDS = {"known": "seeds that were looked at", "drawn": "seeds drawn after it was registered"}
_ASKED = pose_question(CONTRAST)

Seeds = Callable[[str, int], int]  # of a file by its name, and of a number


def seen_beforehand(seed: int, size: Size) -> Answer:
    """Publish the best of many files without an effect, and count seeds that were known before, or drawn after it."""
    rng = np.random.default_rng(seed)
    trials, rounds = size.streams // 40, max(4, size.laboratories // 4)
    decided_of, sure_of = dict.fromkeys(_WORDS, 0), dict.fromkeys(_WORDS, 0)
    for kind in _WORDS:
        for trial in range(trials):
            looked_at, counted = _seeds(kind, rng)
            (best,) = _find_best([f"file_{trial}_{variant}" for variant in range(_FILES)], looked_at, _LOOKED, most=1)
            values = _values([best], counted, _COUNTED)
            decided_of[kind] += int(np.isfinite(decided(values, _ASKED, every=GROUP)).sum())
        for turn in range(rounds):
            looked_at, counted = _seeds(kind, rng)
            names = _find_best([f"name_{turn}_{name}" for name in range(_NAMES)], looked_at, _FEW, most=_PICKED)
            sure_of[kind] += int(ever(either(*ranks(_values(names, counted, _FEW))), _SURE).sum())
    picked = rounds * _PICKED
    lines = [
        f"best of {_FILES} files without an effect by {_LOOKED} seeds, published; decided within {_COUNTED} seeds",
        *(_line(kind, decided_of[kind], trials) for kind in _WORDS),
        f"best {_PICKED} of {_NAMES:,} names of one file by {_FEW} seeds, published; 1,000 to 1 within as many",
        *(_line(kind, sure_of[kind], picked) for kind in _WORDS),
    ]
    bounds = [
        below("best of twenty files, seeds drawn after it: decided", decided_of["drawn"] / trials, 0.05, trials),
        below("best of four thousand names, seeds drawn after it: 1,000 to 1", sure_of["drawn"] / picked, 0.05, picked),
    ]
    return Answer(lines=lines, bounds=bounds)


def _seeds(kind: str, rng: np.random.Generator) -> tuple[Seeds, Seeds]:
    """Those that somebody looks at, and those that count."""
    if kind == "known":
        return _by_name, _by_name
    secret = rng.bytes(32).hex()
    return (lambda name, number: hand_seed(name, 1, number)), (
        lambda name, number: counted_seed(secret, name, 1, number)
    )


def _by_name(name: str, number: int) -> int:
    return seed_of(name, 1, number)


def _find_best(names: list[str], seeds: Seeds, amount: int, *, most: int) -> list[str]:
    """The names with the highest e-values after so many seeds."""
    log_es = either(*ranks(_values(names, seeds, amount)))[:, -1]
    return [names[place] for place in np.argsort(log_es)[-most:]]


def _line(kind: str, times: int, trials: int) -> str:
    low, high = interval(times, trials)
    return f"  {_WORDS[kind]:<38}{100 * times / trials:5.1f} % [{100 * low:.1f}, {100 * high:.1f}] of {trials:,}"


def _values(names: list[str], seeds: Seeds, amount: int) -> Numbers:
    """What files without an effect give at their first seeds: a normal number that the seed decides."""
    return np.array(
        [[np.random.default_rng(seeds(name, number)).normal() for number in range(amount)] for name in names]
    )
