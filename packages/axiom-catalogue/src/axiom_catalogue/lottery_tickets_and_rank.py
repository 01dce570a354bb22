"""Which directions of a weight matrix does pruning remove, and is a matrix of low rank as good as a sparse one?

Why it matters: a network can be made smaller by leaving out connections or by fewer directions. Which of the two loses
less decides how to compress it.

Pruning leaves gaps, and cutting weak singular directions leaves low rank, the nearest of all (Eckart & Young 1936). Of
a network the square matrix in the middle is treated in one of both ways, so that as many numbers are left. What is
largest is looked for at the end of a training, at its start, or by lot. A part is measured at once, and as a ticket
(Frankle & Carbin 2019): trained alone from where the whole began, with gaps or as two thin factors (Khodak et al.
2021). A lot keeps the same share of each direction. So does a threshold in Gaussian noise, as the start is, since it
sees one weight at a time.

We expect, of cross-entropy, that pruning by size spares no strong direction, and keeps less of what was learned than of
the start; that at once it costs less than low rank does; and that as tickets both are as good, but of a thirty-second
of the numbers, where low rank fails. With squared error on clusters, strong directions have grown and are spared.

History: 1, an idea of the old laboratory's, which computed nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, geometry, lowrank, models, progress, training

INPUTS, CLASSES, EXAMPLES, TEST, BATCH, EVERY = 20, 5, 1_000, 2_000, 50, 5
STRONG = CLASSES - 1  # directions: as many as it takes to tell the classes apart
TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
Floats: TypeAlias = npt.NDArray[np.float64]
Keeper: TypeAlias = Callable[[Floats], Floats]
State: TypeAlias = list[tuple[list[models.Array], list[float]]]  # the network and its accuracies, of each training
Given: TypeAlias = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher
    kind: str  # places or directions
    chosen: str  # end, start, or lot: the matrix whose largest weights or strongest directions stay
    rank: int = 4  # of the directions; as many places stay as two such factors have numbers
    width: int = 64  # of both hidden layers
    loss: str = "cross_entropy"  # or squared_error
    epochs: int = 60  # of each of two trainings
    lr: float = 0.1
    control: str = "none"  # lot: all is chosen by lot; loud: a few neurons are made large at the end; all: nothing goes


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    strong_kept: float  # share of the trained matrix's strongest directions that the part has
    weak_kept: float  # of its others
    spares_strong: float  # the first less the second, less the same of the start, by a choice made there
    learned_minus_start: float  # share kept of the squares of what was learned, less that of the start
    rank_doublings: float  # logarithm to base 2 of the part's stable rank over the whole's
    at_once_lost: float  # test accuracy that the trained network loses with what goes
    ticket_lost: float  # that the part lacks at the end when it was trained alone from the start
    ticket_best_lost: float  # each at the best moment of its training
    ticket_train_loss: float
    whole_accuracy: float


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for the whole and every part alike."""
    task = TASKS[config.task](chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=TEST)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, config.width, config.width, CLASSES))
    orders, shape = chance.orders(seed, items=EXAMPLES, epochs=config.epochs), jax.tree.structure(start)

    def learn(state: State, number: int) -> State:
        net, stays = start, np.ones((config.width, config.width))
        if number == 1:
            keep = _keeper(config, seed, start, jax.tree.unflatten(shape, state[0][0]))
            if config.kind == "places":
                stays = keep(stays)
            else:
                net = lowrank.factored(lowrank.instead(start, keep(lowrank.middle(start))), rank=_rank(config))
        end, seen = lowrank.learned(net, stays, task, orders, loss=config.loss, lr=config.lr, batch=BATCH, every=EVERY)
        return [*state, (jax.tree.leaves(end), seen)]

    (whole, seen), (part, seen_of_part) = progress.blocks(State(), learn, 2)
    end, ticket = (jax.tree.unflatten(shape, leaves) for leaves in (whole, part))
    if config.control == "loud":
        end = lowrank.instead(end, lowrank.middle(end) * (1 + 3 * (np.arange(config.width) < STRONG)))
    at_once = lowrank.instead(end, _keeper(config, seed, start, end)(lowrank.middle(end)))
    return Measures(
        at_once_lost=seen[-1] - training.accuracy(at_once, task.x_test, task.y_test),
        ticket_lost=seen[-1] - seen_of_part[-1],
        ticket_best_lost=max(seen) - max(seen_of_part),
        ticket_train_loss=training.cross_entropy(models.logits(ticket, task.x_train), task.y_train),
        whole_accuracy=seen[-1],
        **_of_matrices(config, seed, start, end),
    )


