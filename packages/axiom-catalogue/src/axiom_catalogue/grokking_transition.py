"""How many sums more make a network understand the rest, and does that number grow with the table?

Why it matters: whether understanding comes all at once or by degrees decides whether one can see it coming. On a small
table everything looks gradual; only how the change sharpens with size tells which it is.

Networks that are shown a part of a table of sums modulo a prime P know the rest from some number of sums on (Power et
al. 2022). Rubin et al. (2023) derive that as a transition of first order, Žunkovič & Ilievski (2022) one with critical
exponents in other tasks; Bi et al. (2026) take P for the size of the system, find that a smooth crossover explains
their curves worse, and leave the order open. We halve intervals: of one start and one order of sums, with how many does
a network of squares know a fifth of the rest in the end, and with how many four fifths? Between the two lies the
breadth of the transition. A crossover that is as smooth in every table has a breadth that grows as the critical number
itself, in a pilot as the 1.5th power of P. A transition of first order is blurred by what single sums do, so that its
breadth stays a number of sums; that of a continuous one would lie between.

We expect about twenty sums, and rather fewer in larger tables: there, in some networks, five sums or less should make
all the difference, as in none of P = 17. The rival is the crossover. After a budget of steps nothing is in equilibrium:
four budgets for one prime tell whether the breadth changes with patience, and we expect that it hardly does.

By the pilot, that the part falls takes 8 seeds, whether the breadth does 50 to 200, and patience about 100; a replicate
takes about a minute.

History: 1, first version.
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import arithmetic, chance, data, descent, progress
from axiom.kit.optimizers import ADAMW, Rates

EVERY = 100  # steps between two looks
LEAST, MOST = 1.8, 4.5  # where the search begins, in units of P ln P
ABRUPT = 5  # sums at most
COARSE = 4  # attempts that look for one half; further ones in turn for a fifth and for four fifths
FIFTH, FOUR_FIFTHS = 0.2, 0.8  # of the sums that no attempt shows
ASKED = 1_000  # of these at most
GRAIN = 0.5  # rows come in so many P ln P: each number of rows is a program of its own
SAME, COPIES = 17, 4  # the modulus of controls, and how often what is planted has each sum of a larger one
PRIMES, PATIENT = (17, 23, 31, 41, 53), 4
Attempt = tuple[int, float]  # sums shown, and the share of the asked that is right in the end


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    modulus: int
    patience: int = PATIENT  # the budget of an attempt, in `steps`
    steps: int = 1_000
    attempts: int = 12
    hidden: int = 128
    weight_decay: float = 1.0
    lr: float = 0.01
    control: str = "none"  # placebo: the modulus is 17 whatever it says; planted: and a larger one has each sum 4 times

    @property
    def sizes(self) -> tuple[int, int]:
        """The modulus, and how often each sum stands in the table."""
        if self.control == "none":
            return self.modulus, 1
        return SAME, COPIES if self.control == "planted" and self.modulus > SAME else 1


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    breadth: int | None  # sums between the last with less than a fifth and the first with four fifths; None if not seen
    critical: int | None  # sums from which on half of the rest is right
    part: float | None  # the breadth over the critical number
    is_abrupt: int | None  # 1 when the breadth is five sums or less
    shown_by_attempt: tuple[int, ...]  # in order
    right_by_attempt: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. For each prime the seed fixes the order in which sums are shown, and the start."""
    modulus, copies = config.sizes
    named, unit = f"{config.modulus} {config.control}", copies * modulus * math.log(modulus)
    table = arithmetic.modular_addition(chance.stream(seed, f"sums of {named}"), modulus=modulus, share=1.0)
    x, y = np.repeat(table.x_train, copies, axis=0), np.repeat(table.y_train, copies)
    start = arithmetic.quadratic(chance.stream(seed, f"start of {named}"), modulus=modulus, hidden=config.hidden)
    tested = slice(max(math.ceil(MOST * unit), len(y) - ASKED), None)

    def attempt(tried: list[Attempt], number: int) -> list[Attempt]:
        low, high = bracket(tried, (FIFTH, FOUR_FIFTHS)[number % 2] if number >= COARSE else 0.5)
        shown = round(math.sqrt((low or LEAST * unit) * (high or MOST * unit)))
        if shown in dict(tried):
            return tried
        _, looks = descent.descended(
            start,
            *_padded(x[:shown], y[:shown], GRAIN * unit),
            objective=arithmetic.squared_error,
            optimizer=ADAMW,
            rates=Rates(lr=config.lr, weight_decay=config.weight_decay),
            steps=config.patience * config.steps,
            every=EVERY,
            watch=lambda net, _: arithmetic.accuracy(net, x[tested], y[tested]),
            is_over=lambda right: right >= arithmetic.MASTERED,
        )
        return sorted([*tried, (shown, looks[-1])])

    return _measures(progress.blocks(list[Attempt](), attempt, config.attempts))


