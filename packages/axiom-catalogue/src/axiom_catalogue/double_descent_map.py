"""Where does a model with as many parameters as examples go wrong, and does more time make it worse?

Why it matters: a model may become worse with more parameters, with more examples and with more training. All three
happen on one ridge, and whoever knows where it runs stays away from it.

A map over the number of parameters and the number of examples. Each pixel is one model: a random ReLU layer on ten
inputs, of which only what is read out is learned, from examples of a linear truth with noise. Nothing is trained step
by step, since what gradient descent from zero on all examples reaches is known exactly, after any number of steps, from
the singular values of the layer's outputs; after endless steps it is the shortest of all weights with the least error
(Hastie et al. 2022). The step size is one over the largest curvature. A pixel is worse than nothing where its error
on fresh examples, without their noise, is larger than that of always saying 0.

Belkin et al. (2019) showed the peak over parameters, Nakkiran et al. (2020) the ridge in the plane of parameters and
examples, for image classifiers on a coarse grid; it runs where a model can just fit all it is shown. In this model that
is where parameters equal examples, so the ridge is a line of slope 1 in logarithms. They saw, too, that stopping early
takes the ridge away, as a penalty on the weights does, for small singular values are learned last.

Numbers of parameters and examples are whole: a pixel's are the nearest ones, so deep tiles have rows and columns that
show the same. More of either contains the fewer.

We expect the ridge exactly on the diagonal when training goes on without end, and next to nothing of it after 100
steps.

History: 1, first version. Heights of the peak over parameters are asked in double_descent.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from axiom.domain.experiments import Control, Experiment, Headline, Needs
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.domain.maps import Band, Knob, Map, Tile
from axiom.kit import chance, features, progress, tiles

INPUTS, MOST, TEST = 10, 192, 300
TOGETHER = 64  # models between two words to the host
NOTHING = 1.0  # the error of always saying 0

MAP = Map(
    title="The ridge of double descent",
    x=Knob(name="parameters", low=8.0, high=192.0),
    y=Knob(name="examples", low=8.0, high=192.0),
    measure="error",
    bands=(
        Band(name="better than always saying 0; the brighter, the worse", shades=8),
        Band(name="worse than always saying 0; the stronger, the worse", shades=8),
    ),
    charted=1,
    arms=("trained to the end", "stopped after 100 steps"),
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    steps: int = 0  # of gradient descent from zero; 0 is without end
    noise: float = 0.5  # standard deviation of what is added to the targets; the truth has 1
    control: str = "none"  # or placebo: endless steps whatever they say, and each with noise of its own
    level: int = 0
    column: int = 0
    row: int = 0


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    error: bytes  # the map's pixels
    ridge_slope: (
        float | None
    )  # of the logarithm of the parameters at which a row has its largest error, on its examples
    ridge_at: float | None  # these parameters over the examples
    worse: float  # the share of the tile that is worse than nothing


def run(config: Config, seed: int) -> Measures:
    """One cell: every pixel of one tile. The seed fixes all examples and parameters, of which each pixel has some."""
    is_placebo = config.control == "placebo"
    steps, mark = (0, f" of {config.steps}") if is_placebo else (config.steps, "")
    x, fresh, noise, truth, ways = (
        chance.stream(seed, purpose) for purpose in ("data", "test", f"noise{mark}", "truth", "features")
    )
    shown, fresh_inputs = x.standard_normal((MOST, INPUTS)), fresh.standard_normal((TEST, INPUTS))
    slant, directions = features.unit_vector(truth, size=INPUTS), features.directions(ways, inputs=INPUTS, count=MOST)
    wanted = shown @ slant + config.noise * noise.standard_normal(MOST)
    seen, tested = features.random_features(shown, directions), features.random_features(fresh_inputs, directions)
    tile = Tile(level=config.level, column=config.column, row=config.row)
    parameters, examples = (np.round(knob).astype(int) for knob in tiles.knobs(MAP, tile))

    def learned(part: slice) -> list[Any]:
        errors = []
        for p, n in zip(parameters[part], examples[part], strict=True):
            weights = descended(seen[:n, :p], wanted[:n], steps)
            errors.append(float(np.mean((tested[:, :p] @ weights - fresh_inputs @ slant) ** 2)))
        progress.early(errors)
        return [errors]

    (errors,) = tiles.computed(len(parameters), TOGETHER, learned)
    is_worse = errors > NOTHING
    shades = np.where(
        is_worse,
        tiles.graded(errors, NOTHING, 1e3, MAP.bands[1].shades),
        tiles.graded(errors, 1 / 64, NOTHING, MAP.bands[0].shades),
    )
    pixels = tiles.painted(MAP, is_worse, shades)
    rows, peaks = examples[:: MAP.pixels], ridge(parameters, errors)
    return Measures(
        error=pixels.tobytes(),
        ridge_slope=tiles.slope(rows, peaks),
        ridge_at=tiles.middle(peaks / rows),
        worse=tiles.share(MAP, pixels, 1),
    )


def descended(seen: features.Doubles, wanted: features.Doubles, steps: int) -> features.Doubles:
    """The weights after so many steps of gradient descent from zero, at one over the largest curvature; 0: without end.

    What is learned along a singular vector grows by its own rate, so nothing needs to be stepped through.
    """
    left, sizes, right = np.linalg.svd(seen, full_matrices=False)
    kept = sizes > sizes[0] * max(seen.shape) * np.finfo(float).eps
    inverse = np.where(kept, 1.0 / np.where(kept, sizes, 1.0), 0.0)
    done = 1.0 - (1.0 - (sizes / sizes[0]) ** 2) ** steps if steps else 1.0
    weights: features.Doubles = right.T @ (done * inverse * (left.T @ wanted))
    return weights


def ridge(parameters: tiles.Reals, errors: tiles.Reals) -> tiles.Reals:
    """For each row the parameters of its largest error, where it is twice that of either end of the row."""
    heights = errors.reshape(MAP.pixels, MAP.pixels)
    across = parameters.reshape(MAP.pixels, MAP.pixels).astype(float)
    places = heights.argmax(axis=1)
    there = np.arange(len(heights))
    stands_out = heights[there, places] > 2.0 * np.maximum(heights[:, 0], heights[:, -1])
    return np.where(stands_out, across[there, places], np.nan)


def _seconds(config: Config) -> float:
    """Measured: one decomposition for each pixel, so a tile with many of both costs ten times one of level 0."""
    tile = Tile(level=config.level, column=config.column, row=config.row)
    parameters, examples = tiles.knobs(MAP, tile)
    pixel_costs = 4e-5 + 1e-9 * np.minimum(parameters, examples) * parameters * examples
    return float(pixel_costs.sum())


ENDLESS, STOPPED = {"steps": 0}, {"steps": 100}

experiment = Experiment(
    name="double_descent_map",
    version=1,
    question="Where does a model with as many parameters as examples go wrong, and does more time make it worse?",
    reference="Belkin et al. 2019, arXiv:1812.11118; Nakkiran et al. 2020, arXiv:1912.02292; Hastie et al. 2022, "
    "arXiv:1903.08560",
    run=run,
    measures=Measures,
    sweep=(Config(), Config(steps=100)),
    map=MAP,
    ranges={"steps": (0, 1_000_000), "noise": (0.0, 10.0)},
    estimands=(
        Estimand(
            name="ridge_slope",
            claim="the number of parameters with the largest error grows in proportion to the number of examples",
            kind=Kind.LEVEL,
            measure="ridge_slope",
            between=(ENDLESS,),
            null=1.0,
            smallest=0.05,
            prediction=Prediction(
                positive=0.01,
                negative=0.02,
                absent=0.97,
                interval=(0.96, 1.03),
                because="theory; two seeds had 1.00 and 1.02",
            ),
            expects=Direction.ABSENT,
            published=Published(value=1.0, reference="Hastie et al. 2022, arXiv:1903.08560 (peak at p = n)"),
        ),
        Estimand(
            name="ridge_at",
            claim="the error is largest with as many parameters as examples, within a tenth",
            kind=Kind.LEVEL,
            measure="ridge_at",
            between=(ENDLESS,),
            null=1.0,
            smallest=0.1,
            prediction=Prediction(
                positive=0.01,
                negative=0.01,
                absent=0.98,
                interval=(0.96, 1.03),
                because="theory; two seeds had 1.00 and 0.97",
            ),
            expects=Direction.ABSENT,
            published=Published(
                value=1.0, reference="Belkin et al. 2019, arXiv:1812.11118 (random features, peak at N = n)"
            ),
        ),
        Estimand(
            name="stopping_removes_it",
            claim="fewer models are worse than nothing when training stops after 100 steps than when it goes on "
            "without end",
            kind=Kind.CONTRAST,
            measure="worse",
            between=(STOPPED, ENDLESS),
            expects=Direction.LESS,
            in_words="{percent} percentage points",
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.01,
                negative=0.97,
                absent=0.02,
                interval=(-0.38, -0.16),
                because="two seeds had -0.22 and -0.35",
            ),
        ),
    ),
    controls=(
        Control(
            estimand="stopping_removes_it",
            placebo=(Config(steps=100, control="placebo"), Config(steps=0, control="placebo")),
            planted=(Config(steps=100, noise=1.0), Config(steps=0, noise=1.0)),
        ),
    ),
    setting="maps of random-feature models",
    headlines=(
        Headline(
            says="Trained endlessly, these models err most where parameters about equal examples; stopping early helps",
            when={"ridge_at": Direction.ABSENT, "stopping_removes_it": Direction.LESS},
        ),
        Headline(
            says="On new data, these models err most with about as many parameters as examples",
            when={"ridge_at": Direction.ABSENT},
        ),
        Headline(
            says="These models err most on new data with more adjustable numbers than examples",
            when={"ridge_at": Direction.MORE},
        ),
        Headline(
            says="These models err most on new data with fewer adjustable numbers than examples",
            when={"ridge_at": Direction.LESS},
        ),
        Headline(
            says="Stopping training early leaves fewer of these models worse than always answering zero",
            when={"stopping_removes_it": Direction.LESS},
        ),
    ),
    words={
        "ridge_slope": "the exponent with which the parameter count of largest error grows with examples",
        "ridge_at": "the parameter count of largest error over the example count",
        "worse": "the share of models worse than always saying zero",
        "steps": "{value} training steps",
        "steps=0": "endless training",
        "steps=100": "a hundred steps of training",
    },
    # On cores alone: NumPy takes apart a matrix of each pixel's own shape, in double precision.
    needs=Needs(seconds=_seconds, memory_mb=150),
)
