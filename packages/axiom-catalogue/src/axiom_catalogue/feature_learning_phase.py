"""Where does a network begin to learn features as its outputs are scaled up less and less?

Why it matters: theory understands networks that hardly move from their start, practice uses those that do. This asks
when the difference pays.

A network whose outputs are multiplied by a large alpha hardly moves: it acts like the fixed kernel of its start. With a
small alpha it has to go a long way, and finds features of its own (Chizat et al. 2019). A kernel pays for every
direction of its inputs; a network that finds the few that matter does not. So rich training should win where the truth
is sparse, and nowhere else. We train a ReLU network from one start at several alphas, on a product of two of its twenty
inputs and on a linear function of all, until the training error is the same. Beside it stands a model of which that is
proved: the weights u^2 - v^2 of a linear regression, which from a start of size alpha end at the shortest solution for
a large one and at the sparsest for a small one (Woodworth et al. 2020).

We expect a kernel that changes the less the larger alpha is, errors that grow with it on both sparse truths, and no
difference that matters on the linear one. All of it is gradual in a pilot: there is no one place.

History: 1, with two truths, the same training error for all, and the regression; of the old laboratory's experiment
only the name is known.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, descent, losses, models, progress
from axiom.kit.optimizers import Rates

INPUTS, TRAIN, TEST = 20, 200, 1_000
WIDE, ROWS, SPARSE = 100, 40, 3  # of the regression: inputs, examples, and inputs that matter
FITTED = 0.02  # the training error, as a share of the targets' mean square, at which a training is over
NTK = models.Architecture(ntk=True)
LOSS = losses.SquaredError(architecture=NTK)
Floats: TypeAlias = npt.NDArray[np.float64]
Given: TypeAlias = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # product or linear, of a ReLU network; or regression, of the weights u^2 - v^2
    alpha: float
    width: int = 100
    steps: int = 20_000  # at most
    control: str = "none"  # placebo: alpha is 1 whatever it says, with a start or rows of its own for each


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; errors are mean squares, as shares of that of the targets. Conclusions are estimands."""

    steps: int  # until the training error was FITTED
    test_error: float | None  # then; nothing where it never was
    best_error: float  # on test data too, at the best moment
    kernel_change: float  # |K_end - K_start| / |K_start| of the tangent kernel on the training inputs
    attention: float  # share of the squared weights that belongs to the inputs that matter, or to a product would


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data and start for every alpha alike."""
    is_placebo = config.control == "placebo"
    alpha, own = (1.0, f" {config.alpha}") if is_placebo else (config.alpha, "")
    return (_regression if config.task == "regression" else _network)(config, seed, alpha, own)


def _network(config: Config, seed: int, alpha: float, own: str) -> Measures:
    """Full batches; the output is alpha times what was learned since the start, and the loss is over alpha squared."""
    x = chance.stream(seed, "data").standard_normal((TRAIN + TEST, INPUTS)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] if config.task == "product" else x.sum(axis=1) / math.sqrt(INPUTS)).astype(np.float64)
    start = models.ntk(chance.stream(seed, f"start{own}"), (INPUTS, config.width, 1))
    begun, shown = np.asarray(NTK.outputs(start, x))[:, 0], x[:TRAIN]
    enough = 0.5 * FITTED * float(np.square(y[:TRAIN]).mean()) / alpha**2

    def look(net: models.Net, loss: float) -> tuple[float, float]:
        learned = alpha * (np.asarray(NTK.outputs(net, x[TRAIN:]))[:, 0] - begun[TRAIN:])
        return loss, float(np.square(learned - y[TRAIN:]).mean() / np.square(y[TRAIN:]).mean())

    end, seen = descent.descended(
        start,
        shown,
        (begun + y / alpha)[:TRAIN, None].astype(np.float32),
        objective=LOSS,
        rates=Rates(lr=0.5 * min(1.0, alpha)),  # the kernel of a rich network grows as one over alpha
        steps=config.steps,
        every=50,
        watch=look,
        is_over=lambda look: look[0] <= enough,
    )
    squares = np.square(np.asarray(end[0].weights, dtype=np.float64)).sum(axis=1)
    return Measures(
        steps=min(50 * len(seen), config.steps),
        test_error=seen[-1][1] if seen[-1][0] <= enough else None,
        best_error=min(error for _, error in seen),
        kernel_change=_change(kernel(start, shown), kernel(end, shown)),
        attention=float(squares[:2].sum() / squares.sum()),
    )


def kernel(net: models.Net, x: npt.NDArray[np.float32]) -> Floats:
    """The tangent kernel of a network with one hidden layer and one output: products of the gradients of two rows."""
    (first, biases), (second, _) = (tuple(np.asarray(part, dtype=np.float64) for part in layer) for layer in net)
    rows = x.astype(np.float64)
    before = rows @ first / math.sqrt(len(first)) + biases
    active, passed = np.maximum(before, 0), (before > 0) * second[:, 0]
    products: Floats = (active @ active.T + (passed @ passed.T) * (rows @ rows.T / len(first) + 1)) / len(second) + 1
    return products


def _change(first: Floats, last: Floats) -> float:
    return float(np.linalg.norm(last - first) / np.linalg.norm(first))


def _regression(config: Config, seed: int, alpha: float, own: str) -> Measures:
    """There are fewer rows than inputs, few of which matter; each error on fresh rows is a distance of weights."""
    x, truth = chance.stream(seed, f"rows{own}").standard_normal((ROWS, WIDE)), np.zeros(WIDE)
    truth[:SPARSE] = 1.0
    u, v, errors, path = descended(x, x @ truth, alpha, config.steps)
    away = np.square(np.array(path) - truth).sum(axis=1) / SPARSE
    squares = np.square(u**2 - v**2)
    return Measures(
        steps=len(errors) - 1,
        test_error=float(away[-1]) if errors[-1] <= FITTED else None,
        best_error=float(away.min()),
        kernel_change=_change(2 * alpha**2 * x @ x.T, (x * (u**2 + v**2)) @ x.T),
        attention=float(squares[:SPARSE].sum() / squares.sum()),
    )


def descended(x: Floats, y: Floats, alpha: float, steps: int) -> tuple[Floats, Floats, list[float], list[Floats]]:
    """The weights u and v, each from alpha, once the training error is FITTED; and errors and u^2 - v^2 on the way."""
    u, v, errors, path = np.full(x.shape[1], alpha), np.full(x.shape[1], alpha), list[float](), list[Floats]()
    rate = 0.03 / (1 + 4 * alpha**2)
    for _ in range(steps + 1):
        path.append(u**2 - v**2)
        residual = x @ path[-1] - y
        errors.append(float(residual @ residual / (y @ y)))
        if errors[-1] <= FITTED or len(errors) > steps:
            break
        slope = 2 * rate * (x.T @ residual) / len(y)
        u, v = u * (1 - slope), v * (1 + slope)
    progress.early(errors)
    progress.block(1.0)
    return u, v, errors, path


def _seconds(config: Config) -> float:
    if config.task == "regression":
        return 0.0003 + 0.00015 / math.sqrt(config.alpha)
    steps = 230 if config.task == "linear" else 1_750 if 0.05 < config.alpha < 2 else 2_400
    return 0.0015 + min(config.steps, steps) * 2.4e-7 * config.width


def _asks(name: str, claim: str, measure: str, interval: tuple[float, float], *arms: Given, **rest: Any) -> Estimand:
    """Of one arm a slope on alpha, of two a difference within the replicate."""
    fields: Given = {"name": name, "claim": claim, "measure": measure, "between": arms}
    fields |= {"kind": Kind.CONTRAST, "smallest": 0.05} if len(arms) == 2 else {"kind": Kind.SLOPE, "smallest": 0.1}
    more, less, none = rest.pop("chances", (0.01, 0.98, 0.01))
    fields["prediction"] = Prediction(positive=more, negative=less, absent=none, interval=interval, because="a pilot")
    return Estimand(**fields | ({"across": "alpha"} if len(arms) == 1 else {}) | rest)


PRODUCT, LINEAR = (({"task": task, "alpha": 0.03}, {"task": task, "alpha": 30.0}) for task in ("product", "linear"))
GROWS: Given = {"chances": (0.98, 0.01, 0.01)}
FEW: Given = {"task": ["product"], "alpha": [0.3, 3.0, 30.0], "steps": [100]}
PLACEBO: Given = {"control": ["placebo"]}
SOME: Given = {"task": ["regression"], "alpha": [0.1, 0.3, 1.0]}

experiment = Experiment(
    name="feature_learning_phase",
    aliases=("featlearn",),
    version=1,
    question="Where does a network begin to learn features as its outputs are scaled up less and less?",
    reference="Chizat et al. 2019, arXiv:1812.07956; Woodworth et al. 2020, arXiv:2002.09277",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=["product", "linear"], alpha=[0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
    + grid(Config, task=["regression"], alpha=[0.03, 0.1, 0.3, 1.0, 3.0]),
    ranges={"alpha": (0.01, 100.0), "width": (4, 1_024), "steps": (10, 50_000)},
    estimands=(
        _asks(
            "kernel_on_alpha",
            "when a network learns a product of two inputs, its tangent kernel (how outputs respond to "
            "weights) changes less with outputs scaled up",
            "kernel_change",
            (-1.13, -1.09),
            {"task": "product"},
            expects=Direction.LESS,
        ),
        _asks(
            "rich_minus_lazy_on_product",
            "a network learns a product of two of twenty inputs with a smaller test error when its "
            "outputs are scaled down than up",
            "test_error",
            (-0.55, -0.45),
            *PRODUCT,
            in_words="{percent} % of the target's variance",
            expects=Direction.LESS,
        ),
        _asks(
            "rich_minus_lazy_at_best",
            "stopped at its best moment, a network learns a product of two inputs with a smaller error when its "
            "outputs are scaled down than up",
            "best_error",
            (-0.55, -0.45),
            *PRODUCT,
            in_words="{percent} % of the target's variance",
            expects=Direction.LESS,
        ),
        _asks(
            "rich_minus_lazy_on_linear",
            "a network learns a linear function of all inputs with about the same test error with outputs "
            "scaled down as up",
            "test_error",
            (-0.03, -0.02),
            *LINEAR,
            chances=(0.01, 0.03, 0.96),
            in_words="{percent} % of the target's variance",
            expects=Direction.ABSENT,
        ),
        _asks(
            "error_on_alpha",
            "the test error of a regression with weights u^2 - v^2 on a sparse truth grows with the "
            "scale alpha of its start",
            "test_error",
            (0.44, 0.54),
            {"task": "regression"},
            **GROWS,
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(estimand="kernel_on_alpha", placebo=grid(Config, **FEW | PLACEBO), planted=grid(Config, **FEW)),
        Control(estimand="error_on_alpha", placebo=grid(Config, **SOME | PLACEBO), planted=grid(Config, **SOME)),
    ),
    figure=Figure(x="alpha", y="test_error", log=("x",), title="What features are worth"),
    setting="models whose outputs or start are scaled",
    headlines=(
        Headline(
            says="Scaling outputs down rather than up helps networks learn multiplying, but hardly adding",
            when={"rich_minus_lazy_on_product": Direction.LESS, "rich_minus_lazy_on_linear": Direction.ABSENT},
        ),
        Headline(
            says="Turning networks' outputs up makes them change less inside while they learn to multiply",
            when={"kernel_on_alpha": Direction.LESS},
        ),
        Headline(
            says="Turning networks' outputs up makes them change more inside while they learn to multiply",
            when={"kernel_on_alpha": Direction.MORE},
        ),
        Headline(
            says="Turning networks' outputs up hardly affects how much they change inside learning to multiply",
            when={"kernel_on_alpha": Direction.ABSENT},
        ),
        Headline(
            says="Networks learn to multiply two inputs better with their outputs turned down than up",
            when={"rich_minus_lazy_on_product": Direction.LESS},
        ),
    ),
    words={
        "kernel_change": "change of the tangent kernel (how outputs respond to weights)",
        "test_error": "error on new examples at equal training error",
        "best_error": "error on new examples at the best moment",
        "alpha": "scale",
        "task=product": "a product of two inputs to learn",
        "task=linear": "a linear function to learn",
        "task=regression": "a sparse regression (on squared weights) to learn",
        "width": "{value} hidden neurons",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=400),
)
