"""Does a plain ReLU network understand sums modulo a prime after hundreds of thousands of steps?

Why it matters: understanding that comes long after everything was learned by heart is the strangest thing that training
does. How long one must wait, and whether the weights give a sign, decides whether waiting is a plan.

The old laboratory asked it three times of one hidden layer of ReLU with cross-entropy and weight decay, on part of a
table of sums modulo a prime (Power et al. 2022). Of P = 97, with 128 neurons, it saw half of the rest right after
100,000 epochs, and the weights' length fall from 157 to 138. Of P = 53, at three times the rate, it saw 3 % after
300,000, and blamed the rate. Of P = 23, with 64 neurons, it hoped for 50,000 to 150,000, allowed 500,000, and read no
answer. Here the same networks have the same budgets, and the length of their weights is followed. It showed three
tenths of P = 23; how much it showed of the others, its log does not say, so three tenths are shown of each,
and of P = 53 half as well. The decay of P = 97 is not known either: it is 1, as for P = 53. So the three primes differ
in neurons and steps as well, and what the prime alone does is not asked here. grokking_dynamics and grokking_patience
ask the same of a network of squares, which can represent addition exactly and understands a hundred times sooner.

We expect P = 97 to be understood nearly whole, and its weights to stay about as long as they ever were; P = 53 better
at the high rate than at the usual one, so that the rate is not to blame; and P = 23 never, since three tenths are too
few. Shown half of the sums, P = 53 should be understood at either rate, and sooner at the high one.

History: 1, the old networks, losses, rates and budgets; AdamW's decay, with which weights come near the old lengths.
"""

import math
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import arithmetic, chance, data, descent, losses, models, optimizers
from axiom.kit.arithmetic import MASTERED

