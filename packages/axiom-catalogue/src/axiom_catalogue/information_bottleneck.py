"""Does a network in training forget its input, once it has learned to tell the classes?

Why it matters: a famous explanation of deep learning says that networks first take in and then forget. If they do not
forget, the explanation falls.

Shwartz-Ziv & Tishby (2017) saw the mutual information of hidden layers and the input rise at first and then fall, and
took the fall, a compression by the noise of small batches, for the reason why networks generalise. Saxe et al. (2018)
saw it with tanh alone, and after full batches, too: saturated neurons share the outermost bins. A network without noise
keeps every input apart, so what is measured is a matter of bins. We train three narrow layers on patterns of
twelve bits, under a linear and a quadratic rule, with tanh and ReLU, and look at all patterns through 10 to 1,000 bins.

We expect what Saxe et al. found: tanh loses a bit and more, mostly in its last layer and from the start on, so that no
rise comes before the fall; ReLU loses nothing; through 1,000 bins nothing is lost; and large batches, which have an
eighth of the variance, lose as much after as many steps.

History: 1, with ReLU, four numbers of bins, two sizes of batches, two rules, and the value before training; the old
laboratory left no numbers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, information, losses, models, training
from axiom.kit.optimizers import Rates

BITS, EXAMPLES, HIDDEN = 12, 3_072, (10, 8, 6)
RULES = {"linear": 1, "quadratic": 2}  # the degree of the form whose size is the class
GAINS = {"tanh": 1.0, "relu": 2.0}  # variance of a weight at the start times the number of inputs of its layer
SMALL, LARGE = 32, 256  # examples in a batch
LOOK = 384  # steps from one look to the next: four epochs of small batches
LOOKS = 20
Looks = list[tuple[models.Array, ...]]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # linear or quadratic
    activation: str  # tanh or relu
    bins: int = 30
    batch: int = SMALL  # a multiple of it
    looks: int = LOOKS
    lr: float = 0.1
    control: str = "none"  # placebo: hardly a step is made; planted: decay pulls all activations into the middle bin


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; a tuple has a value for each layer. Conclusions are estimands, computed by the server."""

    compression: float  # of what a layer tells of the input, in bits: largest less last, mean over hidden layers
    since_start: float  # the same from the value before training
    last_compression: float  # of the last hidden layer alone
    label_bits: float  # what the last hidden layer tells of the label at the end
    train_accuracy: float
    test_accuracy: float
    start_bits: tuple[float, ...]  # what each layer tells of the input before training
    largest_bits: tuple[float, ...]
    end_bits: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes rule, examples, order and the directions of all weights, whatever the activation."""
    rng = chance.stream(seed, "data")
    task = information.rule(rng, bits=BITS, degree=RULES[config.task], train=EXAMPLES)
    architecture = models.Architecture(activation=config.activation)
    start = models.mlp(chance.stream(seed, "start"), (BITS, *HIDDEN, 2), gain=GAINS[config.activation])
    every = epochs(config.batch)
    end, seen = training.trained(
        start,
        task,
        chance.orders(seed, items=EXAMPLES, epochs=config.looks * every),
        watch=information.bare,
        rates=_rates(config),
        batch=config.batch,
        objective=losses.CrossEntropy(architecture=architecture),
        every=every,
    )
    x, y = information.patterns(task)
    looks = [architecture.hidden(net, x) for net in (start, *map(information.dressed, seen))]
    cells = [[information.occupied(binned(config, looks, n, look)) for n in range(len(HIDDEN))] for look in looks]
    bits = np.array([[information.entropy(layer) for layer in look] for look in cells])
    largest = bits.max(axis=0)
    return Measures(
        compression=float((largest - bits[-1]).mean()),
        since_start=float((bits[0] - bits[-1]).mean()),
        last_compression=float(largest[-1] - bits[-1, -1]),
        label_bits=information.of_label(cells[-1][-1], y),
        train_accuracy=training.accuracy(end, task.x_train, task.y_train, architecture),
        test_accuracy=training.accuracy(end, task.x_test, task.y_test, architecture),
        start_bits=tuple(bits[0].tolist()),
        largest_bits=tuple(largest.tolist()),
        end_bits=tuple(bits[-1].tolist()),
    )


def epochs(batch: int) -> int:
    """From one look to the next: so many that batches of every size make as many steps."""
    return batch * LOOK // EXAMPLES


def binned(config: Config, looks: Looks, layer: int, look: tuple[models.Array, ...]) -> information.Ints:
    """The bins of one look at a layer: tanh lies between -1 and 1, ReLU between 0 and its largest of all looks."""
    if config.activation == "tanh":
        return information.even_bins(look[layer], low=-1.0, high=1.0, bins=config.bins)
    high = max(float(np.max(activations[layer])) for activations in looks)
    return information.even_bins(look[layer], low=0.0, high=max(high, 1e-9), bins=config.bins)


def _rates(config: Config) -> Rates:
    if config.control == "placebo":
        return Rates(lr=1e-4 * config.lr)
    return Rates(lr=config.lr, weight_decay=0.03 if config.control == "planted" else 0.0)


def _seconds(config: Config) -> float:
    return 0.008 + config.looks * (0.0036 + LOOK * (1.7e-6 + 7.8e-8 * config.batch))


def _level(
    name: str, claim: str, arm: dict[str, object], prediction: Prediction, measure: str = "compression", **rest: Any
) -> Estimand:
    """In bits; a mean over both rules."""
    return Estimand(
        name=name,
        claim=claim,
        **rest,
        kind=Kind.LEVEL,
        measure=measure,
        between=({"batch": SMALL, "bins": 30} | arm,),
        smallest=0.25,
        in_words="{value} bits",
        bounds=(-12.0, 12.0),
        prediction=prediction,
    )


def _few(control: str) -> tuple[Config, ...]:
    return grid(Config, task=["linear"], activation=["tanh"], looks=[4], control=[control])


experiment = Experiment(
    name="information_bottleneck",
    version=1,
    question="Does a network in training forget its input, once it has learned to tell the classes?",
    reference="Shwartz-Ziv & Tishby 2017, arXiv:1703.00810; Saxe et al. 2018, ICLR",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, task=list(RULES), activation=["tanh"], bins=[10, 30, 100, 1_000]),
        *grid(Config, task=list(RULES), activation=["relu"], bins=[30, 1_000]),
        *grid(Config, task=list(RULES), activation=["tanh"], batch=[LARGE]),
    ),
    ranges={"bins": (2, 100_000), "batch": (SMALL, LARGE), "looks": (1, 500), "lr": (1e-6, 1.0)},
    estimands=(
        _level(
            "tanh_compresses",
            "tanh layers lose information about the input during training, measured through 30 bins",
            {"activation": "tanh"},
            Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(0.95, 1.2), because="a pilot"),
            expects=Direction.MORE,
        ),
        _level(
            "relu_compresses",
            "ReLU layers lose less than a quarter of a bit of information about their input during training, "
            "measured through 30 bins",
            {"activation": "relu"},
            Prediction(positive=0.01, negative=0.01, absent=0.98, interval=(0.005, 0.03), because="a pilot"),
            expects=Direction.ABSENT,
            published=Published(value=0.0, reference="Saxe et al. 2018, ICLR (none with ReLU)"),
        ),
        _level(
            "below_the_start",
            "tanh layers tell less about the input at the end of training than before it, measured through 30 bins",
            {"activation": "tanh"},
            Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(0.95, 1.2), because="a pilot"),
            "since_start",
            expects=Direction.MORE,
        ),
        Estimand(
            name="coarse_minus_fine",
            claim="tanh layers seem to lose more information about the input through 30 bins than through 1,000",
            kind=Kind.CONTRAST,
            measure="compression",
            between=({"activation": "tanh", "batch": SMALL, "bins": 30}, {"activation": "tanh", "bins": 1_000}),
            smallest=0.25,
            in_words="{value} bits",
            bounds=(-12.0, 12.0),
            prediction=Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(0.95, 1.2), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="small_minus_large_batches",
            claim="tanh layers lose as much information about their input in batches of 32 as of 256, within a "
            "quarter of a bit",
            kind=Kind.CONTRAST,
            measure="compression",
            between=({"activation": "tanh", "batch": SMALL, "bins": 30}, {"activation": "tanh", "batch": LARGE}),
            smallest=0.25,
            in_words="{value} bits",
            bounds=(-12.0, 12.0),
            prediction=Prediction(positive=0.02, negative=0.08, absent=0.9, interval=(-0.1, -0.02), because="a pilot"),
            expects=Direction.ABSENT,
        ),
    ),
    controls=(Control(estimand="tanh_compresses", placebo=_few("placebo"), planted=_few("planted")),),
    figure=Figure(
        x="bins", y="compression", log=("x",), title="How much layers seem to forget", where={"batch": SMALL}
    ),
    setting="narrow networks that classify bit patterns",
    headlines=(
        Headline(
            says="Coarsely measured, both kinds of network seem to forget input while learning",
            when={"tanh_compresses": Direction.MORE, "relu_compresses": Direction.MORE},
        ),
        Headline(
            says="Coarse measuring makes the input information that tanh networks lose in training look larger",
            when={"coarse_minus_fine": Direction.MORE},
        ),
        Headline(
            says="Coarsely measured, smooth (tanh) networks seem to forget part of their input while learning",
            when={"tanh_compresses": Direction.MORE},
        ),
        Headline(
            says="Even coarsely measured, tanh networks seem to keep nearly all their input information",
            when={"tanh_compresses": Direction.ABSENT},
        ),
        Headline(
            says="Even coarsely measured, ReLU networks seem to keep nearly all their input information",
            when={"relu_compresses": Direction.ABSENT},
        ),
    ),
    words={
        "compression": "the fall of information about the input from its peak",
        "since_start": "the fall of information about the input since the start",
        "activation=tanh": "tanh units",
        "activation=relu": "ReLU units",
        "bins": "{value} bins",
        "batch": "batch size",
        "looks": "{value} looks at training",
        "lr": "learning rate",
        "task=linear": "a linear rule",
        "task=quadratic": "a quadratic rule",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
