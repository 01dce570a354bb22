"""Does a genetic search for cellular automata stop at a plateau, and how high is it?

Why it matters: evolution found rules that let simple cells solve a problem together. Where its search stops says what
blind search can and cannot invent.

A ring of 149 cells is to find out whether more of them began as ones or as zeros, and to become all that. Each sees
three cells on either side, and a rule of 128 bits says what becomes of it (Mitchell, Crutchfield & Hraber 1994). That
of Gacs, Kurdyumov & Levin (GKL) succeeds in 82 of 100 rings of fair coins, and none in all (Land & Belew 1995). The old
laboratory's search stopped at a fitness of 0.455, less than the half of a rule that always says the same. We do as
Mitchell and her colleagues did: a fifth of the rules live on, children are crossed and mutated in two places, and rings
have ones in any share ("flat") or are fair coins. A lottery draws new rules in place of children.

We expect a plateau far above a half on flat rings, by rules that grow blocks, which on coins stay behind GKL; nothing
like it from the lottery; and mostly a half where coins were shown, since on the hardest rings nothing leads upwards.

History: 2, other seeds than the pilot's; 1, the literature's task, and a lottery; most of the old results had failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, progress

Bits = npt.NDArray[np.uint8]
LIVE_ON, MUTATED = 0.2, 2  # the share of rules that live on; places of a child that are turned over
SHOWN, TEST, STILL = 100, 1_000, 8  # rings of a generation; rings for the last rule; steps between looks at what stands
_SEVEN = (np.arange(128)[:, None] >> np.arange(7)) & 1  # the cells that a cell sees, from the left to the right
_OTHERS = np.where(_SEVEN[:, [3]] == 1, _SEVEN[:, [4, 6]], _SEVEN[:, [2, 0]])
GKL: Bits = (_SEVEN[:, 3] + _OTHERS.sum(axis=1) >= 2).astype(np.uint8)  # a zero asks its left, a one its right


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    method: str  # search or lottery
    shown: str  # flat or coin
    generations: int = 40
    rules: int = 64
    cells: int = 149  # of a ring; 3 or 5 more than a multiple of 8
    control: str = "none"  # placebo: the rules that live on are drawn by lot; planted: a search begins with GKL, too


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured, as shares of rings that end right. Conclusions are estimands, computed by the server."""

    fitness: float  # of the best rules of the last quarter of generations, on fresh rings of the kind that was shown
    late_gain: float  # the same, less that of the quarter before
    performance: float  # of the last best rule, on coins
    behind_gkl: float  # what GKL reaches on the same rings, less that
    fitness_by_generation: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. Both methods begin with the same rules and are shown the same rings."""

    def step(state: tuple[Bits, list[float]], number: int) -> tuple[Bits, list[float]]:
        rules = children(config, seed, state[0], number) if number else state[0]
        shown, fresh = (rings(chance.stream(seed, f"{of} {number}"), config) for of in ("shown", "fresh"))
        shares = right(rules, shown, config.cells)
        progress.early(shares)
        if config.control == "placebo":
            shares = chance.stream(seed, f"lot {config.method} {number}").random(len(rules))
        rules = rules[np.argsort(-shares, kind="stable")]
        return rules, [*state[1], float(right(rules[:1], fresh, config.cells)[0])]

    first = drawn(chance.stream(seed, "first"), config.rules)
    if config.control == "planted" and config.method == "search":
        first[0] = GKL
    rules, curve = progress.blocks((first, list[float]()), step, config.generations)
    quarter = config.generations // 4
    fitness, before = float(np.mean(curve[-quarter:])), float(np.mean(curve[-2 * quarter : -quarter]))
    coins = rings(chance.stream(seed, "test"), replace(config, shown="coin"), count=TEST)
    performance, gkl = right(np.stack([rules[0], GKL]), coins, config.cells).tolist()
    return Measures(
        fitness=fitness,
        late_gain=fitness - before,
        performance=performance,
        behind_gkl=gkl - performance,
        fitness_by_generation=tuple(curve),
    )


def drawn(rng: np.random.Generator, count: int, places: int = 128) -> Bits:
    """Rows of bits with ones in any share, each share as likely as any other: rules, or rings."""
    ranks = rng.random((count, places)).argsort(axis=1)
    return (ranks < rng.integers(0, places + 1, (count, 1))).astype(np.uint8)


def rings(rng: np.random.Generator, config: Config, *, count: int = SHOWN) -> Bits:
    """Rings as rows of cells; in every second one most are ones, and in the others most are zeros."""
    is_flat, shape = config.shown == "flat", (count, config.cells)
    cells: Bits = drawn(rng, *shape) if is_flat else rng.integers(0, 2, shape, dtype=np.uint8)
    is_wrong = (cells.mean(axis=1) > 0.5) != (np.arange(count) % 2 == 1)
    return np.asarray(cells ^ is_wrong.astype(np.uint8)[:, None])


def children(config: Config, seed: int, rules: Bits, number: int) -> Bits:
    """The next rules, of rules that come best first: those that live on, and others in place of the rest."""
    kept, rng = round(LIVE_ON * len(rules)), chance.stream(seed, f"children {number}")
    missing = len(rules) - kept
    if config.method == "lottery":
        return np.concatenate([rules[:kept], drawn(rng, missing)])
    parents = rules[rng.integers(0, kept, (2, missing))]
    is_first = np.arange(128) < rng.integers(1, 128, (missing, 1))
    turned = (rng.random((missing, 128)).argsort(axis=1) < MUTATED).astype(np.uint8)
    return np.concatenate([rules[:kept], np.where(is_first, parents[0], parents[1]) ^ turned])


def right(rules: Bits, begun: Bits, cells: int) -> npt.NDArray[np.float64]:
    """Which share of these rings each rule turns into nothing but what most of their cells were."""
    wanted = np.where(begun.mean(axis=1) > 0.5, 255, 0)
    return np.asarray((evolved(rules, begun, steps=2 * cells) == wanted[:, None]).all(axis=2).mean(axis=1))


def evolved(rules: Bits, begun: Bits, *, steps: int) -> Bits:
    """Every ring after these steps of every rule: eight cells a byte, and behind the last cell the first ones again.

    A rule's table tells of fourteen cells what becomes of the eight in the middle. What stands still is put aside.
    """
    rest, words = begun.shape[1] % 8, np.arange(1 << 14)
    tables: Bits = np.stack([rules[:, (words >> c) & 127] << c for c in range(8)]).sum(axis=0, dtype=np.uint8).ravel()
    packed = np.packbits(begun, axis=1, bitorder="little")
    packed[:, -1] |= packed[:, 0] << rest
    ends = np.tile(packed, (len(rules), 1))
    state, moving, at = ends, np.arange(len(ends)), np.repeat(np.arange(len(rules)) << 14, len(begun))
    for number in range(1, steps + 1):
        wide = state.astype(np.uint16).ravel()
        index = wide << 3
        index[1:] |= wide[:-1] >> 5
        index[:-1] |= (wide[1:] & 7) << 11
        table = index.reshape(state.shape)
        table[:, 0] = (table[:, 0] & 0x3FF8) | ((state[:, -1] >> (rest - 3)) & 7)  # left of the first are the last
        before, state = state, tables.take(table + at[:, None])
        state[:, -1] = (state[:, -1] & ((1 << rest) - 1)) | (state[:, 0] << rest)
        if number % STILL == 0 or number == steps:
            is_over = (before == state).all(axis=1) | (number == steps)
            ends[moving[is_over]] = state[is_over]
            state, moving, at = (array[~is_over] for array in (state, moving, at))
    return ends.reshape(len(rules), len(begun), -1)


PRICES = {"flat": 3.3e-6, "coin": 2e-6}  # constant rules turn coins into one kind at once
FLAT, COIN, LOTTERY = {"method": "search", "shown": "flat"}, {"shown": "coin"}, {"method": "lottery"}
SMALL = partial(grid, Config, method=["search", "lottery"], shown=["flat"], generations=[4], rules=[12], cells=[59])


def _asks(
    name: str,
    claim: str,
    measure: str,
    *arms: dict[str, str],
    beyond: Sequence[float],
    seen: Sequence[float],
    **rest: Any,
) -> Estimand:
    """The level of one arm, or what lies between two, beyond its null by the smallest that matters; and a pilot."""
    p, n, a, b = seen
    return Estimand(
        name=name,
        claim=claim,
        **rest,
        kind=Kind.CONTRAST if len(arms) > 1 else Kind.LEVEL,
        measure=measure,
        between=arms,
        null=beyond[0],
        smallest=beyond[1],
        prediction=Prediction(positive=p, negative=n, absent=round(1 - p - n, 2), interval=(a, b), because="a pilot"),
    )


experiment = Experiment(
    name="cellular_automata",
    aliases=("cellular_automata_v2",),
    version=2,
    question="Does a genetic search for cellular automata stop at a plateau, and how high is it?",
    reference="Mitchell, Crutchfield & Hraber 1994, Physica D 75:361; Land & Belew 1995, Phys. Rev. Lett. 74:5148; "
    "Crutchfield & Mitchell 1995, PNAS 92:10742",
    run=run,
    measures=Measures,
    sweep=(*grid(Config, method=["search", "lottery"], shown=["flat"]), Config(method="search", shown="coin")),
    ranges={"generations": (4, 500), "rules": (10, 200)},
    estimands=(
        _asks(
            "rises_late",
            "a genetic search for majority-vote cellular automata reaches a plateau: in its last quarter of "
            "generations fitness changes by less than 2 points",
            "late_gain",
            FLAT,
            beyond=(0.0, 0.02),
            seen=(0.04, 0.02, -0.005, 0.008),
            in_words="{percent} percentage points",
            expects=Direction.ABSENT,
        ),
        _asks(
            "plateau_above_a_constant",
            "a genetic search ends with majority-vote cellular automata that beat a constant answer, which is right "
            "half of the time",
            "fitness",
            FLAT,
            beyond=(0.5, 0.05),
            seen=(0.98, 0.01, 0.86, 0.925),
            in_words="{percent} %",
            expects=Direction.MORE,
        ),
        _asks(
            "coins_above_a_constant",
            "if a genetic search is shown only close majority votes, it finds cellular automata about as good"
            " as a constant answer, within 5 points",
            "fitness",
            COIN,
            beyond=(0.5, 0.05),
            seen=(0.1, 0.02, 0.498, 0.53),
            in_words="{percent} %",
            expects=Direction.ABSENT,
        ),
        _asks(
            "search_minus_lottery",
            "a genetic search ends with better majority-vote cellular automata than a random search that draws the "
            "same number of new rules",
            "fitness",
            FLAT,
            LOTTERY,
            beyond=(0.0, 0.05),
            seen=(0.98, 0.01, 0.33, 0.4),
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
        _asks(
            "behind_gkl",
            "in close majority votes, a genetic search ends with a cellular automaton less accurate than the "
            "hand-made one of Gacs, Kurdyumov and Levin",
            "behind_gkl",
            FLAT,
            beyond=(0.0, 0.02),
            seen=(0.98, 0.01, 0.16, 0.32),
            in_words="{percent} percentage points",
            expects=Direction.MORE,
            published=Published(value=0.164, reference="Crutchfield & Mitchell 1995, PNAS 92:10742 (0.816 and 0.652)"),
        ),
    ),
    controls=(
        Control(
            estimand="search_minus_lottery",
            placebo=SMALL(control=["placebo"]),
            planted=SMALL(control=["planted"]),
        ),
    ),
    figure=Figure(x="generations", y="fitness", title="What rules of cellular automata reach"),
    setting="searches for majority-vote cellular automata",
    headlines=(
        Headline(
            says="In close votes of simple cells, a hand-made rule beats evolved ones, which stagnate",
            when={"rises_late": Direction.ABSENT, "behind_gkl": Direction.MORE},
        ),
        Headline(
            says="Rules bred on easy and close votes of simple cells beat guessing, then stagnate",
            when={"rises_late": Direction.ABSENT, "plateau_above_a_constant": Direction.MORE},
        ),
        Headline(
            says="Simulated evolution of voting rules for simple cells hardly improves in its last quarter",
            when={"rises_late": Direction.ABSENT},
        ),
        Headline(
            says="Simulated evolution of voting rules for simple cells still improves in its last quarter",
            when={"rises_late": Direction.MORE},
        ),
        Headline(
            says="Cellular automata evolved to find majorities in easy and close votes typically beat guessing",
            when={"plateau_above_a_constant": Direction.MORE},
        ),
    ),
    words={
        "late_gain": "the late gain in votes decided rightly",
        "fitness": "the share of votes that the best rules decide rightly",
        "behind_gkl": "the lead of a famous hand-made rule in close votes",
        "method=search": "genetic search",
        "method=lottery": "random search",
        "shown=flat": "votes from easy to close",
        "shown=coin": "close votes alone",
        "generations": "{value} generations",
        "rules": "{value} rules",
        "cells": "{value} cells",
    },
    needs=Needs(seconds=lambda c: 0.006 + c.generations * c.cells * (4e-5 + PRICES[c.shown] * c.rules), memory_mb=250),
)
