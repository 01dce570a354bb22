"""How many examples does a network need before it understands instead of memorising?

Why it matters: a network may seem hopeless and understand long afterwards. Knowing how many examples it takes says
whether waiting is worth while.

We show a network part of the table of sums modulo a prime, and ask for the rest (Power et al. 2022). It has one hidden
layer of squares, which can represent addition exactly by waves over the residues (Gromov 2023). It always learns what
it is shown by heart within a few dozen steps; long after, the rest may fall into place. We vary the share that is shown
for three primes, and the width for one. Of one prime, a larger share contains the smaller ones, and all have one start.

We expect a threshold: below a critical share nothing is understood within 10,000 steps, above it everything, and sooner
the more is shown (Liu et al. 2022). What lies just below may need longer still: of P = 23, 64 neurons understand from
0.35 after 11,000 to 18,000 steps, while from 0.30 hardly a sign is seen after 25,000. The larger the prime, the smaller
the critical share: it takes about three to four times P ln P examples. A wider network is sooner near the threshold,
and later far above it. The old laboratory showed 30 % of the sums of P = 23, and blamed the learning rate.

History: 1, quadratic network and squared error instead of the old laboratory's ReLU, which groks more slowly. AdamW's
second moment forgets at 0.999, as in its paper; 0.98 is usual in this literature.
"""

import math
from dataclasses import dataclass

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import arithmetic, chance
from axiom.kit.optimizers import Rates

EVERY = 20  # steps between two looks
SHARES = [0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6]  # each prime has those around its threshold


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    modulus: int
    share: float  # of all pairs, that is shown
    hidden: int = 128
    weight_decay: float = 1.0
    lr: float = 0.01
    steps: int = 10_000  # the budget; a cell ends when the rest of the table is known
    control: str = "none"  # placebo: the sums are dealt out at random, so that there is nothing to understand


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    grokked: int  # 1 when 95 % of the sums that were not shown are right within the budget
    grokked_at: int | None  # the step at which they were
    memorised_at: int | None  # the step at which 95 % of what is shown was right
    steps: int  # done: `grokked_at`, or the budget
    test_accuracy: float  # of the sums that were not shown, at the end
    train_accuracy: float
    concentration: float  # how few frequencies a neuron listens to at the end; 1 = a single one
    concentration_at_start: float  # about 4 / (P + 1), since random weights listen to all alike
    test_by_time: tuple[float, ...]  # test accuracy at ten points at most, evenly spaced


def run(config: Config, seed: int) -> Measures:
    """One cell. For each prime the seed fixes which sums are shown first, and for each width the start as well."""
    task = arithmetic.modular_addition(
        chance.stream(seed, f"pairs of {config.modulus}"),
        modulus=config.modulus,
        share=config.share,
        is_scrambled=config.control == "placebo",
    )
    start = arithmetic.quadratic(chance.stream(seed, "start"), modulus=config.modulus, hidden=config.hidden)
    rates = Rates(lr=config.lr, weight_decay=config.weight_decay)

    learned = arithmetic.learned(start, task, rates=rates, steps=config.steps, every=EVERY)
    return Measures(
        grokked=int(learned.grokked_at is not None),
        grokked_at=learned.grokked_at,
        memorised_at=learned.memorised_at,
        steps=learned.steps,
        test_accuracy=learned.test[-1],
        train_accuracy=learned.train[-1],
        concentration=arithmetic.concentration(learned.net),
        concentration_at_start=arithmetic.concentration(start),
        test_by_time=learned.test[:: math.ceil(len(learned.test) / 10)],
    )


def _seconds(config: Config) -> float:
    modulus, width = config.modulus, config.hidden / config.modulus
    examples = config.share * modulus**2
    # How far the examples are above the critical number, in units of P ln P: fitted, as is all below, to a pilot.
    excess = examples / (modulus * math.log(modulus)) - 3.62 + 0.45 * min(3.0, width)
    steps = float(config.steps)
    if excess > 0 and config.weight_decay > 0 and config.control != "placebo":
        speed = 100 * config.lr * config.weight_decay
        steps = min(steps, 73 + 886 / (speed * excess ** (3.93 - 0.68 * max(0.0, width - 3.0))))
    weights = config.hidden * modulus
    return 0.003 + steps * (4e-6 + 7e-9 * weights + examples * (8e-10 * config.hidden + 7.5e-11 * weights))


def _arm(modulus: int, share: float) -> dict[str, object]:
    return {"modulus": modulus, "hidden": 128, "share": share}


