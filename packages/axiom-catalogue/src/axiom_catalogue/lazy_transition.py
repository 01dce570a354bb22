"""Is there one width at which a network suddenly stops learning features?

Why it matters: people speak of a lazy and a rich regime as if a border lay between them. If there is none, no width is
safely on either side, and results from narrow networks carry over to wide ones by degrees.

The old laboratory trained seven widths from 8 to 512, looked at weights, gradients and neurons at checkpoints, and
called the steepest drop of weight movement the transition. It asked for a finer grid of widths and never computed it.
Here are thirteen widths, each root two times the one before. In logarithms of width and movement we fit a parabola, and
call a drop sudden by as much as it exceeds what the parabola says of the same step. At each checkpoint we measure
movement and the entropy of weights in the first layer, the gradient's length, the share of dead neurons, and how much
the representation is like that of the start. lazy_vs_feature_learning asks by which power of the width movement falls.

We expect no sudden drop. Movement should fall faster and faster, so that the steepest step is always the last one, and
the "transition" would move with the widest network that somebody tries; similarity should rise most between narrow
ones. Narrow networks should end with a gradient that is many times longer, and weight entropy should tell nothing.

History: 1, the finer grid of the old laboratory, with its measures and its transition.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, geometry, information, models, optimizers, progress, training

INPUTS, CLASSES, ITEMS, TEST, BATCH = 20, 5, 2_000, 500, 64
LOOKS = 5  # checkpoints of each width
NARROWEST = 8
Doubles = npt.NDArray[np.float64]
Seen = list[float]  # at a checkpoint: movement, entropy, gradient, dead, similarity, test accuracy
State = tuple[list[list[models.Array]], list[list[Seen]]]  # the network in training; of each width its checkpoints


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    lr: float
    widest: int = 512
    epochs: int = 150
    control: str = (
        "none"  # placebo: all have 32 neurons and starts of their own; planted: wide ones a quarter of the rate
    )


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; lists go from the narrowest to the widest, or over checkpoints."""

    jump: float  # log movement: the most that one step drops beyond the parabola
    bend: float  # of the parabola: below 0 where movement falls faster and faster
    steepest_place: float  # of the steepest drop of movement: 0 at the first step, 1 at the last
    turning_place: float  # of the largest rise of similarity
    entropy_gap: float  # how much more weight entropy the narrowest loses than the widest
    gradient_ratio: float  # log of the gradient's length at the end, narrowest over widest
    movement_by_width: tuple[float, ...]
    entropy_by_width: tuple[float, ...]
    gradient_by_width: tuple[float, ...]
    dead_by_width: tuple[float, ...]
    similarity_by_width: tuple[float, ...]
    accuracy_by_width: tuple[float, ...]
    movement_by_look_narrow: tuple[float, ...]
    movement_by_look_wide: tuple[float, ...]
    entropy_by_look_narrow: tuple[float, ...]
    entropy_by_look_wide: tuple[float, ...]
    gradient_by_look_narrow: tuple[float, ...]
    gradient_by_look_wide: tuple[float, ...]
    dead_by_look_narrow: tuple[float, ...]
    dead_by_look_wide: tuple[float, ...]
    similarity_by_look_narrow: tuple[float, ...]
    similarity_by_look_wide: tuple[float, ...]
    accuracy_by_look_narrow: tuple[float, ...]
    accuracy_by_look_wide: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell: a line of widths. The seed fixes data and batch order for all of them alike."""
    task = data.teacher(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=ITEMS, test=TEST)
    orders = np.array_split(chance.orders(seed, items=ITEMS, epochs=config.epochs), LOOKS)
    sizes = widths(config.widest)
    starts = [begun(config, seed, width) for width in sizes]

    def learn(state: State, number: int) -> State:
        """A part of one width's training. Plain descent remembers nothing, so parts make a whole."""
        kept, seen = state
        place, part = divmod(number, LOOKS)
        start = starts[place]
        is_slow = config.control == "planted" and place > len(sizes) // 2
        end, _ = training.trained(
            information.dressed(kept) if part else start,
            task,
            orders[part],
            rates=optimizers.Rates(lr=config.lr / 4 if is_slow else config.lr),
            batch=BATCH,
            watch=lambda _net: 0.0,
            every=len(orders[part]),
        )
        return information.bare(end), [*seen[:place], [*(seen[place] if part else []), looked(start, end, task)]]

    _, seen = progress.blocks((information.bare(starts[0]), list[list[Seen]]()), learn, LOOKS * len(sizes))
    measures = np.array(seen)  # widths by looks by measures
    moved, entropy, gradient, dead, alike, right = measures[:, -1].T
    first = [weight_entropy(starts[place]) for place in (0, -1)]
    jump, bend, steepest = transition(np.array(sizes, dtype=float), moved)
    return Measures(
        jump=jump,
        bend=bend,
        steepest_place=steepest,
        turning_place=float(np.diff(alike).argmax() / (len(sizes) - 2)),
        entropy_gap=float((first[0] - entropy[0]) - (first[1] - entropy[-1])),
        gradient_ratio=float(np.log(gradient[0] / gradient[-1])),
        movement_by_width=tuple(moved.tolist()),
        entropy_by_width=tuple(entropy.tolist()),
        gradient_by_width=tuple(gradient.tolist()),
        dead_by_width=tuple(dead.tolist()),
        similarity_by_width=tuple(alike.tolist()),
        accuracy_by_width=tuple(right.tolist()),
        movement_by_look_narrow=tuple(measures[0, :, 0].tolist()),
        movement_by_look_wide=tuple(measures[-1, :, 0].tolist()),
        entropy_by_look_narrow=tuple(measures[0, :, 1].tolist()),
        entropy_by_look_wide=tuple(measures[-1, :, 1].tolist()),
        gradient_by_look_narrow=tuple(measures[0, :, 2].tolist()),
        gradient_by_look_wide=tuple(measures[-1, :, 2].tolist()),
        dead_by_look_narrow=tuple(measures[0, :, 3].tolist()),
        dead_by_look_wide=tuple(measures[-1, :, 3].tolist()),
        similarity_by_look_narrow=tuple(measures[0, :, 4].tolist()),
        similarity_by_look_wide=tuple(measures[-1, :, 4].tolist()),
        accuracy_by_look_narrow=tuple(measures[0, :, 5].tolist()),
        accuracy_by_look_wide=tuple(measures[-1, :, 5].tolist()),
    )


