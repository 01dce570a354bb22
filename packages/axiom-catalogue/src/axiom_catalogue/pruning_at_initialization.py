"""Can it be told before training which weights a network will need?

Why it matters: if one knew before training which connections matter, one could train small networks from the beginning
and save most of the cost.

Three scores say so at the start: the size of a weight; how much the loss would change if it went (SNIP, Lee et al.
2019); and how much the gradient would shrink (GraSP, Wang et al. 2020). Weights with low scores go, and what is left is
trained. Beside them are weights chosen by lot, and those that are large after training, which go back to their start.
And a sanity check (Frankle et al. 2021; Su et al. 2020): as many weights of each layer, but in places chosen by lot. If
that is as good, a score says how many weights a layer needs, and not which. In some settings three inputs in four are
noise, where a score that knows places must know which.

With a twentieth of the weights we expect SNIP far above a lot, and, unlike in the large networks of those papers, above
its own shuffle too; and the same of what is large after training.

History: 1, asked for by the old laboratory, which computed nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import jax
import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, hessian, losses, lottery_tickets, models, progress, pruning, training
from axiom.kit.optimizers import Rates

INPUTS, WIDTH, CLASSES, EXAMPLES, TEST = 20, 64, 5, 1_000, 2_000
EVERY = 10  # epochs of a block
TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
METHODS = ("random", "magnitude", "snip", "grasp", "after")
State: TypeAlias = tuple[list[models.Array], list[models.Array], list[float]]  # mask, network, and its accuracies


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher
    method: str  # random, magnitude, snip, grasp, or after: by magnitude at the end of a training of the whole
    removed: float  # share of all weights
    is_shuffled: bool = False  # the places within each layer are chosen by lot, and how many stays
    silent: int = 0  # inputs that are noise, beside twenty that are not
    epochs: int = 60
    lr: float = 0.1
    control: str = "none"  # placebo: scores are drawn by lot, anew for each method


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_accuracy: float  # at the end
    best_accuracy: float  # at the best moment
    train_loss: float
    kept: tuple[float, ...]  # share of each layer's weights


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for every method and share alike."""
    task = _task(config, seed)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS + config.silent, WIDTH, WIDTH, CLASSES))
    shape = jax.tree.structure(start)
    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs)

    def right(net: models.Net) -> float:
        return float((training.answers(net, task.x_test) == task.y_test).mean())

    def learn(mask: pruning.Mask) -> tuple[models.Net, list[float]]:
        rates = Rates(lr=config.lr)
        return lottery_tickets.learned(start, mask, task, orders, rates=rates, batch=50, every=EVERY, watch=right)

    def phase(state: State, number: int) -> State:
        if number == 0:
            whole = learn(pruning.magnitude(start, keep=1.0))[0] if config.method == "after" else start
            return jax.tree.leaves(_mask(config, seed, whole, task)), [], []
        end, seen = learn(jax.tree.unflatten(shape, state[0]))
        return state[0], jax.tree.leaves(end), seen

    nothing: State = ([], [], [])
    places, leaves, seen = progress.blocks(nothing, phase, 2)
    mask, end = (jax.tree.unflatten(shape, part) for part in (places, leaves))
    return Measures(
        test_accuracy=seen[-1],
        best_accuracy=max(seen),
        train_loss=training.cross_entropy(models.logits(end, task.x_train), task.y_train),
        kept=tuple(float(np.mean(layer.weights)) for layer in mask),
    )


def _task(config: Config, seed: int) -> data.LearningTask:
    """The task, with as many columns of noise as are asked for."""
    draw = TASKS[config.task]
    task = draw(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=TEST)
    noise = chance.stream(seed, "silent").standard_normal((EXAMPLES + TEST, config.silent)).astype(np.float32)
    x_train = np.concatenate([task.x_train, noise[:EXAMPLES]], axis=1)
    return replace(task, x_train=x_train, x_test=np.concatenate([task.x_test, noise[EXAMPLES:]], axis=1))


def _mask(config: Config, seed: int, net: models.Net, task: data.LearningTask) -> pruning.Mask:
    """The weights with the highest scores stay, whatever their layer."""
    method = config.method
    if config.control == "placebo" or method == "random":
        rng = chance.stream(seed, f"lots of {method}, {config.is_shuffled}" if config.control == "placebo" else "lots")
        scores = [rng.random(layer.weights.shape) for layer in net]
    else:
        scores = scores_of(method, net, task)
    least = min(float(score.min()) for score in scores)  # a score may lie below 0, and a size may not
    ranked = tuple(layer._replace(weights=score - least) for layer, score in zip(net, scores, strict=True))
    mask = pruning.magnitude(ranked, keep=1.0 - config.removed)
    return lottery_tickets.scattered(chance.stream(seed, "places"), mask) if config.is_shuffled else mask


def scores_of(method: str, net: models.Net, task: data.LearningTask) -> list[npt.NDArray[np.float64]]:
    """What each weight is worth, on all of the training data: the higher, the sooner it stays."""
    weights = [np.asarray(layer.weights, dtype=np.float64) for layer in net]
    if method in {"magnitude", "after"}:
        return [np.abs(weight) for weight in weights]
    slopes = _slopes(net, task.x_train, task.y_train)
    if method == "snip":
        return [np.abs(weight * slope.weights) for weight, slope in zip(weights, slopes, strict=True)]
    turned = hessian.hvp(losses.CROSS_ENTROPY, net, slopes, task.x_train, task.y_train)
    return [weight * np.asarray(layer.weights) for weight, layer in zip(weights, turned, strict=True)]


