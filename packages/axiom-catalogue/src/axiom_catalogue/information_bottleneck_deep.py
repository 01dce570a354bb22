"""Is it the deepest layers of a network that forget their input?

Why it matters: a famous explanation of deep learning says that deep layers squeeze out what does not matter. One can
look for that, layer by layer.

Of seven layers the old laboratory saw the two deepest compress, which means that the mutual information with the input,
seen through bins, fell after it had risen. What is behind it may be the bins (Saxe et al. 2018), the widths, for deeper
layers were narrower, or what the layers do. So seven layers of tanh or of ReLU that become narrower, and seven of tanh
that do not, learn rules about twelve bits, and we look in three ways: through thirty even bins, in which saturated
neurons meet; through bins of equal shares, for which only order counts, so that saturation is not seen (Chelombiev et
al. 2019); and through Gaussian noise, for which distance counts (Kolchinsky & Tracey 2017).

We expect the two deepest to lose three bits more than the others through even bins, also where widths are even, but the
others to lose a bit, too, so that it is not these two alone; less of a difference through noise, and perhaps one, not
for every seed, where only order counts.

History: 1, with two rules, two shapes, and two further ways to look; the old laboratory had one way and one seed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, information, losses, models, training
from axiom.kit.optimizers import Rates

BITS, EXAMPLES, BATCH = 12, 3_072, 32
SHAPES = {"narrowing": (10, 9, 8, 7, 6, 5, 4), "even": (7,) * 7}  # neurons of the hidden layers
RULES = {"linear": 1, "quadratic": 2}  # the degree of the form whose size is the class
GAINS = {"tanh": 1.0, "relu": 2.0}  # variance of a weight at the start times the number of inputs of its layer
WAYS = ("even_bins", "equal_shares", "noise")
EVEN, SHARES, NOISE = 30, 4, 0.05  # bins, bins, and a deviation in units of a layer's range
ROWS = 512  # patterns that are seen through noise, which compares each with each
DEEPEST, MATTERS = 2, 0.25  # layers; bits that a layer has to lose to count
EVERY = 4  # epochs from one look to the next


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # linear or quadratic
    activation: str  # tanh or relu
    shape: str  # narrowing or even
    way: str  # even_bins, equal_shares or noise
    looks: int = 20
    lr: float = 0.1
    control: str = "none"  # placebo: hardly a step is made; planted: decay, which deep layers feel most


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; a tuple has a value for each layer. Conclusions are estimands, computed by the server."""

    deepest: float  # compression in bits: mean of the two deepest layers
    others: float  # and of the five before them
    excess: float  # of the two deepest over the others
    layers: int  # of the seven, how many compress by what matters
    train_accuracy: float
    test_accuracy: float
    start_bits: tuple[float, ...]  # what each layer tells of the input before training
    lost_bits: tuple[float, ...]  # its compression
    end_bits: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes rule, examples, order and start, whatever the way to look."""
    rng = chance.stream(seed, "data")
    task = information.rule(rng, bits=BITS, degree=RULES[config.task], train=EXAMPLES)
    architecture = models.Architecture(activation=config.activation)
    sizes = (BITS, *SHAPES[config.shape], 2)
    start = models.mlp(chance.stream(seed, "start"), sizes, gain=GAINS[config.activation])
    end, seen = training.trained(
        start,
        task,
        chance.orders(seed, items=EXAMPLES, epochs=config.looks * EVERY),
        watch=information.bare,
        rates=_rates(config),
        batch=BATCH,
        objective=losses.CrossEntropy(architecture=architecture),
        every=EVERY,
    )
    x, _ = information.patterns(task)
    bits = told(config, [architecture.hidden(net, x) for net in (start, *map(information.dressed, seen))])
    gone = lost(bits)
    deepest, others = float(gone[-DEEPEST:].mean()), float(gone[:-DEEPEST].mean())
    return Measures(
        deepest=deepest,
        others=others,
        excess=deepest - others,
        layers=int((gone >= MATTERS).sum()),
        train_accuracy=training.accuracy(end, task.x_train, task.y_train, architecture),
        test_accuracy=training.accuracy(end, task.x_test, task.y_test, architecture),
        start_bits=tuple(bits[0].tolist()),
        lost_bits=tuple(gone.tolist()),
        end_bits=tuple(bits[-1].tolist()),
    )


def lost(bits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The compression of each layer: the largest that it told in any look less what it tells in the last."""
    return np.asarray(bits.max(axis=0) - bits[-1])


def told(config: Config, looks: list[tuple[models.Array, ...]]) -> npt.NDArray[np.float64]:
    """What each layer tells of the input in each look, in bits: a row for each look."""
    highs = [max(1e-9, *(float(np.max(look[layer])) for look in looks)) for layer in range(len(looks[0]))]
    ends = [(-1.0, 1.0) if config.activation == "tanh" else (0.0, high) for high in highs]
    return np.array([[_bits(config, *pair) for pair in zip(look, ends, strict=True)] for look in looks])


def _bits(config: Config, active: models.Array, ends: tuple[float, float]) -> float:
    low, high = ends
    if config.way == "noise":
        return information.through_noise(active[:ROWS], noise=NOISE * (high - low))
    if config.way == "equal_shares":
        return information.entropy(information.occupied(information.equal_shares(active, bins=SHARES)))
    return information.entropy(information.occupied(information.even_bins(active, low=low, high=high, bins=EVEN)))


