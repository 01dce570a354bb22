"""Does a strong feature keep a network from learning a weak one?

Why it matters: a network may rest on one easy clue, such as the background of a picture, and miss the one that still
works elsewhere.

Once a strong feature answers for most examples, little of the loss is left to learn a weak one from: the weak one
starves (Pezeshki et al., 2021). Inputs are two blocks of ten numbers, both of which tell the class, one more clearly
than the other. We compare the gradients that reach the two blocks, and ask the trained network about the weak block
alone, with the strong one silenced. What the weak block is worth, a network says for which the strong one is noise.

We expect the gradients to begin at the ratio of the strengths and to come closer to each other, a weak block that is
learned the less the stronger its rival, wherever training is stopped, and hardly the trend over width that the old
laboratory saw on one seed. Spectral decoupling, a penalty on the size of the outputs beside the cross-entropy, is the
proposed remedy, but for data without the noise that ours have.

History: 1, the old laboratory's question and widths, with the weak block alone as a baseline.
"""

import math
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, optimizers, side_by_side, training

BLOCK, CLASSES = 10, 5  # inputs of one block; the strong block is the first
TRAIN, KEPT_BACK, TEST, SNAPSHOTS = 1_000, 500, 2_000, 10


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    width: int
    strong: float  # spread of the class centres in the strong block, in standard deviations of its noise; 0 is noise
    decoupling: float  # of the penalty on outputs
    weak: float = 0.5  # the same of the weak block
    lr: float = 0.05
    epochs: int = 200


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    gradient_ratio: float | None = None  # strong over weak block, mean over training without the start
    first_gradient_ratio: float  # the same before the first step
    weak_accuracy: float | None = None  # on the test data with the strong block at zero, after the last epoch
    stopped_weak_accuracy: float | None = None  # the same, at the snapshot where that was best on data kept back
    test_accuracy: float | None = None  # with both blocks
    train_accuracy: float | None = None
    diverged: int = 0  # 1 when a gradient left the numbers; then there is no accuracy and no mean ratio
    gradient_ratio_by_snapshot: tuple[float, ...]


