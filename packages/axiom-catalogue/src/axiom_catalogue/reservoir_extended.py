"""What makes the power laws of reservoirs, and how far do they go?

Why it matters: whoever builds computers from untrained networks wants to know how much skill each further unit buys.

The skill of a fixed random network whose read-out alone is learned is said to grow as a power of its size. Here a cell
has all sizes, so its exponent is a measure, and exponents can be compared: of up to 1600 units, random, sparse,
orthogonal (White et al. 2004) or in a ring (Rodan & Tino 2011), tanh or linear, under weak and strong input. Skill is
memory, in steps; or what is known of products of three past values (`cubes`), which together with memory is at most the
number of units (Dambre et al. 2012); or one over the error on NARMA-10, or on Mackey-Glass 84 steps ahead.

The old laboratory found power laws on three tasks, and a radius near the critical one best. Yet an echo of radius r
fades as r^k until the bends of tanh or the fifth digit drown it, so at one radius the memory of a large network may
only grow as the logarithm of its size. So radius and input are also chosen anew at each size, on rows of their own.

We expect memory to bend below its power law, more than NARMA does; exponents that depend on input, choice and wiring;
and a best radius well below 1 where values are multiplied, near 1 for memory, and above 1 on Mackey-Glass.

History: 1, first version; reservoir_computing, which has the old sizes, answered to its names before.
"""

import itertools
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, large_reservoirs, progress, reservoirs, series
from axiom.kit.features import Doubles