def widths(widest: int) -> list[int]:
    """From the narrowest on, each root two times the one before, as whole neurons."""
    steps = round(2 * np.log2(widest / NARROWEST))
    return [round(NARROWEST * 2 ** (step / 2)) for step in range(steps + 1)]


def begun(config: Config, seed: int, width: int) -> models.Net:
    """The start of a width; in a placebo another one of the same width."""
    own, width = (f", width {width}", 32) if config.control == "placebo" else ("", width)
    return models.mlp(chance.stream(seed, f"start{own}"), (INPUTS, width, width, CLASSES))


def looked(start: models.Net, net: models.Net, task: data.LearningTask) -> Seen:
    """What is measured at a checkpoint."""
    before, after = (models.hidden(network, task.x_test)[1] for network in (start, net))
    return [
        geometry.movement(start, net, layer=0),
        weight_entropy(net),
        gradient(net, task),
        geometry.dead(after),
        geometry.cka(before, after),
        training.accuracy(net, task.x_test, task.y_test),
    ]


def weight_entropy(net: models.Net) -> float:
    """How evenly the first layer's weights are spread: 1 where all are of one size, 0 where one is all there is."""
    sizes = np.abs(np.asarray(net[0].weights, dtype=np.float64)).ravel()
    shares = sizes[sizes > 0] / sizes.sum()
    return float(-(shares * np.log(shares)).sum() / np.log(len(sizes)))


def gradient(net: models.Net, task: data.LearningTask) -> float:
    """The length of the gradient of the training loss over all weights and biases; NumPy's, so no width is compiled."""
    first, second = models.hidden(net, task.x_train)
    outputs = np.asarray(models.logits(net, task.x_train), dtype=np.float64)
    chances = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    slope = chances / chances.sum(axis=1, keepdims=True) - np.eye(CLASSES)[task.y_train]
    slope, squares = slope / len(slope), 0.0
    for layer, below in zip(reversed(net), (second, first, task.x_train), strict=True):
        squares += float(((np.asarray(below).T @ slope) ** 2).sum() + (slope.sum(axis=0) ** 2).sum())
        slope = (slope @ np.asarray(layer.weights).T) * (np.asarray(below) > 0)
    return float(np.sqrt(squares))


def transition(sizes: Doubles, moved: Doubles) -> tuple[float, float, float]:
    """Of log movement over log width: the most that a step drops beyond a parabola, its bend, and the steepest step."""
    xs, ys = np.log(sizes), np.log(moved)
    parabola = np.polyfit(xs, ys, 2)
    beyond = np.diff(np.polyval(parabola, xs)) - np.diff(ys)
    slopes = np.diff(ys) / np.diff(xs)
    return float(beyond.max()), float(parabola[0]), float(slopes.argmin() / (len(slopes) - 1))


