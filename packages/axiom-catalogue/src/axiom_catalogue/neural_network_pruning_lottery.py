"""Does a random network hold a good part that nobody has trained?

Why it matters: if a good network hides in a random one, training may be search, and not construction.

No weight ever changes here. Each has a score, a share of each layer with the highest scores works, and descent moves
the scores as if a weight worked in proportion to its score: edge-popup (Ramanujan et al. 2020). The proof that such a
part exists asks for a network that is wide (Malach et al. 2020). Beside it are twenty parts of the same size drawn by
lot, of which the best on the training data counts, and the same network with its weights trained: after as many epochs,
and at the moment when its training loss has just come down to that of the part, since less fitted may be better.

We expect a part far above any lot; that lacks nine per cent beside training in a network of width 16, and little in one
of 64; and nothing that matters beside a network of the same training loss.

History: 2, with near looks at the training beside it; 1, with parts drawn by lot and that training; no log of the old
laboratory has a number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, progress, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES, EXAMPLES, TEST = 20, 5, 1_000, 2_000
DRAWN, BATCH = 20, 50  # parts by lot; examples of a step
EVERY = 200  # examples between two looks at the network in training, which should be near each other
Chances: TypeAlias = tuple[float, float, float]
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
    part_minus_matched: float  # beside the whole when its training loss had just come down to that of the part


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, weights and batch order for all that is compared."""
    task, sizes = _task(config, seed), (INPUTS, config.width, config.width, CLASSES)
    net = models.mlp(chance.stream(seed, "weights"), sizes, gain=2 / config.keep)  # so a part keeps the size of signals
    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs)

    def phase(state: State, number: int) -> State:
        start = models.mlp(chance.stream(seed, ("scores", "weights")[number]), sizes)
        end, seen = training.trained(
            start,
            task,
            orders if number == 0 else orders.reshape(-1, EVERY),
            watch=lambda net: _looked(net, task) if number == 1 else [],
            rates=Rates(lr=(config.score_lr, config.lr)[number]),
            batch=BATCH,
            objective=(loss_of_part, losses.CROSS_ENTROPY)[number],
            context=((net, config.keep), ())[number],
        )
        return (jax.tree.leaves(end), []) if number == 0 else (state[0], [_looked(start, task), *seen])

    nothing: State = (jax.tree.leaves(net), [])
    leaves, seen = progress.blocks(nothing, phase, 2)
    part = part_of(net, jax.tree.unflatten(jax.tree.structure(net), leaves), config.keep)
    loss, accuracy = _looked(part, task)
    return Measures(
        part_accuracy=accuracy,
        trained_accuracy=seen[-1][1],
        part_minus_lot=accuracy - _best_by_lot(config, seed, net, task),
        part_minus_trained=accuracy - seen[-1][1],
        part_minus_matched=accuracy - matched(seen, loss),
    )


def matched(seen: list[list[float]], loss: float) -> float:
    """The accuracy where the loss first came to this one, by a line between two looks; where it never did, the last."""
    place = next((number for number, (lower, _) in enumerate(seen) if lower <= loss), -1)
    if place < 1:
        return seen[place][1]
    (higher, before), (lower, after) = seen[place - 1 : place + 1]
    return before + (higher - loss) / (higher - lower) * (after - before)


def _task(config: Config, seed: int) -> data.LearningTask:
    clusters = partial(data.clusters, separation=config.separation)
    draw: Callable[..., data.LearningTask] = clusters if config.task == "clusters" else data.teacher
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


def _looked(net: models.Net, task: data.LearningTask) -> list[float]:
    """The loss in training, and the accuracy on test data."""
    return [float(_score(net, task.x_train, task.y_train)[0]), float(_score(net, task.x_test, task.y_test)[1])]


@jax.jit
def _score(net: models.Net, x: models.Array, y: models.Array) -> tuple[jax.Array, jax.Array]:
    outputs = models.logits(net, x)
    return losses.softmax_loss(outputs, y), (outputs.argmax(axis=1) == y).mean()


def _best_by_lot(config: Config, seed: int, net: models.Net, task: data.LearningTask) -> float:
    """The test accuracy of that part drawn by lot which is best on the training data."""
    rng = chance.stream(seed, "lots")
    parts = [
        part_of(net, tuple(layer._replace(weights=rng.random(layer.weights.shape, "f4")) for layer in net), config.keep)
        for _ in range(DRAWN)
    ]
    return _looked(max(parts, key=lambda part: float(_score(part, task.x_train, task.y_train)[1])), task)[1]


