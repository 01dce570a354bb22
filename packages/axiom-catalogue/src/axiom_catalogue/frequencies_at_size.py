"""Does each neuron draw its frequency by lot, or does a network choose a few frequencies for all?

Why it matters: if neurons draw by lot, a wider network holds more of the same, and a small one is a sample of it. If a
network settles on a few frequencies, it has chosen, and what it chose can be read out of it whole.

Networks that learn sums modulo a prime P add by waves over the residues, of (P - 1) / 2 frequencies. ways_of_adding
counts them up to P = 59 with 128 neurons; here are the sizes of the literature, P = 113 (Nanda et al. 2023) and 512
neurons (500 in Gromov 2023). He et al. (2026) prove of one layer that frequencies compete within each neuron alone, and
that the start decides. Then neurons are dealt among frequencies as by lot, and outputs, in which a wave is as high as
its neurons are many, are made of 24, 32 and 40 frequencies of 56 for 128, 256 and 512 neurons: the 0.36th power of the
width, and the 0.84th of P from 29 to 113. The rivals: where two layers need about log P frequencies (McCracken et al.
2025), it is the 0th power of the width and the 0.25th of P; by the widest margin (Morwani et al. 2023) all are used,
the 0th and the 1.01th. Nanda's transformer saw three tenths of the sums, knew them by heart first, and used five
frequencies; so each kind of network is also shown three tenths.

We expect one layer to draw by lot, early or late, and two layers to choose, three even more: their neurons should be
dealt among a third to a half of the frequencies of a lot. That two layers choose as many whatever their width we do not
expect.

A pilot had one seed of a kind: one layer of ReLU added with 20, 31 and 37 frequencies at 128, 256 and 512 neurons, and
with 14, 25 and 37 of P = 29, 59 and 113; two layers with 10, 10 and 16 at 128, 256 and 512, and with 6, 6 and 16; three
layers with 5 after 500 steps; shown three tenths, one layer with 39 and two with 11. All understood, squares within 500
steps. Of P = 59, three seeds of two layers had 6, 9 and 11. If spreads are those of ways_of_adding, what is said of one
layer takes 8 to 16 seeds, and of two layers 20 to 130. A replicate takes about 17 minutes.

History: 1, first version.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import arithmetic, chance, data, descent, losses, models
from axiom.kit.optimizers import ADAMW, Rates

EVERY = 50  # steps of a block
LAYERS = {"squares": 1, "relu": 1, "deep": 2, "deeper": 3}  # hidden ones
MOST = 0.9  # of all frequencies
LIVING = 0.1  # of the longest neuron's length, from which on a neuron counts
LARGE, WIDE = 113, 512  # prime and neurons of a layer, as the literature has them
PRIMES, WIDTHS = (29, 41, 59, 83, LARGE), (128, 256, WIDE)
MUCH, LITTLE = 0.8, 0.3  # of all pairs, that is shown
LONG = 3_000  # steps, of which little shown takes more
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    network: str  # squares or relu, with one hidden layer; deep and deeper, with two and three of ReLU
    modulus: int = LARGE
    hidden: int = WIDE  # neurons of each hidden layer
    share: float = MUCH  # of all pairs, that is shown
    steps: int = 1_000
    weight_decay: float = 1.0
    lr: float = 0.01
    control: str = "none"  # placebo: all networks are relu, of the same width; planted: deep ones have four neurons


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    understood: int  # 1 when at least 95 % of the sums that were not shown are right in the end
    test_accuracy: float  # of these
    frequencies: float | None  # that the outputs are made of; None where nothing was understood
    uses_most: int  # 1 when it understood, and uses at least nine tenths of all (P - 1) / 2
    heard: float  # frequencies among which the neurons of the first layer are dealt, each by the one it hears best
    evenness: float  # over how many there would be if each had drawn its own by lot
    concentration: float  # how few frequencies a neuron of the first layer hears; 1 = a single one


def run(config: Config, seed: int) -> Measures:
    """One cell. For each prime the seed fixes which sums are shown, and for each kind of network the start."""
    network, hidden = config.network, config.hidden
    if config.control == "placebo":
        network = "relu"
    if config.control == "planted" and network == "deep":
        hidden = 4
    task = arithmetic.modular_addition(
        chance.stream(seed, f"pairs of {config.modulus} {config.control}"), modulus=config.modulus, share=config.share
    )
    start, objective, answer = _begin(
        network, config.modulus, hidden, chance.stream(seed, f"start of {config.network} {config.control}")
    )
    end, _ = descent.descended(
        start,
        task.x_train,
        task.y_train,
        objective=objective,
        optimizer=ADAMW,
        rates=Rates(lr=config.lr, weight_decay=config.weight_decay),
        steps=config.steps,
        every=EVERY,
        watch=lambda _net, loss: loss,
    )
    outputs = np.concatenate([np.asarray(answer(end, x), dtype=np.float64) for x in (task.x_train, task.x_test)])
    return _measures(task, outputs, np.asarray(end.inner if network == "squares" else end[0].weights))


def _begin(
    network: str, modulus: int, hidden: int, rng: np.random.Generator
) -> tuple[Any, losses.Objective, Callable[..., Any]]:
    """A start of this kind of network, what it minimises, and what gives its outputs."""
    if network == "squares":
        start = arithmetic.quadratic(rng, modulus=modulus, hidden=hidden)
        return start, arithmetic.squared_error, arithmetic.outputs
    sizes = (2 * modulus, *[hidden] * LAYERS[network], modulus)
    return models.mlp(rng, sizes), losses.CROSS_ENTROPY, models.logits


def _measures(task: data.LearningTask, outputs: Doubles, first: Any) -> Measures:
    rows, modulus = outputs.shape
    accuracy = float(np.mean(outputs[rows - len(task.y_test) :].argmax(axis=1) == task.y_test))
    summands = np.concatenate([task.x_train, task.x_test]).nonzero()[1].reshape(-1, 2).sum(axis=1)
    frequencies, understood = participation(spectrum(outputs, summands % modulus)), accuracy >= arithmetic.MASTERED
    heard, evenness = dealt(first)
    return Measures(
        understood=int(understood),
        test_accuracy=accuracy,
        frequencies=frequencies if understood else None,
        uses_most=int(understood and frequencies >= MOST * (modulus // 2)),
        heard=heard,
        evenness=evenness,
        concentration=arithmetic.concentration(arithmetic.Quadratic(inner=first, outer=first.T)),
    )


def spectrum(outputs: Doubles, sums: npt.NDArray[np.intp]) -> Doubles:
    """Of all rows of a table: the power at each frequency of the mean output for each distance from the sum."""
    places = (sums[:, None] + np.arange(outputs.shape[1])) % outputs.shape[1]
    return np.abs(np.fft.rfft(np.take_along_axis(outputs, places, axis=1).mean(axis=0))[1:]) ** 2


def participation(power: Doubles) -> float:
    """How many frequencies carry the power; their number where all carry as much."""
    return float(power.sum() ** 2 / (power**2).sum())


def dealt(first: npt.NDArray[Any]) -> tuple[float, float]:
    """Among how many frequencies neurons are dealt, and that over what it would be by lot.

    Of n neurons and F frequencies a lot deals two to one frequency with the chance 1 / F, so that the expected number
    is n / (1 + (n - 1) / F).
    """
    halves = first.astype(np.float64).reshape(2, len(first) // 2, -1)
    power = (np.abs(np.fft.rfft(halves, axis=1)[:, 1:]) ** 2).sum(axis=0)
    lengths = np.sqrt(power.sum(axis=0))
    best = power.argmax(axis=0)[lengths >= LIVING * lengths.max()]
    heard = participation(np.bincount(best, minlength=len(power)).astype(np.float64))
    return heard, heard * (1.0 + (len(best) - 1) / len(power)) / len(best)


def _seconds(config: Config) -> float:
    rows, inputs = config.share * config.modulus**2, 3 * config.modulus
    weights = config.hidden * (inputs + config.hidden * (LAYERS[config.network] - 1))
    return 0.02 + config.steps * (2e-5 + 3.4e-11 * rows * weights)


def _arm(network: str, **other: object) -> dict[str, object]:
    """The levels that tell such a network at the literature's size; None leaves one open."""
    levels = {"network": network, "modulus": LARGE, "hidden": WIDE, "share": MUCH} | other
    return {factor: level for factor, level in levels.items() if level is not None}


