"""At which spectral radius does a random network become chaotic, and at which does it remember most?

Why it matters: whoever builds a computer from a random network has one knob, the strength of its connections. Folklore
says to turn it to the edge of chaos, where memory is said to be best.

The old laboratory turned it through thirty spectral radii (the largest absolute eigenvalue of the connections), found
chaos from 1.269 on, and most memory at 1.0. So we do: networks of 50 to 200 tanh units with connections scaled to each
of thirty radii from 0.1 to 2.42, under no input or one of three strengths. Chaos is where the largest Lyapunov exponent
passes 0.01, as in edge_of_chaos, which has no memory and compares with mean-field theory. Memory is the squared
correlation of what a linear read-out says of the input k steps ago with what it was, added up over k (Jaeger 2001), on
steps that the read-out has not seen; the radius with most of it is the peak of a parabola through the best of the
thirty and its neighbours.

We expect no one critical radius: smaller networks and stronger inputs have larger ones. Most memory lies near 1 under a
moderate input, not at the edge of chaos, and a strong input moves that as well.

History: 1, the old question; its size of network, strength of input and series are not known.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, lyapunov, progress, reservoirs
from axiom.kit.features import Doubles

RADII = np.array([0.1 + 0.08 * step for step in range(30)])
CHAOTIC = 0.01  # where an exponent counts as having left zero
WASHOUT, DELAYS, PENALTY = 200, 150, 1e-8  # steps; at most so many steps back is memory asked for
MODERATE = 0.3  # strength of an input


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    units: int
    drive: float  # half the width of the input weights
    steps: int = 2_000  # that are followed, that the read-out learns from, and half as many that it is tried on
    network: int = 0  # each number has connections of its own
    control: str = "none"  # alike: a moderate input whatever it says


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    critical_radius: float | None  # the smallest with chaos; None where there is none, or at the very first
    has_critical: int
    best_radius: float | None  # with most memory; None where no unit hears the input, or at the first or last radius
    most_memory: float | None
    memory_at_critical: float | None  # share of the most memory that is left where chaos begins
    exponent_by_radius: tuple[float, ...]
    memory_by_radius: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell: one network and input at all radii. The seed fixes both, so they are the same under any drive."""
    connections = reservoirs.gaussian(chance.stream(seed, f"recurrent {config.network}"), units=config.units)
    recurrent = connections / reservoirs.spectral_radius(connections)
    drive = MODERATE if config.control == "alike" else config.drive
    weights = drive * chance.stream(seed, "weights").uniform(-1.0, 1.0, config.units)
    rows = WASHOUT + config.steps + config.steps // 2
    heard = chance.stream(seed, "input").uniform(-1.0, 1.0, rows)

    exponents = _exponents(recurrent, weights, heard, chance.stream(seed, "start"), steps=config.steps)
    critical = lyapunov.onset(RADII, exponents, above=CHAOTIC)
    targets = reservoirs.delayed(heard, delays=DELAYS)

    def remember(memories: list[float], number: int) -> list[float]:
        states = reservoirs.states(RADII[number] * recurrent, weights, heard)
        return [*memories, memory(states, targets, learned=config.steps)]

    memories = np.array(progress.blocks(list[float](), remember, len(RADII)) if weights.any() else [0.0] * len(RADII))
    best = peak(memories)
    left = None if critical is None or best is None else float(np.interp(critical, RADII, memories) / memories.max())
    return Measures(
        critical_radius=critical,
        has_critical=int(critical is not None),
        best_radius=best,
        most_memory=float(memories.max()) if memories.any() else None,
        memory_at_critical=left,
        exponent_by_radius=tuple(map(float, exponents)),
        memory_by_radius=tuple(map(float, memories)),
    )


def _exponents(
    recurrent: Doubles, weights: Doubles, heard: Doubles, rng: np.random.Generator, *, steps: int
) -> Doubles:
    """The largest Lyapunov exponent at each radius, all under the same input."""

    def step(states: Doubles, tangents: Doubles, moment: int) -> tuple[Doubles, Doubles]:
        fields, pushes = np.split(np.vstack([states, tangents]) @ recurrent.T, 2)
        states = np.tanh(RADII[:, None] * fields + heard[moment] * weights)
        return states, (1.0 - states**2) * RADII[:, None] * pushes

    first, tangents = (np.tile(row, (len(RADII), 1)) for row in rng.standard_normal((2, len(recurrent))))
    return lyapunov.largest_exponents(step, first, tangents, steps=steps, washout=WASHOUT)


def memory(states: Doubles, targets: Doubles, *, learned: int) -> float:
    """The memory capacity on rows that the read-out has not seen."""
    train, test = slice(WASHOUT, WASHOUT + learned), slice(WASHOUT + learned, None)
    fitted = reservoirs.readout(states[train], targets[train], penalty=PENALTY)
    return float(reservoirs.capacities(reservoirs.read(states[test], fitted), targets[test]).sum())


def peak(memories: Doubles) -> float | None:
    """The radius at the top of the parabola through the largest and its neighbours; None where it has but one."""
    best = int(np.argmax(memories))
    if best in (0, len(memories) - 1):
        return None
    before, most, after = memories[best - 1 : best + 2]
    return float(RADII[best] + 0.5 * (RADII[1] - RADII[0]) * (before - after) / (before - 2 * most + after))


