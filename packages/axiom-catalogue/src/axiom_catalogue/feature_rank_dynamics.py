"""How many of its neurons does a network use, and does a wider one use a smaller share?

Why it matters: if a network uses few of its neurons, the others cost memory and energy for nothing.

The effective rank of what a layer says of many inputs is the exponential of the entropy of its singular values (Roy &
Vetterli 2007): it counts the directions in which the layer varies, weak ones, too. The old laboratory saw it fall with
width, for each neuron. The stable rank, the sum of the squared singular values over the largest of them, counts strong
directions alone. Either may be so before training already, and after the same epochs a wider network has learned more.
So we take them at the start, at the end, and where the training loss is first below a half, of networks with 16 to 256
neurons in each of two hidden layers, on two tasks.

We expect the effective rank for each neuron to fall by too little to matter, and less after training than before it;
and the stable rank for each neuron to fall plainly: what is added with width are weak directions.

History: 2, with near looks until the same loss; 1, with the stable rank, the start and the same loss beside it; the
old laboratory left no numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, progress, training
from axiom.kit.minibatch_descent import Course, Held
from axiom.kit.optimizers import SGD, Rates

INPUTS, CLASSES, EXAMPLES, ROWS = 20, 5, 2_000, 1_000
MATCHED = 0.5  # nats
BATCH, LOOKS = 50, 5  # examples of a step; looks in an epoch, until that loss is there
ROUNDING = 1e-7  # singular values below this share of the largest are none
TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
State: TypeAlias = tuple[Held, list[list[float]]]  # of the descent; both shares, the loss and the number of each look


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher
    width: int  # of both hidden layers
    lr: float = 0.05
    epochs: int = 40
    control: str = "none"  # placebo: 32 neurons whatever it says, a start for each; planted: two inputs, the rest 0


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured, of the last hidden layer on test inputs. Conclusions are estimands, computed by the server."""

    share: float  # effective rank for each neuron, at the end
    start_share: float  # before training
    kept: float  # share at the end over share before training
    matched_share: float | None = None  # where the training loss first comes to a half; None: it never does
    stable_share: float  # stable rank for each neuron, at the end
    start_stable_share: float
    first_layer_share: float  # effective rank for each neuron of the first hidden layer, at the end
    train_loss: float
    test_accuracy: float
    share_by_epoch: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data and batch order for every width alike."""
    task, start = _task(config, seed), _start(config, seed)

    orders = chance.orders(seed, items=EXAMPLES, epochs=config.epochs).reshape(-1, EXAMPLES // LOOKS)
    descent = partial(Course, optimizer=SGD, objective=losses.CROSS_ENTROPY, context=(), every=1)
    course = descent(start, task, orders, rates=Rates(lr=config.lr), batch=BATCH)

    def look(net: models.Net, number: int) -> list[float]:
        last = models.hidden(net, task.x_test)[-1]
        loss = training.cross_entropy(models.logits(net, task.x_train), task.y_train)
        return [*(rank / last.shape[1] for rank in ranks(last)), loss, number]

    def step(state: State, number: int) -> State:
        learner, seen = course.step(state[0], number), state[1]
        is_due = (number + 1) % LOOKS == 0 or min(loss for _, _, loss, _ in seen) > MATCHED
        return learner, [*seen, look(course.net(learner), number + 1)] if is_due else seen

    learner, seen = progress.blocks((course.begin(), [look(start, 0)]), step, course.blocks)
    shares, stable, fits, numbers = zip(*seen, strict=True)
    end = course.net(learner)
    first = models.hidden(end, task.x_test)[0]
    return Measures(
        share=shares[-1],
        start_share=shares[0],
        kept=shares[-1] / shares[0],
        matched_share=matched(shares, fits),
        stable_share=stable[-1],
        start_stable_share=stable[0],
        first_layer_share=ranks(first)[0] / first.shape[1],
        train_loss=fits[-1],
        test_accuracy=training.accuracy(end, task.x_test, task.y_test),
        share_by_epoch=tuple(share for share, number in zip(shares, numbers, strict=True) if number % LOOKS == 0),
    )


def matched(shares: Sequence[float], fits: Sequence[float]) -> float | None:
    """The share where the loss first comes to the one at which widths are compared, by a line between two looks."""
    place = next((number for number, loss in enumerate(fits) if loss <= MATCHED), 0)
    if not place:
        return None
    part = (fits[place - 1] - MATCHED) / (fits[place - 1] - fits[place])
    return shares[place - 1] + part * (shares[place] - shares[place - 1])


def ranks(features: models.Array) -> tuple[float, float]:
    """The effective and the stable rank of rows around their mean; both are 0 of what does not vary."""
    rows = np.asarray(features, dtype=np.float64)
    centred = rows - rows.mean(axis=0)
    gram = centred.T @ centred if len(centred) >= centred.shape[1] else centred @ centred.T
    squares = np.clip(np.linalg.eigvalsh(gram), 0, None)
    values = np.sqrt(squares[squares > ROUNDING**2 * squares.max()])
    if not len(values):
        return 0.0, 0.0
    shares = values / values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum())), float(squares.sum() / squares.max())


def _task(config: Config, seed: int) -> data.LearningTask:
    draw = TASKS[config.task]
    task = draw(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=ROWS)
    if config.control != "planted":
        return task
    shown = (np.arange(INPUTS) < 2).astype(np.float32)
    return replace(task, x_train=task.x_train * shown, x_test=task.x_test * shown)


def _start(config: Config, seed: int) -> models.Net:
    is_placebo = config.control == "placebo"
    purpose, width = (f"start {config.width}", 32) if is_placebo else ("start", config.width)
    return models.mlp(chance.stream(seed, purpose), (INPUTS, width, width, CLASSES))


def _slope(measure: str, claim: str, negative: float, interval: tuple[float, float], **rest: Any) -> Estimand:
    """Of the logarithm on that of the width, over all widths; a mean over both tasks."""
    return Estimand(
        name=f"{measure}_by_width",
        claim=claim,
        **rest,
        kind=Kind.SLOPE,
        measure=measure,
        across="width",
        expects=Direction.LESS if negative >= 0.5 else Direction.ABSENT,
        smallest=0.05,
        prediction=Prediction(
            positive=0.01, negative=negative, absent=round(0.99 - negative, 2), interval=interval, because="a pilot"
        ),
    )


def _short(control: str) -> tuple[Config, ...]:
    return grid(Config, task=["clusters"], width=[16, 32, 64], epochs=[2], control=[control])


experiment = Experiment(
    name="feature_rank_dynamics",
    aliases=("featrank",),
    version=2,
    question="How many of its neurons does a network use, and does a wider one use a smaller share?",
    reference="Roy & Vetterli 2007, EUSIPCO; Rudelson & Vershynin 2007; Huh et al. 2021, arXiv:2103.10427",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=list(TASKS), width=[16, 32, 64, 128, 256]),
    ranges={"width": (4, 1_024), "lr": (1e-4, 0.5), "epochs": (1, 500)},
    estimands=(
        _slope(
            "share",
            "the effective rank of a network's features (how many directions they use) per neuron "
            "hardly depends on width",
            0.03,
            (-0.04, -0.018),
        ),
        _slope(
            "stable_share",
            "the wider a network, the lower the stable rank of its features (how many strong "
            "directions they use) per neuron",
            0.98,
            (-0.64, -0.58),
        ),
        _slope(
            "start_share",
            "before training, the wider a network, the lower the effective rank of its features "
            "(how many directions they use) per neuron",
            0.5,
            (-0.062, -0.04),
        ),
        _slope(
            "kept",
            "training leaves networks of every width about the same part of the effective rank of their "
            "features (how many directions they use)",
            0.01,
            (0.014, 0.03),
        ),
        _slope(
            "matched_share",
            "at the same training loss the effective rank of features (how many directions they "
            "use) per neuron hardly depends on width",
            0.03,
            (-0.039, 0.002),
        ),
    ),
    controls=(Control(estimand="share_by_width", placebo=_short("placebo"), planted=_short("planted")),),
    figure=Figure(x="width", y="share", log=("x", "y"), title="Effective rank for each neuron"),
    setting="the last hidden layer of ReLU classifiers",
    headlines=(
        Headline(
            says="If weak directions count too, hidden activations' rank grows about in proportion to width",
            when={"share_by_width": Direction.ABSENT},
        ),
        Headline(
            says="Per neuron, larger networks' inner activity is less varied than smaller ones' (effective rank)",
            when={"share_by_width": Direction.LESS},
        ),
        Headline(
            says="Per neuron, larger networks' inner activity is more varied than smaller ones' (effective rank)",
            when={"share_by_width": Direction.MORE},
        ),
        Headline(
            says="Networks with more neurons have fewer strong directions per neuron (stable rank)",
            when={"stable_share_by_width": Direction.LESS},
        ),
    ),
    words={
        "share": "effective rank (directions used) per neuron after training",
        "stable_share": "stable rank (strong directions used) per neuron after training",
        "start_share": "effective rank (directions used) per neuron before training",
        "kept": "the part of the effective rank (directions used) that training leaves",
        "matched_share": "effective rank (directions used) per neuron at equal training loss",
        "lr": "learning rate",
        "epochs": "{value} epochs",
        "width": "{value} neurons per layer",
        "task=teacher": "labels from a random network",
        "task=clusters": "clusters of points",
    },
    needs=Needs(
        seconds=lambda config: 0.01 + config.epochs * (1.75e-3 + 2.2e-7 * config.width**2),
        memory_mb=500,
        may_use_gpu=True,
        gpu_memory_mb=2_000,
        side_by_side=True,
    ),
)
