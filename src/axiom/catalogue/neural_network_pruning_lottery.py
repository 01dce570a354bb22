"""Does a random network hold a good part that nobody has trained?

No weight ever changes here. Each has a score, a share of each layer with the highest scores works, and descent moves
the scores as if a weight worked in proportion to its score: edge-popup (Ramanujan et al. 2020). The proof that such a
part exists asks for a network that is wide (Malach et al. 2020). Beside it are twenty parts of the same size drawn by
lot, of which the best on the training data counts, and the same network with its weights trained: after as many epochs,
and at the moment when its training loss has just come down to that of the part, since less fitted may be better.

We expect a part far above any lot; that lacks nine per cent beside training in a network of width 16, and little in one
of 64; and nothing that matters beside a network of the same training loss.

History: 1, with parts drawn by lot and training beside it; no log of the old laboratory has a number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from axiom.domain.experiments import Control, Experiment, Figure, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, pace, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES, EXAMPLES, TEST = 20, 5, 1_000, 2_000
DRAWN, EVERY = 20, 2  # parts by lot; epochs between two looks at the network in training
State: TypeAlias = tuple[list[models.Array], list[list[float]]]  # the scores, and what was seen of the trained network


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher
    width: int  # of both hidden layers
    keep: float  # share of the weights of each layer
    separation: float = 0.55  # of clusters; at 0 there is nothing to know
    epochs: int = 30
    score_lr: float = 1.0
    lr: float = 0.1  # of the weights, where these are trained


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured, on test data. Conclusions are estimands, computed by the server."""

    part_accuracy: float  # of the part that was found
    trained_accuracy: float  # of the whole with its weights trained
    part_minus_lot: float  # beside the best of the parts by lot, chosen by its training accuracy
    part_minus_trained: float
    part_minus_matched: float  # beside the whole when its training loss first was no higher than that of the part


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, weights and batch order for all that is compared."""
    task, sizes = _task(config, seed), (INPUTS, config.width, config.width, CLASSES)
    net = models.mlp(chance.stream(seed, "weights"), sizes, gain=2 / config.keep)  # so a part keeps the size of signals
    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs)

    def phase(state: State, number: int) -> State:
        end, seen = training.trained(
            models.mlp(chance.stream(seed, ("scores", "weights")[number]), sizes),
            task,
            orders,
            watch=lambda net: _looked(net, task) if number == 1 else [],
            rates=Rates(lr=(config.score_lr, config.lr)[number]),
            batch=50,
            objective=(loss_of_part, losses.CROSS_ENTROPY)[number],
            context=((net, config.keep), ())[number],
            every=EVERY,
        )
        return (jax.tree.leaves(end), []) if number == 0 else (state[0], seen)

    nothing: State = (jax.tree.leaves(net), [])
    leaves, seen = pace.blocks(nothing, phase, 2)
    part = part_of(net, jax.tree.unflatten(jax.tree.structure(net), leaves), config.keep)
    loss, accuracy = _looked(part, task)
    matched = next((right for least, right in seen if least <= loss), seen[-1][1])
    return Measures(
        part_accuracy=accuracy,
        trained_accuracy=seen[-1][1],
        part_minus_lot=accuracy - _best_by_lot(config, seed, net, task),
        part_minus_trained=accuracy - seen[-1][1],
        part_minus_matched=accuracy - matched,
    )


def _task(config: Config, seed: int) -> data.Task:
    clusters = partial(data.clusters, separation=config.separation)
    draw: Callable[..., data.Task] = clusters if config.task == "clusters" else data.teacher
    return draw(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=TEST)


def works(scores: models.Array, keep: float) -> jax.Array:
    """1 where a score is among this share of the highest, 0 elsewhere; its slope is 1 everywhere."""
    first = jnp.clip(jnp.round((1 - keep) * scores.size).astype(int), 0, scores.size - 1)
    least = jnp.sort(jnp.ravel(scores))[first]
    return jnp.add(scores >= least, scores - jax.lax.stop_gradient(scores))


@jax.jit
def part_of(net: models.Net, scores: models.Net, keep: float) -> models.Net:
    """The network of which the weights with the highest scores of each layer are left."""
    pairs = zip(net, scores, strict=True)
    return tuple(layer._replace(weights=layer.weights * works(score.weights, keep)) for layer, score in pairs)


def loss_of_part(scores: models.Net, x: models.Array, y: models.Array, net: models.Net, keep: float) -> jax.Array:
    """The cross-entropy of the part that these scores choose."""
    return losses.CROSS_ENTROPY(part_of(net, scores, keep), x, y)


def _looked(net: models.Net, task: data.Task) -> list[float]:
    """The loss in training, and the accuracy on test data."""
    return [float(_asked(net, task.x_train, task.y_train)[0]), float(_asked(net, task.x_test, task.y_test)[1])]


@jax.jit
def _asked(net: models.Net, x: models.Array, y: models.Array) -> tuple[jax.Array, jax.Array]:
    outputs = models.logits(net, x)
    return losses.softmax_loss(outputs, y), (outputs.argmax(axis=1) == y).mean()


def _best_by_lot(config: Config, seed: int, net: models.Net, task: data.Task) -> float:
    """The test accuracy of that part drawn by lot which is best on the training data."""
    rng = chance.stream(seed, "lots")
    parts = [
        part_of(net, tuple(each._replace(weights=rng.random(each.weights.shape, "f4")) for each in net), config.keep)
        for _ in range(DRAWN)
    ]
    return _looked(max(parts, key=lambda part: float(_asked(part, task.x_train, task.y_train)[1])), task)[1]


def _claim(name: str, claim: str, measure: str, widths: list[int], prediction: Prediction, **changes: Any) -> Estimand:
    """Of the mean of both tasks, at one width or between two."""
    return Estimand(
        name=name,
        claim=claim,
        kind=Kind.CONTRAST if len(widths) == 2 else Kind.LEVEL,
        measure=measure,
        between=tuple({"width": width} for width in widths),
        smallest=0.01,
        prediction=prediction,
        **changes,
    )


def _short(separation: float) -> Config:
    return Config(task="clusters", width=64, keep=0.5, epochs=2, separation=separation)


experiment = Experiment(
    name="neural_network_pruning_lottery",
    aliases=("neural_pruning_lottery",),
    version=1,
    question="Does a random network hold a good part that nobody has trained?",
    reference="Ramanujan et al. 2020, arXiv:1911.13299; Malach et al. 2020, arXiv:2002.00585",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=["clusters", "teacher"], width=[16, 32, 64], keep=[0.5]),
    ranges={"width": (4, 512), "keep": (0.01, 0.99), "separation": (0.0, 4.0), "epochs": (1, 500)},
    estimands=(
        _claim(
            "part_minus_lot",
            "descent on scores finds a part that is more accurate than the best of twenty by lot",
            "part_minus_lot",
            [64],
            Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.45, 0.5), because="a pilot"),
        ),
        _claim(
            "part_minus_trained",
            "the part is less accurate than the same network with its weights trained",
            "part_minus_trained",
            [64],
            Prediction(positive=0.01, negative=0.92, absent=0.07, interval=(-0.025, -0.015), because="a pilot"),
            expects=Direction.LESS,
        ),
        _claim(
            "part_minus_matched",
            "a part is less accurate than the network when its training loss had come to the part's (expected: no)",
            "part_minus_matched",
            [64],
            Prediction(positive=0.01, negative=0.09, absent=0.9, interval=(-0.009, -0.001), because="a pilot"),
            expects=Direction.LESS,
        ),
        _claim(
            "wide_minus_narrow",
            "what the part lacks beside training is less in a wide network",
            "part_minus_trained",
            [64, 16],
            Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.056, 0.08), because="a pilot"),
        ),
    ),
    controls=(Control(estimand="part_minus_lot", placebo=(_short(0.0),), planted=(_short(2.0),)),),
    figure=Figure(x="width", y="part_accuracy", log=("x",), title="What a random part knows", where={"keep": 0.5}),
    needs=Needs(seconds=lambda config: 4.7e-6 * config.epochs * config.width * (config.width + 25), memory_mb=400),
)
