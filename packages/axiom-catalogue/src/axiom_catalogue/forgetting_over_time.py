"""Is what a network still knows of a task a power of the time for which it learns another one?

Why it matters: people forget quickly at first and slowly later, as a power of time (Wixted & Ebbesen 1991). If networks
do the same, a little of an old task stays for very long, and can be rescued; if they forget exponentially, it is gone.

The old laboratory had a script of this name, lost 64 % of a first task, and went on to penalties without a word about
time. So we look at the course. A network learns one task and then another, by small steps of plain descent, and we test
it on the first after 4, 8, 16 up to 4,096 steps. What counts as kept is its accuracy above that of a twin that learned
the second task alone, as a share of what it was: 1 at first, 0 where nothing is left. Three curves of two numbers each
are fitted to what is kept: a power of time, (1 + t / a)^-b; an exponential that ends on a floor; and a stretched
exponential, exp(-(t / a)^b). Tasks are clusters with centres of their own, which one network can know both, or random
teachers that contradict each other. power_law_forgetting asks whether a penalty helps.

We expect a power of time to describe the clusters within a few hundredths, better than either exponential, and a part
of the first task to stay for good. Of a teacher that is contradicted nothing should stay, and there no curve should be
better than another. A higher rate should forget sooner, but by less than in proportion.

History: 1, the question that the old name promised.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, progress, training
from axiom.kit.minibatch_descent import Course
from axiom.kit.optimizers import SGD, Rates

INPUTS, CLASSES, ITEMS, TEST, BATCH, WIDTH = 20, 5, 1_000, 4_000, 20, 64
EVERY = 4  # steps of a block
Doubles = npt.NDArray[np.float64]
State = tuple[list[models.Array], list[list[float]]]  # weights; of each training its looks, and the second task's end


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    tasks: str  # clusters, or teachers that ask for different labels of inputs of one distribution
    lr: float
    epochs: int = 20  # on the first task
    doublings: int = 10  # of the first four steps on the second task
    control: str = "none"  # placebo: descent is at a rate of 0.02 whatever the rate says, from a start of its own


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    first_accuracy: float  # on the first task, before the second
    second_accuracy: float  # on the second task, at the end
    twin_accuracy: float  # on the first task, of the twin at the end
    kept: float | None  # of the first task, at the end; None where nothing had been learned
    half_life: float | None  # steps until half was kept, by interpolation; None where more was
    exponent: float | None  # of the power of time that fits best
    power_error: float | None  # root mean square of what it leaves, in shares of what was known
    floor_minus_power: float | None  # how much more an exponential leaves that ends on a floor
    stretched_minus_power: float | None  # how much more a stretched exponential leaves
    kept_by_time: tuple[float, ...] | None  # after 4, 8, 16 and so on steps
    accuracy_by_time: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes both tasks, start and batch order for every rate alike."""
    first, second = (_task(config, seed, purpose) for purpose in ("first", "second"))
    is_placebo = config.control == "placebo"
    own, lr = (f", rate {config.lr:g}", 0.02) if is_placebo else ("", config.lr)
    start = models.mlp(chance.stream(seed, f"start{own}"), (INPUTS, WIDTH, WIDTH, CLASSES))
    wanted = [EVERY * 2**number for number in range(config.doublings + 1)]
    times, epochs = np.array(wanted, dtype=np.float64), -(-wanted[-1] * BATCH // ITEMS)
    orders = chance.orders(seed, items=ITEMS, epochs=config.epochs + epochs)
    steps = orders[config.epochs :].reshape(-1, BATCH)[: wanted[-1]]
    leaves, shape = jax.tree.flatten(start)

    def learn(state: State, number: int) -> State:
        """The first task; then the second, from there; and then the second from the start, as a twin learns it."""
        net, curves = state
        if number == 0:
            end, seen = training.trained(
                start,
                first,
                orders[: config.epochs],
                rates=Rates(lr=lr),
                batch=BATCH,
                watch=lambda net: _right(net, first),
                every=config.epochs,
            )
        else:
            begun = jax.tree.unflatten(shape, net) if number == 1 else start
            end, seen = _learned(begun, second, steps, lr, lambda net: _right(net, first), wanted)
        return jax.tree.leaves(end), [*curves, [*seen, _right(end, second)]]

    _, ((*before, _), (*curve, second_accuracy), (*twins, _)) = progress.blocks((leaves, list[list[float]]()), learn, 3)
    had = before[-1] - twins[-1]
    kept = (np.array(curve) - twins[-1]) / had if had > 0.1 else None
    fits = {} if kept is None else fitted(times, kept)
    return Measures(
        first_accuracy=before[-1],
        second_accuracy=second_accuracy,
        twin_accuracy=twins[-1],
        kept=None if kept is None else float(kept[-1]),
        half_life=None if kept is None else half(times, kept),
        exponent=fits.get("exponent"),
        power_error=fits.get("power"),
        floor_minus_power=fits["floor"] - fits["power"] if fits else None,
        stretched_minus_power=fits["stretched"] - fits["power"] if fits else None,
        kept_by_time=None if kept is None else tuple(map(float, kept)),
        accuracy_by_time=tuple(curve),
    )


def _learned(
    begun: models.Net,
    task: data.LearningTask,
    steps: npt.NDArray[np.int32],
    lr: float,
    watch: Callable[[models.Net], float],
    wanted: list[int],
) -> tuple[models.Net, list[float]]:
    """The network after these steps, a row each, and what was seen in it after each of the wanted numbers of them."""
    course = Course(
        begun,
        task,
        steps,
        optimizer=SGD,
        rates=Rates(lr=lr),
        batch=BATCH,
        objective=losses.CROSS_ENTROPY,
        context=(),
        every=EVERY,
    )
    descent, seen = course.begin(), []
    for number in range(course.blocks):
        descent = course.step(descent, number)
        if EVERY * (number + 1) in wanted:
            seen.append(watch(course.net(descent)))
    return course.net(descent), seen


def fitted(times: Doubles, kept: Doubles) -> dict[str, float]:
    """The exponent of the power that fits best, and the root mean square of what each of the three curves leaves."""
    scales = times[0] * 2.0 ** np.linspace(-4, 16, 241)[:, None, None]  # a, along the first axis
    shapes = np.linspace(0.02, 3.0, 299)[None, :, None]  # b, along the second
    power = (1 + times / scales) ** -shapes
    stretched = np.exp(-((times / scales) ** shapes))
    floors = np.linspace(0.0, 0.9, 181)[None, :, None]
    ended = floors + (1 - floors) * np.exp(-times / scales)
    named = {"power": power, "stretched": stretched, "floor": ended}
    errors = {name: np.sqrt(np.mean((curves - kept) ** 2, axis=2)) for name, curves in named.items()}
    best = np.unravel_index(errors["power"].argmin(), errors["power"].shape)
    return {
        "exponent": float(shapes[0, best[1], 0]),
        **{name: float(of_curve.min()) for name, of_curve in errors.items()},
    }


def half(times: Doubles, kept: Doubles) -> float | None:
    """When half was kept: between the first time at which less was and the one before, by logarithms of time."""
    below = np.flatnonzero(kept < 0.5)
    if len(below) == 0:
        return None
    place = int(below[0])
    if place == 0:
        return float(times[0] * 0.5 / (1 - kept[0]))  # at the start all was kept
    share = (kept[place - 1] - 0.5) / (kept[place - 1] - kept[place])
    return float(times[place - 1] * (times[place] / times[place - 1]) ** share)


def _right(net: models.Net, task: data.LearningTask) -> float:
    return float(np.mean(training.answers(net, task.x_test) == task.y_test))


def _task(config: Config, seed: int, purpose: str) -> data.LearningTask:
    rng = chance.stream(seed, purpose)
    if config.tasks == "teachers":
        return data.teacher(rng, inputs=INPUTS, classes=CLASSES, train=ITEMS, test=TEST)
    return data.clusters(rng, inputs=INPUTS, classes=CLASSES, train=ITEMS, test=TEST, separation=0.8)


def _seconds(config: Config) -> float:
    return 0.05 + 2 * 2.0**config.doublings * 7e-5 + config.epochs * 5e-4


PILOT = partial(Prediction, because="six seeds of a pilot")
CLUSTERS, TEACHERS = ({"tasks": tasks} for tasks in ("clusters", "teachers"))
LEVEL = partial(Estimand, kind=Kind.LEVEL)
SHORT = partial(grid, Config, tasks=["clusters"], lr=[0.04, 0.01], epochs=[10], doublings=[8])

experiment = Experiment(
    name="forgetting_over_time",
    version=1,
    question="Is what a network still knows of a task a power of the time for which it learns another one?",
    reference="Wixted & Ebbesen 1991, Psychological Science 2:409; Kirkpatrick et al. 2017, arXiv:1612.00796",
    run=run,
    measures=Measures,
    sweep=grid(Config, tasks=["clusters", "teachers"], lr=[0.04, 0.02, 0.01]),
    ranges={"lr": (1e-4, 0.2), "epochs": (1, 500), "doublings": (3, 14)},
    estimands=(
        LEVEL(
            name="power_describes",
            claim="a power of time describes what a network keeps of a task of clusters, while it learns"
            " another, within a twentieth",
            measure="power_error",
            between=(CLUSTERS,),
            null=0.05,
            expects=Direction.LESS,
            in_words="{percent} %",
            smallest=0.01,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(0.018, 0.026)),
        ),
        LEVEL(
            name="power_over_floor",
            claim="a power of time describes what a network keeps of a task of clusters better than an exponential "
            "fall to a floor does",
            measure="floor_minus_power",
            between=(CLUSTERS,),
            in_words="{percent} percentage points",
            smallest=0.005,
            prediction=PILOT(positive=0.9, negative=0.03, absent=0.07, interval=(0.012, 0.035)),
            expects=Direction.MORE,
        ),
        LEVEL(
            name="power_over_stretched",
            claim="a power of time describes what a network keeps of a task of clusters better than a stretched "
            "exponential does",
            measure="stretched_minus_power",
            between=(CLUSTERS,),
            in_words="{percent} percentage points",
            smallest=0.005,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.024, 0.034)),
            expects=Direction.MORE,
        ),
        LEVEL(
            name="something_stays_of_clusters",
            claim="after 4,096 steps on a second task of clusters a network still knows over a twentieth"
            " of the first beyond what the second teaches",
            measure="kept",
            between=(CLUSTERS,),
            null=0.05,
            in_words="{percent} %",
            smallest=0.02,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.13, 0.2)),
            expects=Direction.MORE,
        ),
        LEVEL(
            name="nothing_stays_of_teachers",
            claim="after 4,096 steps with a teacher that contradicts an earlier one, a network knows less than a "
            "twentieth of what the earlier one had taught",
            measure="kept",
            between=(TEACHERS,),
            null=0.05,
            expects=Direction.LESS,
            in_words="{percent} %",
            smallest=0.02,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(0.003, 0.015)),
        ),
        Estimand(
            name="half_life_on_rate",
            claim="the higher the learning rate, the fewer steps on a second task of clusters until a network has "
            "forgotten half of the first",
            kind=Kind.SLOPE,
            measure="half_life",
            across="lr",
            between=(CLUSTERS,),
            expects=Direction.LESS,
            smallest=0.2,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.82, -0.66)),
        ),
    ),
    controls=(
        Control(  # where all are trained at one rate, none forgets sooner
            estimand="half_life_on_rate", placebo=SHORT(control=["placebo"]), planted=SHORT()
        ),
    ),
    figure=Figure(x="lr", y="half_life", log=("x", "y"), title="Steps until half is forgotten"),
    setting="networks that learn one task, then another",
    headlines=(
        Headline(
            says="Learning a compatible second task, networks forget the first ever more slowly, keeping some",
            when={"power_describes": Direction.LESS, "something_stays_of_clusters": Direction.MORE},
        ),
        Headline(
            says="Learning a compatible second task, networks forget the first ever more slowly (power law)",
            when={"power_describes": Direction.LESS},
        ),
        Headline(
            says="If tasks do not conflict, forgetting follows a power law better than exponential curves",
            when={"power_over_floor": Direction.MORE, "power_over_stretched": Direction.MORE},
        ),
        Headline(
            says="If tasks do not conflict, forgetting does not follow a power of time",
            when={"power_describes": Direction.MORE},
        ),
        Headline(
            says="If tasks do not conflict, forgetting follows a power of time within about 5%",
            when={"power_describes": Direction.ABSENT},
        ),
    ),
    words={
        "power_error": "a power law's misfit to what is kept of the first task",
        "floor_minus_power": "the misfit to forgetting of an exponential with a floor minus a power law's",
        "stretched_minus_power": "the misfit to forgetting of a stretched exponential minus a power law's",
        "kept": "the share of the first task that is kept to the end",
        "half_life": "the number of steps until half of the first task is forgotten",
        "tasks=clusters": "clusters of points in both",
        "tasks=teachers": "second labels that contradict the first",
        "lr": "learning rate",
        "doublings": "{value} doublings of the time",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