def _of_matrices(config: Config, seed: int, start: models.Net, end: models.Net) -> dict[str, float]:
    first, last = lowrank.middle(start), lowrank.middle(end)
    keep, keep_first = (_keeper(config, seed, start, net) for net in (end, start))
    (strong, weak), (strong_first, weak_first) = kept(last, keep(last)), kept(first, keep_first(first))
    shares = [float(np.vdot(matrix, keep(matrix)) / np.vdot(matrix, matrix)) for matrix in (last - first, first)]
    return {
        "strong_kept": strong,
        "weak_kept": weak,
        "spares_strong": (strong - weak) - (strong_first - weak_first),
        "learned_minus_start": shares[0] - shares[1],
        "rank_doublings": float(np.log2(geometry.stable_rank(keep(last)) / geometry.stable_rank(last))),
    }


def _rank(config: Config) -> int:
    return config.width if config.control == "all" else config.rank


def _keeper(config: Config, seed: int, start: models.Net, end: models.Net) -> Keeper:
    """What takes of any matrix the places or the directions that are largest in the chosen one."""
    chosen = lowrank.middle(end if config.chosen == "end" else start)
    if config.chosen == "lot" or config.control == "lot":
        chosen = chance.stream(seed, f"lot of {config.kind}").standard_normal(chosen.shape)
    return keeper(chosen, config.kind, _rank(config))


def keeper(chosen: Floats, kind: str, rank: int) -> Keeper:
    """Both kinds leave as many numbers: 2 rank width, or all where there are no more."""
    if kind == "places":
        stays = np.zeros(chosen.size)
        stays[np.argsort(-np.abs(chosen), axis=None, kind="stable")[: rank * sum(chosen.shape)]] = 1
        return lambda matrix: matrix * stays.reshape(chosen.shape)
    left, _, right = np.linalg.svd(chosen)
    before, behind = left[:, :rank] @ left[:, :rank].T, right[:rank].T @ right[:rank]
    return lambda matrix: before @ matrix @ behind


def kept(whole: Floats, part: Floats) -> tuple[float, float]:
    """The share u'Pv / s that a part has of the whole's strongest directions, and of all others: a mean by squares."""
    left, sizes, right = np.linalg.svd(whole)
    parts, squares = sizes * np.einsum("ij,ij->j", left, part @ right.T), sizes**2
    return float(parts[:STRONG].sum() / squares[:STRONG].sum()), float(parts[STRONG:].sum() / squares[STRONG:].sum())


def _asks(
    name: str, claim: str, interval: tuple[float, float], *arms: Given, measure: str = "", **rest: Any
) -> Estimand:
    """Of one arm a level, of two a difference within the replicate."""
    more, less, none = rest.pop("chances", (0.98, 0.01, 0.01))
    because = "a pilot of 8 seeds: " + rest.pop("seen")
    prediction = Prediction(positive=more, negative=less, absent=none, interval=interval, because=because)
    fields: Given = {"kind": Kind.CONTRAST if len(arms) == 2 else Kind.LEVEL, "smallest": 0.05, "between": arms} | rest
    return Estimand(name=name, claim=claim, measure=measure or name, prediction=prediction, **fields)


PLAIN: Given = {"kind": "places", "loss": "cross_entropy", "width": 64}
SIZE, LOT = (PLAIN | {"chosen": chosen} for chosen in ("end", "lot"))
EIGHTH = SIZE | {"rank": 4}
THIN, GAPS = ({"kind": kind, "chosen": "end", "width": 64, "rank": 4} for kind in ("directions", "places"))
FEW = (THIN | {"rank": 1}, GAPS | {"rank": 1})
BEST, NOW = ({"measure": measure} for measure in ("ticket_best_lost", "at_once_lost"))
CLOSE: Given = {"smallest": 0.02}
NONE: Given = {"chances": (0.02, 0.02, 0.96)}
FALLS: Given = {"chances": (0.01, 0.98, 0.01)}
SOME: Given = {"task": list(TASKS), "kind": ["places", "directions"], "chosen": ["end", "start", "lot"]}
ONE: Given = {"task": ["clusters"], "kind": ["places"], "chosen": ["end"], "epochs": [5]}
TWO: Given = {"task": ["clusters"], "kind": ["directions", "places"], "chosen": ["end"], "rank": [1], "epochs": [5]}
BY_LOT, LOUD, ALL = ({"control": [name]} for name in ("lot", "loud", "all"))

