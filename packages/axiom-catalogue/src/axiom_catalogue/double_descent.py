"""Does the test error fall again beyond the point where a model fits all its data?

Why it matters: textbooks say that a model with more parameters than data must fail. Modern networks have far more and
work; this is the simplest model in which both are true.

The error has a peak where the number of features p reaches the number of examples N, and beyond it descends a second
time (Belkin et al. 2019). Nothing is trained here: of all weights with the least squared error the shortest are taken,
which is where gradient descent from zero ends.

Two designs. *Random features*: one random ReLU layer on 20 inputs and a linear truth, with noise, without, and with a
ridge, which takes the peak away (Nakkiran et al. 2020). *Isotropic*: all p features are independent and matter alike.
The risk then has a closed form (Hastie et al. 2022), and its second descent does not get below the first. There the
truth is made of all p features, so that with the model the task grows, too: what a larger model does on one task is
asked of random features alone, with noise in the answers, and its peak beside 90 and 110 features.

History: 1, both designs; the old laboratory never saw the peak.
"""

import math
from dataclasses import dataclass

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, features, progress

Fit = tuple[features.Doubles, features.Doubles, float]  # weights, what they miss on the training rows, risk

INPUTS, TEST = 20, 500  # of random features: what they are made of, and fresh rows on which their risk is measured


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    design: str  # random_features or isotropic
    features: int
    samples: int
    noise: float = 0.5  # standard deviation of what is added to the targets; the truth has 1
    ridge: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    risk: float  # expected squared distance from the noiseless truth, at a fresh input; predicting 0 has 1
    log_risk: float  # of a risk of 0, that of the least number above it
    train_error: float  # mean squared, on the noisy targets; 0 when the model interpolates
    weight_norm: float
    risk_over_theory: float | None  # of the isotropic design without a ridge, over the closed form if that is not 0


def run(config: Config, seed: int) -> Measures:
    """One cell: one number of features. The first features and all noise are the same for any number of them."""
    measure = {"random_features": _random_features, "isotropic": _isotropic}[config.design]
    noise = config.noise * chance.stream(seed, "noise").standard_normal(config.samples)
    weights, error, risk = measure(config, seed, noise)
    progress.early(weights)
    progress.block(1.0)
    theory = features.isotropic_risk(features=config.features, samples=config.samples, noise=config.noise)
    return Measures(
        risk=risk,
        log_risk=math.log(max(risk, np.finfo(float).tiny)),
        train_error=float(np.mean(error**2)),
        weight_norm=float(np.linalg.norm(weights)),
        risk_over_theory=risk / theory if theory and config.design == "isotropic" and config.ridge == 0 else None,
    )


def _random_features(config: Config, seed: int, noise: features.Doubles) -> Fit:
    x = chance.stream(seed, "data").standard_normal((config.samples, INPUTS))
    x_test = chance.stream(seed, "test").standard_normal((TEST, INPUTS))
    truth = features.unit_vector(chance.stream(seed, "truth"), size=INPUTS)
    directions = features.directions(chance.stream(seed, "features"), inputs=INPUTS, count=config.features)
    seen, y = features.random_features(x, directions), x @ truth + noise
    weights = features.ridge(seen, y, penalty=config.ridge)
    predicted = features.random_features(x_test, directions) @ weights
    return weights, seen @ weights - y, float(np.mean((predicted - x_test @ truth) ** 2))


def _isotropic(config: Config, seed: int, noise: features.Doubles) -> Fit:
    x = chance.stream(seed, "data").standard_normal((config.features, config.samples)).T
    truth = features.unit_vector(chance.stream(seed, "truth"), size=config.features)
    y = x @ truth + noise
    weights = features.ridge(x, y, penalty=config.ridge)
    return weights, x @ weights - y, float(np.sum((weights - truth) ** 2))


def _seconds(config: Config) -> float:
    p, n = config.features, config.samples
    drawing = 8e-7 * p + 1e-6 * max(0, p - 150) if config.design == "random_features" else 7e-9 * p * n
    solving = 3.2e-8 * min(p, n) * (min(p, n) + n) + 1.8e-8 * n * max(0, p - n)
    if config.ridge > 0:
        solving = 8.4e-12 * min(p, n) ** 2 * (2 * max(p, n) + min(p, n))
    return 1.7e-4 + drawing + solving


WIDTHS = [10, 20, 40, 60, 80, 90, 95, 100, 105, 110, 120, 150, 200, 400, 800, 1_600]
NOISY = {"design": "random_features", "noise": 0.5, "ridge": 0.0}
CLEAN = {"design": "random_features", "noise": 0.0, "ridge": 0.0}
RIDGED = {"design": "random_features", "noise": 0.5, "ridge": 20.0}
TWICE = round(math.log(2), 3)

