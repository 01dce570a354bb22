"""At what strength of its connections does a random network become chaotic?

Why it matters: networks that compute with echoes, and perhaps brains, are said to work best just before they become
chaotic. One must know where that is.

A large random network of tanh units that hears nothing forgets where it began while the gain g of its connections is
below 1, and is chaotic above (Sompolinsky, Crisanti & Sommers 1988). The old laboratory saw 1.27. We follow a tangent
beside the states at seventeen gains, all with the same connections, and ask where the largest Lyapunov exponent leaves
zero: in networks of 50 to 800 units, and under an input, which makes networks more regular (Molgedey et al. 1992).

"Leaves zero" means 0.01 here, since less is not told from a cycle in a few thousand steps. Just above 1 the exponent
grows as (g - 1)^2 only, so even an endless network passes that late: at 1.15, and not at 1. So each onset is compared
with the one that mean-field theory's exponents have at the same gains and the same 0.01.

We expect it to come down towards theory's as the network grows, and to go up with the input. Below 1, and without
input, the exponent is known, too: log(g) plus that of the largest eigenvalue.

History: 1, first version; the old laboratory's number was of one size and one input. How long such networks remember
is asked in reservoir_computing.
"""

from dataclasses import dataclass

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, lyapunov, reservoirs
from axiom.kit.features import Doubles

