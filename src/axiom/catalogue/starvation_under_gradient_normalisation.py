"""Does it help a weak feature beside a strong one to get as much gradient, or its examples as much weight?

A weak feature starves beside a strong one, because examples for which the strong one already answers have hardly any
gradient left (Pezeshki et al. 2021). The old laboratory wondered whether normalised gradients help. We try two: either
block of inputs gets a gradient of the same length, or every example does, however well it is known. The first keeps the
length of the whole step; the second the mean length of the examples' gradients. Spectral decoupling, a penalty on the
size of the outputs, is the remedy that the paper proposes. Inputs are two blocks of ten numbers that both tell the
class, and the trained network is asked about the weak block alone; a network for which the strong block is noise says
what the weak one is worth. Classes overlap, or hardly touch, as in the paper's examples.

We expect some relief by examples of one length, and by blocks of one length where classes hardly touch; where they
overlap, blocks of one length should help by next to nothing. Decoupling should not help such networks.

History: 2, other seeds than the pilot's; 1, an open idea of the old laboratory, blocks as in its feature competition.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Needs, grid
from axiom.domain.findings import Estimand, Kind, Prediction
from axiom.kit import chance, losses, models, optimizers, rivals, training
from axiom.kit.optimizers import Memory, Rates

SNAPSHOTS, BATCH = 10, 50
DECOUPLING, TINY = 0.1, 1e-12  # of the penalty on outputs; and less than any gradient
RULES = ("plain", "blocks", "examples", "decoupled")


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    rule: str  # one of RULES
    strong: float  # spread of the class centres in the strong block; 0 is noise
    noise: float  # standard deviation around the centres
    width: int
    weak: float = 0.5  # spread of the class centres in the weak block
    lr: float = 0.05
    epochs: int = 60


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; of a network that diverged, only that. Conclusions are estimands, computed by the server."""

    diverged: int  # 1 when the weights left the real numbers
    weak_accuracy: float | None = None  # on the test data with the strong block at zero, after the last epoch
    stopped_weak_accuracy: float | None = None  # the same, at the snapshot where that was best on data kept back
    weak_loss: float | None = None  # after the last epoch, on the test data with the strong block at zero, in nats
    test_accuracy: float | None = None  # with both blocks
    train_accuracy: float | None = None
    weak_by_snapshot: tuple[float, ...] | None = None


@np.errstate(over="ignore", invalid="ignore")  # a network that diverges is an outcome
def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order; another strength moves the same centres apart."""
    pair = rivals.rivals(seed, strong=config.strong, weak=config.weak, noise=config.noise)
    end, snapshots = training.trained(
        models.mlp(chance.stream(seed, "start"), (rivals.INPUTS, config.width, rivals.CLASSES)),
        pair.task,
        chance.orders(seed, items=rivals.TRAIN, epochs=config.epochs),
        watch=pair.weak_accuracies,
        rates=Rates(lr=config.lr),
        batch=BATCH,
        optimizer=BLOCKWISE if config.rule == "blocks" else optimizers.SGD,
        objective=alike if config.rule == "examples" else decoupled,
        context=() if config.rule == "examples" else (DECOUPLING if config.rule == "decoupled" else 0.0,),
        every=-(-config.epochs // SNAPSHOTS),
    )
    if not all(np.isfinite(layer.weights).all() for layer in end):
        return Measures(diverged=1)
    kept, weak = np.array(snapshots).T
    return Measures(
        diverged=0,
        weak_accuracy=float(weak[-1]),
        stopped_weak_accuracy=float(weak[kept.argmax()]),
        weak_loss=training.cross_entropy(models.logits(end, rivals.silenced(pair.task.x_test)), pair.task.y_test),
        test_accuracy=training.accuracy(end, pair.task.x_test, pair.task.y_test),
        train_accuracy=training.accuracy(end, pair.task.x_train, pair.task.y_train),
        weak_by_snapshot=tuple(weak.tolist()),
    )


def decoupled(net: models.Net, x: models.Array, y: models.Array, decoupling: float) -> jax.Array:
    """Cross-entropy, and half the squared length of the outputs times this factor: spectral decoupling."""
    outputs = models.logits(net, x)
    return losses.softmax_loss(outputs, y) + 0.5 * decoupling * jnp.mean(jnp.sum(jnp.square(outputs), axis=1))


def alike(net: models.Net, x: models.Array, y: models.Array) -> jax.Array:
    """The cross-entropy whose gradient is a mean over examples with gradients of one length, their mean length."""
    outputs = models.logits(net, x)
    lengths = jax.lax.stop_gradient(jnp.maximum(example_lengths(net, x, y), TINY))
    picked = jnp.sum(outputs * jax.nn.one_hot(y, outputs.shape[1]), axis=1)
    return jnp.mean((jax.nn.logsumexp(outputs, axis=1) - picked) * lengths.mean() / lengths)


def example_lengths(net: models.Net, x: models.Array, y: models.Array) -> jax.Array:
    """The length of each example's gradient in all weights and biases of a network with one hidden layer.

    A layer's gradient is the outer product of what it hears and of the error that comes back to it (Goodfellow 2015).
    """
    (heard,) = models.hidden(net, x)
    error = jax.nn.softmax(models.logits(net, x), axis=1) - jax.nn.one_hot(y, rivals.CLASSES)
    below = (error @ jnp.asarray(net[1].weights).T) * (heard > 0)
    return jnp.sqrt(_squares(error) * (1 + _squares(heard)) + _squares(below) * (1 + _squares(x)))


def _squares(rows: models.Array) -> jax.Array:
    return jnp.sum(jnp.square(rows), axis=1)


def blockwise(
    weight: models.Array, slope: models.Array, memory: Memory, count: "models.Array | float", rates: Rates
) -> tuple[models.Array, Memory]:
    """Plain descent; of the matrix that reads the inputs, either block's gradient has the same share of the length."""
    del count
    if slope.shape[:1] == (rivals.INPUTS,):
        parts = jnp.stack([slope[: rivals.BLOCK], slope[rivals.BLOCK :]])
        lengths = jnp.sqrt(jnp.sum(jnp.square(parts), axis=(1, 2), keepdims=True)) + TINY
        slope = (parts / lengths * jnp.linalg.norm(slope) * 0.5**0.5).reshape(slope.shape)
    return weight - rates.lr * slope, memory


