"""How many new images are shifted copies of old ones worth?

Why it matters: images with labels are dear, and shifted copies cost nothing. Whoever knows what they are worth knows
when to stop paying.

Data augmentation shows a network its images again and again, each time a little changed. Dense networks that saw
distorted digits made 1.1 % errors on MNIST in place of 1.6 % (Simard et al. 2003). What it is worth can be counted in
images: how many of them, as they are, lead to the same accuracy (Geiping et al. 2022)? We show dense ReLU networks a
hundred handwritten digits, shifted at each showing by up to three pixels, and read from networks that saw 25 to 1,200
images as they are how many these stand for. The digits, shown and new, stand in the middle, or each is off it by up to
one or two of its eight pixels. The rival: copies only blur what a network could know by heart, so noise of the same
size is worth as much.

We expect that shifted copies are worth several times as many images where digits are off the middle, more than noisy
ones, and less if they are shifted further than digits are. Where all digits stand in the middle, copies shifted by up
to two pixels should be worth fewer images than were shown, and already one pixel should make more errors, not fewer.

History: 1; a pilot with seeds of its own tried 50, 100 and 200 images, and convolutional networks.
"""

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, data, digits, models, optimizers, progress, training

SIZES, TEST, BATCH, WIDTH = (25, 50, 100, 200, 400, 800, 1_200), 597, 25, 64


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    off: int  # pixels by which a digit is off the middle at most, along and down
    shifted: int  # pixels by which a copy of it is shifted at most
    copies: str = "shifted"  # or noisy, with noise as large as what such a shift changes
    examples: int = 100
    steps: int = 1_500
    control: str = "none"  # placebo: nothing is changed, whatever it says; planted: noise is four times as large


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    doublings: float  # from the images shown to those (25 to 1,200), as they are, that lead to the same accuracy
    worth: float  # the number of those over that of the images shown
    log_errors: float  # logarithm to base 2 of the errors, over those after as many images as they are
    test_accuracy: float
    accuracy_by_size: tuple[float, ...]  # of networks that saw images as they are


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes images and places; who sees copies has a start and batches of its own."""
    task = digits.task(chance.stream(seed, "data"), train=SIZES[-1], test=TEST)
    shown, new = (
        digits.rolled(chance.stream(seed, f"places of {len(images)}"), images, far=config.off)
        for images in (task.x_train, task.x_test)
    )
    own = config.copies if config.control == "placebo" else "copies"
    seed_of_copies = int(chance.stream(seed, own).integers(2**63))

    def learn(right: list[float], number: int) -> list[float]:
        if number < len(SIZES):
            images, whose, change = shown[: SIZES[number]], seed, replace(config, shifted=0)
        else:
            images, whose, change = shown[: config.examples], seed_of_copies, config
        net = _learned(change, whose, images, task.y_train[: len(images)])
        return [*right, training.accuracy(net, new, task.y_test)]

    *by_size, accuracy = progress.blocks(list[float](), learn, len(SIZES) + 1)
    doublings = math.log2(images_for(accuracy, by_size) / config.examples)
    plainly = by_size[SIZES.index(config.examples)]
    return Measures(
        doublings=doublings,
        worth=2.0**doublings,
        log_errors=math.log2((1 - accuracy + 0.5 / TEST) / (1 - plainly + 0.5 / TEST)),
        test_accuracy=accuracy,
        accuracy_by_size=tuple(by_size),
    )


def images_for(accuracy: float, by_size: list[float]) -> float:
    """How many images, as they are, lead to this accuracy: between two sizes the logarithms follow a straight line."""
    rising = np.maximum.accumulate(by_size)
    errors, wanted = (np.log(1 - np.array(right) + 0.5 / TEST) for right in (rising, accuracy))
    return float(np.exp(np.interp(-wanted, -errors, np.log(SIZES))))


def copied(config: Config, rng: np.random.Generator, images: data.Floats, times: int) -> data.Floats:
    """So many copies of all images, each changed by itself."""
    rows = np.tile(images, (times, 1))
    if config.control == "placebo" or config.shifted == 0:
        return rows
    changed = digits.rolled(rng, rows, far=config.shifted)
    if config.copies == "shifted":
        return changed
    size = np.float32((changed - rows).std() * (4 if config.control == "planted" else 1))
    return rows + size * rng.standard_normal(rows.shape, dtype=np.float32)


def _learned(config: Config, seed: int, images: data.Floats, y: data.Labels) -> models.Net:
    """A network that saw a copy of its own at each showing."""
    items, steps = len(images), config.steps
    orders = chance.orders(seed, items=items, epochs=-(-steps * BATCH // items))
    x = copied(config, chance.stream(seed, "changes"), images, len(orders))
    orders = orders + items * np.arange(len(orders), dtype=np.int32)[:, None]
    end, _ = training.trained(
        models.mlp(chance.stream(seed, "start"), (digits.SIDE**2, WIDTH, digits.CLASSES)),
        data.LearningTask(x_train=x, y_train=np.tile(y, len(orders)), x_test=images, y_test=y),
        orders.reshape(1, -1)[:, : steps * BATCH],
        watch=training.UNWATCHED,
        rates=optimizers.Rates(lr=0.003),
        batch=BATCH,
        optimizer=optimizers.ADAMW,
    )
    return end


def _seconds(config: Config) -> float:
    return 0.05 + (len(SIZES) + 1) * config.steps * 3e-5


PILOT = partial(Prediction, because="twelve seeds of a pilot")
SIMARD = "Simard et al. 2003, doi:10.1109/ICDAR.2003.1227801"
WORTH = partial(Estimand, measure="doublings", smallest=0.3, in_words="{times2} times as many images")


def _at(off: int, shifted: int, **more: object) -> dict[str, object]:
    return {"off": off, "shifted": shifted, **more}


SHORT = partial(grid, Config, off=[1], shifted=[1], copies=["shifted", "noisy"], steps=[600])

experiment = Experiment(
    name="worth_of_shifted_copies",
    version=1,
    question="How many new images are shifted copies of old ones worth?",
    reference=f"{SIMARD}; Geiping et al. 2022, arXiv:2210.06441",
    run=run,
    measures=Measures,
    sweep=grid(Config, off=[0, 1, 2], shifted=[0, 1, 2, 3]) + grid(Config, off=[1], shifted=[1], copies=["noisy"]),
    ranges={"off": (0, 4), "shifted": (0, 4), "steps": (1, 20_000)},
    estimands=(
        WORTH(
            name="worth_where_off",
            claim="where digits are off the middle by up to two pixels, copies shifted by as much are worth more "
            "images than were shown",
            kind=Kind.LEVEL,
            between=(_at(2, 2),),
            expects=Direction.MORE,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(2.7, 3.05)),
        ),
        WORTH(
            name="worth_where_centred",
            claim="where digits stand in the middle, copies shifted by up to two pixels are worth fewer images than "
            "were shown",
            kind=Kind.LEVEL,
            between=(_at(0, 2),),
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-1.85, -1.65)),
        ),
        WORTH(
            name="shifted_minus_noisy",
            claim="where digits are off the middle by up to one pixel, copies shifted by as much are worth more images "
            "than copies with noise of the same size",
            kind=Kind.CONTRAST,
            between=(_at(1, 1, copies="shifted"), _at(1, 1, copies="noisy")),
            expects=Direction.MORE,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(1.55, 1.85)),
        ),
        WORTH(
            name="as_far_minus_farther",
            claim="where digits are off the middle by up to one pixel, copies shifted by as much are worth more images "
            "than copies shifted by up to three",
            kind=Kind.CONTRAST,
            between=tuple(_at(1, shifted, copies="shifted") for shifted in (1, 3)),
            expects=Direction.MORE,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.95, 1.3)),
        ),
        Estimand(
            name="errors_where_centred",
            claim="where digits stand in the middle, a network makes more errors if it saw copies shifted by up to one "
            "pixel",
            kind=Kind.LEVEL,
            measure="log_errors",
            between=(_at(0, 1),),
            smallest=0.05,
            expects=Direction.MORE,
            in_words="{times2} times the errors",
            prediction=PILOT(positive=0.85, negative=0.03, absent=0.12, interval=(0.04, 0.28)),
            published=Published(value=-0.54, reference=SIMARD),
        ),
    ),
    controls=(
        Control(estimand="shifted_minus_noisy", placebo=SHORT(control=["placebo"]), planted=SHORT(control=["planted"])),
    ),
    figure=Figure(
        x="shifted",
        y="worth",
        title="What a hundred images are worth with shifted copies",
        log=("y",),
        where={"copies": "shifted"},
    ),
    setting="networks that learn from copies of digits",
    headlines=(
        Headline(
            says="Copies shifted two pixels stand in for new images only if digits are off-centre",
            when={"worth_where_off": Direction.MORE, "worth_where_centred": Direction.LESS},
        ),
        Headline(
            says="Where digits are off-centre, copies shifted by two pixels stand in for new images",
            when={"worth_where_off": Direction.MORE},
        ),
        Headline(
            says="Where digits are off-centre, training on copies shifted two pixels does harm",
            when={"worth_where_off": Direction.LESS},
        ),
        Headline(
            says="Where digits are off-centre, copies shifted by two pixels hardly replace new images",
            when={"worth_where_off": Direction.ABSENT},
        ),
    ),
    words={
        "worth": "worth of copies, in multiples of the images shown",
        "doublings": "the worth of the copies over that of the images shown",
        "log_errors": "the number of errors over that without copies",
        "shifted": "pixels by which copies are shifted at most",
        "shifted=1": "copies shifted by up to one pixel",
        "shifted=2": "copies shifted by up to two pixels",
        "shifted=3": "copies shifted by up to three pixels",
        "off=0": "digits in the middle",
        "off=1": "digits up to a pixel off",
        "off=2": "digits up to two off",
        "copies=shifted": "shifted copies",
        "copies=noisy": "noisy copies",
        "examples": "{value} images",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
