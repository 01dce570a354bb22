"""Is there a batch size at which something critical happens?

Why it matters: the batch size decides how many machines can share one training. Past a critical size, more machines are
wasted.

The old laboratory expected nothing. What is found hangs on what is the same for all sizes. After as many examples a
small batch has made more steps; with rates in proportion to the batch (Goyal et al. 2017) these are worth as much. And
to reach one training loss, each at the best of many rates, small batches are said to need steps as one over the batch,
and large ones a constant number: S = least steps + least examples / B (McCandlish et al. 2018; Shallue et al. 2019).
Nothing is critical in that; an exponent beyond -1 would be a sharper bend. `gradient_noise_scale` asks what foretells
it. Large batches are said to end in sharper places (Keskar et al. 2017): here at one loss, at one rate and at the best.

We expect a bend at a hundred, as smooth as the law, and with squared error, unstable at high rates, below ten; larger
batches at sharper places at one rate and, with cross-entropy, at flatter ones at the best; and the same test accuracy.

History: 2, with each loss by itself, and a placebo whose batches are all of eight; 1, with five ways to compare.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import jax
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, critical_batch_size, data, hessian, losses, models, progress, training

INPUTS, CLASSES, ITEMS, TEST = 20, 5, 1_024, 2_000
MOST = 65_536  # examples of a descent that never arrives
EXAMPLES, REFERENCE = 32_768, 16  # after which we look; at this batch size the rate is as said, where it follows
UPDATES = 2_048  # that a large batch may make, too, before a loss at one rate is not waited for
LOOKS, SAME = 8, 8  # at test accuracy, where no loss has to be reached; the batch size of the placebo
RATES = [2.0 ** (2 - place / 2) for place in range(18)]  # from 4 down to 0.01
LOSSES: dict[str, losses.Objective] = {"ce": losses.CROSS_ENTROPY, "mse": losses.SquaredError()}
IGNORANT = {"ce": math.log(CLASSES), "mse": 0.5 * (1 - 1 / CLASSES)}  # the loss of who answers the same to everything
COSTS, HARD = {"best": (0.021, 0.21, 0.0), "loss": (0.006, 0.0, 0.00195)}, {"clusters": 0.65, "teacher": 1.5}
Seen: TypeAlias = list[list[float]]  # training loss and test accuracy at each look
Arms: TypeAlias = tuple[dict[str, object], ...]
Pair: TypeAlias = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher; linear regression, with squared error: affine without noise, or noisy
    loss: str  # ce or mse
    same: str  # for all sizes: examples, both (the rate follows the batch), loss, or best: at the best rate
    batch: int
    goal: float = 0.3  # the training loss to be reached, as a share of what it is for who knows nothing
    lr: float = 0.05  # at the batch of 16, where the rate follows
    width: int = 32
    copies: int = 1  # of each example in a batch: one of eight may be four times the same two
    control: str = "none"  # placebo: each size has batches of its own, which are of 8, whatever it says


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; where a loss was never reached, or left the numbers, only that."""

    has_arrived: int
    steps: float | None = None  # and at which rate
    rate: float | None = None
    doublings: float | None = None  # from one example to as many as these steps saw
    train_loss: float | None = None
    sharpness: float | None = None  # largest eigenvalue of the Hessian of the training loss
    test_accuracy: float | None = None  # of classes
    best_accuracy: float | None = None  # of all looks; there is one where a loss was reached


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and the order of examples for every size, task loss and way alike."""
    start, x, y, objective, test = _problem(config, seed)
    size = SAME if config.control == "placebo" else config.batch
    lots = seed if config.control == "none" else int(chance.stream(seed, f"lots {config.batch}").integers(2**63))
    steps = max(MOST // size, UPDATES if config.same == "loss" else 0)
    batches = critical_batch_size.draws(lots, items=ITEMS, batch=size, steps=steps, copies=config.copies)
    way = critical_batch_size.Way(start=start, x=x, y=y, batches=batches, objective=objective)

    def right(net: models.Net) -> float:
        return float((training.answers(net, test.x_test) == test.y_test).mean()) if test else 0.0

    if config.same in {"loss", "best"}:
        goal = config.goal * (IGNORANT[config.loss] if test else float(objective(start, x, y)))
        count, rate = critical_batch_size.fewest(way, RATES if config.same == "best" else [config.lr], goal=goal)
        net, _, _, loss = way.at(rate, goal=goal, last=len(batches))  # at no rate, where none arrived
        seen = [[float(loss), right(net)]]
    else:
        net, count, rate, seen = _for_long(config, way, right=right)
    if not (math.isfinite(count) and seen[-1][0] < critical_batch_size.HUGE):
        return Measures(has_arrived=0)
    probe = hessian.direction(chance.stream(seed, "probe"), start)
    return Measures(
        has_arrived=1,
        steps=count,
        doublings=math.log2(count * size),
        rate=rate,
        train_loss=seen[-1][0],
        sharpness=float(hessian.lanczos(objective, net, probe, x, y)[-1]),
        test_accuracy=seen[-1][1] if test else None,
        best_accuracy=max(accuracy for _, accuracy in seen) if test else None,
    )


def _problem(config: Config, seed: int) -> tuple[models.Net, Any, Any, losses.Objective, data.LearningTask | None]:
    if config.task in {"affine", "noisy"}:
        return *critical_batch_size.problem(seed, config.task), None
    task = critical_batch_size.TASKS[config.task](
        chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=ITEMS, test=TEST
    )
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, config.width, CLASSES))
    return start, task.x_train, task.y_train, LOSSES[config.loss], task


def _for_long(config: Config, way: critical_batch_size.Way, *, right: Any) -> tuple[models.Net, float, float, Seen]:
    """The network after so many steps, with what was seen on the way."""
    (_, between, size), (leaves, shape) = way.batches.shape, jax.tree.flatten(way.start)
    rate, steps = config.lr * (size / REFERENCE if config.same == "both" else 1.0), EXAMPLES // size

    def step(state: tuple[list[models.Array], Seen], number: int) -> tuple[list[models.Array], Seen]:
        ends = [place * (steps // between) // LOOKS for place in (number, number + 1)]
        before = jax.tree.unflatten(shape, state[0])
        net, _, _, loss = way.at(rate, goal=-np.inf, first=ends[0], last=ends[1], net=before)
        return jax.tree.leaves(net), [*state[1], [float(loss), right(net)]]

    progress.early(map(float, way.at(rate, goal=-np.inf, last=1)[2:]))
    leaves, seen = progress.blocks((leaves, Seen()), step, LOOKS)
    return jax.tree.unflatten(shape, leaves), float(steps), rate, seen


def _seconds(it: Config) -> float:
    step_cost, small, large = COSTS.get("loss" if it.loss == "mse" else it.same, (0.018, 0.03, 0.0))
    root, times = math.sqrt(it.batch), 1.0 if it.same in ("examples", "both") else HARD.get(it.task, 1.0)
    return times * (step_cost + small / root + large * root) * math.pow(it.width / 32, 0.3) * max(1.0, 0.3 / it.goal)


def _asks(name: str, claim: str, arms: Arms, seen: Pair, chances: tuple[float, ...], **rest: Any) -> Estimand:
    """A contrast, unless the rest says otherwise; most seeds of a pilot lay between the two that were seen."""
    by_verdict = dict(zip(("positive", "negative", "absent"), chances, strict=True))
    prediction = Prediction(**by_verdict, interval=seen, because=f"most seeds of a pilot: {seen[0]:g} to {seen[1]:g}")
    return Estimand(**({"kind": Kind.CONTRAST} | rest), name=name, claim=claim, between=arms, prediction=prediction)


def _sizes(*sizes: int, **arm: object) -> Arms:
    return tuple({"batch": size, **arm} for size in sizes)


MORE, LESS, NEITHER, OPEN = (0.97, 0.01, 0.02), (0.01, 0.97, 0.02), (0.02, 0.03, 0.95), (0.25, 0.15, 0.6)
DEARER = partial(_asks, measure="doublings", smallest=0.5, in_words="{times2} times")
BENT = partial(_asks, kind=Kind.EXPONENT, measure="steps", across="batch", null=-1.0, smallest=0.2)
SHARP = partial(_asks, kind=Kind.SLOPE, measure="sharpness", across="batch", smallest=0.03)
BETTER = partial(
    _asks, measure="test_accuracy", smallest=0.02, bounds=(-1.0, 1.0), in_words="{percent} percentage points"
)
BEST, SQUARED = ({"same": "best", "loss": loss} for loss in LOSSES)
NARROW: dict[str, object] = {**BEST, "width": 32}
TASKS, SIZES = list(critical_batch_size.TASKS), [2, 8, 32, 128, 512]
EASY = partial(grid, Config, task=["teacher"], loss=["ce"], same=["best"], goal=[0.4])
COPIED = EASY(batch=[2]) + EASY(batch=[32], copies=[16])
FASTER = partial(Config, task="clusters", loss="ce", same="loss", lr=0.1)

experiment = Experiment(
    name="batch_size_critical_phenomena",
    aliases=("batch_size_critical", "batch_critical"),
    version=2,
    question="Is there a batch size at which something critical happens?",
    reference="McCandlish et al. 2018, arXiv:1812.06162; Shallue et al. 2019, arXiv:1811.03600; Keskar et al. 2017",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=TASKS, loss=["ce"], same=["examples", "both", "loss", "best"], batch=SIZES)
    + grid(Config, task=TASKS, loss=["ce"], same=["best"], batch=[2, 32, 128, 512], width=[128])
    + grid(Config, task=TASKS, loss=["mse"], same=["loss", "best"], batch=SIZES, goal=[0.6]),
    ranges={"batch": (1, 1_024), "goal": (0.05, 0.95), "lr": (1e-3, 1.0), "width": (4, 256), "copies": (1, 64)},
    estimands=(
        DEARER(
            "dearer_below",
            "to reach the same training loss, batches of 32 and of 2 need about as many examples, each at its"
            " best learning rate (cross-entropy)",
            _sizes(32, 2, **BEST),
            (-0.08, 0.15),
            NEITHER,
            expects=Direction.ABSENT,
        ),
        DEARER(
            "dearer_above",
            "to reach the same training loss (cross-entropy) batches of 512 need more examples in all than batches "
            "of 128, each at its best learning rate",
            _sizes(512, 128, **BEST),
            (1.4, 1.63),
            MORE,
            expects=Direction.MORE,
        ),
        DEARER(
            "dearer_below_squared",
            "to one training loss (squared error) batches of 32 need more examples in all than "
            "batches of 2, each at its best learning rate",
            _sizes(32, 2, **SQUARED),
            (1.33, 1.61),
            MORE,
            expects=Direction.MORE,
        ),
        BENT(
            "sharper_bend",
            "as batches grow, the steps to a given loss stop falling about as the usual formula a + b / batch says",
            (NARROW,),
            (-1.13, -1.05),
            NEITHER,
            expects=Direction.ABSENT,
            published=Published(
                value=-1.0, reference="McCandlish et al. 2018, arXiv:1812.06162 (law of steps and examples)"
            ),
        ),
        SHARP(
            "sharper_at_one_rate",
            "at one learning rate and the same training loss larger batches leave a network in a "
            "sharper minimum (cross-entropy)",
            ({**BEST, "same": "loss"},),
            (0.037, 0.067),
            MORE,
            expects=Direction.MORE,
        ),
        SHARP(
            "sharper_at_one_rate_squared",
            "at one learning rate and the same training loss larger batches leave a network in a "
            "sharper minimum (squared error)",
            ({**SQUARED, "same": "loss"},),
            (0.08, 0.17),
            MORE,
            expects=Direction.MORE,
        ),
        SHARP(
            "flatter_at_best_rates",
            "if each batch size has its best learning rate, larger batches leave a network in a "
            "flatter minimum at the same loss (cross-entropy)",
            (NARROW,),
            (-0.164, -0.118),
            LESS,
            expects=Direction.LESS,
        ),
        SHARP(
            "flatter_at_best_rates_squared",
            "if each batch size has its best learning rate, the batch size hardly changes how sharp the "
            "minimum is (squared error)",
            ({**SQUARED},),
            (-0.09, 0.085),
            OPEN,
            expects=Direction.ABSENT,
        ),
        BETTER(
            "right_at_the_loss",
            "at the same training loss and its best learning rate, batches of 8 and of 512 give the same test"
            " accuracy, within 2 points",
            _sizes(8, 512, **NARROW),
            (-0.021, 0.004),
            NEITHER,
            expects=Direction.ABSENT,
        ),
        BETTER(
            "right_after_as_many",
            "at one learning rate and after the same number of examples, batches of 8 give higher "
            "test accuracy than batches of 512",
            _sizes(8, 512, same="examples"),
            (0.124, 0.19),
            MORE,
            expects=Direction.MORE,
        ),
        BETTER(
            "right_at_its_rate",
            "with learning rates in proportion to the batch, batches of 8 and of 512 are as accurate after as"
            " many examples, within 2 points",
            _sizes(8, 512, same="both"),
            (-0.004, 0.016),
            NEITHER,
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(estimand="dearer_below", placebo=EASY(batch=[2, 32], control=["placebo"]), planted=COPIED),
        Control(
            estimand="sharper_at_one_rate",
            placebo=tuple(FASTER(batch=n, control="placebo") for n in SIZES[:3]),
            planted=tuple(FASTER(batch=n) for n in SIZES[:3]),
        ),
    ),
    figure=Figure(x="batch", y="steps", log=("x", "y"), title="Steps to one loss", where={"same": "best"}),
    setting="classifiers trained in batches",
    headlines=(
        Headline(
            says="Here, learning equally well takes more examples in batches of 512 than of 128",
            when={"dearer_above": Direction.MORE},
        ),
        Headline(
            says="With larger batches, training needs fewer steps about as a simple formula (a+b/size) predicts",
            when={"sharper_bend": Direction.ABSENT},
        ),
        Headline(
            says="With larger batches, training steps needed level off more abruptly than a formula predicts",
            when={"sharper_bend": Direction.LESS},
        ),
        Headline(
            says="With larger batches, training steps needed level off more gradually than a formula predicts",
            when={"sharper_bend": Direction.MORE},
        ),
        Headline(
            says="Batches of 32 and 2 need, within 1.5-fold, equally many examples for equal learning",
            when={"dearer_below": Direction.ABSENT},
        ),
    ),
    words={
        "doublings": "the number of examples needed",
        "steps": "the number of steps needed",
        "sharpness": "sharpness (loss curvature) at the end",
        "test_accuracy": "accuracy on new examples",
        "loss=ce": "cross-entropy",
        "loss=mse": "squared error",
        "same=best": "training to one loss at the best learning rate",
        "same=loss": "training to one loss at one learning rate",
        "same=examples": "equally many examples at one learning rate",
        "same=both": "equally many examples and rates in proportion to the batch",
        "batch": "batch size",
        "goal": "training loss to be reached",
        "lr": "learning rate",
        "copies": "{value} copies of each example",
        "copies=1": "each example once in a batch",
        "task=clusters": "clusters of points",
        "task=teacher": "a task set by another network",
        "width": "{value} hidden neurons",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
