"""Does it matter whether a block normalises before or after it adds to what it received?

Why it matters: the first transformers could only be trained with a warm-up, and today's can do without. One line of
the program is said to make the difference.

A residual block adds something to what it received. The first transformers normalised the sum (layer normalisation
after the block); today's normalise what the block hears, and leave the sum alone (before it). Xiong et al. 2020
computed what that does to the gradient of the last block as a network begins: after, it is as large however many blocks
there are; before, it falls as one over the root of their number, because the sum that the last layer normalises has
grown. Large first gradients, they say, are why networks of the first kind need a warm-up. We measure that exponent in
residual ReLU networks that read digits, and train them by Adam with and without a warm-up of a third of the steps.

We expect exponents near -1/2 and 0, and that among sixteen blocks a warm-up helps a network that normalises after, and
one that normalises before hardly. The rival: what a deep network needs is a way past its blocks, which only the sum
that is left alone has. Then it is less accurate after a warm-up, too.

History: 2, as 1 with seeds that no pilot has seen; 1, a pilot, at this rate and one of 0.003.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import (
    chance,
    digits,
    losses,
    models,
    normalisation,
    optimizers,
    progress,
    schedules,
    side_by_side,
    training,
)

EXAMPLES, TEST, BATCH = 800, 600, 40
SEEN, SAME = 200, 8  # images of which the first gradient is taken, and blocks of the placebo


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    norm: str  # before or after the block adds
    blocks: int
    width: int = 32
    lr: float = 0.01  # of Adam
    epochs: int = 6
    control: str = "none"  # placebo: there are eight blocks whatever it says; planted: more blocks receive more


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    last_gradient: float  # the length of that of the second matrix of the last block, before any step
    first_gradient: float  # of that of the first block
    cold_accuracy: float  # on new images, without a warm-up
    warm_accuracy: float  # with one
    warmup_gain: float
    gradient_by_block: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Residual:
    """Blocks of two layers and a normalisation, one above the other; the last layer reads what was normalised.

    Six layers: embedding, the first of all blocks, their gains, the second of all blocks, the last gains, readout.
    """

    norm: str

    def hidden(self, net: models.Net, x: models.Array) -> tuple[models.Array, ...]:
        """What the last layer reads."""
        embedding, first, gains, second, last, _ = net

        def block(x: Any, layers: Any) -> Any:
            first, gains, second = layers
            if self.norm == "before":
                heard = models.affine(first, normalisation.layer_norm(gains, x))
                return x + models.affine(second, heard * (heard > 0)), None
            heard = models.affine(first, x)
            return normalisation.layer_norm(gains, x + models.affine(second, heard * (heard > 0))), None

        above, _ = jax.lax.scan(block, models.affine(embedding, jax.numpy.asarray(x)), (first, gains, second))
        return (normalisation.layer_norm(last, above) if self.norm == "before" else above,)

    def outputs(self, net: models.Net, x: models.Array) -> models.Array:
        """What the last layer gives, before any softmax."""
        return models.affine(net[-1], self.hidden(net, x)[-1])


@np.errstate(over="ignore", invalid="ignore")  # a network that diverges is an outcome
def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes images and batches for all, and the start for both places of the norm."""
    task = digits.task(chance.stream(seed, "data"), train=EXAMPLES, test=TEST)
    start, architecture = begun(config, seed), Residual(norm=config.norm)
    objective = losses.CrossEntropy(architecture=architecture)
    slopes = np.asarray(slopes_of_blocks(start, task.x_train[:SEEN], task.y_train[:SEEN], objective=objective))
    by_block = np.sqrt((slopes.astype(np.float64) ** 2).sum(axis=(1, 2))).tolist()
    orders, steps = chance.orders(seed, items=EXAMPLES, epochs=config.epochs), config.epochs * EXAMPLES // BATCH

    def learn(right: list[float], number: int) -> list[float]:
        full = schedules.constant(config.lr, steps=steps)
        end, _ = training.trained(
            start,
            task,
            orders,
            watch=training.UNWATCHED,
            rates=optimizers.Rates(lr=schedules.warmed_up(full, steps=steps // 3) if number else full),
            batch=BATCH,
            optimizer=optimizers.ADAMW,
            objective=objective,
        )
        return [*right, float((training.answers(end, task.x_test, architecture) == task.y_test).mean())]

    cold, warm = progress.blocks(list[float](), learn, 2)
    return Measures(
        last_gradient=by_block[-1],
        first_gradient=by_block[0],
        cold_accuracy=cold,
        warm_accuracy=warm,
        warmup_gain=warm - cold,
        gradient_by_block=tuple(by_block),
    )


def begun(config: Config, seed: int) -> models.Net:
    """A start of variance 1 / fan-in, with gains of 1."""
    rng, width = chance.stream(seed, f"start of {config.blocks}"), config.width
    (embedding,) = models.mlp(rng, (digits.SIDE**2, width), gain=1.0)
    (readout,) = models.mlp(rng, (width, digits.CLASSES), gain=1.0)
    blocks = SAME if config.control == "placebo" else config.blocks
    pairs = [models.mlp(rng, (width, width, width), gain=1.0) for _ in range(blocks)]
    first, second = (
        models.Layer(*(np.stack(arrays) for arrays in zip(*layers, strict=True))) for layers in zip(*pairs, strict=True)
    )
    gains = models.Layer(np.ones_like(first.biases), np.zeros_like(first.biases))
    if config.control == "planted":
        embedding = embedding._replace(weights=embedding.weights * np.float32(config.blocks))
    return (embedding, first, gains, second, models.Layer(gains.weights[0], gains.biases[0]), readout)


@side_by_side.program("objective")
def slopes_of_blocks(net: models.Net, x: models.Array, y: models.Array, *, objective: losses.Objective) -> Any:
    """The gradient of the second matrix of each block."""
    return jax.grad(objective)(net, x, y)[3].weights


def _seconds(config: Config) -> float:
    return 0.015 + config.epochs * config.blocks * 1e-3


PILOT = partial(Prediction, because="three seeds of a pilot")
SHORT = partial(grid, Config, norm=["before"], blocks=[4, 8, 16], epochs=[1])

experiment = Experiment(
    name="norm_before_or_after",
    version=2,
    question="Does it matter whether a block normalises before or after it adds to what it received?",
    reference="Xiong et al. 2020, arXiv:2002.04745",
    run=run,
    measures=Measures,
    sweep=grid(Config, norm=["before", "after"], blocks=[4, 8, 16, 32]),
    ranges={"blocks": (2, 200), "width": (4, 256), "lr": (1e-5, 0.1), "epochs": (1, 100)},
    estimands=(
        Estimand(
            name="exponent_before",
            claim="at the start of a residual network that normalises before its blocks, the gradient of the last "
            "block falls as there are more blocks",
            kind=Kind.SLOPE,
            measure="last_gradient",
            across="blocks",
            between=({"norm": "before"},),
            expects=Direction.LESS,
            smallest=0.1,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.53, -0.4)),
            published=Published(value=-0.5, reference="Xiong et al. 2020, arXiv:2002.04745"),
        ),
        Estimand(
            name="exponent_after",
            claim="at the start of a residual network that normalises after its blocks, the gradient of the last block "
            "hardly depends on how many blocks there are",
            kind=Kind.SLOPE,
            measure="last_gradient",
            across="blocks",
            between=({"norm": "after"},),
            expects=Direction.ABSENT,
            smallest=0.2,
            prediction=PILOT(positive=0.12, negative=0.03, absent=0.85, interval=(-0.08, 0.15)),
            published=Published(value=0.0, reference="Xiong et al. 2020, arXiv:2002.04745"),
        ),
        Estimand(
            name="warmup_after",
            claim="a warm-up makes a network of sixteen residual blocks that normalise after adding more accurate",
            kind=Kind.LEVEL,
            measure="warmup_gain",
            between=({"norm": "after", "blocks": 16},),
            expects=Direction.MORE,
            smallest=0.05,
            bounds=(-1.0, 1.0),
            in_words="{percent} percentage points",
            prediction=PILOT(positive=0.93, negative=0.01, absent=0.06, interval=(0.3, 0.75)),
        ),
        Estimand(
            name="warmup_before",
            claim="a warm-up hardly changes the accuracy of a network of sixteen residual blocks that normalise before "
            "adding",
            kind=Kind.LEVEL,
            measure="warmup_gain",
            between=({"norm": "before", "blocks": 16},),
            expects=Direction.ABSENT,
            smallest=0.04,
            bounds=(-1.0, 1.0),
            in_words="{percent} percentage points",
            prediction=PILOT(positive=0.02, negative=0.13, absent=0.85, interval=(-0.03, 0.01)),
        ),
        Estimand(
            name="before_minus_after_warm",
            claim="also after a warm-up a network of sixteen residual blocks is more accurate if these normalise "
            "before adding than after",
            kind=Kind.CONTRAST,
            measure="warm_accuracy",
            between=({"norm": "before", "blocks": 16}, {"norm": "after", "blocks": 16}),
            expects=Direction.MORE,
            smallest=0.02,
            bounds=(-1.0, 1.0),
            in_words="{percent} percentage points",
            prediction=PILOT(positive=0.85, negative=0.05, absent=0.1, interval=(0.02, 0.5)),
        ),
    ),
    controls=(
        Control(estimand="exponent_before", placebo=SHORT(control=["placebo"]), planted=SHORT(control=["planted"])),
    ),
    figure=Figure(x="blocks", y="last_gradient", title="The gradient of the last block at the start", log=("x", "y")),
    setting="residual networks that read digits",
    headlines=(
        Headline(
            says="Small first steps help deep networks normalising after each block, hardly ones normalising before",
            when={"warmup_after": Direction.MORE, "warmup_before": Direction.ABSENT},
        ),
        Headline(
            says="Small first steps make deep networks that rescale signals after each block more accurate",
            when={"warmup_after": Direction.MORE},
        ),
        Headline(
            says="Small first steps make deep networks that rescale signals after each block less accurate",
            when={"warmup_after": Direction.LESS},
        ),
        Headline(
            says="Small first steps hardly change accuracy of deep networks rescaling signals after each block",
            when={"warmup_after": Direction.ABSENT},
        ),
    ),
    words={
        "last_gradient": "the length of the last block's first gradient",
        "warm_accuracy": "accuracy on new images after a warm-up",
        "warmup_gain": "what a warm-up adds to the accuracy on new images",
        "norm=before": "normalising before adding",
        "norm=after": "normalising after adding",
        "blocks": "{value} residual blocks",
        "blocks=16": "sixteen residual blocks",
        "width": "{value} neurons per layer",
        "lr": "learning rate",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=_seconds, memory_mb=700),
)