WASHOUT, FLOOR = 200, 1e-10  # steps of a piece that count for nothing; the penalty: units are read to five digits
LEARNED, CHOOSING, PIECES = 12, 3, 18  # for the read-out, for the choice of a setting, and all: the rest is measured
DELAYS, SHORT, AHEAD = 200, 12, 84  # steps back that are asked for, one by one and in products of three; and ahead
RADII, DRIVES = (0.5, 0.7, 0.9, 1.0, 1.1, 1.3), (0.03, 0.2, 1.0)  # to choose from
TASKS = ("memory", "cubes", "narma", "mackey_glass")
Given: TypeAlias = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # memory, cubes, narma or mackey_glass
    wiring: str = "random"  # or sparse, orthogonal, ring, delay_line, none
    radius: float = 0.9  # that of many units; 0: the best of RADII at each size
    drive: float = 0.2  # half the width of the input weights; 0: the best of DRIVES at each size
    activation: str = "tanh"  # or linear
    leak: float = 1.0  # share of a unit that is new at each step
    noise: float = 0.0  # standard deviation of what each unit hears besides
    units: int = 25  # of the smallest network
    doublings: int = 3
    length: int = 1_000  # steps of a piece


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    exponent: float | None  # of the skill as a power of the size; None where a size has no skill, as in what follows
    bend: float | None  # the exponent in the upper half of the sizes less that in the lower half
    best_radius: float  # the one with the most skill, mean of all sizes; the given one where there is no choice
    best_drive: float  # the same, geometric mean
    skill_by_size: tuple[float, ...]  # on rows of which nothing was learned or chosen


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes series, connections and input weights for all settings alike."""
    inputs, targets = (
        large_reservoirs.in_pieces(series, pieces=PIECES, washout=WASHOUT) for series in _task(config, seed)
    )
    radii, drives = ([config.radius] if config.radius else RADII), ([config.drive] if config.drive else DRIVES)
    settings = list(itertools.product(radii, drives))

    def step(skills: list[list[float]], number: int) -> list[list[float]]:
        size, which = divmod(number, len(settings))
        network = _network(config, seed, config.units << size, *settings[which])
        blocks = large_reservoirs.states(network, inputs, chance.stream(seed, "noise"))
        progress.early((first := next(blocks))[:, 0, 0])
        states = itertools.chain([first], blocks)
        read, true = large_reservoirs.readings(states, targets, learned=LEARNED, washout=WASHOUT, penalty=FLOOR)
        parts = slice(CHOOSING), slice(CHOOSING, None)
        return [*skills, [_skill(config.task, read[:, part], true[:, part]) for part in parts]]

    by_setting = progress.blocks(list[list[float]](), step, (config.doublings + 1) * len(settings))
    return _measures(settings, np.array(by_setting).reshape(-1, len(settings), 2))


def _task(config: Config, seed: int) -> tuple[Doubles, Doubles]:
    """What the network hears, and a column for each thing that it is asked."""
    rng, rows = chance.stream(seed, "series"), WASHOUT + config.length * PIECES
    if config.task == "narma":
        inputs, targets = series.narma_task(rng, length=rows)
        return inputs, targets[:, None]
    if config.task == "mackey_glass":
        x = series.mackey_glass(rng, length=rows + AHEAD)
        return x[:rows], x[AHEAD:, None]
    values = rng.uniform(-1.0, 1.0, rows)
    degree, delays = {"memory": (1, DELAYS), "cubes": (3, SHORT)}[config.task]
    return values, large_reservoirs.products(values, degree=degree, delays=delays)


def _network(config: Config, seed: int, units: int, radius: float, drive: float) -> large_reservoirs.Network:
    recurrent = radius * large_reservoirs.WIRINGS[config.wiring](chance.stream(seed, "recurrent"), units)
    inputs = drive * chance.stream(seed, "weights").uniform(-1.0, 1.0, units)
    rest: Given = {"activation": config.activation, "leak": config.leak, "noise": config.noise}
    return large_reservoirs.Network(recurrent=recurrent, inputs=inputs, **rest)


def _skill(task: str, read: Doubles, true: Doubles) -> float:
    read, true = (outputs.reshape(-1, outputs.shape[2]) for outputs in (read, true))
    skill = reservoirs.capacities(read, true).sum() if task in {"memory", "cubes"} else 1 / reservoirs.nrmse(read, true)
    return float(skill)


def _measures(settings: list[tuple[float, float]], by_size: Doubles) -> Measures:
    chosen = by_size[:, :, 0].argmax(axis=1)  # of each size; 0 is on the rows for choosing, 1 on the others
    skills = by_size[np.arange(len(by_size)), chosen, 1]
    radii, drives = np.array(settings)[chosen].T
    half = (len(skills) + 1) // 2
    low, high = large_reservoirs.exponent(skills[:half]), large_reservoirs.exponent(skills[-half:])
    return Measures(
        exponent=large_reservoirs.exponent(skills),
        bend=None if low is None or high is None else high - low,
        best_radius=float(radii.mean()),
        best_drive=float(np.exp(np.log(drives).mean())),
        skill_by_size=tuple(map(float, skills)),
    )


def _seconds(config: Config) -> float:
    task, size = {"memory": 0.023, "cubes": 0.041}.get(config.task, 0.01), config.units << config.doublings
    settings = (1 if config.radius else len(RADII)) * (1 if config.drive else len(DRIVES))
    setting_cost = task * (config.doublings + 1) + (1.1e-4 + 9e-7 * size) * size
    return 0.008 + (WASHOUT + config.length) / 1_200 * settings * setting_cost


def _asks(
    name: str, claim: str, measure: str, smallest: float, seen: tuple[float, ...], *arms: Given, **rest: Any
) -> Estimand:
    """Of one arm a level, of two a contrast. Of a pilot: lowest, from where to where the median, highest."""
    null = 1.0 if measure == "best_radius" and len(arms) == 1 else 0.0
    side, more = (Direction.MORE, 0.98) if seen[1] > null else (Direction.LESS, 0.01)
    guess: Given = {"positive": more, "negative": round(0.99 - more, 2), "absent": 0.01, "interval": seen[1:3]}
    guess["because"] = f"a pilot of 3 seeds: {seen[0]:g} to {seen[3]:g}"
    fields: Given = {"prediction": Prediction(**guess), "null": null, "expects": side, "smallest": smallest}
    kind = Kind.LEVEL if len(arms) == 1 else Kind.CONTRAST
    return Estimand(name=name, claim=claim, kind=kind, measure=measure, between=arms, **rest, **fields)


FAR_MEMORY, FAR_NARMA = ({"task": task, "doublings": 6} for task in ("memory", "narma"))
MEMORY, CUBES, _, MACKEY_GLASS = ({"task": task, "radius": 0.0, "wiring": "random"} for task in TASKS)
ROTATED, FIXED = MEMORY | {"wiring": "orthogonal"}, {"task": "mackey_glass", "doublings": 3, "leak": 1.0, "drive": 0.2}
QUIET, LOUD = ({"task": "memory", "doublings": 3, "leak": 1.0, "drive": drive} for drive in (0.03, 1.0))
SMALL = partial(Config, task="memory", length=200)

experiment = Experiment(
    name="reservoir_extended",
    aliases=("reservoir_computing_extended",),
    version=1,
    question="What makes the power laws of reservoirs, and how far do they go?",
    reference="Dambre et al. 2012, Sci. Rep. 2:514; White et al. 2004, Phys. Rev. Lett. 92:148102; Rodan & Tino 2011",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, task=["memory", "narma", "mackey_glass"], doublings=[6]),
        *grid(Config, task=TASKS, radius=[0.0], drive=[0.0]),
        *grid(Config, task=["memory"], wiring=["orthogonal"], radius=[0.0], drive=[0.0]),
        *grid(Config, task=("memory", "narma", "mackey_glass"), drive=DRIVES),
        *grid(Config, task=["cubes"], drive=DRIVES[1:]),  # of a weak input 25 units know no products
        *grid(Config, task=["memory"], wiring=["sparse", "orthogonal", "ring"]),
        *grid(Config, task=["memory"], wiring=["random", "orthogonal"], activation=["linear"], noise=[0.0, 0.01]),
    ),
    ranges={"radius": (0, 3), "drive": (0, 10), "leak": (0.01, 1), "noise": (0, 1), "doublings": (2, 6)},
    estimands=(
        _asks(
            "memory_bends",
            "with one setting for all sizes, a random recurrent network's memory grows by a smaller power of its "
            "size above 200 neurons than below",
            "bend",
            0.05,
            (-0.204, -0.19, -0.11, -0.118),
            FAR_MEMORY,
        ),
        _asks(
            "narma_bend_minus_memory",
            "above 200 neurons, the power law of a random recurrent network's skill on NARMA-10 bends down less than "
            "that of its memory",
            "bend",
            0.1,
            (0.18, 0.19, 0.38, 0.36),
            FAR_NARMA,
            FAR_MEMORY,
        ),
        _asks(
            "strong_minus_weak_input",
            "the memory of a random recurrent network grows by a smaller power of its size under a strong input than "
            "a weak one",
            "exponent",
            0.05,
            (-0.242, -0.235, -0.195, -0.197),
            LOUD,
            QUIET,
        ),
        _asks(
            "chosen_minus_fixed",
            "a random recurrent network's skill on the Mackey-Glass series grows by a larger power of its size tuned "
            "at each size than untuned",
            "exponent",
            0.1,
            (0.417, 0.4, 0.5, 0.536),
            MACKEY_GLASS,
            FIXED,
        ),
        _asks(
            "orthogonal_minus_random",
            "tuned at each size, an untrained recurrent network's memory grows by a larger power of its size with "
            "orthogonal than with random wiring",
            "exponent",
            0.1,
            (0.437, 0.43, 0.475, 0.47),
            ROTATED,
            MEMORY,
        ),
        _asks(
            "best_radius_of_cubes",
            "a random recurrent network that must multiply past inputs does so best at a spectral radius below the "
            "critical value of 1",
            "best_radius",
            0.15,
            (0.6, 0.59, 0.64, 0.65),
            CUBES,
        ),
        _asks(
            "best_radius_by_task",
            "the best spectral radius of a random recurrent network is larger for predicting the Mackey-Glass series "
            "than for remembering its input",
            "best_radius",
            0.1,
            (0.275, 0.25, 0.3, 0.275),
            MACKEY_GLASS,
            MEMORY,
        ),
    ),
    controls=(
        Control(  # a delay line has as many steps as units; what dies soon is soon all remembered
            estimand="memory_bends",
            placebo=(SMALL(wiring="delay_line", activation="linear", units=1, doublings=6),),
            planted=(SMALL(radius=0.3, units=1, doublings=6),),
        ),
        Control(  # linear units do not know how strong their input is
            estimand="strong_minus_weak_input",
            placebo=grid(SMALL, wiring=["orthogonal"], units=[4], drive=[1.0, 0.03], activation=["linear"]),
            planted=grid(SMALL, wiring=["orthogonal"], units=[4], drive=[1.0, 0.03]),
        ),
    ),
    figure=Figure(x="drive", y="exponent", log=("x",), title="Powers of size", where={"radius": 0.9, "leak": 1.0}),
    setting="untrained recurrent networks",
    headlines=(
        Headline(
            says="Untuned, small random recurrent networks' memory gains relatively more from doubling than large "
            "ones'",
            when={"memory_bends": Direction.LESS},
        ),
        Headline(
            says="Doubling large random networks lengthens memory by a larger percentage than doubling small ones",
            when={"memory_bends": Direction.MORE},
        ),
        Headline(
            says="Doubling large or small random networks lengthens memory by about the same percentage",
            when={"memory_bends": Direction.ABSENT},
        ),
        Headline(
            says="Under strong input, random networks' memory grows less with size than under weak input",
            when={"strong_minus_weak_input": Direction.LESS},
        ),
        Headline(
            says="Tuned at each size, random networks' memory grows faster with orthogonal than random wiring",
            when={"orthogonal_minus_random": Direction.MORE},
        ),
    ),
    words={
        "exponent": "the exponent of skill over size",
        "bend": "the exponent of skill over size in large minus small networks",
        "best_radius": "the best spectral radius",
        "task=memory": "past inputs to recall",
        "task=cubes": "products of past inputs to recall",
        "task=narma": "the NARMA series to compute",
        "task=mackey_glass": "the Mackey-Glass series to predict",
        "doublings": "{value} doublings of the size",
        "radius": "spectral radius",
        "radius=0.0": "a radius tuned per size",
        "wiring=random": "random wiring",
        "wiring=orthogonal": "orthogonal wiring",
        "drive": "input strength",
        "drive=0.0": "an input strength tuned per size",
        "leak=1.0": "no leak",
        "wiring=sparse": "sparse wiring",
        "wiring=ring": "a ring as wiring",
        "activation=tanh": "tanh units",
        "activation=linear": "linear units",
        "noise": "noise in every unit",
        "noise=0.0": "no noise",
    },
    needs=Needs(seconds=_seconds, memory_mb=1_000),
)
