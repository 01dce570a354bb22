"""What does regularisation change in a network that must give the number of a combination it has not seen?

Why it matters: a class that training never showed cannot be answered. But a network that understands parts errs by one
part; one that does not errs anyhow. Errors may tell more than accuracies.

The old laboratory asked networks for the number of a combination of two attributes, one class for each, found nearly
none of the new ones right (a gap of about 0.7 to 0.95 to those that were shown), and wanted to try dropout and weight
decay. It had no results. We compute its arms and its widths on that question, which regularized_compositionality left
out for two that can be answered. Six levels of two attributes make 36 classes, of which 40 % are never shown. For each
new combination we look at the answer: is one of its two levels right, which at random is so in 10 of 35 wrong answers?

We expect no right number in any arm, and nearly always one right level: the parts are known, and only the question
hides it. Dropout should make a network surer of its answer, and weight decay much less sure.

History: 1, the old read-out, widths and strengths.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import attribute_readouts, chance, data, dropout, models, optimizers, training

INPUTS, BATCH, LEVELS = 32, 32, 6
LAYERS = 3  # with patterns of silence: the inputs, where all are heard, and two hidden ones


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

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
    new_accuracy: float  # on combinations that it has not
    gap: float  # the first less the second
    half_right: float  # share of the answers to new combinations that have at least one of the two levels right
    certainty: float  # mean chance that the network gives its answer to a new combination
    train_accuracy: float


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes codes, held-out combinations, noise, start and batch order for all arms alike."""
    questions = attribute_readouts.questions(seed, "number", noise=config.noise, is_strange=config.is_strange)
    orders = chance.orders(seed, items=len(questions.task.x_train), epochs=config.epochs)
    rows, orders = dropout.shown(chance.stream(seed, "silence"), questions.task, orders, layers=LAYERS)
    end, _ = training.trained(
        models.mlp(chance.stream(seed, "start"), (INPUTS, config.width, config.width, questions.outputs)),
        rows,
        orders,
        watch=lambda _net: 0.0,
        rates=optimizers.Rates(lr=config.lr, weight_decay=config.decay),
        batch=BATCH,
        objective=dropout.Dropout(loss=questions.heads),
        context=patterns(config, seed),
        every=20,
    )
    seen, new, train = (
        float(np.mean(answers(end, x) == y[:, 0]))
        for x, y in (
            (questions.task.x_test, questions.task.y_test),
            (questions.x_new, questions.y_new),
            (questions.task.x_train, questions.task.y_train),
        )
    )
    outputs = np.asarray(models.logits(end, questions.x_new), dtype=np.float64)
    chances = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return Measures(
        seen_accuracy=seen,
        new_accuracy=new,
        gap=seen - new,
        half_right=half_right(answers(end, questions.x_new), questions.y_new[:, 0]),
        certainty=float(np.mean(1 / chances.sum(axis=1))),
        train_accuracy=train,
    )


def answers(net: models.Net, x: data.Floats) -> data.Labels:
    """The number that the network gives for each row."""
    numbers: data.Labels = np.argmax(np.asarray(models.logits(net, x)), axis=1).astype(np.int32)
    return numbers


def half_right(answers: data.Labels, right: data.Labels) -> float:
    """The share of the numbers whose combination has a level in common with the right one."""
    (first, second), (right_first, right_second) = (np.divmod(numbers, LEVELS) for numbers in (answers, right))
    return float(np.mean((first == right_first) | (second == right_second)))


def patterns(config: Config, seed: int) -> tuple[models.Array, ...]:
    """Of the inputs, which are all heard, and of the two hidden layers."""
    sizes = {"inputs": INPUTS, "first": config.width, "second": config.width}
    rates = {"inputs": 0.0}
    return tuple(
        dropout.patterns(chance.stream(seed, f"patterns {name}"), width=size, rate=rates.get(name, config.dropout))
        for name, size in sizes.items()
    )


def _seconds(config: Config) -> float:
    return 0.005 + 13 * config.epochs * (2.7e-7 * config.width + 3.5e-10 * config.width**2)


