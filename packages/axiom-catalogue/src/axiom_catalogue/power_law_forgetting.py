"""Can a network learn a second task without forgetting the first?

Why it matters: a network that learns something new forgets the old, and must be trained again at great cost. A cheap
remedy would change that.

Plain descent forgets: the old laboratory lost 64 % of the first task's accuracy, and 33 % where elastic weight
consolidation held the weights that mattered (Kirkpatrick et al. 2017). We train one network on one task and then on
another, and vary how strongly weights are held, and which: by their Fisher information, or all alike with the same sum.

We expect forgetting to fall as a small power of the strength, at some cost for the second task, and Fisher information
to be worth something, since plain L2 holds what does not matter. Two random teachers label inputs of one distribution
differently: no network can know both, and no penalty should help there. The loss is cross-entropy throughout.

History: 1, with teachers that contradict each other and a penalty that knows nothing, which were not there before.
"""

from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, fisher, losses, models, optimizers, progress, training

ITEMS, TEST = 1_000, 1_000
PARTS = 4  # of the second training; after each, the first task is tested
OBJECTIVE = fisher.Anchored()
STRENGTHS = (1.0, 10.0, 30.0, 100.0, 300.0)


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    tasks: str  # clusters, or teachers that ask for different labels of inputs of one distribution
    importance: str  # none, equal or fisher
    strength: float  # of the penalty; where nothing is important it has no effect
    separation: float = 0.8  # spread of the clusters' centres; at 0 there is nothing to learn, and nothing to forget
    lr: float = 0.05
    epochs: int = 20  # on each task


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    forgetting: float | None  # share of the first task's test accuracy that is gone at the end; None of nothing
    second_accuracy: float  # on the second task's test data, at the end
    mean_accuracy: float  # on both tasks' test data, at the end
    diverged: int  # 1 when the weights left the real numbers
    first_accuracy_by_part: tuple[float, ...]  # on the first task: before the second, and after each quarter of it


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes both tasks, start and batch order for every importance and strength alike."""
    first, second = (_task(config, seed, purpose) for purpose in ("first", "second"))
    start = models.mlp(chance.stream(seed, "start"), (20, 64, 64, 5))
    orders = chance.orders(seed, items=ITEMS, epochs=2 * config.epochs)
    parts = [orders[: config.epochs], *np.array_split(orders[config.epochs :], PARTS)]
    leaves, shape = jax.tree.flatten((start, start, jax.tree.map(np.zeros_like, start)))  # at first nothing matters

    def learn(state: tuple[list[models.Array], list[float]], number: int) -> tuple[list[models.Array], list[float]]:
        """The first task in one part, its importances, and then the second task in several."""
        net, anchor, importance = jax.tree.unflatten(shape, state[0])
        net, seen = training.trained(
            net,
            second if number else first,
            parts[number],
            rates=optimizers.Rates(lr=config.lr),
            batch=32,
            objective=OBJECTIVE,
            context=(anchor, importance, config.strength),
            every=max(1, config.epochs // PARTS),
            watch=lambda net: training.accuracy(net, first.x_test, first.y_test),
        )
        if number == 0:
            anchor, importance = net, important(config, net, first)
        return jax.tree.leaves((net, anchor, importance)), [*state[1], *seen[-1:]]

    leaves, curve = progress.blocks((leaves, list[float]()), learn, 1 + PARTS)
    end, _, _ = jax.tree.unflatten(shape, [np.asarray(leaf) for leaf in leaves])
    accuracy = training.accuracy(end, second.x_test, second.y_test)
    return Measures(
        forgetting=1 - curve[-1] / curve[0] if curve[0] else None,
        second_accuracy=accuracy,
        mean_accuracy=(curve[-1] + accuracy) / 2,
        diverged=int(not np.isfinite(end[-1].weights).all()),
        first_accuracy_by_part=tuple(curve),
    )


def important(config: Config, net: models.Net, task: data.LearningTask) -> models.Net:
    """How much each weight matters for what was learned, but no more than lets descent stay stable."""
    if config.importance == "none":
        return tuple(models.Layer(*map(np.zeros_like, layer)) for layer in net)
    importance = fisher.diagonal(losses.CROSS_ENTROPY, net, task.x_train, task.y_train)
    most = np.float32(1 / (config.lr * config.strength))  # at twice this, descent would swing about the anchor for ever
    capped: models.Net = jax.tree.map(lambda part: np.minimum(part, most), importance)
    return fisher.equalised(capped) if config.importance == "equal" else capped


def _task(config: Config, seed: int, purpose: str) -> data.LearningTask:
    rng = chance.stream(seed, purpose)
    if config.tasks == "teachers":
        return data.teacher(rng, inputs=20, classes=5, train=ITEMS, test=TEST)
    return data.clusters(rng, inputs=20, classes=5, train=ITEMS, test=TEST, separation=config.separation)


PLAIN = Config(tasks="clusters", importance="none", strength=1.0)
HELD = Config(tasks="clusters", importance="fisher", strength=30.0)


def _contrast(
    name: str,
    claim: str,
    measure: str,
    arms: tuple[Config, Config],
    smallest: float,
    interval: tuple[float, float],
    **rest: Any,
) -> Estimand:
    """What the first arm has more of than the second, within a replicate."""
    return Estimand(
        name=name,
        claim=claim,
        **rest,
        kind=Kind.CONTRAST,
        measure=measure,
        between=tuple({"tasks": a.tasks, "importance": a.importance, "strength": a.strength} for a in arms),
        smallest=smallest,
        bounds=(-1.0, 1.0),
        prediction=Prediction(
            positive=0.95, negative=0.01, absent=0.04, interval=interval, because="the eight seeds of a pilot"
        ),
    )


experiment = Experiment(
    name="power_law_forgetting",
    aliases=("ewc",),
    version=1,
    question="Can a network learn a second task without forgetting the first?",
    reference="Kirkpatrick et al. 2017, arXiv:1612.00796",
    run=run,
    measures=Measures,
    sweep=tuple(
        Config(tasks=tasks, importance=importance, strength=strength)
        for tasks in ("clusters", "teachers")
        for importance, strengths in (("none", (1.0,)), ("equal", STRENGTHS), ("fisher", STRENGTHS))
        for strength in strengths
    ),
    ranges={"strength": (0.01, 10_000.0), "separation": (0.0, 5.0), "lr": (1e-4, 0.5), "epochs": (1, 500)},
    estimands=(
        _contrast(
            "plain_minus_fisher",
            "a network that learns two tasks in turn forgets less of the first with elastic weight "
            "consolidation than with plain descent",
            "forgetting",
            (PLAIN, HELD),
            smallest=0.05,
            interval=(0.18, 0.25),
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
        Estimand(
            name="strength_slope",
            claim="a network forgets less of its first task the more strongly elastic weight consolidation holds "
            "important weights in place",
            kind=Kind.SLOPE,  # of log forgetting on log strength, one value per replicate
            measure="forgetting",
            across="strength",
            between=({"tasks": "clusters", "importance": "fisher"},),
            expects=Direction.LESS,
            smallest=0.03,
            prediction=Prediction(
                positive=0.01, negative=0.97, absent=0.02, interval=(-0.19, -0.13), because="the eight seeds of a pilot"
            ),
        ),
        _contrast(
            "equal_minus_fisher",
            "with the same total penalty, holding important weights in place (by their Fisher information) makes a "
            "network forget less than holding all alike",
            "forgetting",
            (replace(HELD, importance="equal"), HELD),
            smallest=0.02,
            interval=(0.04, 0.07),
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
        _contrast(
            "plain_minus_strong_on_the_second",
            "a network learns a second task better with plain descent than when elastic weight consolidation holds "
            "important weights strongly in place",
            "second_accuracy",
            (PLAIN, replace(HELD, strength=100.0)),
            smallest=0.005,
            interval=(0.012, 0.02),
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
        _contrast(
            "plain_minus_strong_on_teachers",
            "where two tasks contradict each other a network is more accurate over both with plain descent than with "
            "important weights held strongly in place",
            "mean_accuracy",
            (replace(PLAIN, tasks="teachers"), replace(HELD, tasks="teachers", strength=100.0)),
            smallest=0.005,
            interval=(0.018, 0.032),
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="plain_minus_fisher",
            placebo=(replace(PLAIN, separation=0.0), replace(HELD, separation=0.0)),  # nothing can be learned
            planted=(replace(PLAIN, separation=0.6, lr=0.02), replace(HELD, separation=0.6, lr=0.02)),
        ),
    ),
    figure=Figure(x="strength", y="forgetting", log=("x",), title="Forgetting", where={"tasks": "clusters"}),
    setting="networks taught two tasks in turn",
    headlines=(
        Headline(
            says="Protecting important connections reduces forgetting between compatible tasks; strong protection "
            "hurts the second",
            when={"plain_minus_fisher": Direction.MORE, "plain_minus_strong_on_the_second": Direction.MORE},
        ),
        Headline(
            says="If tasks do not conflict, protecting important connections beats protecting all alike against "
            "forgetting",
            when={"plain_minus_fisher": Direction.MORE, "equal_minus_fisher": Direction.MORE},
        ),
        Headline(
            says="Networks forget a first, compatible task less when their important connections are protected",
            when={"plain_minus_fisher": Direction.MORE},
        ),
        Headline(
            says="Networks forget a first, compatible task more when their important connections are protected",
            when={"plain_minus_fisher": Direction.LESS},
        ),
        Headline(
            says="Protecting important connections hardly changes how much networks forget of a non-conflicting first "
            "task",
            when={"plain_minus_fisher": Direction.ABSENT},
        ),
    ),
    words={
        "forgetting": "the share of first-task accuracy forgotten",
        "second_accuracy": "accuracy on the second task",
        "mean_accuracy": "mean accuracy on both tasks",
        "tasks=clusters": "clusters of points",
        "tasks=teachers": "tasks that contradict each other",
        "importance=none": "no holding strength",
        "importance=equal": "all weights to hold alike",
        "importance=fisher": "important weights to hold",
        "strength": "holding strength",
        "separation": "separation of clusters",
        "lr": "learning rate",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=lambda config: 0.008 + config.epochs * 9.2e-4, memory_mb=600),
)
