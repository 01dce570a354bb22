"""Does gradient descent stop sharpening exactly where it becomes unstable?

Why it matters: textbooks choose learning rates so that training is stable. Networks train at the very edge of
instability, which textbooks do not explain.

The sharpness is the largest eigenvalue of the Hessian of the training loss. On a quadratic, descent with learning rate
lr is stable as long as the sharpness is below 2/lr. Cohen et al. (2021) saw that a network trained on all its data at
once does not stay below: its sharpness rises until it reaches 2/lr, and there it stays, at the edge of stability,
while single steps raise the loss and many together lower it. We train a tanh network to fit random labels at four
learning rates, from the same start, and follow its sharpness.

We expect sharpness * lr / 2 to end at 1 whatever the rate: from below where the start is flat enough, from above at
high rates, where the start itself is beyond the edge. A model without hidden layers has the same Hessian everywhere,
so there nothing can sharpen: it is the placebo. Where a rate is so high that the loss never comes back, a cell notes
that and measures no end.

History: 1, the set-up of a pilot with 1,024 random labels instead of 512: those were fitted before the lowest rate came
to its edge.
"""

import math
from dataclasses import dataclass

import jax
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, descent, hessian, losses, models, optimizers

INPUTS, CLASSES = 20, 5
SNAPSHOTS = 40  # of the sharpness
NEAR = 0.05  # as near as this to the edge is at the edge
ROUNDING = 1e-5  # of the loss, in single precision
HUGE = 1e4  # a loss that has grown by as much will not come back
LOSS = losses.SquaredError(architecture=models.Architecture(activation="tanh"))


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    lr: float
    depth: int = 3  # hidden layers
    width: int = 64
    rows: int = 1_024  # how many random labels are to be fitted
    steps: int = 6_000


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    diverged: int  # 1 when the loss left for good; then there is no end, and each measure of it is None
    start_sharpness: float
    end_sharpness: float | None  # mean over the last quarter of the snapshots
    sharpening: float | None  # end over start
    edge_ratio: float | None  # end sharpness * lr / 2: 1 at the edge of stability
    is_at_edge: int  # 1 when that is within 5 % of 1
    edge_step: int | None  # of the first snapshot that near to the edge; None when there was none
    rising: float | None  # share of the snapshots at which the next step raises the loss
    final_loss: float | None
    edge_ratio_by_snapshot: tuple[float, ...]  # until it diverged


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes inputs, labels and start for every learning rate alike."""
    drawn = chance.stream(seed, "data")
    x = drawn.standard_normal((config.rows, INPUTS)).astype(np.float32)
    y = drawn.integers(0, CLASSES, size=config.rows).astype(np.int32)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, *[config.width] * config.depth, CLASSES), gain=1.0)
    probe = hessian.direction(chance.stream(seed, "probe"), start)
    every = -(-config.steps // SNAPSHOTS)
    kept, diverged = _looks(config, start, x, y, probe, every)
    first = float(hessian.lanczos(LOSS, start, probe, x, y)[-1])
    ratios = [value * config.lr / 2 for value in (first, *(sharp for sharp, _, _ in kept))]
    near = [number * every for number, ratio in enumerate(ratios) if abs(ratio - 1) <= NEAR]
    last = None if diverged else float(np.mean([sharp for sharp, _, _ in kept][-len(kept) // 4 :]))
    return Measures(
        diverged=int(diverged),
        start_sharpness=first,
        end_sharpness=last,
        sharpening=None if last is None else last / first,
        edge_ratio=None if last is None else last * config.lr / 2,
        is_at_edge=int(last is not None and abs(last * config.lr / 2 - 1) <= NEAR),
        edge_step=min(near[0], config.steps) if near else None,
        rising=None if diverged else float(np.mean([rise > ROUNDING for _, rise, _ in kept])),
        final_loss=None if diverged else kept[-1][2],
        edge_ratio_by_snapshot=tuple(ratios),
    )


def _looks(
    config: Config, start: models.Net, x: models.Array, y: models.Array, probe: models.Net, every: int
) -> tuple[list[tuple[float, float, float]], bool]:
    """Sharpness, the rise that the next step brings, and the loss, after every so many steps until it diverged."""
    limit = HUGE * (1 + float(LOSS(start, x, y)))
    lost = 0.0, 0.0, limit

    def watch(net: models.Net, loss: float) -> tuple[float, float, float]:
        rise = float(_next_rise(net, x, y, config.lr))
        if not (loss < limit and math.isfinite(rise)):  # so asked, what is no number is lost, too
            return lost
        return float(hessian.lanczos(LOSS, net, probe, x, y)[-1]), rise, loss

    steps, rates = config.steps, optimizers.Rates(lr=config.lr)
    _, seen = descent.descended(
        start, x, y, objective=LOSS, rates=rates, steps=steps, every=every, watch=watch, is_over=lambda at: at == lost
    )
    kept = [look for look in seen if look != lost]
    return kept, len(kept) < len(seen)


@jax.jit
def _next_rise(net: models.Net, x: models.Array, y: models.Array, lr: float) -> jax.Array:
    """By which share of itself the next step raises the loss."""
    loss, slopes = jax.value_and_grad(LOSS)(net, x, y)
    stepped = jax.tree.map(lambda weights, slope: weights - lr * slope, net, slopes)
    share: jax.Array = LOSS(stepped, x, y) / loss - 1
    return share


def _seconds(config: Config) -> float:
    weights = (
        config.width * (INPUTS + CLASSES + config.width * (config.depth - 1)) if config.depth else INPUTS * CLASSES
    )
    step = 1.2e-5 + 3.4e-11 * config.rows * weights
    snapshot = 3e-4 + 1.7e-9 * config.rows * weights + 1.8e-7 * weights
    return 0.005 + config.steps * step + min(config.steps, SNAPSHOTS) * snapshot


SMALL = {"width": 32, "rows": 64, "steps": 800}
FLAT = SMALL | {"rows": 256}  # enough for an affine model to be stable at all rates here, whatever the seed

experiment = Experiment(
    name="progressive_sharpening",
    aliases=("eos", "edge_of_stability"),
    version=1,
    question="Does gradient descent stop sharpening exactly where it becomes unstable?",
    reference="Cohen et al. 2021, arXiv:2103.00065",
    run=run,
    measures=Measures,
    sweep=grid(Config, lr=[0.1, 0.2, 0.4, 0.8]),
    ranges={"lr": (0.01, 2.0), "depth": (0, 4), "width": (4, 128), "rows": (16, 2_048), "steps": (10, 20_000)},
    estimands=(
        Estimand(
            name="at_the_edge",
            claim="at every learning rate full-batch training ends with sharpness * rate / 2 within 5 % "
            "of 1, the edge of stability",
            kind=Kind.PROPORTION,
            measure="is_at_edge",
            null=0.5,
            smallest=0.2,
            prediction=Prediction(
                positive=0.97, negative=0.01, absent=0.02, interval=(0.95, 1.0), because="so in every pilot"
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="sharpening_at_a_low_rate",
            claim="at a learning rate of 0.1 full-batch training ends in a sharper place than it began",
            kind=Kind.LEVEL,
            measure="sharpening",
            between=({"lr": 0.1},),
            null=1.0,
            smallest=0.2,
            prediction=Prediction(
                positive=0.98, negative=0.01, absent=0.01, interval=(3.5, 4.5), because="the edge is four times above"
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="sharpness_slope",
            claim="full-batch training ends in a flatter place the higher the learning rate is",
            kind=Kind.SLOPE,  # of log sharpness on log lr: the edge asks for -1, and at_the_edge for nothing else
            measure="end_sharpness",
            across="lr",
            expects=Direction.LESS,
            smallest=0.2,
            prediction=Prediction(
                positive=0.01, negative=0.98, absent=0.01, interval=(-1.005, -0.995), because="it ends at 2 / lr"
            ),
            published=Published(
                value=-1.0, reference="Cohen et al. 2021, arXiv:2103.00065 (sharpness stays at 2 over the rate)"
            ),
        ),
    ),
    controls=(
        Control(
            estimand="at_the_edge",
            placebo=(Config(lr=0.4, depth=0, **FLAT),),
            planted=(Config(lr=0.4, depth=2, **SMALL), Config(lr=0.8, depth=2, **SMALL)),
        ),
        Control(
            estimand="sharpness_slope",
            placebo=(Config(lr=0.4, depth=0, **FLAT), Config(lr=0.8, depth=0, **FLAT)),
            planted=(Config(lr=0.4, depth=2, **SMALL), Config(lr=0.8, depth=2, **SMALL)),
        ),
    ),
    figure=Figure(x="lr", y="end_sharpness", log=("x", "y"), title="Where the sharpness ends"),
    setting="tanh networks that fit random labels by full-batch descent",
    headlines=(
        Headline(
            says="Training in small steps usually drives networks to where those steps are barely stable",
            when={"at_the_edge": Direction.MORE, "sharpening_at_a_low_rate": Direction.MORE},
        ),
        Headline(
            says="Usually, training at every step size tried ends where steps are only just stable",
            when={"at_the_edge": Direction.MORE},
        ),
        Headline(
            says="Usually, training at some step size ends away from where steps are just stable",
            when={"at_the_edge": Direction.LESS},
        ),
        Headline(
            says="Training in larger steps ends where the error curves less",
            when={"sharpness_slope": Direction.LESS},
        ),
        Headline(
            says="Training in small steps ends where the error curves more than before",
            when={"sharpening_at_a_low_rate": Direction.MORE},
        ),
    ),
    words={
        "is_at_edge": "sharpness (loss curvature) that ends at the edge of stability",
        "sharpening": "sharpness (loss curvature) at the end over that at the start",
        "end_sharpness": "sharpness (loss curvature) at the end",
        "lr": "learning rate",
        "rows": "{value} random labels",
        "depth": "{value} hidden layers",
        "width": "{value} neurons per layer",
        "steps": "{value} training steps",
        "depth=1": "one hidden layer",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