def _seconds(config: Config) -> float:
    sizes = [32] * len(widths(config.widest)) if config.control == "placebo" else widths(config.widest)
    return sum(0.01 + config.epochs * (4e-4 + 6.8e-8 * width**2) for width in sizes)


PILOT = partial(Prediction, because="three seeds of a pilot")
AS_THEN = partial(Estimand, kind=Kind.LEVEL, between=({"lr": 0.05},))
SHORT = partial(Config, lr=0.05, widest=64, epochs=10)

experiment = Experiment(
    name="lazy_transition",
    version=1,
    question="Is there one width at which a network suddenly stops learning features?",
    reference="Yang & Hu 2021, arXiv:2011.14522; Chizat et al. 2019, arXiv:1812.07956",
    run=run,
    measures=Measures,
    sweep=grid(Config, lr=[0.05, 0.0125]),
    ranges={"lr": (1e-4, 1.0), "widest": (16, 2_048), "epochs": (5, 1_000)},
    estimands=(
        AS_THEN(
            name="drops_suddenly",
            claim="at no width do a network's weights suddenly move less in training than the trend over widths says",
            measure="jump",
            null=0.3,
            smallest=0.1,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(0.06, 0.13)),
            expects=Direction.LESS,
        ),
        AS_THEN(
            name="falls_faster_and_faster",
            claim="the wider a network is, the more each further widening lowers how far its weights move in training",
            measure="bend",
            expects=Direction.LESS,
            smallest=0.03,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.165, -0.14)),
        ),
        AS_THEN(
            name="steepest_at_the_widest",
            claim="the steepest drop of weight movement over widths of 8 to 512 lies among the widest networks tried",
            measure="steepest_place",
            null=0.5,
            smallest=0.2,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.92, 1.0)),
            in_words="{percent} % of the way to the widest",
            expects=Direction.MORE,
        ),
        AS_THEN(
            name="features_turn_among_the_narrow",
            claim="features of a trained network gain most in likeness to those of its start between narrow "
            "networks, below a width of 64",
            measure="turning_place",
            null=0.5,
            in_words="{percent} % of the way to the widest",
            expects=Direction.LESS,
            smallest=0.1,
            prediction=PILOT(positive=0.01, negative=0.96, absent=0.03, interval=(0.12, 0.28)),
        ),
        AS_THEN(
            name="narrow_keeps_a_gradient",
            claim="after the same training the gradient of the training loss is longer in a network of width 8 than of "
            "width 512",
            measure="gradient_ratio",
            in_words="{times_e} times",
            smallest=0.5,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(2.8, 3.7)),
            expects=Direction.MORE,
        ),
        AS_THEN(
            name="entropy_tells_the_narrow",
            claim="training takes about as much evenness from the first weights of a network of width 8 as of "
            "width 512",
            measure="entropy_gap",
            smallest=0.01,
            prediction=PILOT(positive=0.05, negative=0.01, absent=0.94, interval=(0.0, 0.007)),
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(
            estimand="drops_suddenly",
            side=Direction.MORE,
            placebo=(SHORT(control="placebo"),),
            planted=(SHORT(control="planted"),),
        ),
    ),
    figure=Figure(x="lr", y="jump", log=("x",), title="The most that movement drops at once"),
    setting="rows of ever wider networks",
    headlines=(
        Headline(
            says="From narrow to wide networks, training's changes to first-layer connections show no sudden drop",
            when={"drops_suddenly": Direction.LESS},
        ),
        Headline(
            says="From narrow to wide networks, training's changes to first-layer connections show a sudden drop",
            when={"drops_suddenly": Direction.MORE},
        ),
        Headline(
            says="With more neurons, further doublings lower how far training moves connections by larger factors",
            when={"falls_faster_and_faster": Direction.LESS},
        ),
        Headline(
            says="How far training moves connections drops most steeply among the widest networks tried",
            when={"steepest_at_the_widest": Direction.MORE},
        ),
    ),
    words={
        "jump": "the largest sudden drop of log weight movement between two widths",
        "bend": "the bend of weight movement over width (in logarithms)",
        "steepest_place": "the place where weight movement drops most steeply",
        "turning_place": "the place where likeness of features to the start rises most",
        "entropy_gap": "the narrowest network's loss of weight evenness minus the widest's",
        "gradient_ratio": "the final gradient of the narrowest over that of the widest network",
        "lr": "learning rate",
        "widest": "greatest width",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
