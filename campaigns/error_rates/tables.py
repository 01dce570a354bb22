"""Tables as somebody may have them, through `axiom.weigh`: with copies, in single precision, with runs that failed."""

import math
from typing import Any

import numpy as np

from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.values import Verdict
from axiom_weigh.weighing.result_card import WeighedTable
from axiom_weigh.weighing.weigh import weigh
from error_rates.laws import CONTRAST, Flags, Numbers
from error_rates.processes import EFFECTS, FEWEST, may_be_decided
from error_rates.worlds_of_hosts import STRONG, Happenings, Play

_CHANCE = math.log(10.0)  # the loss of a network that guesses among ten classes
_RETURN = -1.234_567_891_2


def stuck(rng: np.random.Generator) -> Happenings:
    """29 of 50 runs end at the very loss of chance, the others near 0.1; is the median 1?"""
    values = np.append(np.full(29, _CHANCE), rng.normal(0.1, 0.02, 21))
    weighed = weigh(_table(rng.permutation(values)), estimand="level", null=1.0)
    return {"a false verdict": weighed.verdict is Verdict.NEGATIVE, "interval misses": _misses(weighed, _CHANCE)}


def returns(rng: np.random.Generator) -> Happenings:
    """Three of ten runs give the same negative return, two others less than 0, five more; is the median 0?"""
    drawn, sizes = rng.random(200), abs(rng.normal(size=200))
    weighed = weigh(
        _table(np.where(drawn < 0.3, _RETURN, np.where(drawn < 0.5, -sizes, sizes))), estimand="level", null=0.0
    )
    return {"a false verdict": weighed.verdict in EFFECTS, "interval misses": _misses(weighed, 0.0)}


def accuracies(cases: int, kept_as: str) -> Play:
    """Honest accuracies on so many test cases, kept in single or double precision."""

    def play(rng: np.random.Generator) -> Happenings:
        values = (rng.binomial(cases, 0.92, 40) / cases).astype(kept_as)
        weighed = weigh(_table(values), estimand="level", null=0.9)
        return {"alarm of copies": any(alarm.kind == "clones" for alarm in weighed.evidence.alarms)}

    return play


def copied(computations: int, times: int, noise: float) -> Play:
    """So few computations without an effect, each under so many seeds, written with five decimals and a little noise.

    All else is there that a Strong finding needs: six hosts of three volunteers, and seeds that were computed again.
    """

    def play(rng: np.random.Generator) -> Happenings:
        drawn = np.round(rng.normal(size=computations), 5)
        values = rng.permutation(np.repeat(drawn, times)) * (1.0 + noise * rng.normal(size=computations * times))
        rows = [_computed(seed, value, by=seed % 6) for seed, value in enumerate(values.tolist())]
        rows += [_computed(row["seed"], row["value"], by=(row["seed"] + 1) % 6) for row in rows[::10]]
        weighed = weigh(rows, estimand="contrast")
        return {"called an effect": weighed.verdict in EFFECTS, "Strong": weighed.grade in STRONG}

    return play


def tried_again(seeds: int, outcome: str) -> Play:
    """Every other run above 0 fails and is run again, with another value, until it ends. There is no effect.

    The table says it with this outcome.
    """

    def play(rng: np.random.Generator) -> Happenings:
        rows: list[dict[str, object]] = []
        for seed in range(seeds):
            value = rng.normal()
            while value > 0 and rng.random() < 0.5:
                rows.append({"seed": seed, "value": None, "outcome": outcome})
                value = rng.normal()
            rows.append({"seed": seed, "value": value, "outcome": "ok"})
        return {"called an effect": weigh(rows, estimand="contrast").verdict in EFFECTS}

    return play


def decided_without_lost(streams: Numbers, lost: Flags) -> Numbers:
    """How many values there are when a table first says that there is an effect, if lost ones are declared as lost."""
    return np.array([_values_needed(*pair) for pair in zip(streams, lost, strict=True)])


def _values_needed(values: Numbers, is_lost: Flags) -> float:
    present = np.flatnonzero(~is_lost)
    rows = [
        {"seed": seed, "issue": seed, "value": None if gone else float(value), "outcome": "lost" if gone else "ok"}
        for seed, (value, gone) in enumerate(zip(values, is_lost, strict=True))
    ]
    for look in np.flatnonzero(may_be_decided(values[None, present], pose_question(CONTRAST))[0]).tolist():
        if look + 1 >= FEWEST and weigh(rows[: present[look] + 1], estimand="contrast").verdict in EFFECTS:
            return look + 1.0
    return math.inf


def _table(values: Numbers) -> dict[str, list[Any]]:
    return {"seed": list(range(len(values))), "value": [float(value) for value in values]}


def _computed(seed: int, value: float, *, by: int) -> dict[str, Any]:
    return {"seed": seed, "value": value, "host": f"host {by}", "volunteer": f"volunteer {by % 3}"}


def _misses(weighed: WeighedTable, truth: float) -> bool:
    low, high = weighed.interval
    return (low is not None and truth < low) or (high is not None and truth > high)