experiment = Experiment(
    name="grokking_dynamics",
    aliases=("grok_frac", "grokking"),
    version=1,
    question="How many examples does a network need before it understands instead of memorising?",
    reference="Power et al. 2022, arXiv:2201.02177; Liu et al. 2022, arXiv:2205.10343; Gromov 2023, arXiv:2301.02679",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, modulus=[23], share=SHARES[1:], hidden=[64, 128]),
        *grid(Config, modulus=[53], share=SHARES[1:7]),
        *grid(Config, modulus=[97], share=SHARES[:6]),
    ),
    ranges={
        "modulus": (5, 113),
        "share": (0.02, 0.95),
        "hidden": (8, 512),
        "weight_decay": (0.0, 10.0),
        "lr": (1e-4, 0.1),
        "steps": (20, 20_000),
    },
    estimands=(
        Estimand(
            name="above_minus_below",
            claim="shown half of the sums modulo 23, a network knows more of the rest within 10,000 steps than if "
            "shown three tenths",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=(_arm(23, 0.5), _arm(23, 0.3)),
            smallest=0.5,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.98, negative=0.01, absent=0.01, interval=(0.89, 0.92), because="eight seeds of a pilot"
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="too_few",
            claim="a network that is shown three tenths of the sums modulo 23 does not understand the "
            "rest within 10,000 steps",
            kind=Kind.PROPORTION,
            measure="grokked",
            between=(_arm(23, 0.3),),
            null=0.5,
            expects=Direction.LESS,
            smallest=0.3,
            prediction=Prediction(
                positive=0.01, negative=0.98, absent=0.01, interval=(0.0, 0.02), because="never in a pilot"
            ),
        ),
        Estimand(
            name="larger_needs_less",
            claim="within 10,000 steps a network that is shown three tenths of the sums understands more "
            "of the rest modulo 97 than modulo 23",
            kind=Kind.CONTRAST,
            measure="test_accuracy",
            in_words="{percent} percentage points",
            between=(_arm(97, 0.3), _arm(23, 0.3)),
            smallest=0.5,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.98, negative=0.01, absent=0.01, interval=(0.93, 0.95), because="0.99 against 0.06"
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="wider_is_sooner",
            claim="of two networks that are shown four tenths of the sums modulo 23, one of 128 neurons "
            "understands the rest sooner than one of 64",
            kind=Kind.CONTRAST,
            measure="steps",
            between=({"modulus": 23, "hidden": 64, "share": 0.4}, _arm(23, 0.4)),
            smallest=1_000.0,
            prediction=Prediction(
                positive=0.97, negative=0.01, absent=0.02, interval=(3_300.0, 4_700.0), because="5,900 against 1,600"
            ),
            in_words="{value} steps",
            expects=Direction.MORE,
        ),
        Estimand(
            name="waves",
            claim="neurons of a network that understands the sums modulo 97 respond to fewer frequencies "
            "than neurons of one that memorises them",
            kind=Kind.CONTRAST,
            measure="concentration",
            between=(_arm(97, 0.25), _arm(97, 0.15)),
            smallest=0.1,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.98,
                negative=0.01,
                absent=0.01,
                interval=(0.48, 0.57),
                because="those that memorise stay at the start's 4/98",
            ),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="above_minus_below",
            placebo=tuple(Config(modulus=23, share=share, steps=300, control="placebo") for share in (0.5, 0.3)),
            planted=tuple(Config(modulus=23, share=share, steps=300, weight_decay=3.0) for share in (0.5, 0.3)),
        ),
    ),
    figure=Figure(x="share", y="test_accuracy", title="How much of the table must be shown", where={"hidden": 128}),
    setting="networks shown a part of all sums",
    headlines=(
        Headline(
            says="From 30% of this small addition table, networks usually fail to learn the rest",
            when={"too_few": Direction.LESS},
        ),
        Headline(
            says="From 30% of this small addition table, networks usually learn the rest",
            when={"too_few": Direction.MORE},
        ),
        Headline(
            says="Shown 30% of this small addition table, 20 to 80% of networks complete it",
            when={"too_few": Direction.ABSENT},
        ),
        Headline(
            says="Half of this addition table teaches networks more of the rest than three tenths",
            when={"above_minus_below": Direction.MORE},
        ),
        Headline(
            says="Shown three tenths, networks complete a large addition table better than a small one",
            when={"larger_needs_less": Direction.MORE},
        ),
    ),
    words={
        "test_accuracy": "accuracy on sums not shown",
        "grokked": "understanding of the sums not shown",
        "steps": "the number of steps until the rest is right",
        "concentration": "a neuron's concentration on few frequencies",
        "hidden": "{value} hidden neurons",
        "share": "share of sums shown",
        "lr": "learning rate",
        "weight_decay": "weight decay",
        "share=0.5": "half of the sums",
        "share=0.4": "four tenths of the sums",
        "share=0.3": "three tenths of the sums",
        "share=0.25": "a quarter of the sums",
        "share=0.15": "fifteen percent of the sums",
        "modulus": "prime modulus",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