@np.errstate(over="ignore", invalid="ignore")  # a network that diverges is an outcome
def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order; another strength moves the same centres apart."""
    task = blocks(seed, strong=config.strong, weak=config.weak)
    start = models.mlp(chance.stream(seed, "start"), (2 * BLOCK, config.width, CLASSES))
    silenced = task.x_test * (np.arange(2 * BLOCK) >= BLOCK)
    kept_back, tested = slice(KEPT_BACK), slice(KEPT_BACK, None)

    tests = tuple((silenced[part], task.y_test[part]) for part in (kept_back, tested))
    look = training.Look(of=_seen, arrays=((task.x_train, task.y_train, config.decoupling), tests))

    end, snapshots = training.trained(
        start,
        task,
        chance.orders(seed, items=TRAIN, epochs=config.epochs),
        rates=optimizers.Rates(lr=config.lr),
        batch=50,
        objective=decoupled,
        context=(config.decoupling,),
        every=-(-config.epochs // SNAPSHOTS),
        watch=look,
    )
    ratios, kept, weak = np.array([_ratio_and(*seen) for seen in (look(start), *snapshots)]).T
    finite = tuple(ratios[np.isfinite(ratios)].tolist())
    if len(finite) < len(ratios):
        return Measures(first_gradient_ratio=finite[0], diverged=1, gradient_ratio_by_snapshot=finite)
    return Measures(
        gradient_ratio=float(ratios[1:].mean()),
        first_gradient_ratio=finite[0],
        weak_accuracy=float(weak[-1]),
        stopped_weak_accuracy=float(weak[1:][kept[1:].argmax()]),
        test_accuracy=training.accuracy(end, task.x_test[tested], task.y_test[tested]),
        train_accuracy=training.accuracy(end, task.x_train, task.y_train),
        gradient_ratio_by_snapshot=finite,
    )


def blocks(seed: int, *, strong: float, weak: float) -> data.LearningTask:
    """A Gaussian mixture whose centres are spread by one strength in the first block and by another in the second.

    The first of the rows that are not for training are kept back.
    """
    centres = chance.stream(seed, "centres").standard_normal((CLASSES, 2 * BLOCK)) * np.repeat([strong, weak], BLOCK)
    rng, rows = chance.stream(seed, "data"), TRAIN + KEPT_BACK + TEST
    y = rng.integers(0, CLASSES, size=rows).astype(np.int32)
    x = (centres[y] + rng.standard_normal((rows, 2 * BLOCK))).astype(np.float32)
    return data.LearningTask(x_train=x[:TRAIN], y_train=y[:TRAIN], x_test=x[TRAIN:], y_test=y[TRAIN:])


def decoupled(net: models.Net, x: models.Array, y: models.Array, decoupling: float) -> jax.Array:
    """Cross-entropy, and half the squared length of the outputs times this factor: spectral decoupling."""
    outputs = models.logits(net, x)
    return losses.softmax_loss(outputs, y) + 0.5 * decoupling * jnp.mean(jnp.sum(jnp.square(outputs), axis=1))


def _seen(net: models.Net, training_data: tuple[Any, ...], tests: tuple[Any, ...]) -> tuple[Any, ...]:
    """The gradients of both blocks, and the accuracies on the weak one alone."""
    return _gradients(net, *training_data), *(training.accuracy(net, x, y) for x, y in tests)


def _ratio_and(gradients: models.Array, *accuracies: float) -> list[float]:
    strong, weak = np.asarray(gradients).tolist()
    return [strong / weak if weak > 0 else math.inf, *map(float, accuracies)]


@side_by_side.program()
def _gradients(net: models.Net, x: models.Array, y: models.Array, decoupling: float) -> jax.Array:
    """The lengths of the gradients, on all training data, of the weights that read the strong and the weak block."""
    slopes = jax.grad(decoupled)(net, x, y, decoupling)[0].weights
    return jnp.stack([jnp.linalg.norm(slopes[:BLOCK]), jnp.linalg.norm(slopes[BLOCK:])])


def _short(strong: float, weak: float) -> Config:
    return Config(width=32, strong=strong, weak=weak, decoupling=0.0, epochs=20)


def _beside_minus_alone(measure: str, claim: str, interval: tuple[float, float], **rest: Any) -> Estimand:
    """Paired, and a mean over widths."""
    return Estimand(
        name=f"{measure.removesuffix('_accuracy')}_beside_strong_minus_alone",
        claim=claim,
        **rest,
        kind=Kind.CONTRAST,
        measure=measure,
        between=({"strong": 2.0, "decoupling": 0.0}, {"strong": 0.0, "decoupling": 0.0}),
        expects=Direction.LESS,
        in_words="{percent} percentage points",
        smallest=0.03,
        bounds=(-1.0, 1.0),
        prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=interval, because="a pilot"),
    )


experiment = Experiment(
    name="feature_competition_dynamics",
    aliases=("feature_competition", "featcomp"),
    version=1,
    question="Does a strong feature keep a network from learning a weak one?",
    reference="Pezeshki et al. 2021, arXiv:2011.09468",
    run=run,
    measures=Measures,
    sweep=grid(Config, decoupling=[0.0, 0.1], strong=[0.0, 0.5, 1.0, 2.0], width=[32, 64, 128, 256]),
    ranges={"width": (4, 512), "strong": (0.0, 4.0), "decoupling": (0.0, 0.5), "epochs": (1, 1_000)},
    estimands=(
        _beside_minus_alone(
            "weak_accuracy",
            "a network learns a weak feature (a clue to the class) less well beside a strong one than alone",
            (-0.26, -0.19),
        ),
        _beside_minus_alone(
            "stopped_weak_accuracy",
            "stopped at its best moment, a network has learned a weak feature (a clue to the "
            "class) less well beside a strong one than alone",
            (-0.28, -0.2),
        ),
        Estimand(
            name="gradient_ratio_of_twice_the_strength",
            claim="a feature of twice the strength receives more gradient than the other after the start, too",
            kind=Kind.LEVEL,  # mean over widths
            measure="gradient_ratio",
            between=({"strong": 1.0, "decoupling": 0.0},),
            null=1.0,
            smallest=0.05,
            prediction=Prediction(positive=0.96, negative=0.01, absent=0.03, interval=(1.14, 1.27), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="gradient_ratio_by_width",
            claim="a network's width hardly changes how much more gradient a strong input clue receives than a weak"
            " one",
            kind=Kind.SLOPE,
            measure="gradient_ratio",
            across="width",
            between=({"strong": 1.0, "decoupling": 0.0},),
            smallest=0.05,
            prediction=Prediction(positive=0.2, negative=0.02, absent=0.78, interval=(0.005, 0.05), because="a pilot"),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="decoupling_minus_none",
            claim="spectral decoupling (a penalty on large outputs) makes a network learn a weak input clue beside "
            "a strong one less well",
            kind=Kind.CONTRAST,
            measure="weak_accuracy",
            in_words="{percent} percentage points",
            between=({"strong": 2.0, "decoupling": 0.1}, {"strong": 2.0, "decoupling": 0.0}),
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.01, negative=0.98, absent=0.01, interval=(-0.12, -0.08), because="a pilot"
            ),
            expects=Direction.LESS,
        ),
    ),
    controls=(
        Control(
            estimand="weak_beside_strong_minus_alone",
            placebo=(_short(2.0, 0.0), _short(0.0, 0.0)),  # the weak block is noise, and nothing could starve
            planted=(_short(2.0, 0.8), _short(0.0, 0.8)),
        ),
        Control(
            estimand="gradient_ratio_of_twice_the_strength", placebo=(_short(1.0, 1.0),), planted=(_short(1.0, 0.2),)
        ),
    ),
    figure=Figure(x="strong", y="weak_accuracy", title="What is learned of the weak block", where={"decoupling": 0.0}),
    setting="networks that learn a weak clue",
    headlines=(
        Headline(
            says="Beside strong clues, networks neglect weak ones; penalising confident answers worsens that",
            when={"weak_beside_strong_minus_alone": Direction.LESS, "decoupling_minus_none": Direction.LESS},
        ),
        Headline(
            says="Beside strong clues, networks neglect weak ones, even if training stops early",
            when={
                "weak_beside_strong_minus_alone": Direction.LESS,
                "stopped_weak_beside_strong_minus_alone": Direction.LESS,
            },
        ),
        Headline(
            says="Training with a strong clue present lowers accuracy on a weak clue alone",
            when={"weak_beside_strong_minus_alone": Direction.LESS},
        ),
        Headline(
            says="Training with a strong clue present hardly changes accuracy on a weak clue alone",
            when={"weak_beside_strong_minus_alone": Direction.ABSENT},
        ),
        Headline(
            says="Training with a strong clue present raises accuracy on a weak clue alone",
            when={"weak_beside_strong_minus_alone": Direction.MORE},
        ),
    ),
    words={
        "weak_accuracy": "accuracy from the weak clue alone",
        "stopped_weak_accuracy": "accuracy from the weak clue alone when stopped early",
        "gradient_ratio": "the strong clue's gradient over the weak one's during training",
        "strong": "strength of the strong clue",
        "strong=0.0": "noise beside it",
        "strong=1.0": "a clue twice as strong beside it",
        "strong=2.0": "a clue four times as strong beside it",
        "decoupling": "penalty on large outputs",
        "decoupling=0.0": "no output penalty",
        "decoupling=0.1": "an output penalty (spectral decoupling)",
        "epochs": "{value} epochs",
        "width": "{value} hidden neurons",
    },
    needs=Needs(
        seconds=lambda config: 0.008 + config.epochs * (1.3e-4 + 6.3e-9 * config.width**2),
        memory_mb=600,
        may_use_gpu=True,
        gpu_memory_mb=2_000,
        side_by_side=True,
    ),
)
