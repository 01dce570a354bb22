"""Do steps of one size find a truth of one size?

Why it matters: optimisers that divide a slope by its own size, as Adam does, move all weights at one pace. What they
find where many answers fit is less known than what plain descent finds, which is the shortest answer.

A linear model with more weights than examples has many answers that fit. Plain descent from nothing ends at the one of
least length, which leaves unseen as much of the truth as there are weights too many. Steps that hardly depend on the
size of the slope go as far in every weight, so they may end near the answer whose largest weight is least; that one is
the truth itself where all weights are plus or minus one and the examples are more than half as many as the weights
(Mangasarian & Recht 2011). But nobody promises that the way from nothing leads there.

We expect such steps to end nearer to a truth of one size, and farther from one that is sparse. The rival: what they
overshoot on the way stays, since what fits is never corrected. Steps of next to no size are the placebo, and plain
descent that does not move is planted.

History: 1, first version.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, progress

SOFT = 0.01  # slopes that are much larger than this give steps of one size
CEILING = 50.0


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    rule: str  # plain, or even: a slope over its own size
    truth: str = "even"  # all weights plus or minus one; or sparse: a tenth of them, with as much length together
    weights: int = 80
    examples: int = 60
    updates: int = 2_000
    dose: float = 1.0  # times the size of every step
    resting: bool = False  # plain descent does not move


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    miss: float  # squared distance from the truth, as a share of the truth's squared length; 1 at the start
    misfit: float  # mean squared error on the examples, as a share of what it was at the start
    largest: float  # the largest weight, by its size
    has_moved: int  # 1 when less than half of the error on the examples is left


def run(config: Config, seed: int) -> Measures:
    """One cell. Inputs and truth are the same for both rules."""
    design = chance.stream(seed, "inputs").standard_normal((config.examples, config.weights))
    wanted = aim(chance.stream(seed, "aim"), config)
    targets = design @ wanted
    weights = np.zeros(config.weights)
    for update in range(config.updates):
        fade = config.dose * (1.0 - update / config.updates)
        slope = design.T @ (design @ weights - targets) / config.examples
        if config.rule == "even":
            weights = weights - 0.02 * fade * slope / (np.abs(slope) + SOFT)
        elif not config.resting:
            weights = weights - 0.3 * fade * slope
        if update % 400 == 399:
            progress.block((update + 1) / config.updates)
    gap = design @ weights - targets
    misfit = float(gap @ gap) / float(targets @ targets)
    miss = float(np.sum((weights - wanted) ** 2)) / float(wanted @ wanted)
    progress.early([misfit, miss])
    progress.block(1.0)
    return Measures(
        miss=min(miss, CEILING),
        misfit=min(misfit, CEILING),
        largest=min(float(np.abs(weights).max()), CEILING),
        has_moved=int(misfit < 0.5),
    )


def aim(rng: np.random.Generator, config: Config) -> npt.NDArray[np.float64]:
    """The weights to be found."""
    ways = np.where(rng.random(config.weights) < 0.5, -1.0, 1.0)
    if config.truth == "even":
        return ways
    few = max(1, config.weights // 10)
    sizes = np.zeros(config.weights)
    sizes[rng.permutation(config.weights)[:few]] = np.sqrt(config.weights / few)
    return ways * sizes


def _arms(truth: str) -> tuple[dict[str, object], ...]:
    """Steps of one size, and plain ones."""
    return {"rule": "even", "truth": truth}, {"rule": "plain", "truth": truth}


experiment = Experiment(
    name="even_steps",
    version=1,
    question="Do steps of one size find a truth of one size?",
    reference="Mangasarian & Recht 2011, Oper. Res. Lett. 39:107",
    run=run,
    measures=Measures,
    sweep=grid(Config, rule=["plain", "even"], truth=["even", "sparse"]),
    ranges={"weights": (10, 400), "examples": (5, 400), "updates": (50, 20_000)},
    estimands=(
        Estimand(
            name="even_steps_find_even_truths",
            claim="with 60 examples of 80 weights of plus or minus one, descent in steps of one size "
            "ends nearer to them than plain descent",
            kind=Kind.CONTRAST,
            measure="miss",
            between=_arms("even"),
            expects=Direction.LESS,
            smallest=0.03,
            bounds=(-50.0, 50.0),
            prediction=Prediction(
                positive=0.15,
                negative=0.75,
                absent=0.1,
                interval=(-0.25, -0.05),
                because="weights that grow at one pace arrive together, and four of five begin in the right direction",
            ),
        ),
        Estimand(
            name="even_steps_miss_sparse_truths",
            claim="with 60 examples of 80 weights, a tenth of them not zero, descent in steps of one "
            "size ends farther from them than plain descent",
            kind=Kind.CONTRAST,
            measure="miss",
            between=_arms("sparse"),
            smallest=0.03,
            bounds=(-50.0, 50.0),
            prediction=Prediction(
                positive=0.85,
                negative=0.05,
                absent=0.1,
                interval=(0.05, 0.5),
                because="weights that should stay nothing move as fast as those that should not",
            ),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="even_steps_find_even_truths",
            placebo=grid(Config, rule=["even", "plain"], truth=["even"], updates=[5], dose=[1e-4]),
            planted=grid(Config, rule=["even", "plain"], truth=["even"], resting=[True]),
        ),
    ),
    figure=Figure(x="examples", y="miss", title="How far from the truth"),
    setting="linear models of more weights than examples",
    headlines=(
        Headline(
            says="Steps moving every weight equally come nearer hidden ±1 weights than gradient descent here",
            when={"even_steps_find_even_truths": Direction.LESS},
        ),
        Headline(
            says="Steps moving every weight equally stay farther from hidden ±1 weights than gradient descent",
            when={"even_steps_find_even_truths": Direction.MORE},
        ),
        Headline(
            says="Moving every weight equally comes about as near hidden ±1 weights as gradient descent",
            when={"even_steps_find_even_truths": Direction.ABSENT},
        ),
        Headline(
            says="Steps moving every weight equally stay farther from mostly zero weights than gradient descent",
            when={"even_steps_miss_sparse_truths": Direction.MORE},
        ),
    ),
    words={
        "miss": "relative squared distance from the true weights",
        "rule=even": "steps of one size",
        "rule=plain": "plain gradient descent",
        "truth=even": "true weights of one size",
        "truth=sparse": "few true weights other than zero",
        "weights": "{value} weights",
        "examples": "{value} training examples",
        "updates": "{value} updates",
    },
    needs=Needs(
        seconds=lambda config: 0.0005 + config.updates * (1e-5 + 1e-9 * config.weights * config.examples), memory_mb=150
    ),
    learned="has_moved",
)
