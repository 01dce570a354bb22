"""Does a network hold a small part that would have learned as well alone, and how small may that part be?

Why it matters: if most connections can go, networks could be far cheaper to run, on telephones and for everybody.

A trained network loses the fifth of its weights that are smallest, what is left goes back to where it began and is
trained again, and so on, round after round: what is then left is a winning ticket if it still learns as well as the
whole (Frankle & Carbin 2019). The old laboratory found one critical sparsity, 91.3 %, on one task and one seed. Two
things must be beside it. The same places with other numbers to start from tell whether the start matters, and as many
places of each layer, chosen by lot, with the true start tell whether the places do. All have the same data, order and
epochs. A network on few data may also gain by being small, so the best moment of the training is measured, too.

We expect tickets that lack nothing that matters at the old sparsity, taking both tasks together, but a critical one for
each task, near 98 % on clusters and 92 % on a teacher's labels; beyond these, both start and places matter.

History: 1, on two tasks, with both of these beside it; the old laboratory had the tickets alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, lottery_tickets, models, progress, pruning, training
from axiom.kit.optimizers import Rates

INPUTS, WIDTH, CLASSES, EXAMPLES, TEST = 20, 64, 5, 1_000, 2_000
ROUNDS = (3, 11, 15, 19)
STAYS = 0.8  # of the weights that are left, in each round
LOSS = 0.02  # of accuracy: a ticket that lacks more than this beside the whole network is none
EVERY = 5  # epochs between two looks
TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
State: TypeAlias = tuple[list[models.Array], list[list[float]]]  # the mask, and accuracies of each training so far


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher
    rounds: int  # of pruning: 11 take 91.4 % of the weights
    epochs: int = 60  # of each training
    lr: float = 0.1
    control: str = "none"  # placebo: the ticket begins with other numbers, too; planted: those others are nearly 0


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured, on test data. Conclusions are estimands, computed by the server."""

    removed: float  # share of the weights
    dense_accuracy: float  # of the whole network at the end of its training, as the next
    ticket_accuracy: float
    ticket_minus_dense: float
    ticket_minus_redrawn: float  # the same places with other numbers to start from
    ticket_minus_scattered: float  # other places in the same layers with the true start
    best_minus_dense_best: float  # ticket and whole, each at the best moment of its training
    critical: float  # the share gone where the accuracy last was within LOSS of the whole's, as far as was looked
    accuracy_by_round: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for all trainings alike."""
    task = TASKS[config.task](chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=TEST)
    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs)
    everything = pruning.magnitude(_drawn(seed, "start"), keep=1.0)
    shape = jax.tree.structure(everything)

    def right(net: models.Net) -> float:
        return float((training.answers(net, task.x_test) == task.y_test).mean())

    def learn(state: State, number: int) -> State:
        mask: pruning.Mask = jax.tree.unflatten(shape, state[0])
        start, stays = _arm(config, seed, mask, number - config.rounds)
        rates = Rates(lr=config.lr)
        end, seen = lottery_tickets.learned(start, stays, task, orders, rates=rates, batch=50, every=EVERY, watch=right)
        if number < config.rounds:
            mask = pruning.magnitude(end, keep=STAYS, within=mask)
        return jax.tree.leaves(mask), [*state[1], seen]

    nothing: list[list[float]] = []
    leaves, seen = progress.blocks((jax.tree.leaves(everything), nothing), learn, config.rounds + 3)
    return _measures(jax.tree.unflatten(shape, leaves), seen)


def _arm(config: Config, seed: int, mask: pruning.Mask, number: int) -> tuple[models.Net, pruning.Mask]:
    """Where the training of this number, counted from the last ticket's, begins, and which weights it has."""
    start = _drawn(seed, "start")
    if number == 0 and config.control == "placebo":
        return _drawn(seed, "ticket's start"), mask
    if number == 1:
        factor = np.float32(0.01 if config.control == "planted" else 1.0)
        return tuple(layer._replace(weights=factor * layer.weights) for layer in _drawn(seed, "other start")), mask
    if number == 2:
        return start, lottery_tickets.scattered(chance.stream(seed, "places"), mask)
    return start, mask


def _drawn(seed: int, purpose: str) -> models.Net:
    return models.mlp(chance.stream(seed, purpose), (INPUTS, WIDTH, WIDTH, CLASSES))


def _measures(mask: pruning.Mask, seen: list[list[float]]) -> Measures:
    dense, (ticket, redrawn, other) = seen[0], seen[-3:]
    by_round = [accuracies[-1] for accuracies in seen[:-2]]
    return Measures(
        removed=1 - pruning.density(mask),
        dense_accuracy=dense[-1],
        ticket_accuracy=ticket[-1],
        ticket_minus_dense=ticket[-1] - dense[-1],
        ticket_minus_redrawn=ticket[-1] - redrawn[-1],
        ticket_minus_scattered=ticket[-1] - other[-1],
        best_minus_dense_best=max(ticket) - max(dense),
        critical=critical(by_round),
        accuracy_by_round=tuple(by_round),
    )