BLOCKWISE = optimizers.Optimizer(rule=blockwise, memories=0)


def _short(rule: str, weak: float) -> Config:
    return Config(rule=rule, strong=2.0, noise=1.0, width=32, weak=weak, epochs=20)


def _relief(name: str, claim: str, arm: dict[str, object], prediction: Prediction) -> Estimand:
    return Estimand(
        name=name,
        claim=claim,
        kind=Kind.CONTRAST,
        measure="weak_accuracy",
        between=({**arm, "strong": 2.0}, {**arm, "strong": 2.0, "rule": "plain"}),  # a mean over widths
        smallest=0.03,
        bounds=(-1.0, 1.0),
        prediction=prediction,
    )


experiment = Experiment(
    name="starvation_under_gradient_normalisation",
    version=2,
    question="Does it help a weak feature beside a strong one to get as much gradient, or its examples as much weight?",
    reference="Pezeshki et al. 2021, arXiv:2011.09468; Goodfellow 2015, arXiv:1510.01799",
    run=run,
    measures=Measures,
    sweep=grid(Config, rule=list(RULES), strong=[0.0, 2.0], noise=[0.1, 1.0], width=[32, 128]),
    ranges={"strong": (0.0, 4.0), "noise": (0.05, 2.0), "width": (32, 512), "epochs": (1, 1_000)},
    estimands=(
        _relief(
            "equal_blocks",
            "a weak feature gains where classes overlap if both blocks get as much gradient (expected: little)",
            {"rule": "blocks", "noise": 1.0},
            Prediction(positive=0.09, negative=0.01, absent=0.9, interval=(0.019, 0.028), because="a pilot"),
        ),
        _relief(
            "equal_blocks_on_clean",
            "a weak feature gains where classes hardly touch if both blocks get as much gradient",
            {"rule": "blocks", "noise": 0.1},
            Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(0.1, 0.17), because="a pilot"),
        ),
        _relief(
            "equal_examples",
            "a weak feature gains where classes overlap if all examples get as much gradient",
            {"rule": "examples", "noise": 1.0},
            Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(0.042, 0.058), because="a pilot"),
        ),
        _relief(
            "equal_examples_on_clean",
            "a weak feature gains where classes hardly touch if all examples get as much gradient",
            {"rule": "examples", "noise": 0.1},
            Prediction(positive=0.85, negative=0.02, absent=0.13, interval=(0.04, 0.11), because="a pilot"),
        ),
        _relief(
            "decoupling_on_clean",
            "a weak feature gains where classes hardly touch by a spectral decoupling of 0.1 (expected: no)",
            {"rule": "decoupled", "noise": 0.1},
            Prediction(positive=0.02, negative=0.88, absent=0.1, interval=(-0.2, -0.07), because="a pilot"),
        ),
    ),
    controls=(
        Control(
            estimand="equal_blocks",
            placebo=(_short("blocks", 0.0), _short("plain", 0.0)),  # the weak block is noise, and nothing could starve
            planted=(_short("blocks", 1.0), _short("plain", 0.3)),
        ),
    ),
    figure=Figure(x="strong", y="weak_accuracy", title="What is learned of the weak block", where={"width": 128}),
    needs=Needs(seconds=lambda config: 0.005 + config.epochs * (1.5e-4 + 1.1e-6 * config.width), memory_mb=600),
)