PILOT = partial(Prediction, because="one seed of a pilot, other than these")
LOT = partial(Estimand, kind=Kind.LEVEL, measure="evenness", smallest=0.1, in_words="{percent} %")
WAVES = partial(
    Estimand,
    kind=Kind.LEVEL,
    measure="concentration",
    null=0.5,
    smallest=0.1,
    bounds=(0.0, 1.0),
    expects=Direction.MORE,
)
BY_WIDTH = partial(
    Estimand,
    kind=Kind.SLOPE,
    measure="frequencies",
    across="hidden",
    smallest=0.1,
    in_words="a number as the {value}th power of the width",
    expects=Direction.MORE,
)
BY_PRIME = partial(
    Estimand,
    kind=Kind.SLOPE,
    measure="frequencies",
    across="modulus",
    in_words="a number as the {value}th power of P",
)
FEWER = partial(Estimand, kind=Kind.CONTRAST, measure="frequencies", smallest=3.0)
SMALL = partial(grid, Config, network=["relu", "deep"], modulus=PRIMES[:1], steps=[50])

experiment = Experiment(
    name="frequencies_at_size",
    version=1,
    question="Does each neuron draw its frequency by lot, or does a network choose a few for all?",
    reference="He et al. 2026, arXiv:2602.16849; McCracken et al. 2025, arXiv:2505.18266; Morwani et al. 2023, "
    "arXiv:2311.07568; Nanda et al. 2023, arXiv:2301.05217; Gromov 2023, arXiv:2301.02679",
    run=run,
    measures=Measures,
    sweep=(
        Config(network="squares", steps=500),
        Config(network="deeper"),
        *grid(Config, network=["relu", "deep"], modulus=PRIMES[:-1]),
        *grid(Config, network=["relu", "deep"], hidden=WIDTHS),
        *grid(Config, network=["relu", "deep"], share=[LITTLE], steps=[LONG]),
    ),
    ranges={
        "modulus": (5, 127),
        "hidden": (8, 1_024),
        "share": (0.02, 0.95),
        "steps": (100, 100_000),
        "weight_decay": (0.0, 10.0),
        "lr": (1e-4, 0.1),
    },
    estimands=(
        Estimand(
            name="squares_use_all",
            claim="of networks of 512 squares that are shown four fifths of the sums modulo 113, more than nine in ten "
            "understand the rest with at least nine tenths of all frequencies",
            kind=Kind.PROPORTION,
            measure="uses_most",
            between=({"network": "squares"},),
            null=0.9,
            smallest=0.05,
            expects=Direction.MORE,
            in_words="{percent} %",
            prediction=PILOT(positive=0.95, negative=0.02, absent=0.03, interval=(0.97, 1.0)),
            published=Published(value=1.0, reference="Morwani et al. 2023, arXiv:2311.07568 (every frequency)"),
        ),
        LOT(
            name="relu_by_lot",
            claim="neurons of one layer of ReLU that has learned sums modulo 113 are dealt among as many frequencies "
            "as if each had drawn its own by lot",
            between=(_arm("relu"),),
            null=1.0,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.05, negative=0.1, absent=0.85, interval=(0.95, 1.04)),
        ),
        LOT(
            name="relu_by_lot_late",
            claim="neurons of one layer of ReLU that learned sums modulo 113 by heart before it understood are dealt "
            "among as many frequencies as if each had drawn its own by lot",
            between=(_arm("relu", share=LITTLE),),
            null=1.0,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.05, negative=0.1, absent=0.85, interval=(0.96, 1.05)),
        ),
        LOT(
            name="deep_below_lot",
            claim="neurons of the first of two layers of ReLU that have learned sums modulo 113 are dealt among fewer "
            "than three quarters of the frequencies of a lot",
            between=(_arm("deep"),),
            null=0.75,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.03, negative=0.9, absent=0.07, interval=(0.3, 0.55)),
        ),
        Estimand(
            name="one_layer_hears_more",
            claim="512 neurons of one layer of ReLU that has learned sums modulo 29 are dealt among more frequencies "
            "than those of the first of two",
            kind=Kind.CONTRAST,
            measure="heard",
            between=tuple({"network": network, "modulus": PRIMES[0]} for network in ("relu", "deep")),
            smallest=1.0,
            expects=Direction.MORE,
            prediction=PILOT(positive=0.93, negative=0.01, absent=0.06, interval=(2.0, 5.5)),
        ),
        FEWER(
            name="fewer_in_third",
            claim="three layers of ReLU add with fewer frequencies modulo 113 than two",
            between=(_arm("deeper"), _arm("deep")),
            expects=Direction.LESS,
            prediction=PILOT(positive=0.02, negative=0.9, absent=0.08, interval=(-13.0, -3.0)),
        ),
        BY_WIDTH(
            name="relu_by_width",
            claim="the wider one layer of ReLU, the more frequencies it adds with modulo 113",
            between=(_arm("relu", hidden=None),),
            prediction=PILOT(positive=0.96, negative=0.01, absent=0.03, interval=(0.38, 0.5)),
        ),
        BY_WIDTH(
            name="deep_by_width",
            claim="the wider two layers of ReLU, the more frequencies they add with modulo 113",
            between=(_arm("deep", hidden=None),),
            prediction=PILOT(positive=0.75, negative=0.05, absent=0.2, interval=(0.1, 0.5)),
        ),
        BY_PRIME(
            name="relu_below_proportion",
            claim="the frequencies with which 512 neurons of ReLU in one layer add grow slower than the modulus",
            between=(_arm("relu", modulus=None),),
            null=1.0,
            smallest=0.2,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.9, absent=0.09, interval=(0.65, 0.8)),
        ),
        BY_PRIME(
            name="deep_above_logarithm",
            claim="the frequencies with which two layers of 512 neurons of ReLU add grow faster than the logarithm of "
            "the modulus, which grows from 29 to 113 as its 0.25th power",
            between=(_arm("deep", modulus=None),),
            null=0.25,
            smallest=0.15,
            expects=Direction.MORE,
            prediction=PILOT(positive=0.8, negative=0.03, absent=0.17, interval=(0.35, 0.9)),
            published=Published(value=0.25, reference="McCracken et al. 2025, arXiv:2505.18266 (as log P)"),
        ),
        FEWER(
            name="relu_shown_less",
            claim="one layer of ReLU that is shown three tenths of the sums modulo 113 for 3,000 steps adds with as "
            "many frequencies as one that is shown four fifths for 1,000",
            between=(_arm("relu", share=LITTLE), _arm("relu")),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.35, negative=0.15, absent=0.5, interval=(-1.5, 5.0)),
        ),
        FEWER(
            name="deep_shown_less",
            claim="two layers of ReLU that are shown three tenths of the sums modulo 113 for 3,000 steps add with "
            "fewer frequencies than those that are shown four fifths for 1,000",
            between=(_arm("deep", share=LITTLE), _arm("deep")),
            expects=Direction.LESS,
            prediction=PILOT(positive=0.1, negative=0.6, absent=0.3, interval=(-9.0, 1.0)),
        ),
        WAVES(
            name="waves_of_relu",
            claim="a neuron of one layer of ReLU that has learned sums modulo 113 hears fewer than two frequencies",
            between=(_arm("relu"),),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.77, 0.81)),
        ),
        WAVES(
            name="waves_of_deep",
            claim="a neuron of the first of two layers of ReLU that have learned sums modulo 113 hears fewer than two "
            "frequencies",
            between=(_arm("deep"),),
            smallest=0.02,
            prediction=PILOT(positive=0.7, negative=0.15, absent=0.15, interval=(0.5, 0.62)),
        ),
    ),
    controls=(
        Control(
            estimand="one_layer_hears_more",
            placebo=SMALL(control=["placebo"]),
            planted=SMALL(control=["planted"]),
        ),
    ),
    figure=Figure(
        x="hidden",
        y="frequencies",
        log=("x", "y"),
        title="How many frequencies a network of this width adds with",
        where={"modulus": LARGE, "share": MUCH},
    ),
    setting="wide networks that add modulo large primes",
    headlines=(
        Headline(
            says="One layer's neurons share about as many waves as random draws; two layers', fewer",
            when={"relu_by_lot": Direction.ABSENT, "deep_below_lot": Direction.LESS},
        ),
        Headline(
            says="One layer's neurons share as many waves as random draws give, within a tenth",
            when={"relu_by_lot": Direction.ABSENT},
        ),
        Headline(
            says="One layer's neurons share fewer waves than drawing lots would give",
            when={"relu_by_lot": Direction.LESS},
        ),
        Headline(
            says="One layer's neurons share more waves than drawing lots would give",
            when={"relu_by_lot": Direction.MORE},
        ),
        Headline(
            says="The wider a network with two hidden layers, the more waves it adds with",
            when={"deep_by_width": Direction.MORE},
        ),
    ),
    words={
        "understood": "understanding of the sums not shown",
        "test_accuracy": "accuracy on sums not shown",
        "frequencies": "the number of frequencies",
        "uses_most": "nearly all frequencies in use",
        "heard": "the number of frequencies that neurons share among them",
        "evenness": "the number of frequencies that neurons share among them, beside a lot's",
        "concentration": "a neuron's concentration on few frequencies",
        "network": "kind of network",
        "network=squares": "one layer of squares",
        "network=relu": "one layer of ReLU",
        "network=deep": "two layers of ReLU",
        "network=deeper": "three layers of ReLU",
        "modulus": "prime modulus",
        "hidden": "{value} neurons in a layer",
        "share": "share of sums shown",
        "share=0.3": "three tenths of the sums shown",
        "share=0.8": "four fifths of the sums shown",
        "weight_decay": "weight decay",
        "lr": "learning rate",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=900),
)
