"""Is there a range of learning rates at which training first explodes and then ends in a flatter place?

Why it matters: large learning rates often give better networks, and this is the smallest model in which one can see why
a training that blows up may recover.

The smallest model that can do it is a network with one hidden layer of linear units, one example, and squared error.
Its answer f = u.v / sqrt(m) is to be brought to 0, and its curvature is the tangent kernel k = (|u|² + |v|²) / m. A
step of descent at the rate lr multiplies f by 1 - lr k + lr² f² / m, and adds lr f² (lr k - 4) / m to k, exactly and at
any width m (Lewkowycz et al. 2020). So there are three phases: below lr k = 2 the loss only falls and the curvature
stays; between 2 and 4 the loss grows until it is as large as the width, the curvature falls below 2 / lr, and training
converges after all (the catapult); above 4 both grow without end. We start one network at eight rates, in units of
1 / k.

We expect exactly these phases at width 512, and a kernel that has lost most of itself at lr k = 3. A network that has
next to nothing to learn, because its target is nearly what it says already, and five steps to do it, never gets as far
as the phases: it is the placebo. (On its own, time would make a catapult of any small error.)

History: 1, the set-up of the paper's section on the solvable model.
"""

import math
from dataclasses import dataclass

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, progress

HUGE = 1e12  # a loss that has grown by as much will not come back
CONVERGED = 1e-4  # of the loss at the start
STABLE, CATAPULT = 2.0, 4.0  # lr * kernel up to which the loss only falls, and up to which it comes back


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    rate: float  # learning rate times the tangent kernel at the start
    width: int = 512
    error: float = 1.0  # how far the target is from what the network says at the start, as a share of that
    steps: int = 2_000


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    converged: int  # 1 when the loss ended at less than a ten-thousandth of its start
    diverged: int
    catapulted: int  # 1 when the loss rose above its start, and converged
    is_as_predicted: int  # 1 when this is what theory says of this rate
    spike: float | None  # highest loss over the first one; None when it diverged, or was 0 from the start
    peak_step: int | None  # of the highest loss; None when it diverged
    kernel_ratio: float | None  # tangent kernel at the end over the one at the start; None when it diverged
    end_rate: float | None  # learning rate times the kernel at the end: stable below 2
    kernel_ratio_by_step: tuple[float, ...]  # over the first 32 steps at most


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes the start for every rate alike."""
    losses, kernels = descent(config, seed)
    progress.early((kernels[0], *losses[: progress.LONGEST - 1]))
    first, highest, last = losses[0], max(losses), losses[-1]
    diverged = is_huge(highest, first)
    converged = not diverged and last <= CONVERGED * first
    catapulted = converged and highest > first
    expected = (converged and not catapulted, catapulted, diverged)[(config.rate > STABLE) + (config.rate > CATAPULT)]
    progress.block(1.0)
    return Measures(
        converged=int(converged),
        diverged=int(diverged),
        catapulted=int(catapulted),
        is_as_predicted=int(expected),
        spike=None if diverged or first == 0 else highest / first,
        peak_step=None if diverged else losses.index(highest),
        kernel_ratio=None if diverged else kernels[-1] / kernels[0],
        end_rate=None if diverged else config.rate * kernels[-1] / kernels[0],
        kernel_ratio_by_step=tuple(kernel / kernels[0] for kernel in kernels[:32]),
    )


def descent(config: Config, seed: int) -> tuple[list[float], list[float]]:
    """The loss and the tangent kernel before every step, until the end or until the loss is lost."""
    u, v = chance.stream(seed, "start").standard_normal((2, config.width))
    root = math.sqrt(config.width)
    target = (1 - config.error) * float(u @ v) / root
    lr = config.rate * config.width / float(u @ u + v @ v)
    losses: list[float] = []
    kernels: list[float] = []
    for _ in range(config.steps + 1):
        residual = float(u @ v) / root - target
        losses.append(0.5 * residual**2)
        kernels.append(float(u @ u + v @ v) / config.width)
        if is_huge(losses[-1], losses[0]):
            break
        slope = lr * residual / root
        u, v = u - slope * v, v - slope * u
    return losses, kernels


def is_huge(loss: float, first: float) -> bool:
    """Has the loss grown so far that it will not come back?"""
    return loss > HUGE * max(first, 1.0)


def _seconds(config: Config) -> float:
    if config.rate > CATAPULT and config.error > 0:
        return 2e-4  # lost within a few steps
    return 1.3e-4 + config.steps * (2.8e-6 + 3.3e-10 * config.width)


experiment = Experiment(
    name="catapult_phase",
    aliases=("catapult",),
    version=1,
    question="Is there a range of learning rates at which training first explodes and then ends in a flatter place?",
    reference="Lewkowycz et al. 2020, arXiv:2003.02218",
    run=run,
    measures=Measures,
    sweep=grid(Config, rate=[1.0, 1.9, 2.1, 2.5, 3.0, 3.5, 3.9, 4.2]),
    ranges={"rate": (0.1, 6.0), "width": (8, 8_192), "error": (0.0, 4.0), "steps": (10, 20_000)},
    estimands=(
        Estimand(
            name="three_phases",
            claim="at every learning rate the loss does what theory says: it falls where rate times curvature is "
            "below 2, catapults up to 4, diverges above",
            kind=Kind.PROPORTION,
            measure="is_as_predicted",
            null=0.5,
            smallest=0.2,
            prediction=Prediction(
                positive=0.98, negative=0.01, absent=0.01, interval=(0.95, 1.0), because="the recursion is exact"
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="flatter_after_a_catapult",
            claim="a two-layer linear network keeps less of its curvature after a catapult (a loss that shoots up "
            "and falls again) than after plain descent",
            kind=Kind.CONTRAST,  # paired within the replicate
            measure="kernel_ratio",
            in_words="{percent} % of the curvature at the start",
            between=({"rate": 3.0}, {"rate": 1.0}),
            expects=Direction.LESS,
            smallest=0.1,
            bounds=(-1.5, 1.5),
            prediction=Prediction(
                positive=0.01, negative=0.98, absent=0.01, interval=(-0.94, -0.91), because="60 seeds of a pilot"
            ),
        ),
        Estimand(
            name="stable_after_a_catapult",
            claim="a catapult (a loss that shoots up and falls again) ends where learning rate times curvature is "
            "below 2, the limit of stability",
            kind=Kind.LEVEL,
            measure="end_rate",
            between=({"rate": 2.5},),
            null=2.0,
            expects=Direction.LESS,
            smallest=0.1,
            prediction=Prediction(
                positive=0.01, negative=0.98, absent=0.01, interval=(1.26, 1.29), because="else it could not converge"
            ),
        ),
    ),
    controls=(
        Control(
            estimand="three_phases",
            placebo=grid(Config, rate=[1.0, 3.0, 4.2], error=[0.05], steps=[5]),
            planted=grid(Config, rate=[1.0, 3.0, 4.2]),
        ),
        Control(
            estimand="flatter_after_a_catapult",
            placebo=grid(Config, rate=[1.0, 3.0], error=[0.05], steps=[5]),
            planted=grid(Config, rate=[1.0, 3.0]),
        ),
    ),
    figure=Figure(x="rate", y="kernel_ratio", title="What is left of the curvature"),
    setting="two-layer linear networks trained on one example",
    headlines=(
        Headline(
            says="Medium steps usually first raise these models' error, then reach flatter minima than small",
            when={"three_phases": Direction.MORE, "flatter_after_a_catapult": Direction.LESS},
        ),
        Headline(
            says="Medium steps usually make these simple networks' error leap, then fall; larger ones fail",
            when={"three_phases": Direction.MORE},
        ),
        Headline(
            says="For most of these simple networks, theory mispredicts training at some step size",
            when={"three_phases": Direction.LESS},
        ),
        Headline(
            says="If error leaps first, these simple networks settle where error curves less than otherwise",
            when={"flatter_after_a_catapult": Direction.LESS},
        ),
        Headline(
            says="Whether error leaps or falls steadily, these simple networks settle in similarly curved valleys",
            when={"flatter_after_a_catapult": Direction.ABSENT},
        ),
    ),
    words={
        "is_as_predicted": "a loss that does what theory foretells",
        "kernel_ratio": "curvature at the end",
        "end_rate": "learning rate times curvature at the end",
        "rate": "learning rate times curvature",
        "error": "starting error",
        "rate=1.0": "half the stable learning rate",
        "rate=3.0": "one and a half times the stable learning rate",
        "rate=2.5": "one and a quarter times the stable learning rate",
        "width": "{value} hidden neurons",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=150),
)
