"""How does the skill of a random recurrent network grow with its size, and does it need the edge of chaos?

Why it matters: a random network that is never trained inside can be built from light or water, and costs next to no
energy. Its skill must grow with size to be useful.

An echo state network learns nothing inside: a fixed random network hears a series, and a linear read-out of its units
is fitted by ridge regression (Jaeger 2001). We ask three things of it. Memory: to say what an input of independent
values was k steps ago; the squared correlations, added up over k = 0, 1, …, cannot exceed the number of units (Dambre
et al. 2012; Jaeger's sum begins at 1). NARMA-10: to follow a rule that multiplies inputs ten steps apart (Atiya &
Parlos 2000). Mackey-Glass: to foretell a chaotic series 84 steps ahead, by one read-out for that distance, where
Jaeger & Haas (2004) let the network hear its own next step 84 times. Sizes from 25 to 400, spectral radii from 0.3 to
1.2, all on rows not seen before.

The old laboratory found power laws on three tasks, and a radius near the critical one best. We expect memory to grow
more slowly than the network, both errors to fall with its size, and memory to be larger at a radius of 1 than at 0.3
or 1.2: below it echoes soon die, and far above it they never do.

History: 1, first version; the tasks of the old laboratory are not known. reservoir_extended asks for more.
"""

from dataclasses import dataclass

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, progress, reservoirs, series
from axiom.kit.features import Doubles

WASHOUT, TRAIN, TEST = 200, 3_300, 1_500  # rows
DELAYS = 200  # at most so many steps back is memory asked for
AHEAD = 84
PENALTY = 1e-8


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # memory, narma or mackey_glass
    units: int
    radius: float  # the largest absolute eigenvalue; of a delay line, what each unit hands on
    wiring: str = "random"  # or delay_line, or none
    drive: float = 0.3  # half the width of the input weights


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    memory: float | None  # the memory capacity, in steps; None in the other tasks
    error: float | None  # root mean squared, over the standard deviation of the targets; None in the memory task
    train_error: float | None
    memory_by_delay: tuple[float, ...] | None  # of the first twenty


def run(config: Config, seed: int) -> Measures:
    """One cell. Every size and radius hears the same series; every radius has the same connections, scaled."""
    inputs, targets = TASKS[config.task](seed)
    weights = config.drive * chance.stream(seed, "weights").uniform(-1.0, 1.0, config.units)
    states = reservoirs.states(_recurrent(config, seed), weights, inputs)
    progress.early(states[:, 0])
    progress.block(0.5)

    train, test = slice(WASHOUT, WASHOUT + TRAIN), slice(WASHOUT + TRAIN, None)
    fitted = reservoirs.readout(states[train], targets[train], penalty=PENALTY)
    read = reservoirs.read(states, fitted)
    progress.block(1.0)
    if config.task == "memory":
        by_delay = reservoirs.capacities(read[test], targets[test])
        first = tuple(map(float, by_delay[:20]))
        return Measures(memory=float(by_delay.sum()), error=None, train_error=None, memory_by_delay=first)
    return Measures(
        memory=None,
        error=reservoirs.nrmse(read[test], targets[test]),
        train_error=reservoirs.nrmse(read[train], targets[train]),
        memory_by_delay=None,
    )


def _recurrent(config: Config, seed: int) -> Doubles:
    if config.wiring == "delay_line":
        return config.radius * reservoirs.delay_line(units=config.units)
    connections = reservoirs.gaussian(chance.stream(seed, "recurrent"), units=config.units)
    if config.wiring == "none":
        return 0.0 * connections
    return config.radius / reservoirs.spectral_radius(connections) * connections


def _memory(seed: int) -> tuple[Doubles, Doubles]:
    inputs = chance.stream(seed, "memory").uniform(-1.0, 1.0, WASHOUT + TRAIN + TEST)
    return inputs, reservoirs.delayed(inputs, delays=DELAYS)


def _narma(seed: int) -> tuple[Doubles, Doubles]:
    return series.narma_task(chance.stream(seed, "narma"), length=WASHOUT + TRAIN + TEST)


def _mackey_glass(seed: int) -> tuple[Doubles, Doubles]:
    length = WASHOUT + TRAIN + TEST
    x = series.mackey_glass(chance.stream(seed, "mackey_glass"), length=length + AHEAD)
    return x[:length], x[AHEAD:]


TASKS = {"memory": _memory, "narma": _narma, "mackey_glass": _mackey_glass}
SECONDS = {"memory": 0.018, "narma": 0.01, "mackey_glass": 0.018}  # whatever the size
HUNDRED = {"task": "memory", "units": 100}

