"""Does regularisation make a network understand parts, and not only the combinations that it has seen?

Why it matters: dropout and weight decay are the usual remedies for everything. This asks whether they also help a
network to combine what it knows.

The old laboratory found wide networks worse on new combinations, saw that pruning did not help, and asked next whether
dropout or weight decay would, while the network learns (Srivastava et al. 2014; Krogh & Hertz 1992). It had no results.
What is asked may decide how width acts: with two heads for the two attributes, or for an exclusive or of them. So both
are asked, of the same data and start, with the old laboratory's strengths. Every regularised network is
trained beside a plain one, and both are also looked at on the way: the best moment of either tells a regularisation
that helps from one that only comes late to where the plain one has been. The number of the combination is not asked: no
training ever showed the right answer for a new one.

We expect that asking decides here, too. The exclusive or gains from dropout and from weight decay. The two attributes
lose by weight decay, and by dropout where the network is narrow; in a wider one dropout takes nothing from them.

History: 2, other seeds than the pilot's; 1, the old strengths and widths, two questions, and twins for the width.
"""

from dataclasses import dataclass
from typing import Any

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import attribute_readouts, chance, dropout, models, optimizers, progress, training

INPUTS, BATCH, EVERY = 32, 32, 20  # epochs between two looks
LAYERS = 3  # with patterns of silence: the inputs, where all are heard, and two hidden ones


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    readout: str  # xor or heads
    width: int  # of both hidden layers
    dropout: float  # share of the hidden neurons that are silent
    decay: float  # of all weights
    noise: float = 0.3  # standard deviation around the codes
    is_strange: bool = False  # new combinations are of other codes than those in training, so nothing can be known
    lr: float = 0.1
    epochs: int = 100


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    seen_accuracy: float  # at the end, on other examples of the combinations that training has shown
    new_accuracy: float  # on combinations that it has not; two heads must both be right
    best_new_accuracy: float  # the same at the best of all looks
    gap: float  # at the end, seen less new
    gain: float  # new accuracy less that of a plain network of the same start; 0 where this one is plain
    train_accuracy: float
    new_by_look: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes codes, held-out combinations, noise, start and batch order for all arms alike."""
    questions = attribute_readouts.questions(seed, config.readout, noise=config.noise, is_strange=config.is_strange)
    orders = chance.orders(seed, items=len(questions.task.x_train), epochs=config.epochs)
    rows, orders = dropout.shown(chance.stream(seed, "silence"), questions.task, orders, layers=LAYERS)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, config.width, config.width, questions.outputs))
    arms = list(dict.fromkeys([(config.dropout, config.decay), (0.0, 0.0)]))  # a plain one has no twin

    def right(net: models.Net, x: models.Array, y: models.Array) -> float:
        return questions.heads.accuracy(models.logits(net, x), y)

    def learn(courses: list[list[list[float]]], number: int) -> list[list[list[float]]]:
        rate, decay = arms[number]
        end, looks = training.trained(
            start,
            rows,
            orders,
            watch=lambda net: right(net, questions.x_new, questions.y_new),
            rates=optimizers.Rates(lr=config.lr, weight_decay=decay),
            batch=BATCH,
            objective=dropout.Dropout(loss=questions.heads),
            context=_patterns(config, seed, rate),
            every=EVERY,
        )
        task = questions.task
        return [*courses, [looks, [right(end, task.x_test, task.y_test), right(end, task.x_train, task.y_train)]]]

    courses = progress.blocks(list[list[list[float]]](), learn, len(arms))
    looks, (seen, train) = courses[0]
    return Measures(
        seen_accuracy=seen,
        new_accuracy=looks[-1],
        best_new_accuracy=max(looks),
        gap=seen - looks[-1],
        gain=looks[-1] - courses[-1][0][-1],
        train_accuracy=train,
        new_by_look=tuple(looks),
    )


def _patterns(config: Config, seed: int, rate: float) -> tuple[models.Array, ...]:
    """Of the inputs, which are all heard, and of the two hidden layers."""
    sizes = {"inputs": INPUTS, "first": config.width, "second": config.width}
    return tuple(
        dropout.patterns(chance.stream(seed, f"patterns {name}"), width=size, rate=0.0 if name == "inputs" else rate)
        for name, size in sizes.items()
    )


def _seconds(config: Config) -> float:
    steps = 13 * config.epochs * (2 if config.dropout or config.decay else 1)
    return 0.005 + steps * (2.7e-7 * config.width + 3.5e-10 * config.width**2)


def _beside_plain(name: str, claim: str, arm: dict[str, object], prediction: Prediction, **rest: Any) -> Estimand:
    """A regularised network of width 128 beside a plain one."""
    plain = {"width": 128, "dropout": 0.0, "decay": 0.0}
    return Estimand(
        name=name,
        claim=claim,
        **rest,
        kind=Kind.CONTRAST,
        measure="new_accuracy",
        between=({**plain, **arm}, {**arm, **plain}),
        smallest=0.03,
        in_words="{percent} percentage points",
        bounds=(-1.0, 1.0),
        prediction=prediction,
    )


ARMS = ((0.0, 0.0), (0.2, 0.0), (0.4, 0.0), (0.0, 0.01), (0.0, 0.05), (0.3, 0.01))  # dropout and decay
experiment = Experiment(
    name="regularized_compositionality",
    aliases=("regcomp",),
    version=2,
    question="Does regularisation make a network understand parts, and not only the combinations that it has seen?",
    reference="Srivastava et al. 2014, JMLR 15:1929; Krogh & Hertz 1992; Lake & Baroni 2018, arXiv:1711.00350",
    run=run,
    measures=Measures,
    sweep=tuple(
        config
        for dropout_rate, decay in ARMS
        for config in grid(
            Config, readout=["xor", "heads"], width=[32, 64, 128, 256], dropout=[dropout_rate], decay=[decay]
        )
    ),
    ranges={
        "width": (4, 512),
        "dropout": (0.0, 0.8),
        "decay": (0.0, 0.1),
        "noise": (0.0, 20.0),
        "lr": (0.0, 0.2),
        "epochs": (1, 1_000),
    },
    estimands=(
        _beside_plain(
            "dropout_on_heads",
            "dropout changes the accuracy of a network that names two attributes on new combinations by less "
            "than 3 points",
            {"readout": "heads", "dropout": 0.4},
            Prediction(positive=0.2, negative=0.05, absent=0.75, interval=(-0.015, 0.045), because="a pilot"),
            expects=Direction.ABSENT,
        ),
        _beside_plain(
            "dropout_on_xor",
            "a network that answers an exclusive or of two attributes is more accurate on combinations never shown "
            "with dropout of 0.4 than without",
            {"readout": "xor", "dropout": 0.4},
            Prediction(positive=0.96, negative=0.01, absent=0.03, interval=(0.07, 0.15), because="a pilot"),
            expects=Direction.MORE,
        ),
        _beside_plain(
            "decay_on_heads",
            "weight decay makes a network that names two attributes less accurate on new combinations",
            {"readout": "heads", "decay": 0.01},
            Prediction(positive=0.02, negative=0.85, absent=0.13, interval=(-0.1, -0.04), because="a pilot"),
            expects=Direction.LESS,
        ),
        _beside_plain(
            "decay_on_xor",
            "a network that answers an exclusive or of two attributes is more accurate on combinations never shown "
            "with weight decay of 0.01 than without",
            {"readout": "xor", "decay": 0.01},
            Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(0.1, 0.19), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="dropout_by_width",
            claim="where a network names two attributes, dropout of 0.4 gains more accuracy on new "
            "combinations at width 128 than at width 32",
            kind=Kind.CONTRAST,
            measure="gain",
            between=(
                {"readout": "heads", "width": 128, "dropout": 0.4},
                {"readout": "heads", "width": 32, "dropout": 0.4},
            ),
            smallest=0.03,
            in_words="{percent} percentage points",
            bounds=(-2.0, 2.0),
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.2, 0.36), because="a pilot"),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="dropout_on_heads",
            placebo=grid(
                Config, readout=["heads"], width=[128], dropout=[0.0, 0.4], decay=[0.0], is_strange=[True], epochs=[20]
            ),
            planted=(
                Config(readout="heads", width=128, dropout=0.4, decay=0.0, epochs=20),
                Config(readout="heads", width=128, dropout=0.0, decay=0.0, epochs=20, noise=12.0),
            ),
        ),
    ),
    figure=Figure(x="width", y="new_accuracy", log=("x",), title="What is right for new combinations"),
    setting="small networks asked about attribute pairs",
    headlines=(
        Headline(
            says="Weakening connections or silencing neurons (dropout) lowers errors on same-or-different questions "
            "about new pairs",
            when={"dropout_on_xor": Direction.MORE, "decay_on_xor": Direction.MORE},
        ),
        Headline(
            says="On new pairs, silencing random neurons helps same-or-different questions and naming both properties",
            when={"dropout_on_xor": Direction.MORE, "dropout_on_heads": Direction.MORE},
        ),
        Headline(
            says="Weakening connections in training hurts naming both properties of new combinations",
            when={"decay_on_heads": Direction.LESS},
        ),
        Headline(
            says="Silencing random neurons in training hardly changes same-or-different answers about new pairs",
            when={"dropout_on_xor": Direction.ABSENT},
        ),
    ),
    words={
        "new_accuracy": "accuracy on new pairs",
        "gain": "accuracy on new pairs minus that of a plain network",
        "readout=xor": "an exclusive or as answer",
        "readout=heads": "both attributes as answer",
        "dropout=0.0": "no dropout",
        "decay": "weight decay",
        "decay=0.0": "no weight decay",
        "lr": "learning rate",
        "width": "{value} neurons per layer",
        "epochs": "{value} epochs",
        "dropout": "dropout rate",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