EVERY = 200  # steps between two looks
POINTS = 20  # of a curve, at most


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    modulus: int
    share: float  # of all pairs, that is shown
    hidden: int
    lr: float
    steps: int  # the budget; a cell ends when 95 % of the rest are right
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
    longest: float  # the greatest length of all weights together, at any look
    longest_at: int  # and when it was seen
    end_length: float
    length_kept: float  # the second over the first
    test_by_time: tuple[float, ...]  # at twenty points at most, evenly spaced, as lengths are
    length_by_time: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. For each prime the seed fixes which sums are shown first, and the start."""
    task = arithmetic.modular_addition(
        chance.stream(seed, f"pairs of {config.modulus}"),
        modulus=config.modulus,
        share=config.share,
        is_scrambled=config.is_scrambled,
    )
    start = models.mlp(chance.stream(seed, "start"), (2 * config.modulus, config.hidden, config.modulus))

    pairs, test_pairs = (summands(x) for x in (task.x_train, task.x_test))

    def watch(net: models.Net, _loss: float) -> tuple[float, float, float]:
        return _right(net, pairs, task.y_train), _right(net, test_pairs, task.y_test), length(net)

    _, seen = descent.descended(
        start,
        pairs,
        task.y_train,
        objective=entropy,
        optimizer=optimizers.ADAMW,
        rates=optimizers.Rates(lr=config.lr, weight_decay=config.weight_decay),
        steps=config.steps,
        every=EVERY,
        watch=watch,
        is_over=lambda looked: looked[1] >= MASTERED,
    )
    shown, rest, lengths = zip(*seen, strict=True)
    ends = [min(EVERY * (look + 1), config.steps) for look in range(len(seen))]
    apart = math.ceil(len(seen) / POINTS)
    return Measures(
        understood=int(rest[-1] >= MASTERED),
        steps=ends[-1],
        memorised_at=next((end for end, share in zip(ends, shown, strict=True) if share >= MASTERED), None),
        test_accuracy=rest[-1],
        train_accuracy=shown[-1],
        longest=max(lengths),
        longest_at=ends[int(np.argmax(lengths))],
        end_length=lengths[-1],
        length_kept=lengths[-1] / max(lengths),
        test_by_time=rest[::apart],
        length_by_time=lengths[::apart],
    )


def length(net: models.Net) -> float:
    """The Euclidean length of all weights and biases."""
    return float(np.sqrt(sum(np.sum(np.asarray(array, dtype=np.float64) ** 2) for layer in net for array in layer)))


def summands(x: data.Floats) -> data.Labels:
    """Of each row, which is two unit vectors, the places of its two ones."""
    return np.nonzero(x)[1].reshape(-1, 2).astype(np.int32)


def outputs(net: models.Net, pairs: models.Array) -> models.Array:
    """What a ReLU network says of these rows: its first product, by unit vectors, only picks weights out."""
    first, second = net
    above = first.weights[pairs[:, 0]] + first.weights[pairs[:, 1]] + first.biases
    return (above * (above > 0)) @ second.weights + second.biases


def entropy(net: models.Net, pairs: models.Array, y: models.Array) -> jax.Array:
    """The cross-entropy of the sums."""
    return losses.softmax_loss(outputs(net, pairs), y)


def _right(net: models.Net, pairs: data.Labels, y: data.Labels) -> float:
    return float(np.mean(np.argmax(np.asarray(outputs(net, pairs)), axis=1) == y))


def _seconds(config: Config) -> float:
    shown = config.share * config.modulus**2
    steps = float(config.steps)
    if config.share > 0.4 and config.weight_decay > 0 and not config.is_scrambled:
        steps = min(steps, 14 / (config.lr * config.weight_decay))  # of P = 53, as a pilot had it
    return 0.02 + steps * (2e-5 + 5.8e-11 * shown * config.hidden * config.modulus)


LARGE, SMALL = {"modulus": 97}, {"modulus": 23}
FAST, SLOW = ({"modulus": 53, "lr": lr} for lr in (0.003, 0.001))
SHORT = partial(Config, modulus=23, share=0.8, hidden=64, lr=0.01, steps=2_000)
PILOT = partial(Prediction, because="one seed of a pilot")

experiment = Experiment(
    name="grokking_in_relu_networks",
    version=1,
    question="Does a plain ReLU network understand sums modulo a prime after hundreds of thousands of steps?",
    reference="Power et al. 2022, arXiv:2201.02177; Liu et al. 2022, arXiv:2210.01117",
    run=run,
    measures=Measures,
    sweep=(
        Config(modulus=97, share=0.3, hidden=128, lr=0.001, steps=100_000),
        *grid(Config, modulus=[53], share=[0.3, 0.5], hidden=[128], lr=[0.003, 0.001], steps=[300_000]),
        Config(modulus=23, share=0.3, hidden=64, lr=0.001, steps=500_000),
    ),
    ranges={
        "modulus": (5, 113),
        "share": (0.02, 0.95),
        "hidden": (8, 512),
        "lr": (1e-4, 0.1),
        "steps": (200, 500_000),
        "weight_decay": (0.0, 10.0),
    },
    estimands=(
        Estimand(
            name="half_of_the_largest",
            claim="a ReLU network that is shown three tenths of the sums modulo 97 knows more than half of the rest "
            "within 100,000 steps",
            kind=Kind.LEVEL,
            measure="test_accuracy",
            between=(LARGE,),
            null=0.5,
            in_words="{percent} %",
            smallest=0.1,
            bounds=(0.0, 1.0),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.93, 0.96)),
            expects=Direction.MORE,
        ),
        Estimand(
            name="shorter_than_at_most",
            claim="once a ReLU network understands the sums modulo 97, its weights are about as long as they ever were",
            kind=Kind.LEVEL,
            measure="length_kept",
            between=(LARGE,),
            null=0.95,
            in_words="{percent} %",
            expects=Direction.MORE,
            smallest=0.03,
            bounds=(0.0, 1.0),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.985, 1.0)),
        ),
        Estimand(
            name="does_not_understand_at_the_high_rate",
            claim="shown three tenths of the sums modulo 53, a ReLU network at a high rate knows over half of the "
            "rest within 300,000 steps",
            kind=Kind.LEVEL,
            measure="test_accuracy",
            between=(FAST | {"share": 0.3},),
            null=0.5,
            in_words="{percent} %",
            expects=Direction.MORE,
            smallest=0.1,
            bounds=(0.0, 1.0),
            prediction=PILOT(positive=0.85, negative=0.05, absent=0.1, interval=(0.6, 0.95)),
        ),
        Estimand(
            name="high_rate_costs",
            claim="a ReLU network understands more of the sums modulo 53 at a learning rate of 0.003 than of 0.001",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="test_accuracy",
            between=(FAST | {"share": 0.3}, SLOW | {"share": 0.3}),
            in_words="{percent} percentage points",
            expects=Direction.MORE,
            smallest=0.1,
            bounds=(-1.0, 1.0),
            prediction=PILOT(positive=0.85, negative=0.03, absent=0.12, interval=(0.2, 0.65)),
        ),
        Estimand(
            name="high_rate_is_sooner_from_half",
            claim="shown half of the sums modulo 53, a ReLU network understands the rest in fewer steps at a learning "
            "rate of 0.003 than of 0.001",
            kind=Kind.CONTRAST,
            measure="steps",
            between=(FAST | {"share": 0.5}, SLOW | {"share": 0.5}),
            in_words="{value} steps",
            expects=Direction.LESS,
            smallest=1_000.0,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-10_000.0, -5_000.0)),
        ),
        Estimand(
            name="enough_in_the_end",
            claim="three tenths of the sums modulo 23 are too few: even after 500,000 steps a ReLU network knows "
            "less than half of the rest",
            kind=Kind.LEVEL,
            measure="test_accuracy",
            between=(SMALL,),
            null=0.5,
            in_words="{percent} %",
            smallest=0.1,
            bounds=(0.0, 1.0),
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(0.0, 0.02)),
            expects=Direction.LESS,
        ),
    ),
    controls=(
        Control(  # of most of the table, with sums dealt out at random or as they are
            estimand="enough_in_the_end",
            side=Direction.MORE,
            placebo=(SHORT(is_scrambled=True),),
            planted=(SHORT(),),
        ),
    ),
    figure=Figure(x="modulus", y="test_accuracy", title="What is understood of the rest", where={"share": 0.3}),
    setting="ReLU networks trained on sums modulo a prime",
    headlines=(
        Headline(
            says="Shown 30%, networks mostly learn a large sum table; smaller networks fail a smaller",
            when={"half_of_the_largest": Direction.MORE, "enough_in_the_end": Direction.LESS},
        ),
        Headline(
            says="Shown 30% of a big addition table, these networks know most of the rest",
            when={"half_of_the_largest": Direction.MORE},
        ),
        Headline(
            says="Shown 30% of a big addition table, these networks miss most of the rest",
            when={"half_of_the_largest": Direction.LESS},
        ),
        Headline(
            says="Shown 30% of a big addition table, these networks know 40–60% of the rest",
            when={"half_of_the_largest": Direction.ABSENT},
        ),
        Headline(
            says="Tripling the size of training steps raises these networks' accuracy on sums never shown",
            when={"high_rate_costs": Direction.MORE},
        ),
    ),
    words={
        "test_accuracy": "accuracy on sums not shown",
        "length_kept": "length of the weights at the end over their greatest",
        "steps": "the number of steps (until the rest is known)",
        "modulus": "the prime",
        "share": "share of sums shown",
        "lr": "learning rate",
        "hidden": "{value} hidden neurons",
        "weight_decay": "weight decay",
        "share=0.5": "half of the sums shown",
        "share=0.3": "three tenths shown",
        "steps=100000": "a hundred thousand steps",
        "steps=300000": "three hundred thousand steps",
        "steps=500000": "half a million steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
