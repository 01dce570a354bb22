"""In tables as large as the literature's, does understanding come all at once in wide networks, too?

Why it matters: in the theory of wide networks understanding is a phase transition. If it is abrupt in narrow networks
alone, what was seen in small ones does not foretell large ones.

grokking_transition asks with how many sums more of a table modulo a prime P a network of 128 squares passes from a
fifth of the rest right to four fifths, for P from 17 to 53. The literature has P = 97 (Power et al. 2022), Gromov
(2023) 500 neurons, and the theories are of wide networks: Rubin et al. (2023) derive a transition of first order in the
limit of many neurons, Bi et al. (2026) find one and leave its order open. So here the same search goes through P = 53
to 113, with 128 and with 512 neurons, and for P = 97 with a third width and three budgets.

The rivals are powers. If wide networks have the transition of first order, the sums in between are as many for each
width and each P, the 0th power, or get fewer. If understanding is a crossover, they grow as the critical number does:
were that P ln P, as the 1.23th power of P. And if what looks abrupt is a narrow network's lack of room, they grow with
the width.

We expect the last. In a pilot of one seed, 128 neurons took 7, 15 and 15 sums modulo 53, 97 and 113, of 664, 1,570 and
2,050, and 512 neurons 70, at most 85 and at most 134, of 582, 1,500 and 1,940: the last two searches were broken off.
Near the border a wide network's share of right answers often still rose when its budget was over; so we expect more
patience to make its transition narrower, and the critical number to fall.

One seed tells no spread. If it is that of grokking_transition, parts take 8 seeds to be decided, and sums 50 to 200. A
replicate takes about 37 minutes, of which eight budgets at 512 neurons take eleven.

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
PRIMES, WIDTHS, PATIENT = (53, 71, 97, 113), (128, 256, 512), 4
LARGE, (NARROW, _, WIDE) = PRIMES[2], WIDTHS
Attempt = tuple[int, float]  # sums shown, and the share of the asked that is right in the end


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    modulus: int = LARGE
    hidden: int = WIDE
    patience: int = PATIENT  # the budget of an attempt, in `steps`
    steps: int = 1_000
    attempts: int = 12
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


PILOT = partial(Prediction, because="one seed of a pilot, other than these")
NARROWS, WIDES = ({"hidden": hidden, "patience": PATIENT} for hidden in (NARROW, WIDE))
ALONG = partial(Estimand, kind=Kind.SLOPE, smallest=0.2)
SHORT = partial(grid, Config, modulus=[SAME, 41], hidden=[NARROW], steps=[250])

experiment = Experiment(
    name="transition_at_size",
    version=1,
    question="In tables as large as the literature's, does understanding come all at once in wide networks, too?",
    reference="Bi et al. 2026, arXiv:2603.24746; Rubin et al. 2023, arXiv:2310.03789; Žunkovič & Ilievski 2022, "
    "arXiv:2210.15435; Power et al. 2022, arXiv:2201.02177; Gromov 2023, arXiv:2301.02679",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, modulus=PRIMES, hidden=[NARROW, WIDE]),
        Config(hidden=WIDTHS[1]),
        *grid(Config, patience=[2, 8]),
    ),
    ranges={
        "modulus": (11, 127),
        "patience": (1, 100),
        "steps": (100, 20_000),
        "attempts": (4, 24),
        "hidden": (16, 1_024),
        "weight_decay": (0.0, 10.0),
    },
    estimands=(
        ALONG(
            name="blurred_by_width",
            claim="in the table modulo 97 more sums lie between a fifth and four fifths of the rest right for a wide "
            "network than for a narrow one",
            measure="breadth",
            across="hidden",
            between=({"modulus": LARGE, "patience": PATIENT},),
            expects=Direction.MORE,
            prediction=PILOT(positive=0.95, negative=0.01, absent=0.04, interval=(0.7, 1.6)),
        ),
        ALONG(
            name="sums_in_wide",
            claim="for networks of 512 neurons more sums lie between a fifth and four fifths of the rest right in a "
            "large table than in a small one",
            measure="breadth",
            across="modulus",
            between=(WIDES,),
            expects=Direction.MORE,
            prediction=PILOT(positive=0.65, negative=0.07, absent=0.28, interval=(0.0, 1.1)),
        ),
        ALONG(
            name="sums_in_narrow",
            claim="for networks of 128 neurons more sums lie between a fifth and four fifths of the rest right in a "
            "large table than in a small one",
            measure="breadth",
            across="modulus",
            between=(NARROWS,),
            expects=Direction.MORE,
            prediction=PILOT(positive=0.5, negative=0.2, absent=0.3, interval=(-0.3, 1.2)),
        ),
        ALONG(
            name="part_in_wide",
            claim="for networks of 512 neurons the part of the critical number that lies between a fifth and four "
            "fifths of the rest right falls as the modulus grows",
            measure="part",
            across="modulus",
            between=(WIDES,),
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.94, absent=0.05, interval=(-1.5, -0.6)),
        ),
        ALONG(
            name="part_in_narrow",
            claim="for networks of 128 neurons the part of the critical number that lies between a fifth and four "
            "fifths of the rest right falls as the modulus grows",
            measure="part",
            across="modulus",
            between=(NARROWS,),
            expects=Direction.LESS,
            prediction=PILOT(positive=0.05, negative=0.75, absent=0.2, interval=(-1.6, -0.1)),
        ),
        Estimand(
            name="abrupt_in_narrow",
            claim="of networks of 128 neurons that learn sums modulo 113, fewer than one in ten needs five sums or "
            "less from a fifth to four fifths of the rest right",
            kind=Kind.PROPORTION,
            measure="is_abrupt",
            between=(NARROWS | {"modulus": PRIMES[-1]},),
            null=0.1,
            smallest=0.05,
            expects=Direction.LESS,
            in_words="{percent} %",
            prediction=PILOT(positive=0.25, negative=0.5, absent=0.25, interval=(0.0, 0.2)),
        ),
        ALONG(
            name="patience",
            claim="of sums modulo 97, for networks of 512 neurons those between a fifth and four fifths of the rest "
            "right are fewer after 8,000 steps than after 2,000",
            measure="breadth",
            across="patience",
            between=({"modulus": LARGE, "hidden": WIDE},),
            expects=Direction.LESS,
            prediction=PILOT(positive=0.1, negative=0.55, absent=0.35, interval=(-1.2, 0.2)),
        ),
        ALONG(
            name="critical_falls_with_patience",
            claim="the more steps a network of 512 neurons may take, the fewer sums modulo 97 make half of the rest "
            "right",
            measure="critical",
            across="patience",
            between=({"modulus": LARGE, "hidden": WIDE},),
            smallest=0.05,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.94, absent=0.05, interval=(-0.25, -0.1)),
        ),
        ALONG(
            name="critical_above_p_ln_p",
            claim="for networks of 512 neurons the sums that make half of the rest right grow faster with the modulus "
            "P than P ln P, which grows from 53 to 113 as the 1.23th power of P",
            measure="critical",
            across="modulus",
            between=(WIDES,),
            null=1.23,
            smallest=0.1,
            expects=Direction.MORE,
            prediction=PILOT(positive=0.93, negative=0.01, absent=0.06, interval=(1.4, 1.65)),
        ),
    ),
    controls=(
        Control(
            estimand="sums_in_narrow",
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
    setting="networks of squares that are shown ever more sums of large tables",
    headlines=(
        Headline(
            says="In large addition tables, wider networks pass from failure to success more gradually",
            when={"blurred_by_width": Direction.MORE},
        ),
        Headline(
            says="In large addition tables, wider networks pass from failure to success more abruptly",
            when={"blurred_by_width": Direction.LESS},
        ),
        Headline(
            says="In large addition tables, wide and narrow networks pass similarly from failure to success",
            when={"blurred_by_width": Direction.ABSENT},
        ),
        Headline(
            says="In larger addition tables, narrow networks' failure turns into success within relatively fewer sums",
            when={"part_in_narrow": Direction.LESS},
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
