"""Is dropout worth most where examples are few?

Why it matters: dropout is what one adds when a network knows its examples by heart. Whoever has few of them may be
adding it in vain.

With dropout each neuron is silent half of the time while a network learns, so that none can lean on another. Wide
networks then make fewer errors on new images (Srivastava et al. 2014). One would expect most of it where examples are
few. The same paper found nothing to gain at 100 and 500 images of MNIST, and a gain that first grows with their number
and then falls. We show wide ReLU networks 100 to 800 handwritten digits, with all labels right or a fifth of them
wrong, by plain descent, with and without dropout: of half of the neurons and a fifth of the pixels. The rival: dropout
only keeps weights small (Wager et al. 2013), so weight decay does as much. It gets the best of three strengths, on
images kept back whose labels are right; dropout is taken as it is.

We expect that dropout changes little at a hundred images and, where all labels are right, nothing for the better at
eight hundred. Where some are wrong it should help more, the more images there are, and more than weight decay.

History: 1; a pilot with seeds of its own also tried Adam, momentum and one layer of 512.
"""

import math
from dataclasses import dataclass, replace
from functools import partial

import jax

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, data, digits, dropout, losses, models, optimizers, progress, training

KEPT_BACK, TEST, BATCH, LAYERS = 200, 797, 25, 2
STRENGTHS = (0.003, 0.01, 0.03)  # of weight decay
SILENT_PIXELS, SILENT_NEURONS = 0.2, 0.5  # shares


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    way: str  # plain, dropout or decay
    wrong: float  # share of the labels for training that are
    examples: int
    width: int = 256
    lr: float = 0.1
    steps: int = 2_000
    control: str = "none"  # placebo: dropout has no silence, and a start of its own; planted: plainly, more are wrong


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_errors: float  # share of new images
    log_errors: float  # logarithm to base 2 of their number, with half a one added
    log_ratio: float  # the same, less that of a network that learned plainly from the same start
    train_accuracy: float  # of the labels as they were shown, by a whole network
    strength: float  # of the weight decay that was best on images kept back


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes images, wrong labels, start and batches for all ways."""
    task = digits.task(chance.stream(seed, "data"), train=config.examples, test=KEPT_BACK + TEST)
    way = "plain" if config.control == "placebo" else config.way
    own = f" of {config.way}" if config.control == "placebo" else ""
    first = ("plain", 0.0, "")  # how to learn, at which decay, from which start
    others = [(way, strength, own) for strength in (STRENGTHS if way == "decay" else (0.0,))]
    ways = list(dict.fromkeys([first, *others]))

    def learn(seen: list[list[float]], number: int) -> list[list[float]]:
        more = 2 if config.control == "planted" and ways[number] == first else 1
        shown = mislabelled(task, seed, share=more * config.wrong)
        end = _learned(config, seed, shown, *ways[number])
        wrong = training.answers(end, task.x_test) != task.y_test
        train_accuracy = training.accuracy(end, shown.x_train, shown.y_train)
        return [*seen, [float(wrong[:KEPT_BACK].sum()), float(wrong[KEPT_BACK:].sum()), train_accuracy]]

    seen = progress.blocks(list[list[float]](), learn, len(ways))
    best = ways.index(min(others, key=lambda chosen: seen[ways.index(chosen)][0]))
    (_, plainly, _), (_, errors, train_accuracy) = seen[0], seen[best]
    return Measures(
        test_errors=errors / TEST,
        log_errors=math.log2(errors + 0.5),
        log_ratio=math.log2((errors + 0.5) / (plainly + 0.5)),
        train_accuracy=train_accuracy,
        strength=ways[best][1],
    )


def mislabelled(task: data.LearningTask, seed: int, *, share: float) -> data.LearningTask:
    """The task with so many wrong labels to learn from."""
    labels, _ = data.corrupted(chance.stream(seed, "wrong labels"), task.y_train, classes=digits.CLASSES, share=share)
    return replace(task, y_train=labels)


def _learned(config: Config, seed: int, task: data.LearningTask, way: str, decay: float, own: str) -> models.Net:
    """The network at the end."""
    sizes = (digits.SIDE**2, *[config.width] * LAYERS, digits.CLASSES)
    start = models.mlp(chance.stream(seed, f"start{own}"), sizes)
    orders = chance.orders(seed, items=config.examples, epochs=-(-config.steps * BATCH // config.examples))
    learn = partial(
        training.trained,
        watch=training.UNWATCHED,
        rates=optimizers.Rates(lr=config.lr, weight_decay=decay),
        batch=BATCH,
        every=len(orders),
    )
    if way != "dropout":
        return learn(start, task, orders)[0]
    rows, orders = dropout.shown(chance.stream(seed, "silence"), task, orders, layers=1 + LAYERS)
    silence = partial(dropout.patterns, width=config.width, rate=SILENT_NEURONS)
    pixels = dropout.patterns(chance.stream(seed, "silent pixels"), width=digits.SIDE**2, rate=SILENT_PIXELS)
    neurons = [silence(chance.stream(seed, f"silent neurons {layer}")) for layer in range(LAYERS)]
    return learn(start, rows, orders, objective=dropout.Dropout(loss=right_class), context=(pixels, *neurons))[0]


def right_class(outputs: models.Array, y: models.Array) -> jax.Array:
    """The cross-entropy of the only column of answers."""
    return losses.softmax_loss(outputs, y[:, 0])


def _seconds(config: Config) -> float:
    trainings = {"plain": 1, "dropout": 2.3, "decay": 1 + len(STRENGTHS)}[config.way]
    return trainings * config.steps * (2e-5 + 1.5e-9 * config.width**2)


PILOT = partial(Prediction, because="twelve seeds of a pilot")
ERRORS = partial(Estimand, smallest=0.3, in_words="{times2} times the errors")
SRIVASTAVA = "Srivastava et al. 2014, JMLR 15:1929"
SHORT = partial(Config, way="dropout", wrong=0.2, examples=800, width=128, steps=1_500)


def _arm(way: str, wrong: float, examples: int) -> dict[str, object]:
    return {"way": way, "wrong": wrong, "examples": examples}


experiment = Experiment(
    name="dropout_by_examples",
    version=1,
    question="Is dropout worth most where examples are few?",
    reference=f"{SRIVASTAVA}; Wager et al. 2013, arXiv:1307.1493",
    run=run,
    measures=Measures,
    sweep=grid(Config, way=["plain", "dropout", "decay"], wrong=[0.2], examples=[100, 200, 400, 800])
    + grid(Config, way=["plain", "dropout"], wrong=[0.0], examples=[100, 200, 400, 800]),
    ranges={
        "wrong": (0.0, 0.45),
        "examples": (25, 800),
        "width": (16, 1_024),
        "lr": (0.001, 1.0),
        "steps": (1, 50_000),
    },
    estimands=(
        ERRORS(
            name="few_right",
            claim="with dropout, a wide network that was shown a hundred images with right labels makes about as many "
            "errors as without",
            kind=Kind.LEVEL,
            measure="log_ratio",
            between=(_arm("dropout", 0.0, 100),),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.01, negative=0.05, absent=0.94, interval=(-0.24, -0.08)),
            published=Published(value=0.0, reference=SRIVASTAVA),
        ),
        ERRORS(
            name="many_right",
            claim="with dropout, a wide network that was shown eight hundred images with right labels makes about as "
            "many errors as without",
            kind=Kind.LEVEL,
            measure="log_ratio",
            between=(_arm("dropout", 0.0, 800),),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.3, negative=0.01, absent=0.69, interval=(0.05, 0.42)),
        ),
        ERRORS(
            name="many_wrong",
            claim="with dropout, a wide network that was shown eight hundred images, a fifth of them with wrong "
            "labels, makes fewer errors",
            kind=Kind.LEVEL,
            measure="log_ratio",
            between=(_arm("dropout", 0.2, 800),),
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-1.75, -1.4)),
        ),
        ERRORS(
            name="many_minus_few",
            claim="where a fifth of the labels is wrong, dropout saves a larger share of the errors at eight hundred "
            "images than at a hundred",
            kind=Kind.CONTRAST,
            measure="log_ratio",
            between=(_arm("dropout", 0.2, 800), _arm("dropout", 0.2, 100)),
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-1.5, -1.15)),
        ),
        ERRORS(
            name="dropout_minus_decay",
            claim="where a fifth of the labels of four hundred images is wrong, dropout leaves fewer errors than "
            "weight decay, which has the best of three strengths",
            kind=Kind.CONTRAST,
            measure="log_errors",
            between=(_arm("dropout", 0.2, 400), _arm("decay", 0.2, 400)),
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.82, -0.58)),
        ),
    ),
    controls=(
        Control(estimand="many_wrong", placebo=(SHORT(control="placebo"),), planted=(SHORT(control="planted"),)),
    ),
    figure=Figure(
        x="examples",
        y="test_errors",
        title="Errors where a fifth of the labels is wrong",
        log=("x", "y"),
        where={"wrong": 0.2},
        percent="%",
    ),
    setting="wide networks that read digits",
    headlines=(
        Headline(
            says="With some wrong labels, silencing neurons helps more with 800 images than with 100",
            when={"many_wrong": Direction.LESS, "many_minus_few": Direction.LESS},
        ),
        Headline(
            says="Shown partly mislabelled images, networks err less if random neurons are silenced in training",
            when={"many_wrong": Direction.LESS},
        ),
        Headline(
            says="Shown partly mislabelled images, networks err more if random neurons are silenced in training",
            when={"many_wrong": Direction.MORE},
        ),
        Headline(
            says="On partly mislabelled images, silencing random neurons typically changes errors by under a quarter",
            when={"many_wrong": Direction.ABSENT},
        ),
    ),
    words={
        "test_errors": "share of errors on new images",
        "log_ratio": "the number of errors over that of plain training",
        "log_errors": "the number of errors on new images",
        "way=plain": "plain training",
        "way=dropout": "dropout",
        "way=decay": "the best weight decay",
        "wrong=0.0": "all labels right",
        "wrong=0.2": "a fifth of the labels wrong",
        "examples": "{value} training images",
        "width": "{value} neurons per layer",
        "lr": "learning rate",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=700),
)