GAINS = np.array([*range(8, 22), 24, 27, 30]) / 10
CHAOTIC = 0.01  # where an exponent counts as having left zero


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    units: int
    drive: float  # standard deviation, over units, of what each value of the input adds
    share: float = 1.0  # of the units that hear the input
    network: int = 0  # each number has connections of its own
    steps: int = 2_000
    washout: int = 300


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    onset: float | None  # the smallest gain with chaos; None when there is none, or at the very first
    excess: float | None  # onset less that of an endless network, by mean-field theory
    has_onset: int  # 1 when there is one
    ordered_exponent: float  # at gain 0.8
    chaotic_exponent: float  # at gain 2
    exponent_by_gain: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell: one network and input at all gains. The seed fixes both, so they are the same under any drive."""
    recurrent = reservoirs.gaussian(chance.stream(seed, f"recurrent {config.network}"), units=config.units)
    weights = config.drive * chance.stream(seed, "weights").standard_normal(config.units)
    weights[round(config.share * config.units) :] = 0.0
    coins = chance.stream(seed, "input").choice([-1.0, 1.0], size=config.washout + config.steps)
    start = chance.stream(seed, "start").standard_normal((2, config.units))

    def step(states: Doubles, tangents: Doubles, moment: int) -> tuple[Doubles, Doubles]:
        fields, pushes = np.split(np.vstack([states, tangents]) @ recurrent.T, 2)
        states = np.tanh(GAINS[:, None] * fields + coins[moment] * weights)
        return states, (1.0 - states**2) * GAINS[:, None] * pushes

    first, tangents = (np.tile(row, (len(GAINS), 1)) for row in start)
    exponents = lyapunov.largest_exponents(step, first, tangents, steps=config.steps, washout=config.washout)
    onset = lyapunov.onset(GAINS, exponents, above=CHAOTIC)
    endless = lyapunov.onset(GAINS, lyapunov.mean_field(GAINS, drive=config.drive, share=config.share), above=CHAOTIC)
    return Measures(
        onset=onset,
        excess=None if onset is None or endless is None else onset - endless,
        has_onset=int(onset is not None),
        ordered_exponent=float(exponents[0]),
        chaotic_exponent=float(exponents[np.searchsorted(GAINS, 2.0)]),
        exponent_by_gain=tuple(map(float, exponents)),
    )


experiment = Experiment(
    name="edge_of_chaos",
    version=1,
    question="At what strength of its connections does a random network become chaotic?",
    reference="Sompolinsky, Crisanti & Sommers 1988, Phys. Rev. Lett. 61:259; Molgedey et al. 1992, 69:3717",
    run=run,
    measures=Measures,
    sweep=grid(Config, units=[50, 100, 200, 400, 800], drive=[0.0, 0.1, 0.5, 1.0]),
    ranges={
        "units": (10, 2_000),
        "drive": (0.0, 2.0),
        "share": (0.0, 1.0),
        "steps": (20, 20_000),
        "washout": (0, 5_000),
    },
    estimands=(
        Estimand(
            name="onset_falls_with_size",
            claim="without input, the onset of chaos comes down as the network grows",
            kind=Kind.SLOPE,
            measure="onset",
            across="units",
            between=({"drive": 0.0},),
            expects=Direction.LESS,
            smallest=0.02,
            prediction=Prediction(
                positive=0.01, negative=0.98, absent=0.01, interval=(-0.09, -0.055), because="8 seeds: -0.11 to -0.03"
            ),
        ),
        Estimand(
            name="onset_of_800_units",
            claim="a random network of 800 units without input becomes chaotic at a larger gain than "
            "mean-field theory says for an endless one",
            kind=Kind.LEVEL,
            measure="excess",
            between=({"units": 800, "drive": 0.0},),
            smallest=0.05,
            prediction=Prediction(
                positive=0.93, negative=0.01, absent=0.06, interval=(0.075, 0.12), because="8 seeds: 0.05 to 0.19"
            ),
            expects=Direction.MORE,
            published=Published(
                value=0.0, reference="Sompolinsky, Crisanti & Sommers 1988, Phys. Rev. Lett. 61:259 (endless network)"
            ),
        ),
        Estimand(
            name="input_raises_onset",
            claim="an input as strong as the units themselves puts chaos off to a larger gain",
            kind=Kind.CONTRAST,
            measure="onset",
            between=({"units": 200, "drive": 1.0}, {"units": 200, "drive": 0.0}),
            smallest=0.1,
            prediction=Prediction(
                positive=0.98,
                negative=0.01,
                absent=0.01,
                interval=(0.53, 0.62),
                because="mean-field theory: 0.74",
            ),
            expects=Direction.MORE,
            published=Published(value=0.74, reference="Molgedey et al. 1992, 69:3717 (mean-field theory)"),
        ),
        Estimand(
            name="every_network_has_an_onset",
            claim="random networks of every size and input tried are regular at a gain of 0.8 and chaotic "
            "at a gain up to 3",
            kind=Kind.PROPORTION,
            measure="has_onset",
            null=0.5,
            smallest=0.1,
            prediction=Prediction(
                positive=0.96, negative=0.01, absent=0.03, interval=(0.9, 1.0), because="59 of 60 of the smallest had"
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="driven_onset_above_mean_field",
            claim="under a strong input a random network of 800 units becomes chaotic where theory says, within "
            "0.05 of the gain",
            kind=Kind.LEVEL,
            measure="excess",
            between=({"units": 800, "drive": 1.0},),
            smallest=0.05,
            prediction=Prediction(
                positive=0.03, negative=0.01, absent=0.96, interval=(0.008, 0.028), because="8 seeds: 0.00 to 0.04"
            ),
            expects=Direction.ABSENT,
            published=Published(value=0.0, reference="Molgedey et al. 1992, 69:3717 (mean-field theory)"),
        ),
    ),
    controls=(
        Control(  # an input that no unit hears and two networks, or the input that theory speaks of and one
            estimand="input_raises_onset",
            placebo=(
                Config(units=200, drive=0.0, steps=800, washout=200),
                Config(units=200, drive=1.0, share=0.0, network=1, steps=800, washout=200),
            ),
            planted=grid(Config, units=[200], drive=[0.0, 1.0], steps=[800], washout=[200]),
        ),
    ),
    figure=Figure(x="units", y="onset", log=("x",), title="Where chaos begins"),
    setting="random recurrent networks",
    headlines=(
        Headline(
            says="Larger random feedback networks turn chaotic at weaker connections; strong outside input calms them",
            when={"onset_falls_with_size": Direction.LESS, "input_raises_onset": Direction.MORE},
        ),
        Headline(
            says="In larger random feedback networks, tiny differences start growing (chaos) at weaker connections",
            when={"onset_falls_with_size": Direction.LESS},
        ),
        Headline(
            says="In larger random feedback networks, tiny differences start growing (chaos) at stronger connections",
            when={"onset_falls_with_size": Direction.MORE},
        ),
        Headline(
            says="In random feedback networks, size hardly changes the connection strength at which chaos starts",
            when={"onset_falls_with_size": Direction.ABSENT},
        ),
        Headline(
            says="Under strong input, random feedback networks turn chaotic only at stronger connections",
            when={"input_raises_onset": Direction.MORE},
        ),
    ),
    words={
        "onset": "the connection strength at which chaos begins",
        "has_onset": "an onset of chaos",
        "excess": "the connection strength at which chaos begins minus theory's",
        "units": "network size",
        "drive": "input strength",
        "drive=0.0": "no input",
        "share": "share of neurons that hear the input",
        "share=1.0": "every neuron hearing any input",
        "washout": "steps before measuring",
        "steps": "{value} steps",
    },
    needs=Needs(
        seconds=lambda config: (
            (config.steps + config.washout) * (1.5e-5 + 1.4e-7 * config.units + 8e-10 * config.units**2)
        ),
        memory_mb=150,
    ),
)
