"""Does a network understand in the end what it had by heart, however few the examples and however high the rate?

Why it matters: whoever stops a training too early may miss the moment at which a network understands. This asks whether
patience always pays.

The old laboratory showed networks part of a table of sums modulo a prime. Of P = 97 half of the rest became right after
100,000 epochs, while the weights became shorter; of P = 53, at three times the usual rate, nothing in 300,000, and it
blamed the rate; of P = 23 it showed three tenths and hoped for 50,000 to 150,000. Each time it was one seed.
grokking_dynamics asks how many examples it takes within 10,000 steps. Here one cell, where they are too few by that
measure, gets 100,000 steps; another, where they are enough, gets ten times the rate; a third tells whether weights are
shorter once a network understands than when it knew by heart what it was shown, as theory has it (Liu et al. 2022).

The network is one hidden layer of squares (Gromov 2023), and the optimizer AdamW, whose decay is the rate times the
weight decay: a higher rate also decays faster, so that nothing but its noise may keep a network from understanding.

We expect that patience does not help below the threshold, that ten times the rate still lets a network understand, and
that its weights become longer, since they start short.

History: 1, first version; the old laboratory's network was of ReLU, and how much it showed of P = 53 is not known.
"""

import math
from dataclasses import dataclass
from functools import partial

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import arithmetic, chance, descent, optimizers
from axiom.kit.arithmetic import MASTERED

EVERY = 20  # steps between two looks
LONG = 100_000  # steps


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    modulus: int
    share: float  # of all pairs, that is shown
    lr: float = 0.01
    steps: int = 10_000  # the budget; a cell ends when the rest of the table is known
    hidden: int = 128
    weight_decay: float = 1.0
    is_scrambled: bool = False  # are the sums dealt out at random, so that there is nothing to understand?


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    understood: int  # 1 when 95 % of the sums that were not shown are right within the budget
    steps: int  # done until they were, or the budget
    memorised_at: int | None  # the step at which 95 % of what is shown was right
    test_accuracy: float  # of the sums that were not shown, at the end
    train_accuracy: float
    length_kept: float | None  # of all weights, at the end over when what is shown was right
    test_by_time: tuple[float, ...]  # test accuracy at ten points at most, evenly spaced


def run(config: Config, seed: int) -> Measures:
    """One cell. For each prime the seed fixes which sums are shown first, and the start."""
    task = arithmetic.modular_addition(
        chance.stream(seed, f"pairs of {config.modulus}"),
        modulus=config.modulus,
        share=config.share,
        is_scrambled=config.is_scrambled,
    )
    start = arithmetic.quadratic(chance.stream(seed, "start"), modulus=config.modulus, hidden=config.hidden)

    def watch(net: arithmetic.Quadratic, _loss: float) -> tuple[float, float, float]:
        shown = arithmetic.accuracy(net, task.x_train, task.y_train)
        return shown, arithmetic.accuracy(net, task.x_test, task.y_test), arithmetic.norm(net)

    _, seen = descent.descended(
        start,
        task.x_train,
        task.y_train,
        objective=arithmetic.squared_error,
        optimizer=optimizers.ADAMW,
        rates=optimizers.Rates(lr=config.lr, weight_decay=config.weight_decay),
        steps=config.steps,
        every=EVERY,
        watch=watch,
        is_over=lambda looked: looked[1] >= MASTERED,
    )
    shown, rest, lengths = zip(*seen, strict=True)
    by_heart = next((look for look, share in enumerate(shown) if share >= MASTERED), None)
    return Measures(
        understood=int(rest[-1] >= MASTERED),
        steps=min(EVERY * len(seen), config.steps),
        memorised_at=None if by_heart is None else min(EVERY * (by_heart + 1), config.steps),
        test_accuracy=rest[-1],
        train_accuracy=shown[-1],
        length_kept=None if by_heart is None else lengths[-1] / lengths[by_heart],
        test_by_time=rest[:: math.ceil(len(rest) / 10)],
    )


def _seconds(config: Config) -> float:
    examples, weights = config.share * config.modulus**2, config.hidden * config.modulus
    # How far the examples are above the critical number, in units of P ln P; this and the steps are fitted to a pilot.
    excess = examples / (config.modulus * math.log(config.modulus)) - 3.62
    excess += 0.45 * min(3.0, config.hidden / config.modulus)
    steps = float(config.steps)
    if excess > 0 and config.weight_decay > 0 and not config.is_scrambled:
        steps = min(steps, 73 + 8.86 / (config.lr * config.weight_decay * excess**3.93))
    return 0.003 + steps * (4e-6 + 7e-9 * weights + examples * (8e-10 * config.hidden + 7.5e-11 * weights))