_slopes = jax.jit(jax.grad(losses.CROSS_ENTROPY))


def _arm(method: str, *, is_shuffled: bool = False, silent: int = 0) -> dict[str, object]:
    return {"method": method, "removed": 0.95, "is_shuffled": is_shuffled, "silent": silent}


def _better(
    name: str, claim: str, arms: tuple[dict[str, object], ...], prediction: Prediction, **rest: Any
) -> Estimand:
    """The mean of both tasks, with a twentieth of the weights."""
    return Estimand(
        name=name,
        claim=claim,
        **rest,
        kind=Kind.CONTRAST,
        measure="test_accuracy",
        between=arms,
        in_words="{percent} percentage points",
        smallest=0.02,
        bounds=(-1.0, 1.0),
        prediction=prediction,
    )


def _short(control: str) -> tuple[Config, ...]:
    levels: dict[str, list[Any]] = {"is_shuffled": EITHER, "silent": [60], "epochs": [6], "control": [control]}
    return grid(Config, task=["clusters"], method=["snip"], removed=[0.95], **levels)


def _cost(config: Config) -> float:
    return 0.005 + (2 if config.method == "after" else 1) * config.epochs * 5.2e-4


EITHER = [False, True]
experiment = Experiment(
    name="pruning_at_initialization",
    version=1,
    question="Can it be told before training which weights a network will need?",
    reference="Lee et al. 2019, arXiv:1810.02340; Wang et al. 2020, arXiv:2002.07376; Frankle et al. 2021",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, task=list(TASKS), method=list(METHODS), removed=[0.8, 0.95, 0.98], is_shuffled=EITHER),
        *grid(Config, task=list(TASKS), method=list(METHODS), removed=[0.95], is_shuffled=EITHER, silent=[60]),
        *grid(Config, task=list(TASKS), method=["random"], removed=[0.0]),
    ),
    ranges={"removed": (0.0, 0.99), "silent": (0, 500), "epochs": (1, 500), "lr": (1e-4, 0.5)},
    estimands=(
        _better(
            "snip_minus_random",
            "with 95 % of the weights gone, a network that SNIP pruned before training ends more "
            "accurate than one that was pruned at random",
            (_arm("snip"), _arm("random")),
            Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.205, 0.245), because="a pilot"),
            expects=Direction.MORE,
        ),
        _better(
            "snip_minus_shuffled",
            "with 95 % of the weights gone, the weights that SNIP keeps end more accurate than as "
            "many random ones in each layer",
            (_arm("snip"), _arm("snip", is_shuffled=True)),
            Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(0.065, 0.12), because="a pilot"),
            expects=Direction.MORE,
        ),
        _better(
            "after_minus_shuffled",
            "with 95 % of weights gone, those large after training end more accurate, trained "
            "again, than as many random ones in each layer",
            (_arm("after"), _arm("after", is_shuffled=True)),
            Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.125, 0.2), because="a pilot"),
            expects=Direction.MORE,
        ),
        _better(
            "snip_knows_the_silent",
            "where three inputs in four are noise, the weights that SNIP keeps end more accurate "
            "than as many random ones in each layer",
            (_arm("snip", silent=60), _arm("snip", is_shuffled=True, silent=60)),
            Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.15, 0.195), because="a pilot"),
            expects=Direction.MORE,
        ),
    ),
    controls=(Control(estimand="snip_knows_the_silent", placebo=_short("placebo"), planted=_short("none")),),
    figure=Figure(x="removed", y="test_accuracy", title="What a part learns", where={"silent": 0}),
    setting="sparse classifiers",
    headlines=(
        Headline(
            says="Before training, a score (SNIP) tells how many connections layers need, hardly which ones",
            when={"snip_minus_random": Direction.MORE, "snip_minus_shuffled": Direction.ABSENT},
        ),
        Headline(
            says="Keeping 5% of untrained connections by a score (SNIP) beats random choice in accuracy",
            when={"snip_minus_random": Direction.MORE},
        ),
        Headline(
            says="Cutting connections before training by a score (SNIP) or at random ends similarly accurate",
            when={"snip_minus_random": Direction.ABSENT},
        ),
        Headline(
            says="Within layers, connections chosen by a score (SNIP) learn better than randomly chosen ones",
            when={"snip_minus_shuffled": Direction.MORE},
        ),
    ),
    words={
        "test_accuracy": "accuracy on new examples",
        "method=random": "random scores",
        "method=magnitude": "scores by size at the start",
        "method=snip": "SNIP scores (effect on the loss)",
        "method=grasp": "GraSP scores (effect on the gradient)",
        "method=after": "scores by size after a training",
        "removed": "share of weights removed",
        "removed=0.95": "a twentieth of weights left",
        "is_shuffled": "shuffling within layers",
        "is_shuffled=False": "the chosen places",
        "is_shuffled=True": "random places per layer",
        "silent": "{value} inputs of pure noise",
        "silent=0": "no noise inputs",
        "silent=60": "three noise inputs in four",
        "lr": "learning rate",
        "epochs": "{value} epochs",
        "task=clusters": "clusters of points",
        "task=teacher": "labels from a random network",
    },
    needs=Needs(seconds=_cost, memory_mb=400),
)
