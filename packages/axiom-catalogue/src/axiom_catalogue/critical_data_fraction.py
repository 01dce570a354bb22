"""How many sums must a network be shown before it understands the rest, and how does that number grow?

Why it matters: data are expensive. If understanding needs a sharp minimum of examples, one can know beforehand whether
a data set is large enough.

A network with one hidden layer of squares is shown some of the P x P sums modulo a prime. With too few it knows them by
heart and nothing else; with a few more it understands the rest (Power et al. 2022; Liu et al. 2022). The old laboratory
showed three tenths of the sums of its smallest prime, since small looked easy, and saw nothing: the share that is
needed falls with the prime. We look for the critical number by halving an interval: each attempt begins from the same
start, shows the first sums of the same order, and ends when the rest is understood or a budget of steps is spent.

A guess, by the collecting of coupons, is that the number grows as P ln P. We give a network three neurons for each
residue, and beside that 64 whatever the prime. What is critical depends on patience, so one prime has several budgets.
We expect a share that falls clearly, but a number that grows faster than P ln P, by a power of about 0.15, however wide
the network; and about a tenth less of it for each doubling of the budget, so that no number is critical for ever.

History: 2, as 1 with seeds that no pilot has seen; 1, a search for the threshold; the old laboratory had one share of
one prime.
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import arithmetic, chance, data, descent, progress
from axiom.kit.optimizers import ADAMW, Rates

PRIMES, STEPS = (17, 23, 37, 53), 500
EVERY = 50  # steps between two looks
LEAST, MOST = 1.5, 5.0  # where the search begins, in units of P ln P
ASKED = 1_000  # sums at most that no attempt shows, and each is asked
GRAIN = 2.0  # rows come in so many P ln P: each number of rows is a program of its own
SAME = 17  # the modulus of the placebo
Attempt = tuple[int, float, float, int]  # sums shown, share of the asked and of the shown that is right, steps
State = tuple[float, float, list[Attempt]]  # the interval, in P ln P, and what was tried


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    modulus: int
    width: str  # grows: three neurons for each residue; fixed: 64
    steps: int = STEPS  # the budget of one attempt
    attempts: int = 5  # each halves the interval
    weight_decay: float = 2.0
    lr: float = 0.01
    control: str = "none"  # placebo: the modulus is 17 whatever it says, with sums and a start for each

    @property
    def sizes(self) -> tuple[int, int]:
        """The modulus, and how many hidden neurons there are."""
        modulus = SAME if self.control == "placebo" else self.modulus
        return modulus, 3 * modulus if self.width == "grows" else 64


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    is_within: int  # 1 when one attempt had too few sums and another enough; else there is no critical number
    critical: float | None  # the middle of what is left of the interval, in sums
    share: float | None  # of all P x P
    per_p_ln_p: float | None
    known_below: float | None  # share of the shown sums that is right where they were barely too few
    asked_below: float | None  # and of those that were asked
    steps_above: int | None  # until these were understood, where barely enough were shown
    shown_by_attempt: tuple[int, ...]
    right_by_attempt: tuple[float, ...]  # share of those that were asked, at the end


def run(config: Config, seed: int) -> Measures:
    """One cell. For each prime the seed fixes the order in which sums are shown, and for each width the start."""
    (modulus, hidden), named = config.sizes, config.modulus
    unit = modulus * math.log(modulus)
    table = arithmetic.modular_addition(chance.stream(seed, f"sums of {named}"), modulus=modulus, share=1.0)
    start = arithmetic.quadratic(chance.stream(seed, f"start of {named}"), modulus=modulus, hidden=hidden)
    tested = slice(max(math.ceil(MOST * unit), modulus**2 - ASKED), None)

    def attempt(state: State, number: int) -> State:
        """Half of the interval, and what became of the attempt in its middle."""
        del number
        low, high, tried = state
        middle = math.sqrt(low * high)
        shown = round(middle * unit)
        end, looks = descent.descended(
            start,
            *rows(table, shown, GRAIN * unit),
            objective=arithmetic.squared_error,
            optimizer=ADAMW,
            rates=Rates(lr=config.lr, weight_decay=config.weight_decay),
            steps=config.steps,
            every=EVERY,
            watch=lambda net, _: arithmetic.accuracy(net, table.x_train[tested], table.y_train[tested]),
            is_over=lambda right: right >= arithmetic.MASTERED,
        )
        memorised = arithmetic.accuracy(end, table.x_train[:shown], table.y_train[:shown])
        tried = [*tried, (shown, looks[-1], memorised, min(len(looks) * EVERY, config.steps))]
        return (low, middle, tried) if looks[-1] >= arithmetic.MASTERED else (middle, high, tried)

    _, _, tried = progress.blocks((LEAST, MOST, list[Attempt]()), attempt, config.attempts)
    return _measures(tried, modulus)


def rows(table: data.LearningTask, shown: int, grain: float) -> tuple[data.Floats, data.Labels]:
    """The first sums of the table and, up to a whole grain, empty rows, which have no right answer.

    They teach nothing, but make the gradient of the mean loss shorter, which Adam does not heed.
    """
    empty = math.ceil(math.ceil(shown / grain) * grain) - shown
    x, y = table.x_train[:shown], table.y_train[:shown]
    return np.pad(x, ((0, empty), (0, 0))), np.pad(y, (0, empty), constant_values=-1)


def _measures(tried: list[Attempt], modulus: int) -> Measures:
    below = max((attempt for attempt in tried if attempt[1] < arithmetic.MASTERED), default=None)
    above = min((attempt for attempt in tried if attempt[1] >= arithmetic.MASTERED), default=None)
    critical = math.sqrt(below[0] * above[0]) if below and above else None
    return Measures(
        is_within=int(critical is not None),
        critical=critical,
        share=critical / modulus**2 if critical else None,
        per_p_ln_p=critical / (modulus * math.log(modulus)) if critical else None,
        known_below=below[2] if below else None,
        asked_below=below[1] if below else None,
        steps_above=above[3] if above else None,
        shown_by_attempt=tuple(attempt[0] for attempt in tried),
        right_by_attempt=tuple(attempt[1] for attempt in tried),
    )


def _seconds(config: Config) -> float:
    modulus, hidden = config.sizes
    products = 4e-6 * modulus * math.log(modulus) * hidden * modulus  # of a step, in millions
    return 0.003 + config.attempts * (0.003 + config.steps * (4.5e-6 + 7.8e-5 * products))


SLOPE = partial(Estimand, kind=Kind.SLOPE, across="modulus")  # of logarithms, one value per replicate
EXPECTED = partial(Prediction, because="a pilot of four to eight seeds")
SHORT = partial(grid, Config, width=["grows"], modulus=PRIMES[:2], attempts=[2])

experiment = Experiment(
    name="critical_data_fraction",
    version=2,
    question="How many sums must a network be shown before it understands the rest, and how does that number grow?",
    reference="Power et al. 2022, arXiv:2201.02177; Liu et al. 2022, arXiv:2205.10343; Gromov 2023, arXiv:2301.02679",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, width=["grows", "fixed"], modulus=PRIMES),
        *grid(Config, width=["grows"], modulus=PRIMES[1:2], steps=[250, 1_000, 2_000]),
    ),
    ranges={"modulus": (11, 127), "steps": (25, 20_000), "attempts": (1, 12), "weight_decay": (0.0, 10.0)},
    estimands=(
        SLOPE(
            name="share_falls",
            claim="the larger the modulus, the smaller the share of all sums that a network must be shown "
            "to understand the rest",
            measure="share",
            between=({"width": "grows", "steps": STEPS},),
            expects=Direction.LESS,
            smallest=0.2,
            prediction=EXPECTED(positive=0.01, negative=0.98, absent=0.01, interval=(-0.57, -0.52)),
        ),
        SLOPE(
            name="beyond_p_ln_p",
            claim="with three neurons for each residue, the sums that a network must be shown grow faster "
            "with the modulus P than P ln P",
            measure="per_p_ln_p",
            between=({"width": "grows", "steps": STEPS},),
            smallest=0.05,
            prediction=EXPECTED(positive=0.96, negative=0.01, absent=0.03, interval=(0.14, 0.18)),
            expects=Direction.MORE,
        ),
        SLOPE(
            name="beyond_p_ln_p_at_one_width",
            claim="with 64 neurons, the sums that a network must be shown grow faster with the modulus P than P ln P",
            measure="per_p_ln_p",
            between=({"width": "fixed"},),
            smallest=0.05,
            prediction=EXPECTED(positive=0.9, negative=0.01, absent=0.09, interval=(0.09, 0.14)),
            expects=Direction.MORE,
        ),
        SLOPE(
            name="patience",
            claim="the longer a network is trained, the fewer sums modulo 23 it must be shown to understand the rest",
            measure="critical",
            across="steps",
            between=({"modulus": PRIMES[1], "width": "grows"},),
            expects=Direction.LESS,
            smallest=0.05,
            prediction=EXPECTED(positive=0.01, negative=0.97, absent=0.02, interval=(-0.14, -0.11)),
        ),
    ),
    controls=(Control(estimand="share_falls", placebo=SHORT(control=["placebo"]), planted=SHORT()),),
    figure=Figure(x="modulus", y="critical", log=("x", "y"), title="How many sums are enough", where={"steps": STEPS}),
    setting="networks that learn sums modulo P",
    headlines=(
        Headline(
            says="With networks growing alongside, larger addition tables are completed from smaller shown shares",
            when={"share_falls": Direction.LESS},
        ),
        Headline(
            says="With networks growing alongside, small and large addition tables are completed from similar shares",
            when={"share_falls": Direction.ABSENT},
        ),
        Headline(
            says="With networks growing alongside, larger addition tables are completed only from larger shares",
            when={"share_falls": Direction.MORE},
        ),
        Headline(
            says="Trained longer, networks complete addition tables from fewer shown sums",
            when={"patience": Direction.LESS},
        ),
    ),
    words={
        "share": "the share of all sums needed to understand the rest",
        "critical": "the number of sums needed to understand the rest",
        "per_p_ln_p": "the number of sums needed, over P ln P,",
        "width=grows": "width in proportion to P",
        "width=fixed": "a fixed width",
        "steps": "{value} training steps",
        "attempts": "{value} halvings of the search",
        "modulus": "prime modulus",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
