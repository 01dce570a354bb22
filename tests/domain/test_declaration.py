"""An experiment as plain data, and measures as numbers that can travel."""

import json
import math
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np
import pytest

from axiom.domain.declaration import Measure, ValueType, declare, measures, plain
from axiom.domain.estimands import (
    Center,
    Direction,
    Estimand,
    Kind,
    Prediction,
    Published,
    prediction_data,
    read_prediction,
)
from axiom.domain.experiments import Experiment, Figure, Needs, grid
from axiom.signed.canonical_json import canonical_bytes
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


DECLARED = tuple(
    Measure(name, kind, nullable=name in {"turn", "late"})
    for name, kind in [
        *(("loss", ValueType.FLOAT), ("steps", ValueType.INT), ("learned", ValueType.BOOL)),
        *(("curve", ValueType.FLOATS), ("counts", ValueType.INTS)),
        *(("turn", ValueType.FLOAT), ("late", ValueType.INT)),
    ]
)
VALUES = {"loss": 0.5, "steps": 3, "learned": True, "curve": (1.0, 2), "counts": (1, 2), "turn": None, "late": 4}


SURE = Prediction(positive=1.0, negative=0.0, absent=0.0, interval=(0, 1), because="a test")
WORDS = {"measure": "loss", "smallest": 0.1, "prediction": SURE}
BETWEEN = ({"width": 1}, {"width": 2})
TOLD = Figure(x="width", y="loss", title="Loss", along="share of it", levels={"1": "5 %"})


def experiment(figure: Figure | None = None, config: type = Config) -> Experiment:
    slope = {"kind": Kind.SLOPE, "across": "width", "expects": Direction.LESS}
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
                between=BETWEEN,
                bounds=(0, 1),
                expects=Direction.MORE,
                **WORDS,
            ),
            Estimand(name="slope", claim="it falls", **slope, **WORDS),
        ),
        figure=figure,
        aliases=("old_sum",),
        needs=Needs(seconds=lambda config: config.width, memory_mb=100),
    )


def test_what_an_estimand_means_anyhow_is_not_said_so_older_manifests_stay_the_same():
    plain, rich = experiment().estimands
    published = Published(value=1, reference="Noether 1918", interval=(0, 2))
    rich = replace(rich, censored=0.0, exchangeable=True, about=Center.MEAN, bounds=(0, 1), published=published)
    said = declare(replace(experiment(), estimands=(plain, rich)), avx=True)["estimands"]
    assert {"censored", "exchangeable", "about", "published"}.isdisjoint(said[0])
    assert (said[1]["censored"], said[1]["exchangeable"], said[1]["about"]) == (0.0, True, "mean")
    assert said[1]["published"] == {"value": 1.0, "reference": "Noether 1918", "interval": [0.0, 2.0]}


def test_what_cannot_be_told_or_ordered_is_refused():
    @dataclass(frozen=True, kw_only=True)
    class Odd:
        width: tuple[int, ...]

    with pytest.raises(TypeError, match="width"):
        declare(experiment(config=Odd), avx=False)
    (grows, _) = experiment().estimands
    with pytest.raises(ValueError, match="times2"):
        replace(grows, in_words="fewer steps")
    for hint in (str, list[float], tuple[float, float], tuple[str, ...], int | float, None):
        with pytest.raises(TypeError, match="loss"):
            measures(dataclass(type("Odd", (), {"__annotations__": {"loss": hint}})))


@pytest.mark.parametrize("figure", [None, Figure(x="width", y="loss", title="Loss", log=("x",)), TOLD])
def test_a_declaration_is_what_the_manifests_reader_reads(figure):
    declared = declare(experiment(figure), avx=True)
    manifest = read_manifest(canonical_bytes(declared))
    assert manifest.as_data() == declared == json.loads(json.dumps(declared))
    assert manifest.factors == {"width": "int", "rate": "float", "bias": "bool", "data": "str"}
    assert [estimand["expects"] for estimand in manifest.estimands] == ["+", "-"]
    assert manifest.cell_seconds == (1.0, 2.0)
    assert manifest.figure == figure
    assert manifest.measures == DECLARED


def test_measures_become_plain_values_also_of_arrays():
    expected = VALUES | {"curve": [1.0, 2.0], "counts": [1, 2]}
    assert measures(Measures) == DECLARED
    values, diverged = plain(Measures(**VALUES), DECLARED)
    assert values == expected
    assert diverged is False
    assert isinstance(values["curve"][1], float)
    arrays = {
        "loss": np.float32(0.5),
        "steps": np.int64(3),
        "learned": np.bool_(True),
        "curve": np.array([1.0, 2.0]),
        "counts": (np.int8(1), 2),
    }
    values, _ = plain(Measures(**VALUES | arrays), DECLARED)
    assert values == expected
    assert canonical_bytes(values)
    for changes in ({"loss": math.nan}, {"loss": -math.inf}, {"curve": (1.0, math.inf)}, {"turn": math.nan}):
        values, diverged = plain(Measures(**VALUES | changes), DECLARED)
        assert (values, diverged) == (expected | dict.fromkeys(changes), True)


WRONG = [("loss", "half"), ("loss", None), ("loss", True), ("steps", 0.5), ("steps", True), ("learned", 1)]
WRONG += [("curve", 1.0), ("curve", "abc"), ("curve", (1.0, None)), ("counts", (1, 2.5))]


@pytest.mark.parametrize(("name", "found"), WRONG)
def test_a_measure_of_another_type_is_refused_by_name(name, found):
    with pytest.raises(TypeError, match=name):
        plain(Measures(**VALUES | {name: found}), DECLARED)


def test_a_prediction_is_read_as_it_was_written_and_says_no_median_that_nobody_said():
    for median, middle in ((None, 0.5), (0.25, 0.25)):
        said = replace(SURE, median=median, interval=(0.0, 1.0))
        data = prediction_data(said)
        assert (read_prediction(data), "median" in data) == (said, median is not None)
        assert said.quantiles == (0.0, middle, 1.0)
