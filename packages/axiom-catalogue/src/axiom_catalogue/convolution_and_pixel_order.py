"""Does convolution help because neighbouring pixels belong together?

Why it matters: convolution made machines see. Who knows what it lives on can tell which data it will not help with.

A convolutional network moves one small window over the image (LeCun et al. 1989). The usual reason why it learns from
fewer examples is that it knows beforehand which pixels are neighbours, and that a thing is the same wherever it stands.
The rival is that sharing weights is only a tight belt: a network that can say less errs less, whatever it is shown. We
give a convolutional and a dense network as many weights (1,898 and 1,885) and show both the same handwritten digits:
centred, or each moved to a place of its own; and both again with all pixels in another order, the same for every image.
That order leaves a dense network as it was, whose start treats all pixels alike. It takes the neighbours from the
convolution and leaves it the belt. Each network is asked at the learning rate, of three, at which it was best on images
kept back.

We expect that convolution wins where digits were moved, that centred ones leave it little to win, and that it loses
once the pixels are shuffled.

History: 2, as 1 with seeds that no pilot has seen; 1, a pilot, which began with centred images alone.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, convolution, data, digits, losses, models, optimizers, progress, training

RATES, BATCH, KEPT_BACK, TEST = (0.003, 0.01, 0.03), 25, 300, 600
FAR = 2  # pixels by which an image is moved at most, along and down
Asked = tuple[float, float, float]  # accuracy on what is kept back, on new images, and on those that were shown


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    network: str  # convolution or dense
    images: str  # centred, or moved: each by a place of its own
    pixels: str  # kept or shuffled
    examples: int
    steps: int = 800
    labels: str = "true"  # or, for controls: random, which say nothing


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_accuracy: float  # at the rate that was best on images kept back
    rate: float
    train_accuracy: float
    test_accuracy_by_rate: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes images, order of pixels and batches for both networks alike."""
    task = shown(config, seed)
    choosing, testing = slice(0, KEPT_BACK), slice(KEPT_BACK, None)
    start, architecture = NETWORKS[config.network](chance.stream(seed, "start"))
    orders = chance.orders(seed, items=config.examples, epochs=config.steps * BATCH // config.examples)

    def learn(seen: list[Asked], number: int) -> list[Asked]:
        end, _ = training.trained(
            start,
            task,
            orders,
            watch=training.UNWATCHED,
            rates=optimizers.Rates(lr=RATES[number]),
            batch=BATCH,
            optimizer=optimizers.ADAMW,
            objective=losses.CrossEntropy(architecture=architecture),
            every=len(orders),
        )
        right = np.asarray(architecture.outputs(end, task.x_test)).argmax(axis=1) == task.y_test
        train_accuracy = training.accuracy(end, task.x_train, task.y_train, architecture)
        return [*seen, (float(right[choosing].mean()), float(right[testing].mean()), train_accuracy)]

    seen = progress.blocks(list[Asked](), learn, len(RATES))
    best = int(np.argmax([kept for kept, _, _ in seen]))
    return Measures(
        test_accuracy=seen[best][1],
        rate=RATES[best],
        train_accuracy=seen[best][2],
        test_accuracy_by_rate=tuple(right for _, right, _ in seen),
    )


def shown(config: Config, seed: int) -> data.LearningTask:
    """The images; behind those for training, some that are kept back, and those for testing."""
    task = digits.task(chance.stream(seed, "data"), train=config.examples, test=KEPT_BACK + TEST)
    if config.labels == "random":
        rng = chance.stream(seed, "labels")
        y_train, y_test = (rng.permutation(labels).astype(np.int32) for labels in (task.y_train, task.y_test))
        task = replace(task, y_train=y_train, y_test=y_test)
    if config.images == "moved":
        rng = chance.stream(seed, "places")
        x_train, x_test = (digits.rolled(rng, images, far=FAR) for images in (task.x_train, task.x_test))
        task = replace(task, x_train=x_train, x_test=x_test)
    if config.pixels == "shuffled":
        order = chance.stream(seed, "pixels").permutation(digits.SIDE**2)
        task = replace(task, x_train=task.x_train[:, order], x_test=task.x_test[:, order])
    return task


def _convolutional(rng: np.random.Generator) -> tuple[models.Net, models.NetworkFunction]:
    net = convolution.convnet(rng, side=digits.SIDE, channels=(1, 8, 16), classes=digits.CLASSES)
    return net, convolution.Convolution(side=digits.SIDE)


def _dense(rng: np.random.Generator) -> tuple[models.Net, models.NetworkFunction]:
    return models.mlp(rng, (digits.SIDE**2, 25, digits.CLASSES)), models.RELU


NETWORKS = {"convolution": _convolutional, "dense": _dense}


def _seconds(config: Config) -> float:
    per_step = 1.6e-4 if config.network == "convolution" else 1.5e-5
    return 0.003 + len(RATES) * config.steps * per_step


PILOT = partial(Prediction, because="six seeds of a pilot")
PAIRED = partial(
    Estimand,
    kind=Kind.CONTRAST,
    measure="test_accuracy",
    smallest=0.02,
    bounds=(-1.0, 1.0),
    in_words="{percent} percentage points",
)
SHORT = partial(Config, images="moved", pixels="kept", examples=100, steps=100)


def _networks(images: str, pixels: str) -> tuple[dict[str, object], ...]:
    """The convolutional network and the dense one."""
    return tuple({"network": network, "images": images, "pixels": pixels} for network in NETWORKS)


experiment = Experiment(
    name="convolution_and_pixel_order",
    version=2,
    question="Does convolution help because neighbouring pixels belong together?",
    reference="LeCun et al. 1989, doi:10.1162/neco.1989.1.4.541",
    run=run,
    measures=Measures,
    sweep=grid(
        Config,
        network=list(NETWORKS),
        images=["centred", "moved"],
        pixels=["kept", "shuffled"],
        examples=[100, 400],
    ),
    ranges={"examples": (25, 800), "steps": (1, 20_000)},
    estimands=(
        PAIRED(
            name="gains_on_moved",
            claim="a convolutional network recognises digits that were moved better than a dense one with as many "
            "weights",
            between=_networks("moved", "kept"),
            expects=Direction.MORE,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.14, 0.19)),
        ),
        PAIRED(
            name="gains_on_centred",
            claim="on centred digits a convolutional and a dense network of as many weights are equally accurate, "
            "within 2 points",
            between=_networks("centred", "kept"),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.01, negative=0.04, absent=0.95, interval=(-0.014, 0.003)),
        ),
        PAIRED(
            name="gains_on_shuffled",
            claim="once the pixels of moved digits are shuffled, a convolutional network is less accurate than a dense "
            "one with as many weights",
            between=_networks("moved", "shuffled"),
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.065, -0.037)),
        ),
        PAIRED(
            name="order_and_dense",
            claim="a dense network recognises moved digits as well when their pixels are shuffled, within 2 points",
            between=tuple({"network": "dense", "images": "moved", "pixels": order} for order in ("kept", "shuffled")),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.02, negative=0.01, absent=0.97, interval=(-0.006, 0.008)),
        ),
    ),
    controls=(
        Control(  # of labels that say nothing neither network learns anything
            estimand="gains_on_moved",
            placebo=(SHORT(network="convolution", labels="random"), SHORT(network="dense", labels="random")),
            planted=(SHORT(network="convolution"), SHORT(network="dense", labels="random")),
        ),
    ),
    figure=Figure(
        x="examples", y="test_accuracy", title="Digits that were moved", log=("x",), where={"images": "moved"}
    ),
    setting="convolutional and dense networks that read digits",
    headlines=(
        Headline(
            says="Image-scanning (convolutional) networks read shifted digits better than plain ones, but scrambled "
            "digits worse",
            when={"gains_on_moved": Direction.MORE, "gains_on_shuffled": Direction.LESS},
        ),
        Headline(
            says="Image-scanning (convolutional) networks read shifted digits better than equally large plain networks",
            when={"gains_on_moved": Direction.MORE},
        ),
        Headline(
            says="Image-scanning (convolutional) networks read shifted digits worse than equally large plain networks",
            when={"gains_on_moved": Direction.LESS},
        ),
        Headline(
            says="Image-scanning (convolutional) and equally large plain networks read shifted digits about equally "
            "well",
            when={"gains_on_moved": Direction.ABSENT},
        ),
    ),
    words={
        "test_accuracy": "accuracy on new images",
        "network=convolution": "a convolutional network",
        "network=dense": "a dense network",
        "images=centred": "centred digits",
        "images=moved": "shifted digits",
        "pixels=kept": "pixels in place",
        "pixels=shuffled": "shuffled pixels",
        "examples": "training images",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