def bracket(tried: list[Attempt], share: float) -> tuple[int | None, int | None]:
    """The fewest sums with which at least this share was right, and before it the most with which less was."""
    high = min((shown for shown, right in tried if right >= share), default=None)
    below = [shown for shown, right in tried if right < share and (high is None or shown < high)]
    return max(below, default=None), high


def _padded(x: data.Floats, y: data.Labels, grain: float) -> tuple[data.Floats, data.Labels]:
    """These sums and, up to a whole grain, empty rows, which have no right answer and teach nothing."""
    empty = math.ceil(math.ceil(len(y) / grain) * grain) - len(y)
    return np.pad(x, ((0, empty), (0, 0))), np.pad(y, (0, empty), constant_values=-1)


def _measures(tried: list[Attempt]) -> Measures:
    (last, _), (_, critical), (_, first) = (bracket(tried, share) for share in (FIFTH, 0.5, FOUR_FIFTHS))
    breadth = first - last if first is not None and last is not None else None
    return Measures(
        breadth=breadth,
        critical=critical,
        part=breadth / critical if breadth is not None and critical is not None else None,
        is_abrupt=int(breadth <= ABRUPT) if breadth is not None else None,
        shown_by_attempt=tuple(shown for shown, _ in tried),
        right_by_attempt=tuple(right for _, right in tried),
    )


def _seconds(config: Config) -> float:
    modulus, copies = config.sizes
    products = 4e-6 * copies * modulus * math.log(modulus) * config.hidden * modulus  # of a step, in millions
    return 0.003 + config.attempts * (0.003 + config.patience * config.steps * (1.5e-5 + 7.6e-5 * products))


PILOT = partial(Prediction, because="six to eight seeds of a pilot, other than these")
ALONG = partial(Estimand, kind=Kind.SLOPE, across="modulus", between=({"patience": PATIENT},), smallest=0.2)
SHORT = partial(grid, Config, modulus=[SAME, 41], steps=[250])

