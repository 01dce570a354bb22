"""Why does recalling what followed a word need two layers of attention?

Why it matters: that large language models learn from examples in their prompt is laid to such pairs of layers. Who
knows what they are needed for can build smaller ones.

A transformer that was shown "cat Tom dog Rex" and then "dog" should say "Rex". Olsson et al. 2022 found that language
models do so by two layers: the first tells each word what stands beside it, the second looks for the word that was
asked. One layer cannot, whatever its size (Sanford et al. 2024): it finds the dog, but not what is beside it. If that
is the reason, then one layer must do where name and value come as one token, and two layers must fail where nobody says
which tokens stand side by side. The rival: two layers only have more weights, so one layer is given twice the width,
and so more weights than the two have. Sequences have three names, three values and a question.

We expect that one layer, of whatever width, guesses among the values that it saw, that two layers learn it all, and
that without places they guess, too.

History: 2, as 1 with seeds that no pilot has seen; 1, a pilot, which began with four names and batches of 64.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import attention, chance, data, losses, models, optimizers, training

PAIRS, NAMES, VALUES = 3, 6, 6
TRAIN, TEST, BATCH = 6_400, 1_000, 32


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    layers: int  # of attention
    tokens: str  # apart: a name, its value, the next name …; joined: a name and its value are one token
    places: str  # told, or hidden: no token says where it stands
    width: int = 32
    steps: int = 2_400
    lr: float = 0.005  # of Adam
    answers: str = "true"  # or, for controls: random, which nothing tells


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_accuracy: float  # on sequences that were not shown
    train_loss: float
    weights: int
    accuracy_by_snapshot: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Recall:
    """Layers of attention one above the other, each of which adds to what it received; the last token is read.

    The first layer of weights embeds tokens, the last reads; between them each layer of attention has three.
    """

    tokens: int

    def hidden(self, net: models.Net, x: models.Array) -> tuple[models.Array, ...]:
        """The last token above each layer of attention."""
        above = models.affine(net[0], x.reshape(len(x), self.tokens, -1))
        seen = []
        for place in range(1, len(net) - 1, 3):
            queries, keys, values = (models.affine(layer, above) for layer in net[place : place + 3])
            above = above + attention.shares(queries, keys) @ values
            seen.append(above[:, -1])
        return tuple(seen)

    def outputs(self, net: models.Net, x: models.Array) -> models.Array:
        """What the last layer gives, before any softmax."""
        return models.affine(net[-1], self.hidden(net, x)[-1])


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes sequences and batches for all alike, and the first layers of the start."""
    task, architecture = sequences(config, seed), Recall(tokens=_tokens(config))
    start = begun(config, seed)
    end, by_snapshot = training.trained(
        start,
        task,
        chance.orders(seed, items=TRAIN, epochs=-(-config.steps * BATCH // TRAIN)),
        watch=lambda net: training.accuracy(net, task.x_test, task.y_test, architecture),
        rates=optimizers.Rates(lr=config.lr),
        batch=BATCH,
        optimizer=optimizers.ADAMW,
        objective=losses.CrossEntropy(architecture=architecture),
    )
    outputs = np.asarray(architecture.outputs(end, task.x_train[:TEST]))
    return Measures(
        test_accuracy=by_snapshot[-1],
        train_loss=training.cross_entropy(outputs, task.y_train[:TEST]),
        weights=sum(layer.weights.size + layer.biases.size for layer in start),
        accuracy_by_snapshot=tuple(by_snapshot),
    )


def sequences(config: Config, seed: int) -> data.LearningTask:
    """Each row is a sequence of tokens, a token a row of zeros with a one for its name and one for its value."""
    rng, count = chance.stream(seed, "data"), TRAIN + TEST
    names = rng.permuted(np.tile(np.arange(NAMES), (count, 1)), axis=1)[:, :PAIRS]
    values = rng.integers(0, VALUES, size=(count, PAIRS))
    pair = rng.integers(0, PAIRS, size=count)
    rows, pairs = np.arange(count), np.arange(PAIRS)
    x = np.zeros((count, _tokens(config), NAMES + VALUES), dtype=np.float32)
    apart = config.tokens == "apart"
    x[rows[:, None], (2 * pairs if apart else pairs), names] = 1
    x[rows[:, None], (2 * pairs + 1 if apart else pairs), NAMES + values] = 1
    x[rows, -1, names[rows, pair]] = 1
    y = values[rows, pair].astype(np.int32)
    if config.answers == "random":
        y = rng.permutation(y)
    rows_of_numbers = x.reshape(count, -1)
    return data.LearningTask(
        x_train=rows_of_numbers[:TRAIN], y_train=y[:TRAIN], x_test=rows_of_numbers[TRAIN:], y_test=y[TRAIN:]
    )


def begun(config: Config, seed: int) -> models.Net:
    """A start of variance 1 / fan-in; places begin as standard normal vectors."""
    rng, width = chance.stream(seed, "start"), config.width
    maps = [(NAMES + VALUES, width), *[(width, width)] * 3 * config.layers, (width, VALUES)]
    embedding, *others = (models.mlp(rng, sizes, gain=1.0)[0] for sizes in maps)
    if config.places == "told":
        places = rng.standard_normal((_tokens(config), width)).astype(np.float32)
        embedding = embedding._replace(biases=places)
    return (embedding, *others)


def _tokens(config: Config) -> int:
    return (2 * PAIRS if config.tokens == "apart" else PAIRS) + 1


def _seconds(config: Config) -> float:
    per_step = 2e-4 + config.layers * (1e-4 + 5e-6 * config.width) * (1.0 if config.tokens == "apart" else 0.6)
    return 0.08 + config.steps * per_step


PILOT = partial(Prediction, because="five seeds of a pilot")
TWO: dict[str, object] = {"layers": 2, "tokens": "apart", "places": "told"}
ONE: dict[str, object] = {"layers": 1, "tokens": "apart", "places": "told", "width": 32}
SHORT = partial(Config, tokens="apart", places="told", steps=200)


def _gains(better: dict[str, object], other: dict[str, object], **rest: Any) -> Estimand:
    """The accuracy of one network more than that of another."""
    return Estimand(
        kind=Kind.CONTRAST,
        measure="test_accuracy",
        between=(better, other),
        expects=Direction.MORE,
        smallest=0.05,
        bounds=(-1.0, 1.0),
        in_words="{percent} percentage points",
        **rest,
    )


experiment = Experiment(
    name="recall_by_attention",
    version=2,
    question="Why does recalling what followed a word need two layers of attention?",
    reference="Olsson et al. 2022, arXiv:2209.11895; Sanford et al. 2024, arXiv:2408.14332",
    run=run,
    measures=Measures,
    sweep=(
        Config(layers=1, tokens="apart", places="told"),
        Config(layers=1, tokens="apart", places="told", width=64),
        Config(layers=2, tokens="apart", places="told"),
        Config(layers=2, tokens="apart", places="hidden"),
        Config(layers=1, tokens="joined", places="told"),
    ),
    ranges={"width": (4, 256), "steps": (1, 50_000), "lr": (1e-5, 0.1)},
    estimands=(
        _gains(
            TWO,
            ONE,
            name="two_minus_one",
            claim="two layers of attention recall the value of a name better than one layer",
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.48, 0.53)),
        ),
        _gains(
            TWO,
            {**ONE, "width": 64},
            name="two_minus_wide_one",
            claim="two layers of attention recall the value of a name better than one layer of twice the width",
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.48, 0.53)),
        ),
        _gains(
            {**ONE, "tokens": "joined"},
            ONE,
            name="joined_minus_apart",
            claim="one layer of attention recalls the value of a name better if both come as one token",
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.48, 0.53)),
        ),
        _gains(
            TWO,
            {**TWO, "places": "hidden"},
            name="told_minus_hidden",
            claim="two layers of attention recall the value of a name better if they are told where tokens stand",
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.45, 0.6)),
        ),
    ),
    controls=(
        Control(  # answers by lot, of which nothing can be learned
            estimand="two_minus_one",
            placebo=(SHORT(layers=2, answers="random"), SHORT(layers=1, answers="random")),
            planted=(SHORT(layers=2), SHORT(layers=1, answers="random")),
        ),
    ),
    figure=Figure(x="layers", y="test_accuracy", title="Recalling the value of a name", where={"tokens": "apart"}),
    setting="small attention networks",
    headlines=(
        Headline(
            says="Two attention layers recall what followed a word better than one double-width layer",
            when={"two_minus_wide_one": Direction.MORE},
        ),
        Headline(
            says="Two attention layers recall what followed a word better than one equally wide layer",
            when={"two_minus_one": Direction.MORE},
        ),
        Headline(
            says="Two attention layers recall what followed a word worse than one equally wide layer",
            when={"two_minus_one": Direction.LESS},
        ),
        Headline(
            says="A second attention layer hardly changes how well networks recall what followed a word",
            when={"two_minus_one": Direction.ABSENT},
        ),
    ),
    words={
        "test_accuracy": "accuracy on new sequences",
        "layers": "{value} layers of attention",
        "layers=1": "one layer of attention",
        "tokens=apart": "names and values apart",
        "tokens=joined": "each name and its value as one token",
        "places=told": "known places",
        "places=hidden": "unknown places",
        "width": "width {value}",
        "steps": "{value} training steps",
        "lr": "learning rate",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