experiment = Experiment(
    name="double_descent",
    aliases=("double_descent_rf", "dd_isotropic"),
    version=1,
    question="Does the test error fall again beyond the point where a model fits all its data?",
    reference="Belkin et al. 2019, arXiv:1812.11118; Hastie et al. 2022, arXiv:1903.08560",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, design=["random_features"], features=WIDTHS, samples=[100], noise=[0.5, 0.0]),
        *grid(Config, design=["random_features"], features=WIDTHS, samples=[100], ridge=[20.0]),
        *grid(Config, design=["isotropic"], features=[50, 100, 150, 180, 220, 250, 300, 400, 800], samples=[200]),
    ),
    ranges={"features": (1, 5_000), "samples": (10, 1_000), "noise": (0.0, 10.0), "ridge": (0.0, 1e4)},
    estimands=(
        Estimand(
            name="risk_at_n_over_90",
            claim="with 100 examples, 100 random features have more than twice the risk of 90: the peak "
            "of the error does not come earlier",
            kind=Kind.CONTRAST,
            measure="log_risk",
            in_words="{times_e} times",
            between=(NOISY | {"features": 100}, NOISY | {"features": 90}),
            null=TWICE,
            smallest=0.3,
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(2.7, 3.4), because="200 seeds"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="risk_at_n_over_110",
            claim="with 100 examples, 100 random features have more than twice the risk of 110: the peak "
            "of the error does not come later",
            kind=Kind.CONTRAST,
            measure="log_risk",
            in_words="{times_e} times",
            between=(NOISY | {"features": 100}, NOISY | {"features": 110}),
            null=TWICE,
            smallest=0.3,
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(2.5, 3.1), because="200 seeds"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="peak_without_noise",
            claim="with 100 examples and no noise in the labels, 100 random features have more than twice "
            "the risk of 40",
            kind=Kind.CONTRAST,
            measure="log_risk",
            in_words="{times_e} times",
            between=(CLEAN | {"features": 100}, CLEAN | {"features": 40}),
            null=TWICE,
            smallest=0.3,
            prediction=Prediction(positive=0.97, negative=0.01, absent=0.02, interval=(3.2, 3.9), because="200 seeds"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="second_descent",
            claim="with 100 noisy examples, 1,600 random features have less risk than 40, the best number below 100",
            kind=Kind.CONTRAST,
            measure="log_risk",
            in_words="{times_e} times",
            between=(NOISY | {"features": 1_600}, NOISY | {"features": 40}),
            expects=Direction.LESS,
            smallest=0.1,
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-1.0, -0.8), because="24 seeds"),
        ),
        Estimand(
            name="no_peak_with_a_ridge",
            claim="with a ridge penalty and 100 examples, 100 random features have less risk than 40: the peak is gone",
            kind=Kind.CONTRAST,
            measure="log_risk",
            in_words="{times_e} times",
            between=(RIDGED | {"features": 100}, RIDGED | {"features": 40}),
            expects=Direction.LESS,
            smallest=0.1,
            prediction=Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-0.8, -0.6), because="24 seeds"),
        ),
        Estimand(
            name="isotropic_stays_above",
            claim="with features that all matter alike, 800 have more risk than 100: the second descent "
            "ends above the first",
            kind=Kind.CONTRAST,
            measure="log_risk",
            in_words="{times_e} times",
            between=({"design": "isotropic", "features": 800}, {"design": "isotropic", "features": 100}),
            smallest=0.2,
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(1.17, 1.27), because="1.19"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="isotropic_risk_over_theory",
            claim="the risk of 800 features that all matter alike is that of its closed form, within 5 %",
            kind=Kind.LEVEL,
            measure="risk_over_theory",
            between=({"design": "isotropic", "features": 800},),
            null=1.0,
            smallest=0.05,
            prediction=Prediction(positive=0.01, negative=0.01, absent=0.98, interval=(0.99, 1.01), because="theory"),
            expects=Direction.ABSENT,
            published=Published(value=1.0, reference="Hastie et al. 2022, arXiv:1903.08560 (isotropic features)"),
        ),
    ),
    controls=(
        Control(  # with 105 examples both are as far from the peak, on either side of it
            estimand="risk_at_n_over_110",
            placebo=grid(Config, design=["random_features"], features=[100, 110], samples=[105]),
            planted=grid(Config, design=["random_features"], features=[100, 110], samples=[100]),
        ),
        Control(  # with a noise of 1.05 the closed form has the same risk for both; with less, they are far apart
            estimand="isotropic_stays_above",
            placebo=grid(Config, design=["isotropic"], features=[100, 800], samples=[200], noise=[1.05]),
            planted=grid(Config, design=["isotropic"], features=[100, 800], samples=[200], noise=[0.2]),
        ),
    ),
    figure=Figure(x="features", y="risk", log=("x", "y"), title="Double descent", where={"design": "random_features"}),
    setting="least-squares fits",
    headlines=(
        Headline(
            says="As unpenalised models grow, error peaks where they just fit noisy examples, then falls",
            when={
                "second_descent": Direction.LESS,
                "risk_at_n_over_90": Direction.MORE,
                "risk_at_n_over_110": Direction.MORE,
            },
        ),
        Headline(
            says="Unpenalised models just fitting noisy answers err more than slightly smaller or larger ones",
            when={"risk_at_n_over_90": Direction.MORE, "risk_at_n_over_110": Direction.MORE},
        ),
    ),
    words={
        "risk": "squared error on new inputs",
        "log_risk": "squared error on new inputs",
        "risk_over_theory": "squared error on new inputs over that of theory",
        "design=random_features": "random ReLU features",
        "design=isotropic": "a task as wide as the model",
        "features": "{value} features",
        "samples": "{value} training examples",
        "noise=0.0": "no target noise",
        "ridge=0.0": "no ridge penalty",
        "ridge": "ridge penalty",
        "noise": "target noise",
    },
    needs=Needs(seconds=_seconds, memory_mb=150),
)