experiment = Experiment(
    name="grokking_transition",
    version=1,
    question="How many sums more make a network understand the rest, and does that number grow with the table?",
    reference="Bi et al. 2026, arXiv:2603.24746; Rubin et al. 2023, arXiv:2310.03789; Žunkovič & Ilievski 2022, "
    "arXiv:2210.15435; Power et al. 2022, arXiv:2201.02177; Gromov 2023, arXiv:2301.02679",
    run=run,
    measures=Measures,
    sweep=(*grid(Config, modulus=PRIMES), *grid(Config, modulus=PRIMES[1:2], patience=[1, 2, 8])),
    ranges={
        "modulus": (11, 127),
        "patience": (1, 100),
        "steps": (100, 20_000),
        "attempts": (4, 24),
        "hidden": (16, 512),
        "weight_decay": (0.0, 10.0),
    },
    estimands=(
        ALONG(
            name="sums_fall",
            claim="fewer sums lie between a fifth and four fifths of the rest right in a large table than in a small "
            "one",
            measure="breadth",
            expects=Direction.LESS,
            prediction=PILOT(positive=0.1, negative=0.6, absent=0.3, interval=(-0.7, 0.1)),
        ),
        ALONG(
            name="part_falls",
            claim="the part of the critical number that lies between a fifth and four fifths of the rest right falls "
            "as the modulus grows",
            measure="part",
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-2.3, -1.4)),
        ),
        Estimand(
            name="abrupt_in_large",
            claim="of networks that learn sums modulo 53, more than one in ten needs five sums or less from a fifth "
            "to four fifths of the rest right",
            kind=Kind.PROPORTION,
            measure="is_abrupt",
            between=({"modulus": PRIMES[-1], "patience": PATIENT},),
            null=0.1,
            smallest=0.05,
            expects=Direction.MORE,
            in_words="{percent} %",
            prediction=PILOT(positive=0.75, negative=0.1, absent=0.15, interval=(0.12, 0.45)),
        ),
        Estimand(
            name="abrupt_in_small",
            claim="of networks that learn sums modulo 17, fewer than one in ten needs five sums or less from a fifth "
            "to four fifths of the rest right",
            kind=Kind.PROPORTION,
            measure="is_abrupt",
            between=({"modulus": PRIMES[0], "patience": PATIENT},),
            null=0.1,
            smallest=0.05,
            expects=Direction.LESS,
            in_words="{percent} %",
            prediction=PILOT(positive=0.05, negative=0.85, absent=0.1, interval=(0.0, 0.06)),
        ),
        Estimand(
            name="patience",
            claim="of sums modulo 23, those between a fifth and four fifths of the rest right are as many after 8,000 "
            "steps as after 1,000",
            kind=Kind.SLOPE,
            measure="breadth",
            across="patience",
            between=({"modulus": PRIMES[1]},),
            smallest=0.2,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.02, negative=0.38, absent=0.6, interval=(-0.28, 0.02)),
        ),
    ),
    controls=(
        Control(
            estimand="sums_fall",
            placebo=SHORT(control=["placebo"]),
            planted=SHORT(control=["planted"]),
            side=Direction.MORE,
        ),
    ),
    figure=Figure(
        x="modulus",
        y="breadth",
        log=("x", "y"),
        title="How many sums lie between hardly knowing the rest and nearly knowing it",
        where={"patience": PATIENT},
    ),
    setting="networks of squares that are shown ever more sums",
    headlines=(
        Headline(
            says="In larger addition tables, fewer extra sums turn failure into success on the rest",
            when={"sums_fall": Direction.LESS},
        ),
        Headline(
            says="In small and large addition tables, similarly many extra sums turn failure into success",
            when={"sums_fall": Direction.ABSENT, "part_falls": Direction.LESS},
        ),
        Headline(
            says="In larger addition tables, a smaller fraction of needed sums separates failing from succeeding",
            when={"part_falls": Direction.LESS},
        ),
        Headline(
            says="In small and large tables, similar fractions of needed sums separate failing from succeeding",
            when={"part_falls": Direction.ABSENT},
        ),
        Headline(
            says="In larger addition tables, a larger fraction of needed sums separates failing from succeeding",
            when={"part_falls": Direction.MORE},
        ),
    ),
    words={
        "breadth": "the number of sums between a fifth and four fifths right",
        "critical": "the sums from which on half of the rest is right",
        "part": "the breadth as a part of the critical number",
        "is_abrupt": "five sums or less between a fifth and four fifths right",
        "modulus": "prime modulus",
        "patience": "{value} budgets of steps",
        "steps": "a budget of {value} steps",
        "attempts": "{value} attempts",
        "hidden": "{value} hidden neurons",
        "weight_decay": "weight decay",
        "lr": "learning rate",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