def _rates(config: Config) -> Rates:
    if config.control == "placebo":
        return Rates(lr=1e-4 * config.lr)
    return Rates(lr=config.lr, weight_decay=0.003 if config.control == "planted" else 0.0)


def _seconds(config: Config) -> float:
    looking = {"even_bins": 0.0046, "equal_shares": 0.0097, "noise": 0.0046}[config.way]
    return 0.009 + config.looks * (looking + 384 * 1.32e-5)


def _level(
    name: str, claim: str, arm: dict[str, object], prediction: Prediction, measure: str = "excess", **rest: Any
) -> Estimand:
    """In bits; a mean over both rules."""
    return Estimand(
        name=name,
        claim=claim,
        **rest,
        kind=Kind.LEVEL,
        measure=measure,
        between=({"activation": "tanh"} | arm,),
        in_words="{value} bits",
        smallest=MATTERS,
        bounds=(-12.0, 12.0),
        prediction=prediction,
    )


def _few(control: str) -> tuple[Config, ...]:
    only = {"task": ["linear"], "activation": ["tanh"], "shape": ["narrowing"], "way": ["even_bins"]}
    return grid(Config, **only, looks=[3], control=[control])


experiment = Experiment(
    name="information_bottleneck_deep",
    aliases=("info_bottleneck_deep",),
    version=1,
    question="Is it the deepest layers of a network that forget their input?",
    reference="Saxe et al. 2018, ICLR; Chelombiev et al. 2019, arXiv:1902.09037",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, task=list(RULES), activation=["tanh"], shape=list(SHAPES), way=list(WAYS)),
        *grid(Config, task=list(RULES), activation=["relu"], shape=["narrowing"], way=list(WAYS)),
    ),
    ranges={"looks": (1, 500), "lr": (1e-6, 1.0)},
    estimands=(
        _level(
            "deepest_minus_others",
            "the two deepest of seven tanh layers show more compression (loss of information about the input) than "
            "the other five, measured through 30 bins",
            {"shape": "narrowing", "way": "even_bins"},
            Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(2.8, 4.0), because="a pilot"),
            expects=Direction.MORE,
        ),
        _level(
            "others_compress",
            "the first five of seven tanh layers lose information about the input during training, measured through "
            "30 bins",
            {"shape": "narrowing", "way": "even_bins"},
            Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(1.0, 1.4), because="a pilot"),
            "others",
            expects=Direction.MORE,
        ),
        _level(
            "deepest_minus_others_at_even_widths",
            "in seven tanh layers of equal width, the two deepest lose more information about the input than the "
            "other five, measured through 30 bins",
            {"shape": "even", "way": "even_bins"},
            Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(2.5, 3.3), because="a pilot"),
            expects=Direction.MORE,
        ),
        _level(
            "deepest_minus_others_by_shares",
            "measured through bins that hold equally many values, the two deepest of seven tanh layers lose more "
            "information about the input than the others",
            {"shape": "narrowing", "way": "equal_shares"},
            Prediction(positive=0.6, negative=0.1, absent=0.3, interval=(0.0, 0.75), because="a pilot"),
            expects=Direction.MORE,
        ),
        _level(
            "deepest_minus_others_through_noise",
            "measured through Gaussian noise, the two deepest of seven tanh layers lose more information about the "
            "input during training than the other five",
            {"shape": "narrowing", "way": "noise"},
            Prediction(positive=0.95, negative=0.01, absent=0.04, interval=(0.5, 0.8), because="a pilot"),
            expects=Direction.MORE,
        ),
    ),
    controls=(Control(estimand="deepest_minus_others", placebo=_few("placebo"), planted=_few("planted")),),
    figure=Figure(x="shape", y="excess", title="By how much the two deepest layers forget more"),
    setting="seven-layer networks on bit patterns",
    headlines=(
        Headline(
            says="Learning, tanh networks' last layers seem to lose more input information than earlier layers",
            when={
                "deepest_minus_others": Direction.MORE,
                "deepest_minus_others_by_shares": Direction.MORE,
                "deepest_minus_others_through_noise": Direction.MORE,
            },
        ),
        Headline(
            says="Coarsely measured, these networks' last layers forget more of the input than earlier ones",
            when={"deepest_minus_others": Direction.MORE},
        ),
        Headline(
            says="Coarsely measured, these networks' last layers forget less of the input than earlier ones",
            when={"deepest_minus_others": Direction.LESS},
        ),
        Headline(
            says="Coarsely measured, early and late layers forget similarly much of the input while learning",
            when={"deepest_minus_others": Direction.ABSENT, "others_compress": Direction.MORE},
        ),
        Headline(
            says="Coarsely measured, the first five layers forget part of the input while learning",
            when={"others_compress": Direction.MORE},
        ),
    ),
    words={
        "excess": "the fall of input information from its peak (two deepest layers minus others)",
        "others": "the fall of input information from its peak in the first five layers",
        "activation=relu": "ReLU units",
        "activation=tanh": "tanh units",
        "shape=narrowing": "narrowing layers",
        "shape=even": "layers of equal width",
        "way=even_bins": "measurement by even bins",
        "way=equal_shares": "measurement by equally full bins",
        "way=noise": "measurement by noise",
        "looks": "{value} looks at training",
        "lr": "learning rate",
        "task=linear": "a linear rule",
        "task=quadratic": "a quadratic rule",
        "shape": "layer widths",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
