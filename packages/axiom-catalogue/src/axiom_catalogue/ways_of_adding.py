"""Do all networks that understand modular addition add in the same way?

Why it matters: if networks of every kind end with one and the same algorithm, what is read out of one holds for all.
If not, each must be opened by itself.

Networks that learn sums modulo a prime P add by waves over the residues (Nanda et al. 2023), and in more than one way
(Zhong et al. 2023). McCracken et al. (2025) propose one algorithm for all, for which a deep network needs about log P
frequencies. Morwani et al. (2023) prove that a network of squares with the widest margin uses every one of the
(P - 1) / 2. From P = 29 to 59 the number would grow as the 0.27th power of P by the first law, and as its 1.02th by the
second. We train networks of three kinds on four fifths of the table: one hidden layer of squares, one of ReLU, two of
ReLU. Of how many frequencies are their outputs made (the participation number of their power: the number itself where
all carry as much), and how much of them hangs on the sum alone?

We expect the waves to be what is common: a neuron hears hardly more than one frequency. How many there are is not:
squares use all, one layer of ReLU about three fifths of those of P = 59, and two layers 5 to 12 of 29, hardly more than
of P = 29. The rival is one law for all. An exception would be a network of squares that leaves a tenth of the
frequencies out or more, or two layers of ReLU that use half: each such network says that there is yet another way.

That exceptions are rarer than one in a hundred takes 680 networks of a kind without any, or 1,000 with one; the powers
of squares and of one layer of ReLU take 8 seeds by the pilot, those of two layers 20 to 130. A replicate takes about 37
seconds.

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

EVERY = 100  # steps of a block
DEPTHS = {"squares": 1, "relu": 1, "deep": 2}  # hidden layers
MOST, MANY = 0.9, 0.5  # of all frequencies
PRIMES = (29, 41, 59)
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    network: str  # squares or relu, with one hidden layer; deep, with two of ReLU
    modulus: int
    share: float = 0.8  # of all pairs, that is shown
    hidden: int = 128  # neurons of each hidden layer
    weight_decay: float = 1.0
    lr: float = 0.01
    steps: int = 3_000
    control: str = "none"  # placebo: all networks are squares, and their sums are dealt out; planted: only ReLU's are


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    understood: int  # 1 when at least 95 % of the sums that were not shown are right in the end
    test_accuracy: float  # of these
    frequencies: float | None  # that the outputs are made of; None where nothing was understood, as below
    frequency_share: float | None  # of all (P - 1) / 2
    uses_most: int  # 1 when it understood, and uses at least nine tenths of all frequencies
    uses_many: int  # 1 when it understood, and uses at least half
    by_sum: float  # share of the outputs' variance within rows that hangs on the sum alone
    concentration: float  # how few frequencies a neuron of the first layer hears; 1 = a single one


def run(config: Config, seed: int) -> Measures:
    """One cell. For each prime the seed fixes which sums are shown, and for each kind of network the start."""
    network = "squares" if config.control == "placebo" else config.network
    task = arithmetic.modular_addition(
        chance.stream(seed, f"pairs of {config.modulus} {config.control}"),
        modulus=config.modulus,
        share=config.share,
        is_scrambled=config.control == "placebo" or (config.control == "planted" and config.network == "relu"),
    )
    start, objective, answer = _begin(
        config, network, chance.stream(seed, f"start of {config.network} {config.control}")
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
    shown, rest = (np.asarray(answer(end, x), dtype=np.float64) for x in (task.x_train, task.x_test))
    first = end.inner if network == "squares" else end[0].weights
    return _measures(config, task, np.concatenate([shown, rest]), rest, first)


def _begin(config: Config, network: str, rng: np.random.Generator) -> tuple[Any, losses.Objective, Callable[..., Any]]:
    """A start of this kind of network, what it minimises, and what gives its outputs."""
    if network == "squares":
        start = arithmetic.quadratic(rng, modulus=config.modulus, hidden=config.hidden)
        return start, arithmetic.squared_error, arithmetic.outputs
    sizes = (2 * config.modulus, *[config.hidden] * DEPTHS[network], config.modulus)
    return models.mlp(rng, sizes), losses.CROSS_ENTROPY, models.logits


def _measures(config: Config, task: data.LearningTask, outputs: Doubles, rest: Doubles, first: Any) -> Measures:
    accuracy = float(np.mean(rest.argmax(axis=1) == task.y_test))
    summands = np.concatenate([task.x_train, task.x_test]).nonzero()[1].reshape(-1, 2).sum(axis=1)
    by_sum, power = spectrum(outputs, summands % config.modulus)
    frequencies, understood = participation(power), accuracy >= arithmetic.MASTERED
    share = frequencies / len(power)
    return Measures(
        understood=int(understood),
        test_accuracy=accuracy,
        frequencies=frequencies if understood else None,
        frequency_share=share if understood else None,
        uses_most=int(understood and share >= MOST),
        uses_many=int(understood and share >= MANY),
        by_sum=by_sum,
        concentration=arithmetic.concentration(arithmetic.Quadratic(inner=first, outer=first.T)),
    )


def spectrum(outputs: Doubles, sums: npt.NDArray[np.intp]) -> tuple[float, Doubles]:
    """Of all rows of a table: the share of variance that hangs on the sum alone, and its power at each frequency.

    What hangs on the sum alone is the mean output for each distance of a residue from the sum. What all residues of a
    row have in common decides nothing, and is left out.
    """
    modulus = outputs.shape[1]
    own = outputs - outputs.mean(axis=1, keepdims=True)
    beside = np.take_along_axis(own, (sums[:, None] + np.arange(modulus)) % modulus, axis=1)
    typical = beside.mean(axis=0)
    return float((typical**2).mean() / (own**2).mean()), np.abs(np.fft.rfft(typical)[1:]) ** 2


def participation(power: Doubles) -> float:
    """How many frequencies carry the power; their number where all carry as much."""
    return float(power.sum() ** 2 / (power**2).sum())


def _seconds(config: Config) -> float:
    rows, inputs = config.share * config.modulus**2, 3 * config.modulus
    weights = config.hidden * (inputs + config.hidden * (DEPTHS[config.network] - 1))
    return 0.02 + config.steps * (2e-5 + 3.4e-11 * rows * weights)


def _arm(network: str, modulus: int = PRIMES[-1]) -> dict[str, object]:
    return {"network": network, "modulus": modulus}


PILOT = partial(Prediction, because="nine seeds of a pilot, other than these")
GROWS = partial(
    Estimand,
    kind=Kind.SLOPE,
    measure="frequencies",
    across="modulus",
)
WAVES = partial(
    Estimand,
    kind=Kind.LEVEL,
    measure="concentration",
    null=0.5,
    smallest=0.1,
    bounds=(0.0, 1.0),
    expects=Direction.MORE,
)
SMALL = partial(grid, Config, modulus=PRIMES[:1], steps=[500])

experiment = Experiment(
    name="ways_of_adding",
    version=1,
    question="Do all networks that understand modular addition add in the same way?",
    reference="McCracken et al. 2025, arXiv:2505.18266; Morwani et al. 2023, arXiv:2311.07568; Nanda et al. 2023, "
    "arXiv:2301.05217; Zhong et al. 2023, arXiv:2306.17844; Gromov 2023, arXiv:2301.02679",
    run=run,
    measures=Measures,
    sweep=grid(Config, network=list(DEPTHS), modulus=PRIMES),
    ranges={
        "modulus": (5, 113),
        "share": (0.02, 0.95),
        "hidden": (8, 512),
        "weight_decay": (0.0, 10.0),
        "lr": (1e-4, 0.1),
        "steps": (100, 100_000),
    },
    estimands=(
        Estimand(
            name="squares_use_all",
            claim="of networks of squares that are shown four fifths of the sums modulo 59, more than 99 in 100 "
            "understand the rest with at least nine tenths of all frequencies",
            kind=Kind.PROPORTION,
            measure="uses_most",
            between=(_arm("squares"),),
            null=0.99,
            smallest=0.005,
            expects=Direction.MORE,
            in_words="{percent} %",
            prediction=PILOT(positive=0.96, negative=0.01, absent=0.03, interval=(0.995, 1.0)),
        ),
        Estimand(
            name="deep_use_many",
            claim="of networks with two layers of ReLU that are shown four fifths of the sums modulo 59, fewer than "
            "one in 100 understands the rest with half of all frequencies or more",
            kind=Kind.PROPORTION,
            measure="uses_many",
            between=(_arm("deep"),),
            null=0.01,
            smallest=0.005,
            expects=Direction.LESS,
            in_words="{percent} %",
            prediction=PILOT(positive=0.2, negative=0.6, absent=0.2, interval=(0.0, 0.02)),
        ),
        GROWS(
            name="squares_in_proportion",
            claim="the frequencies with which networks of squares add grow in proportion to the modulus",
            between=({"network": "squares"},),
            null=1.0,
            smallest=0.1,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.01, negative=0.01, absent=0.98, interval=(1.0244, 1.0252)),
            published=Published(value=1.02, reference="Morwani et al. 2023, arXiv:2311.07568 (every frequency)"),
        ),
        GROWS(
            name="relu_below_proportion",
            claim="the frequencies with which networks with one layer of ReLU add grow slower than the modulus",
            between=({"network": "relu"},),
            null=1.0,
            smallest=0.2,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(0.42, 0.55)),
        ),
        GROWS(
            name="deep_below_logarithm",
            claim="the frequencies with which networks with two layers of ReLU add grow slower than the logarithm of "
            "the modulus, which grows from 29 to 59 as its 0.27th power",
            between=({"network": "deep"},),
            null=0.27,
            smallest=0.15,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.1, negative=0.6, absent=0.3, interval=(-0.35, 0.2)),
            published=Published(value=0.27, reference="McCracken et al. 2025, arXiv:2505.18266 (as log P)"),
        ),
        Estimand(
            name="squares_by_sum_alone",
            claim="modulo 29, more of what networks of squares say hangs on the sum alone than of what networks with "
            "one layer of ReLU say",
            kind=Kind.CONTRAST,
            measure="by_sum",
            between=(_arm("squares", PRIMES[0]), _arm("relu", PRIMES[0])),
            smallest=0.1,
            bounds=(-1.0, 1.0),
            expects=Direction.MORE,
            in_words="{percent} percentage points",
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.285, 0.31)),
        ),
        WAVES(
            name="waves_of_squares",
            claim="a neuron of a network of squares that has learned sums modulo 59 hears fewer than two frequencies",
            between=(_arm("squares"),),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.965, 0.98)),
        ),
        WAVES(
            name="waves_of_relu",
            claim="a neuron of a network with one layer of ReLU that has learned sums modulo 59 hears fewer than two "
            "frequencies",
            between=(_arm("relu"),),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.835, 0.845)),
        ),
        WAVES(
            name="waves_of_deep",
            claim="a neuron of the first of two layers of ReLU that have learned sums modulo 59 hears fewer than two "
            "frequencies",
            between=(_arm("deep"),),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.755, 0.795)),
        ),
    ),
    controls=(
        Control(
            estimand="squares_by_sum_alone",
            placebo=SMALL(network=["squares", "relu"], control=["placebo"]),
            planted=SMALL(network=["squares", "relu"], control=["planted"]),
        ),
    ),
    figure=Figure(x="modulus", y="frequencies", log=("x", "y"), title="How many frequencies a network adds with"),
    setting="networks that understand sums modulo a prime",
    headlines=(
        Headline(
            says="Adding by waves, square-activation networks use nearly all frequencies, "
            "two-layer ReLU networks under half",
            when={
                "waves_of_squares": Direction.MORE,
                "waves_of_deep": Direction.MORE,
                "squares_use_all": Direction.MORE,
                "deep_use_many": Direction.LESS,
            },
        ),
        Headline(
            says="More than 99 in 100 square-activation networks do modular addition using nearly all frequencies",
            when={"squares_use_all": Direction.MORE},
        ),
        Headline(
            says="More than one in 100 square-activation networks fails modular addition or omits some frequencies",
            when={"squares_use_all": Direction.LESS},
        ),
        Headline(
            says="Square-activation networks adding modulo a number use frequencies roughly in "
            "proportion to that number",
            when={"squares_in_proportion": Direction.ABSENT},
        ),
    ),
    words={
        "understood": "understanding of the sums not shown",
        "test_accuracy": "accuracy on sums not shown",
        "frequencies": "the number of frequencies",
        "frequency_share": "the share of all frequencies",
        "uses_most": "nearly all frequencies in use",
        "uses_many": "at least half of all frequencies in use",
        "by_sum": "the share of the outputs that hangs on the sum alone",
        "concentration": "a neuron's concentration on few frequencies",
        "network": "kind of network",
        "network=squares": "one layer of squares",
        "network=relu": "one layer of ReLU",
        "network=deep": "two layers of ReLU",
        "modulus": "prime modulus",
        "share": "share of sums shown",
        "hidden": "{value} hidden neurons",
        "weight_decay": "weight decay",
        "lr": "learning rate",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=900),
)