PILOT = partial(Prediction, because="a pilot")
SMALL, MIDDLE, LARGE = ({"modulus": modulus} for modulus in (23, 53, 97))
SHORT = partial(Config, modulus=53, share=0.4, steps=400)

experiment = Experiment(
    name="grokking_patience",
    version=1,
    question="Does a network understand in the end, however few the examples and however high the rate?",
    reference="Power et al. 2022, arXiv:2201.02177; Liu et al. 2022, arXiv:2210.01117; Gromov 2023, arXiv:2301.02679",
    run=run,
    measures=Measures,
    sweep=(
        Config(modulus=23, share=0.3, steps=LONG),
        *grid(Config, modulus=[53], share=[0.25], lr=[0.003, 0.01, 0.03, 0.1]),
        Config(modulus=97, share=0.2),
    ),
    ranges={
        "modulus": (5, 113),
        "share": (0.02, 0.95),
        "lr": (1e-4, 0.3),
        "steps": (20, 200_000),
        "hidden": (8, 512),
        "weight_decay": (0.0, 10.0),
    },
    estimands=(
        Estimand(
            name="enough_in_the_end",
            claim="even after 100,000 steps a network mostly has not understood the sums modulo 23 from three "
            "tenths of them",
            kind=Kind.PROPORTION,
            measure="understood",
            between=(SMALL,),
            null=0.5,
            smallest=0.2,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(0.0, 0.05)),
            expects=Direction.LESS,
        ),
        Estimand(
            name="fast_minus_slow",
            claim="ten times the learning rate changes a network's accuracy on sums modulo 53 that were never "
            "shown by less than ten points",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=(MIDDLE | {"lr": 0.1}, MIDDLE | {"lr": 0.01}),
            expects=Direction.ABSENT,
            smallest=0.1,
            bounds=(-1.0, 1.0),
            prediction=PILOT(positive=0.01, negative=0.01, absent=0.98, interval=(-0.005, 0.015)),
        ),
        Estimand(
            name="understands_the_largest",
            claim="a network that is shown a fifth of the sums modulo 97 knows more than half of the rest in the end",
            kind=Kind.LEVEL,
            measure="test_accuracy",
            between=(LARGE,),
            null=0.5,
            smallest=0.1,
            bounds=(0.0, 1.0),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.952, 0.962)),
            in_words="{percent} %",
            expects=Direction.MORE,
        ),
        Estimand(
            name="lighter",
            claim="weights of a network are longer once it understands the sums modulo 97 than when it only "
            "memorised them",
            kind=Kind.LEVEL,
            measure="length_kept",
            between=(LARGE,),
            null=1.0,
            expects=Direction.MORE,
            smallest=0.05,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(1.37, 1.44)),
        ),
    ),
    controls=(
        Control(  # of sums at random nothing can be understood, at any rate
            estimand="fast_minus_slow",
            placebo=(SHORT(lr=0.1, is_scrambled=True), SHORT(is_scrambled=True)),
            planted=(SHORT(lr=0.1, is_scrambled=True), SHORT()),
        ),
    ),
    figure=Figure(x="lr", y="test_accuracy", log=("x",), title="What a high rate costs", where=MIDDLE),
    setting="networks trained long on a part of all sums",
    headlines=(
        Headline(
            says="Even after long training, most networks do not complete this addition table from 30%",
            when={"enough_in_the_end": Direction.LESS},
        ),
        Headline(
            says="After long training, most networks complete this addition table from 30% of it",
            when={"enough_in_the_end": Direction.MORE},
        ),
        Headline(
            says="After long training, 30 to 70% of networks complete this addition table from 30%",
            when={"enough_in_the_end": Direction.ABSENT},
        ),
        Headline(
            says="Tenfold larger training steps hardly change networks' accuracy on sums never shown",
            when={"fast_minus_slow": Direction.ABSENT},
        ),
        Headline(
            says="From a fifth of a large addition table, networks learn most of the rest",
            when={"understands_the_largest": Direction.MORE},
        ),
    ),
    words={
        "test_accuracy": "accuracy on sums not shown",
        "understood": "understanding of the sums not shown",
        "length_kept": "the length of weights at the end over that once sums were memorised",
        "lr": "learning rate",
        "share": "share of sums shown",
        "steps": "a budget of {value} steps",
        "hidden": "{value} hidden neurons",
        "weight_decay": "weight decay",
        "is_scrambled": "scrambled sums",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