experiment = Experiment(
    name="reservoir_computing",
    aliases=("reservoir",),
    version=1,
    question="How does the skill of a random recurrent network grow with its size?",
    reference="Jaeger 2001, GMD Report 148; Jaeger 2002, GMD Report 152; Dambre et al. 2012, Sci. Rep. 2:514; "
    "Jaeger & Haas 2004, Science 304:78",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=list(TASKS), units=[25, 50, 100, 200, 400], radius=[0.3, 0.6, 0.9, 1.0, 1.2]),
    ranges={"units": (2, 800), "radius": (0.0, 3.0), "drive": (0.0, 10.0)},
    estimands=(
        Estimand(
            name="memory_slope",
            claim="a larger reservoir, a random recurrent network, remembers more steps of its input",
            kind=Kind.SLOPE,
            measure="memory",
            across="units",
            between=({"task": "memory", "radius": 0.9},),
            smallest=0.1,
            prediction=Prediction(
                positive=0.98, negative=0.01, absent=0.01, interval=(0.275, 0.315), because="14 seeds: 0.26 to 0.34"
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="memory_below_proportion",
            claim="the memory of a random recurrent network grows less than in proportion to its number of neurons",
            kind=Kind.SLOPE,
            measure="memory",
            across="units",
            between=({"task": "memory", "radius": 0.9},),
            null=1.0,
            expects=Direction.LESS,
            smallest=0.2,
            prediction=Prediction(
                positive=0.01, negative=0.98, absent=0.01, interval=(0.275, 0.315), because="14 seeds: 0.26 to 0.34"
            ),
            published=Published(
                value=1.0, reference="Jaeger 2002, GMD Report 152 (linear networks: at most the units)"
            ),
        ),
        Estimand(
            name="narma_slope",
            claim="a larger reservoir, a random recurrent network, follows NARMA-10, a nonlinear mix of past inputs, "
            "with a smaller error",
            kind=Kind.SLOPE,
            measure="error",
            across="units",
            between=({"task": "narma", "radius": 0.9},),
            expects=Direction.LESS,
            smallest=0.05,
            prediction=Prediction(
                positive=0.01, negative=0.98, absent=0.01, interval=(-0.38, -0.3), because="14 seeds: -0.52 to -0.14"
            ),
        ),
        Estimand(
            name="mackey_glass_slope",
            claim="a larger reservoir, a random recurrent network, predicts the chaotic Mackey-Glass series 84 steps "
            "ahead with a smaller error",
            kind=Kind.SLOPE,
            measure="error",
            across="units",
            between=({"task": "mackey_glass", "radius": 0.9},),
            expects=Direction.LESS,
            smallest=0.05,
            prediction=Prediction(
                positive=0.01, negative=0.98, absent=0.01, interval=(-0.35, -0.29), because="14 seeds: -0.39 to -0.27"
            ),
        ),
        Estimand(
            name="memory_near_the_edge",
            claim="a random recurrent network of 100 neurons remembers more steps of its input at a spectral radius "
            "of 1 than of 0.3",
            kind=Kind.CONTRAST,
            measure="memory",
            between=(HUNDRED | {"radius": 1.0}, HUNDRED | {"radius": 0.3}),
            smallest=1.0,
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(12.6, 13.8), because="11 to 15"),
            in_words="{value} steps",
            expects=Direction.MORE,
        ),
        Estimand(
            name="memory_beyond_the_edge",
            claim="a random recurrent network of 100 neurons remembers fewer steps of its input at a spectral radius "
            "of 1.2 than of 1",
            kind=Kind.CONTRAST,
            measure="memory",
            between=(HUNDRED | {"radius": 1.2}, HUNDRED | {"radius": 1.0}),
            in_words="{value} steps",
            expects=Direction.LESS,
            smallest=1.0,
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-8.6, -6.0), because="14 seeds"),
        ),
    ),
    controls=(
        Control(  # without connections only the present is known; a delay line remembers as much as it has units
            estimand="memory_slope",
            placebo=grid(Config, task=["memory"], units=[10, 20, 40], radius=[0.9], wiring=["none"]),
            planted=grid(
                Config, task=["memory"], units=[10, 20, 40], radius=[0.9], wiring=["delay_line"], drive=[0.01]
            ),
        ),
    ),
    figure=Figure(x="units", y="memory", log=("x", "y"), title="Memory of a reservoir", where={"task": "memory"}),
    setting="reservoirs (random recurrent networks)",
    headlines=(
        Headline(
            says="Larger random feedback networks remember more and err less on two time series here",
            when={
                "memory_slope": Direction.MORE,
                "memory_below_proportion": Direction.LESS,
                "narma_slope": Direction.LESS,
                "mackey_glass_slope": Direction.LESS,
            },
        ),
        Headline(
            says="Random feedback networks' memory grows with size here, but less than in proportion",
            when={"memory_slope": Direction.MORE, "memory_below_proportion": Direction.LESS},
        ),
        Headline(
            says="Larger random feedback networks remember more of their past inputs here",
            when={"memory_slope": Direction.MORE},
        ),
        Headline(
            says="Larger random feedback networks err less on two time series here",
            when={"narma_slope": Direction.LESS, "mackey_glass_slope": Direction.LESS},
        ),
        Headline(
            says="Random feedback networks remember longer at middling connection strength than at weak or strong",
            when={"memory_near_the_edge": Direction.MORE, "memory_beyond_the_edge": Direction.LESS},
        ),
    ),
    words={
        "memory": "memory of past inputs",
        "error": "error on new parts of a series",
        "task=memory": "past inputs to recall",
        "task=narma": "a nonlinear mix of past inputs to follow",
        "task=mackey_glass": "a chaotic series to foretell",
        "units": "network size",
        "radius": "spectral radius",
        "drive": "input strength",
        "wiring=random": "random wiring",
        "wiring=delay_line": "a delay line as wiring",
        "wiring=none": "no wiring",
    },
    needs=Needs(
        seconds=lambda config: SECONDS[config.task] + 4.6e-5 * config.units + 1.3e-9 * config.units**3, memory_mb=250
    ),
)
