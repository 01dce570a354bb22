"""When does weight decay make a network understand, and how long does it take?

Why it matters: the same network may understand, know by heart, or learn nothing, by two numbers that people set by
feel.

A quadratic network (Gromov 2023) is shown half of the sums modulo 23. It knows them by heart after a few dozen steps;
the other half follows when weight decay has worn away what only memorises. We vary weight decay and learning rate over
a plane, with one pair of sets and one start for all, and tell four phases apart (Liu et al. 2022): comprehension, when
the rest follows soon; grokking, late; memorisation, not within the budget; and confusion, when not even what was shown
is known at the end: Liu's confused networks never learned it, and here strong decay makes them forget it again. A line
of longer runs measures the wait: the steps from knowing what was shown to knowing the rest.

We expect it to grow about as 1 / (weight decay x learning rate), since that is how fast weights shrink, and hardly ever
to end within the budget where nothing decays (Liu, Michaud & Tegmark 2022).

History: 1, the old laboratory had only the idea of a plane. AdamW's b2 is 0.999, as in its paper; others take 0.98.
"""

import math
from dataclasses import dataclass

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import arithmetic, chance
from axiom.kit.optimizers import Rates

MODULUS, SHARE, HIDDEN = 23, 0.5, 64
EVERY = 10  # steps between two looks
PLANE, LINE = 4_000, 20_000  # steps of the two parts of the sweep
CONFUSION, MEMORISATION, GROKKING, COMPREHENSION = range(4)
LATE = 10  # grokking: when understanding takes so many times as long as memorising


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    weight_decay: float
    lr: float = 0.01
    steps: int = PLANE  # the budget; a cell ends when the rest of the table is known
    control: str = "none"  # placebo: a decay of 1 whatever is asked for, on data and from a start of its own


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    phase: int  # 0 confusion, 1 memorisation, 2 grokking, 3 comprehension
    grokked: int  # 1 when 95 % of the sums that were not shown are right within the budget
    grokked_at: int | None  # the step at which they were
    memorised_at: int | None  # the step at which 95 % of what is shown was right
    steps: int  # done: `grokked_at`, or the budget
    wait: int | None  # `steps` after `memorised_at`; one that is too long counts as if it ended with the budget
    test_accuracy: float  # of the sums that were not shown, at the end
    train_accuracy: float
    norm: float  # of all weights, at the end


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes what is shown and the start, for every decay and rate alike."""
    own = f" {config.weight_decay}" if config.control == "placebo" else ""
    task = arithmetic.modular_addition(chance.stream(seed, f"pairs{own}"), modulus=MODULUS, share=SHARE)
    start = arithmetic.quadratic(chance.stream(seed, f"start{own}"), modulus=MODULUS, hidden=HIDDEN)
    rates = Rates(lr=config.lr, weight_decay=_decay(config))

    learned = arithmetic.learned(start, task, rates=rates, steps=config.steps, every=EVERY)
    memorised_at = learned.memorised_at
    return Measures(
        phase=_phase(learned),
        grokked=int(learned.grokked_at is not None),
        grokked_at=learned.grokked_at,
        memorised_at=memorised_at,
        steps=learned.steps,
        wait=learned.steps - memorised_at if memorised_at is not None else None,
        test_accuracy=learned.test[-1],
        train_accuracy=learned.train[-1],
        norm=arithmetic.norm(learned.net),
    )


def _phase(learned: arithmetic.Learned) -> int:
    if learned.grokked_at is not None:
        is_late = learned.memorised_at is not None and learned.grokked_at > LATE * learned.memorised_at
        return GROKKING if is_late else COMPREHENSION
    return MEMORISATION if learned.train[-1] >= arithmetic.MASTERED else CONFUSION


def _decay(config: Config) -> float:
    return 1.0 if config.control == "placebo" else config.weight_decay


def _seconds(config: Config) -> float:
    decay, faster = _decay(config), math.log10(config.lr / 0.01)
    steps = math.inf
    if 0 < decay < 8:
        alike = decay * 10 ** (1.05 * faster + 0.5 * faster**2)  # would take as long at a rate of 0.01
        steps = (80 + 235 * alike**-1.25) * (2 if alike < 0.2 else 1)  # by a pilot; of the longest some never end
    return 6.2e-5 * min(config.steps, steps)


experiment = Experiment(
    name="weight_decay_phase_diagram",
    aliases=("grok_wd", "wd_phase"),
    version=1,
    question="When does weight decay make a network understand, and how long does it take?",
    reference="Liu et al. 2022, arXiv:2205.10343; Liu, Michaud & Tegmark 2022, arXiv:2210.01117",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, lr=[0.003, 0.01, 0.03], weight_decay=[0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]),
        *grid(Config, weight_decay=[0.1, 0.2, 0.4, 0.8, 1.6], steps=[LINE]),
    ),
    ranges={"weight_decay": (0.0, 10.0), "lr": (1e-4, 0.1), "steps": (10, 100_000)},
    estimands=(
        Estimand(
            name="wait_on_decay",
            claim="a quadratic network that has memorised sums modulo 23 understands the rest sooner the "
            "stronger the weight decay is",
            kind=Kind.SLOPE,  # of log wait on log decay
            measure="wait",
            across="weight_decay",
            between=({"steps": LINE},),
            expects=Direction.LESS,
            smallest=0.3,
            prediction=Prediction(
                positive=0.01, negative=0.98, absent=0.01, interval=(-1.28, -1.12), because="eight seeds of a pilot"
            ),
        ),
        Estimand(
            name="steeper_than_inverse",
            claim="the steps from memorising to understanding sums modulo 23 grow faster than in inverse "
            "proportion to the weight decay",
            kind=Kind.SLOPE,
            measure="wait",
            across="weight_decay",
            between=({"steps": LINE},),
            null=-1.0,
            expects=Direction.LESS,
            smallest=0.1,
            prediction=Prediction(
                positive=0.02, negative=0.78, absent=0.20, interval=(-1.28, -1.12), because="six of eight in a pilot"
            ),
            published=Published(
                value=-1.0, reference="Liu, Michaud & Tegmark 2022, arXiv:2210.01117 (time as one over decay)"
            ),
        ),
        Estimand(
            name="no_wait_is_cut_short",
            claim="a network understands sums modulo 23 within 20,000 steps at most weight decays from 0.1 to 1.6",
            kind=Kind.PROPORTION,
            measure="grokked",
            between=({"steps": LINE},),
            null=0.5,
            smallest=0.3,
            prediction=Prediction(
                positive=0.98, negative=0.01, absent=0.01, interval=(0.95, 1.0), because="always in a pilot"
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="wait_on_rate",
            claim="the wait from memorising to understanding sums modulo 23 falls more slowly than in "
            "inverse proportion to the learning rate",
            kind=Kind.SLOPE,
            measure="wait",
            across="lr",
            between=({"weight_decay": 1.0, "steps": PLANE},),
            null=-1.0,
            smallest=0.1,
            prediction=Prediction(
                positive=0.85, negative=0.01, absent=0.14, interval=(-0.88, -0.78), because="eight seeds of a pilot"
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="without_decay",
            claim="without weight decay a network understands sums modulo 23 within 4,000 steps at less "
            "than half of three learning rates",
            kind=Kind.LEVEL,  # the mean over the rates
            measure="grokked",
            between=({"weight_decay": 0.0},),
            null=0.5,
            in_words="{percent} % of learning rates",
            expects=Direction.LESS,
            smallest=0.3,
            bounds=(0.0, 1.0),
            prediction=Prediction(
                positive=0.01, negative=0.97, absent=0.02, interval=(0.0, 0.05), because="1 of 24 cells of a pilot"
            ),
        ),
        Estimand(
            name="too_much_decay",
            claim="a network keeps more of the sums modulo 23 that it was shown under a weight decay of 1 "
            "than under one of 10",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="train_accuracy",
            in_words="{percent} percentage points",
            between=({"weight_decay": 1.0, "lr": 0.01, "steps": PLANE}, {"weight_decay": 10.0, "lr": 0.01}),
            smallest=0.5,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.98, negative=0.01, absent=0.01, interval=(0.90, 0.97), because="weights shrink to nothing"
            ),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="wait_on_decay",
            placebo=tuple(Config(weight_decay=decay, steps=LINE, control="placebo") for decay in (0.4, 0.8, 1.6)),
            planted=tuple(Config(weight_decay=decay, steps=LINE) for decay in (0.4, 0.8, 1.6)),
        ),
    ),
    figure=Figure(x="weight_decay", y="wait", log=("x", "y"), where={"steps": LINE}, title="The wait to understand"),
    setting="networks shown half of all sums",
    headlines=(
        Headline(
            says="Weakening connections (decay) shortens waits between memorising and understanding "
            "sums; too much hinders memorising",
            when={"wait_on_decay": Direction.LESS, "too_much_decay": Direction.MORE},
        ),
        Headline(
            says="Without weakening connections, networks mostly miss the addition rule; stronger weakening shortens "
            "the wait",
            when={"wait_on_decay": Direction.LESS, "without_decay": Direction.LESS},
        ),
        Headline(
            says="The faster connections are weakened in training, the sooner memorised sums are understood",
            when={"wait_on_decay": Direction.LESS},
        ),
        Headline(
            says="The faster connections are weakened in training, the later memorised sums are understood",
            when={"wait_on_decay": Direction.MORE},
        ),
        Headline(
            says="How fast connections are weakened hardly changes how soon understanding follows memorising sums",
            when={"wait_on_decay": Direction.ABSENT},
        ),
    ),
    words={
        "wait": "the wait from memorising to understanding",
        "grokked": "understanding of the sums not shown",
        "train_accuracy": "accuracy on the sums shown",
        "weight_decay": "weight decay",
        "weight_decay=0.0": "no weight decay",
        "lr": "learning rate",
        "steps": "a budget of {value} steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
