"""An experiment as plain data, and measures as numbers that can travel."""

import json
import math
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np
import pytest

from axiom.domain.declaration import Measure, ValueType, declare, measures, plain
from axiom.domain.estimands import prediction_data, read_prediction
from axiom.domain.experiments import Experiment, Figure, Needs, grid
from axiom.domain.findings import Center, Direction, Estimand, Kind, Prediction
from axiom.signed.canonical_json import canonical
from axiom.signed.manifests import read_manifest


@dataclass(frozen=True, kw_only=True)
class Config:
    width: int
    rate: float = 0.1
    bias: bool = False
    data: str = "digits"


@dataclass(frozen=True, kw_only=True)
class Measures:
    loss: float
    steps: int
    learned: bool
    curve: tuple[float, ...]
    counts: tuple[int, ...]
    turn: float | None = None
    late: Optional[int] = None  # noqa: UP045  both ways of writing it are read


DECLARED = (
    Measure("loss", ValueType.FLOAT, nullable=False),
    Measure("steps", ValueType.INT, nullable=False),
    Measure("learned", ValueType.BOOL, nullable=False),
    Measure("curve", ValueType.FLOATS, nullable=False),
    Measure("counts", ValueType.INTS, nullable=False),
    Measure("turn", ValueType.FLOAT, nullable=True),
    Measure("late", ValueType.INT, nullable=True),
)
VALUES = {"loss": 0.5, "steps": 3, "learned": True, "curve": (1.0, 2), "counts": (1, 2), "turn": None, "late": 4}


def experiment(figure: Figure | None = None, config: type = Config) -> Experiment:
    return Experiment(
        name="tiny_sum",
        version=1,
        question="?",
        run=lambda _config, _seed: None,
        measures=Measures,
        sweep=grid(config, width=[1, 2]),
        ranges={"width": (1, 9)},
        estimands=(
            Estimand(
                name="grows",
                claim="it grows",
                kind=Kind.CONTRAST,
                measure="loss",
                between=({"width": 1}, {"width": 2}),
                bounds=(0, 1),
                smallest=0.1,
                prediction=Prediction(positive=1.0, negative=0.0, absent=0.0, interval=(0, 1), because="a test"),
            ),
            Estimand(
                name="slope",
                claim="it falls",
                kind=Kind.SLOPE,
                measure="loss",
                across="width",
                expects=Direction.LESS,
                smallest=0.1,
                prediction=Prediction(positive=1.0, negative=0.0, absent=0.0, interval=(0, 1), because="a test"),
            ),
        ),
        figure=figure,
        aliases=("old_sum",),
        needs=Needs(seconds=lambda config: config.width, memory_mb=100),
    )


def test_what_an_estimand_means_anyhow_is_not_said_so_that_older_manifests_stay_the_same():
    plain, rich = experiment().estimands
    rich = replace(rich, censored=0.0, exchangeable=True, about=Center.MEAN, bounds=(0, 1))
    said = declare(replace(experiment(), estimands=(plain, rich)), avx=True)["estimands"]
    assert {"censored", "exchangeable", "about"}.isdisjoint(said[0])
    assert (said[1]["censored"], said[1]["exchangeable"], said[1]["about"]) == (0.0, True, "mean")


def test_words_that_hold_no_number_are_refused():
    (grows, _) = experiment().estimands
    with pytest.raises(ValueError, match="times2"):
        replace(grows, in_words="fewer steps")


@pytest.mark.parametrize("figure", [None, Figure(x="width", y="loss", title="Loss", log=("x",))])
def test_a_declaration_is_what_the_manifests_reader_reads(figure):
    declared = declare(experiment(figure), avx=True)
    manifest = read_manifest(canonical(declared))
    assert manifest.as_data() == declared == json.loads(json.dumps(declared))
    assert manifest.factors == {
        "width": ValueType.INT,
        "rate": ValueType.FLOAT,
        "bias": ValueType.BOOL,
        "data": ValueType.TEXT,
    }
    assert [estimand["expects"] for estimand in manifest.estimands] == ["+", "-"]
    assert (manifest.cell_seconds, manifest.figure, manifest.measures) == ((1.0, 2.0), figure, DECLARED)


def test_a_factor_that_cannot_be_ordered_is_refused():
    @dataclass(frozen=True, kw_only=True)
    class Odd:
        width: tuple[int, ...]

    with pytest.raises(TypeError, match="factor width is tuple"):
        declare(experiment(config=Odd), avx=False)


def test_measures_have_a_type_and_may_be_null():
    assert measures(Measures) == DECLARED


@pytest.mark.parametrize("hint", [str, list[float], tuple[float, float], tuple[str, ...], int | float, bytearray, None])
def test_a_measure_that_cannot_travel_is_refused(hint):
    odd = dataclass(type("Odd", (), {"__annotations__": {"loss": hint}}))
    with pytest.raises(TypeError, match="measure loss is "):
        measures(odd)


def test_measures_become_plain_values():
    values, diverged = plain(Measures(**VALUES), DECLARED)
    assert values == VALUES | {"curve": [1.0, 2.0], "counts": [1, 2]}
    assert not diverged
    assert isinstance(values["curve"][1], float)


def test_numbers_of_arrays_become_pythons_own():
    arrays = {
        "loss": np.float32(0.5),
        "steps": np.int64(3),
        "learned": np.bool_(True),
        "curve": np.array([1.0, 2.0]),
        "counts": (np.int8(1), 2),
    }
    values, _ = plain(Measures(**VALUES | arrays), DECLARED)
    assert values == VALUES | {"curve": [1.0, 2.0], "counts": [1, 2]}
    assert canonical(values)


@pytest.mark.parametrize(
    ("name", "value"),
    [("loss", math.nan), ("loss", -math.inf), ("curve", (1.0, math.inf)), ("turn", math.nan)],
)
def test_what_left_the_real_numbers_is_null_and_diverged(name, value):
    values, diverged = plain(Measures(**VALUES | {name: value}), DECLARED)
    assert diverged
    assert values == {**plain(Measures(**VALUES), DECLARED)[0], name: None}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loss", "half"),
        ("loss", None),
        ("loss", True),
        ("steps", 0.5),
        ("steps", True),
        ("learned", 1),
        ("curve", 1.0),
        ("curve", "abc"),
        ("curve", (1.0, None)),
        ("counts", (1, 2.5)),
    ],
)
def test_a_measure_of_another_type_is_refused_by_name(name, value):
    with pytest.raises(TypeError, match=f"measure {name} must be"):
        plain(Measures(**VALUES | {name: value}), DECLARED)


@pytest.mark.parametrize("median", [None, 0.25])
def test_a_prediction_is_read_as_it_was_written_and_says_no_median_that_nobody_said(median):
    said = Prediction(positive=1.0, negative=0.0, absent=0.0, interval=(0.0, 1.0), because="a test", median=median)
    data = prediction_data(said)
    assert (read_prediction(data), "median" in data) == (said, median is not None)
    assert said.quantiles == (0.0, 0.5 if median is None else median, 1.0)