def critical(by_round: list[float]) -> float:
    """The share that was gone where the accuracy last was within LOSS of the first, on the line between two rounds."""
    above = np.array(by_round) - (by_round[0] - LOSS)
    last = int(np.flatnonzero(above >= 0)[-1])
    rounds = last + (above[last] / (above[last] - above[last + 1]) if last + 1 < len(above) else 0.0)
    return float(1 - STAYS**rounds)


def _claim(
    name: str, claim: str, measure: str, arms: list[dict[str, object]], prediction: Prediction, **changes: Any
) -> Estimand:
    """Of the mean of both tasks, or of two arms."""
    options: dict[str, Any] = {"smallest": 0.02, "bounds": (-1.0, 1.0)} | changes
    return Estimand(
        name=name,
        claim=claim,
        kind=Kind.CONTRAST if len(arms) == 2 else Kind.LEVEL,
        measure=measure,
        between=tuple(arms),
        prediction=prediction,
        **options,
    )


def _short(control: str) -> tuple[Config, ...]:
    return (Config(task="clusters", rounds=15, epochs=2, control=control),)


experiment = Experiment(
    name="lottery_ticket",
    aliases=("lottery_ticket_v2",),
    version=1,
    question="Does a network hold a small part that would have learned as well alone, and how small may it be?",
    reference="Frankle & Carbin 2019, arXiv:1803.03635; Frankle et al. 2020, arXiv:1912.05671",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=list(TASKS), rounds=list(ROUNDS)),
    ranges={"rounds": (1, 30), "epochs": (1, 500), "lr": (1e-4, 0.5)},
    estimands=(
        _claim(
            "loses_at_the_old_sparsity",
            "with 91.4 % of a network's weights gone, the ticket that is left is as accurate as the whole, "
            "within 2 points",
            "ticket_minus_dense",
            [{"rounds": 11}],
            Prediction(positive=0.01, negative=0.04, absent=0.95, interval=(-0.012, 0.001), because="a pilot"),
            in_words="{percent} percentage points",
            expects=Direction.ABSENT,
        ),
        _claim(
            "critical_beyond_the_old",
            "a winning ticket keeps the accuracy of the whole network beyond the 91.3 % of removed "
            "weights once claimed, over both tasks",
            "critical",
            [{"rounds": 19}],
            Prediction(positive=0.95, negative=0.01, absent=0.04, interval=(0.94, 0.963), because="a pilot"),
            null=0.913,
            bounds=(0.0, 1.0),
            in_words="{percent} %",
            expects=Direction.MORE,
        ),
        _claim(
            "critical_on_clusters_minus_teacher",
            "more weights can be removed from a network without loss where it learns clusters than "
            "where it learns a teacher's labels",
            "critical",
            [{"task": "clusters", "rounds": 19}, {"task": "teacher", "rounds": 19}],
            Prediction(positive=0.93, negative=0.01, absent=0.06, interval=(0.04, 0.08), because="a pilot"),
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
        _claim(
            "start_matters",
            "with 96.5 % of the weights gone, a ticket from its own starting weights is more "
            "accurate than from other ones",
            "ticket_minus_redrawn",
            [{"rounds": 15}],
            Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.085, 0.108), because="a pilot"),
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
        _claim(
            "places_matter",
            "with 96.5 % of the weights gone, a ticket is more accurate than the same number of "
            "random weights in each layer",
            "ticket_minus_scattered",
            [{"rounds": 15}],
            Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.25, 0.33), because="a pilot"),
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
    ),
    controls=(Control(estimand="start_matters", placebo=_short("placebo"), planted=_short("planted")),),
    figure=Figure(
        x="rounds",
        y="ticket_minus_dense",
        title="What a ticket lacks beside the whole network",
        along="share of the weights left",
        levels={str(rounds): f"{100 * STAYS**rounds:.2g} %" for rounds in ROUNDS},
    ),
    setting="pruned small classifiers",
    headlines=(
        Headline(
            says="On average here, a well-chosen 9% of connections learns about as well as all",
            when={"loses_at_the_old_sparsity": Direction.ABSENT},
        ),
        Headline(
            says="On average here, even a well-chosen 9% of connections learns less well than all",
            when={"loses_at_the_old_sparsity": Direction.LESS},
        ),
        Headline(
            says="On average here, networks stay accurate beyond 91.3% of connections removed, if well chosen",
            when={"critical_beyond_the_old": Direction.MORE},
        ),
        Headline(
            says="On average here, randomising the kept connections' places or starting values lowers accuracy",
            when={"start_matters": Direction.MORE, "places_matter": Direction.MORE},
        ),
    ),
    words={
        "ticket_minus_dense": "accuracy of the part left (a ticket) minus that of the whole network",
        "ticket_minus_redrawn": "accuracy of a ticket minus that of its places with other starting weights",
        "ticket_minus_scattered": "accuracy of a ticket minus that of as many weights in random places",
        "critical": "the share of weights removed when accuracy last held",
        "task=clusters": "clusters of points",
        "task=teacher": "labels from a random network",
        "rounds": "{value} rounds that each cut a fifth",
        "lr": "learning rate",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=lambda config: 0.004 + (config.rounds + 3) * (0.0014 + config.epochs * 4.3e-4), memory_mb=400),
)