def _seconds(config: Config) -> float:
    following = (config.steps + WASHOUT) * (1.5e-5 + 3e-7 * config.units + 2.2e-9 * config.units**2)
    remembering = 2.5 * config.steps * (1.1e-6 + 4e-9 * config.units + 2e-11 * config.units**2) + 2e-3
    return following + (len(RADII) * remembering if config.drive else 0.0)


HUNDRED = {"units": 100, "drive": MODERATE}
SHORT = partial(grid, Config, units=[100], steps=[500])
PILOT = partial(Prediction, because="a pilot")

experiment = Experiment(
    name="edge_of_chaos_by_radius",
    version=1,
    question="At which spectral radius does a random network become chaotic, and at which does it remember most?",
    reference="Jaeger 2001, GMD Report 148; Sompolinsky, Crisanti & Sommers 1988, Phys. Rev. Lett. 61:259",
    run=run,
    measures=Measures,
    sweep=grid(Config, units=[50, 100, 200], drive=[0.0, 0.1, MODERATE, 1.0]),
    ranges={"units": (10, 1_000), "drive": (0.0, 5.0), "steps": (100, 20_000)},
    estimands=(
        Estimand(
            name="chaos_at_the_old_radius",
            claim="a random network of 100 units under a moderate input becomes chaotic at a larger spectral radius "
            "than 1.269, which an earlier laboratory found",
            kind=Kind.LEVEL,
            measure="critical_radius",
            between=(HUNDRED,),
            null=1.269,
            smallest=0.1,
            prediction=PILOT(positive=0.9, negative=0.01, absent=0.09, interval=(1.4, 1.55)),
            expects=Direction.MORE,
        ),
        Estimand(
            name="chaos_by_size",
            claim="under a moderate input a random network becomes chaotic at a smaller spectral radius "
            "the larger it is",
            kind=Kind.SLOPE,
            measure="critical_radius",
            across="units",
            between=({"drive": MODERATE},),
            expects=Direction.LESS,
            smallest=0.02,
            prediction=PILOT(positive=0.05, negative=0.75, absent=0.2, interval=(-0.09, -0.02)),
        ),
        Estimand(
            name="chaos_by_input",
            claim="a strong input puts the chaos of a random network of 200 units off to a larger spectral radius "
            "than a weak one does",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="critical_radius",
            between=({"units": 200, "drive": 1.0}, {"units": 200, "drive": 0.1}),
            smallest=0.05,
            prediction=PILOT(positive=0.95, negative=0.01, absent=0.04, interval=(0.12, 0.19)),
            expects=Direction.MORE,
        ),
        Estimand(
            name="memory_at_the_old_radius",
            claim="a random network of 100 units remembers most at a spectral radius of about 1, as an earlier "
            "laboratory found",
            kind=Kind.LEVEL,
            measure="best_radius",
            between=(HUNDRED,),
            null=1.0,
            smallest=0.1,
            prediction=PILOT(positive=0.01, negative=0.01, absent=0.98, interval=(1.0, 1.02)),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="memory_by_input",
            claim="under a strong input a random network of 100 units remembers most at a larger spectral radius "
            "than under a weak one",
            kind=Kind.CONTRAST,
            measure="best_radius",
            between=({"units": 100, "drive": 1.0}, {"units": 100, "drive": 0.1}),
            smallest=0.1,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.19, 0.25)),
            expects=Direction.MORE,
        ),
        Estimand(
            name="memory_left_at_chaos",
            claim="where a random network of 100 units becomes chaotic, it remembers less than nine "
            "tenths of what it does at its best radius",
            kind=Kind.LEVEL,
            measure="memory_at_critical",
            between=(HUNDRED,),
            null=0.9,
            in_words="{percent} %",
            expects=Direction.LESS,
            smallest=0.05,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(0.3, 0.48)),
        ),
    ),
    controls=(
        Control(
            estimand="memory_by_input",
            placebo=(
                *SHORT(drive=[1.0], network=[1], control=["alike"]),
                *SHORT(drive=[0.1], control=["alike"]),
            ),
            planted=SHORT(drive=[1.0, 0.1]),
        ),
    ),
    figure=Figure(x="units", y="critical_radius", log=("x",), title="Where chaos begins"),
    setting="random recurrent tanh networks",
    headlines=(
        Headline(
            says="These random feedback networks remember inputs best with connections too weak for chaos",
            when={
                "memory_left_at_chaos": Direction.LESS,
                "memory_at_the_old_radius": Direction.ABSENT,
                "chaos_at_the_old_radius": Direction.MORE,
            },
        ),
        Headline(
            says="Where chaos begins, these random feedback networks remember under 90% of their maximum",
            when={"memory_left_at_chaos": Direction.LESS},
        ),
        Headline(
            says="Where chaos begins, these random feedback networks remember over 90% of their maximum",
            when={"memory_left_at_chaos": Direction.MORE},
        ),
        Headline(
            says="Where chaos begins, these random feedback networks remember about 90% of their maximum",
            when={"memory_left_at_chaos": Direction.ABSENT},
        ),
        Headline(
            says="These random networks turn chaotic only at stronger connections than an earlier study found",
            when={"chaos_at_the_old_radius": Direction.MORE},
        ),
    ),
    words={
        "critical_radius": "the spectral radius at which chaos begins",
        "best_radius": "the spectral radius with the most memory of past inputs",
        "memory_at_critical": "memory where chaos begins as a share of the most at any radius",
        "units": "network size",
        "drive": "input strength",
    },
    needs=Needs(seconds=_seconds, memory_mb=250),
)