experiment = Experiment(
    name="lottery_tickets_and_rank",
    version=1,
    question="Which directions of a weight matrix does pruning remove, and is low rank as good as gaps?",
    reference="Frankle & Carbin 2019, arXiv:1803.03635; Khodak et al. 2021, arXiv:2105.01029; Eckart & Young 1936",
    run=run,
    measures=Measures,
    sweep=grid(Config, **SOME, rank=[1, 2, 4])
    + grid(Config, **SOME, rank=[1, 4], loss=["squared_error"])
    + grid(Config, **SOME, rank=[2], width=[32])
    + grid(Config, **SOME, rank=[8], width=[128]),
    ranges={"rank": (1, 512), "width": (8, 512), "epochs": (1, 500), "lr": (1e-4, 0.5)},
    estimands=(
        _asks(
            "spares_strong",
            "magnitude pruning favours the strong singular directions of a weight matrix as much after "
            "training as at its start, within 5 points",
            (-0.008, 0.018),
            EIGHTH,
            seen="-0.027 to 0.037",
            **NONE,
            in_words="{percent} percentage points",
            expects=Direction.ABSENT,
        ),
        _asks(
            "learned_minus_start",
            "magnitude pruning to an eighth of the weights keeps a smaller share of what training added than of the "
            "starting weights, measured in squares",
            (-0.228, -0.212),
            EIGHTH,
            seen="-0.245 to -0.191",
            **FALLS,
            in_words="{percent} percentage points",
            expects=Direction.LESS,
        ),
        _asks(
            "rank_by_size_minus_lot",
            "a weight matrix has a higher stable rank, a count of the directions it uses, after magnitude pruning "
            "than after random pruning",
            (0.26, 0.34),
            SIZE,
            LOT,
            seen="0.2 to 0.39",
            measure="rank_doublings",
            in_words="{times2} times",
            expects=Direction.MORE,
        ),
        _asks(
            "low_rank_at_once",
            "without retraining, cutting a weight matrix to low rank costs more accuracy than pruning it to as many "
            "parameters",
            (0.04, 0.085),
            THIN,
            GAPS,
            seen="-0.02 to 0.14",
            **NOW | CLOSE,
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
        _asks(
            "low_rank_of_few",
            "retrained with a thirty-second of its middle matrix's parameters, a network at its best is less "
            "accurate with low rank than with sparse weights",
            (0.18, 0.24),
            *FEW,
            seen="0.085 to 0.285",
            **BEST,
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
        _asks(
            "low_rank_of_more",
            "retrained with an eighth of its middle matrix's parameters, a network at its best is as "
            "accurate with low rank as with sparse weights",
            (-0.003, 0.003),
            THIN,
            GAPS,
            seen="-0.008 to 0.01",
            **BEST | NONE | CLOSE,
            in_words="{percent} percentage points",
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(estimand="spares_strong", placebo=grid(Config, **ONE | BY_LOT), planted=grid(Config, **ONE | LOUD)),
        Control(estimand="low_rank_of_few", placebo=grid(Config, **TWO | ALL), planted=grid(Config, **TWO)),
    ),
    figure=Figure(
        x="rank", y="ticket_lost", title="What a part lacks beside the whole network", percent="percentage points"
    ),
    setting="compressed classifiers",
    headlines=(
        Headline(
            says="After retraining, pruning a middle layer beats factorising at extreme compression, hardly at milder",
            when={"low_rank_of_few": Direction.MORE, "low_rank_of_more": Direction.ABSENT},
        ),
        Headline(
            says="With an eighth of a layer's parameters, pruning and factorising retrain to similar accuracy",
            when={"low_rank_of_more": Direction.ABSENT},
        ),
        Headline(
            says="Keeping an eighth of a layer's parameters, pruning beats factorising in accuracy after retraining",
            when={"low_rank_of_more": Direction.MORE},
        ),
        Headline(
            says="Without retraining, factorising a middle layer costs more accuracy than pruning it equally small",
            when={"low_rank_at_once": Direction.MORE},
        ),
        Headline(
            says="With cross-entropy, pruning keeps a smaller share of training's changes than of starting weights",
            when={"learned_minus_start": Direction.LESS},
        ),
    ),
    words={
        "spares_strong": "sparing of strong directions beyond that at the start",
        "learned_minus_start": "the kept share of what training added minus that of the starting weights",
        "rank_doublings": "stable rank (directions used) of what is left",
        "at_once_lost": "accuracy lost without retraining",
        "ticket_best_lost": "accuracy lost at the best moment after retraining",
        "kind=places": "sparse weights",
        "kind=directions": "low rank",
        "chosen=end": "choice by size after training",
        "chosen=start": "choice by size at the start",
        "chosen=lot": "choice at random",
        "rank": "rank budget",
        "loss=cross_entropy": "cross-entropy loss",
        "loss=squared_error": "squared-error loss",
        "lr": "learning rate",
        "width": "{value} neurons per layer",
        "epochs": "{value} epochs",
        "ticket_lost": "accuracy lost after retraining",
        "task=clusters": "clusters of points",
        "task=teacher": "labels from a random network",
    },
    needs=Needs(seconds=lambda it: 0.007 + it.epochs * (3.5e-4 + 1.05e-7 * it.width**2), memory_mb=400),
)