def _seconds(config: Config) -> float:
    return config.epochs * (1.85e-3 + 1.75e-6 * config.width * (config.width + 25))


def _claim(measure: str, claim: str, interval: tuple[float, float], chances: Chances, **rest: Any) -> Estimand:
    """Of the mean of both tasks, of wide networks where the rest names no others."""
    by_verdict = dict(zip(("positive", "negative", "absent"), chances, strict=True))
    prediction = Prediction(**by_verdict, interval=interval, because="a pilot of 8 seeds")
    fields: dict[str, Any] = {
        "name": measure,
        "kind": Kind.LEVEL,
        "between": (WIDE,),
        "smallest": 0.01,
        "in_words": POINTS,
    } | rest
    return Estimand(measure=measure, claim=claim, prediction=prediction, **fields)


POINTS = "{percent} percentage points"
WIDE, SMALL = ({"width": width} for width in (64, 16))
MORE = (0.98, 0.01, 0.01)
BOTH: dict[str, Any] = {"name": "wide_minus_narrow", "kind": Kind.CONTRAST, "between": (WIDE, SMALL)}
SHORT = partial(Config, task="clusters", width=64, keep=0.5, epochs=2)

experiment = Experiment(
    name="neural_network_pruning_lottery",
    aliases=("neural_pruning_lottery",),
    version=2,
    question="Does a random network hold a good part that nobody has trained?",
    reference="Ramanujan et al. 2020, arXiv:1911.13299; Malach et al. 2020, arXiv:2002.00585",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=["clusters", "teacher"], width=[16, 32, 64], keep=[0.5]),
    ranges={"width": (4, 512), "keep": (0.01, 0.99), "separation": (0.0, 4.0), "epochs": (1, 500)},
    estimands=(
        _claim(
            "part_minus_lot",
            "gradient descent on scores finds a subnetwork of random weights that is more accurate than the best of "
            "twenty random subnetworks",
            (0.39, 0.47),
            MORE,
            expects=Direction.MORE,
        ),
        _claim(
            "part_minus_trained",
            "in a network of width 64, the subnetwork that gradient descent picks from random weights is less "
            "accurate than the whole with trained weights",
            (-0.028, -0.008),
            (0.01, 0.85, 0.14),
            expects=Direction.LESS,
        ),
        _claim(
            "part_minus_matched",
            "the subnetwork that gradient descent picks from random weights is as accurate as the whole "
            "network trained to the same loss, within a point",
            (-0.006, 0.007),
            (0.02, 0.03, 0.95),
            expects=Direction.ABSENT,
        ),
        _claim(
            "part_minus_trained",
            "measured against training, the subnetwork that gradient descent picks from random weights does better "
            "at width 64 than at width 16",
            (0.05, 0.09),
            MORE,
            **BOTH,
            expects=Direction.MORE,
        ),
    ),
    controls=(Control(estimand="part_minus_lot", placebo=(SHORT(separation=0.0),), planted=(SHORT(separation=2.0),)),),
    figure=Figure(
        x="width", y="part_accuracy", log=("x",), title="What a random part knows", where={"keep": 0.5}, percent="%"
    ),
    setting="random networks searched for good parts",
    headlines=(
        Headline(
            says="Merely choosing which untrained connections to keep beats random choice, but not training",
            when={"part_minus_lot": Direction.MORE, "part_minus_trained": Direction.LESS},
        ),
        Headline(
            says="Merely choosing which untrained connections to keep works about as well as training",
            when={"part_minus_trained": Direction.ABSENT},
        ),
        Headline(
            says="Choosing untrained connections by search makes more accurate networks than choosing at random",
            when={"part_minus_lot": Direction.MORE},
        ),
        Headline(
            says="Choosing untrained connections by search makes hardly more accurate networks than choosing at random",
            when={"part_minus_lot": Direction.ABSENT},
        ),
        Headline(
            says="Chosen parts of untrained networks nearly match trained ones that fit examples equally well",
            when={"part_minus_matched": Direction.ABSENT},
        ),
    ),
    words={
        "part_minus_lot": "accuracy of the part that descent picks minus that of the best random part",
        "part_minus_trained": "accuracy of the part that descent picks minus that of the trained whole",
        "part_minus_matched": "accuracy of the part that descent picks minus that of the whole at equal loss",
        "keep": "share of weights kept",
        "separation": "distance of the clusters",
        "width": "{value} neurons per layer",
        "epochs": "{value} epochs",
        "part_accuracy": "accuracy of the part that descent picks",
        "task=clusters": "clusters of points",
        "task=teacher": "labels from a random network",
    },
    needs=Needs(seconds=_seconds, memory_mb=400),
)