PILOT = partial(Prediction, because="six seeds of a pilot")
# paired: the same are held out
BESIDE = partial(
    Estimand, kind=Kind.CONTRAST, smallest=0.03, bounds=(-1.0, 1.0), in_words="{percent} percentage points"
)
PLAIN: dict[str, object] = {"width": 128, "dropout": 0.0, "decay": 0.0}
ARMS = ((0.0, 0.0), (0.2, 0.0), (0.4, 0.0), (0.0, 0.01), (0.0, 0.05), (0.3, 0.01))  # dropout and decay
SHORT = partial(Config, width=128, dropout=0.0, decay=0.0, epochs=20)

experiment = Experiment(
    name="compositional_numbers",
    version=1,
    question="What does regularisation change in a network that must give the number of a combination it has not seen?",
    reference="Srivastava et al. 2014, JMLR 15:1929; Krogh & Hertz 1992; Lake & Baroni 2018, arXiv:1711.00350",
    run=run,
    measures=Measures,
    sweep=tuple(
        config
        for rate, decay in ARMS
        for config in grid(Config, width=[32, 64, 128, 256], dropout=[rate], decay=[decay])
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
        BESIDE(
            name="dropout_on_numbers",
            claim="dropout does not help a network to give the number of a combination that it was never shown",
            measure="new_accuracy",
            between=(PLAIN | {"dropout": 0.4}, PLAIN),
            prediction=PILOT(positive=0.005, negative=0.005, absent=0.99, interval=(-0.001, 0.001)),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="one_level_is_right",
            claim="asked for the number of a combination never shown, a plain network has one of the two"
            " levels right in most answers",
            kind=Kind.LEVEL,
            measure="half_right",
            between=({"dropout": 0.0, "decay": 0.0},),
            null=0.5,
            smallest=0.1,
            in_words="{percent} %",
            bounds=(0.0, 1.0),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.985, 1.0)),
            expects=Direction.MORE,
        ),
        BESIDE(
            name="narrow_errs_by_both",
            claim="asked for the number of a new combination, a narrow network gets one part right about as often "
            "as a wide one, within 3 points",
            measure="half_right",
            between=(PLAIN | {"width": 32}, PLAIN | {"width": 256}),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.01, negative=0.09, absent=0.9, interval=(-0.025, -0.003)),
        ),
        BESIDE(
            name="dropout_is_surer",
            claim="a network gives its wrong answer to a combination never shown a higher chance with dropout of 0.4 "
            "than without",
            measure="certainty",
            between=(PLAIN | {"dropout": 0.4}, PLAIN),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.09, 0.14)),
            expects=Direction.MORE,
        ),
        BESIDE(
            name="decay_is_less_sure",
            claim="a network gives its wrong answer to a combination never shown a lower chance with weight decay of "
            "0.01 than without",
            measure="certainty",
            between=(PLAIN | {"decay": 0.01}, PLAIN),
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.22, -0.16)),
        ),
    ),
    controls=(
        Control(  # of codes that training never showed neither part is known
            estimand="one_level_is_right", placebo=(SHORT(is_strange=True),), planted=(SHORT(),)
        ),
    ),
    figure=Figure(x="width", y="certainty", log=("x",), title="How sure it is of answers to new pairs"),
    setting="networks that number pairs of attributes",
    headlines=(
        Headline(
            says="On unseen combinations, silencing neurons (dropout) makes networks surer; weakening "
            "connections (decay), less sure",
            when={"dropout_is_surer": Direction.MORE, "decay_is_less_sure": Direction.LESS},
        ),
        Headline(
            says="On never-seen combinations, randomly silencing neurons raises confidence, but hardly changes "
            "accuracy",
            when={"dropout_is_surer": Direction.MORE, "dropout_on_numbers": Direction.ABSENT},
        ),
        Headline(
            says="Randomly silencing neurons makes networks surer of their answers about never-seen combinations",
            when={"dropout_is_surer": Direction.MORE},
        ),
        Headline(
            says="Randomly silencing neurons makes networks less sure of answers about never-seen combinations",
            when={"dropout_is_surer": Direction.LESS},
        ),
        Headline(
            says="Randomly silencing neurons hardly changes how sure networks are about never-seen combinations",
            when={"dropout_is_surer": Direction.ABSENT},
        ),
    ),
    words={
        "new_accuracy": "accuracy on pairs never shown",
        "half_right": "the share of answers to new pairs with a part right",
        "certainty": "mean certainty of answers to new pairs",
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
