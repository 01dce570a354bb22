"""What is drawn, as data, in words and as a table."""

import contextlib
from dataclasses import fields, replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom_weigh.errors import FigureNotDrawn
from axiom_weigh.figures.drawing import svg_of
from axiom_weigh.figures.picture_data import (
    Curve,
    CurveSeries,
    Forest,
    ForestPart,
    Look,
    MeasuredConfig,
    Narrowing,
    Strip,
    Sweep,
    SweepPoint,
    choose_series,
    choose_spacing,
    look_of,
    points_of,
    tell_picture,
    values_of,
)
from axiom_weigh.values import Evidence, Grade, Observation, Verdict

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
MAYBE = st.none() | NUMBERS
TEXT, COUNTS, AMOUNTS = st.text(max_size=5), st.integers(0, 99), st.integers(1, 99)
LEVELS = st.one_of(st.integers(), NUMBERS, TEXT, st.booleans())
OF_FIELD = {
    **dict.fromkeys(("name", "title", "x", "y", "by", "group", "axis", "unit"), TEXT),
    **dict.fromkeys(("estimate", "null", "smallest"), NUMBERS),
    **dict.fromkeys(("low", "high"), MAYBE),
    **dict.fromkeys(("predicted", "expected"), st.none() | st.tuples(NUMBERS, NUMBERS)),
    "seeds": COUNTS,
    "configs": AMOUNTS,
    "repetitions": AMOUNTS,
    "confidence": st.just(0.9),
    "verdict": st.sampled_from(Verdict),
    "grade": st.sampled_from(Grade),
    "places": st.tuples(AMOUNTS, AMOUNTS),
    "medians": st.tuples(NUMBERS, NUMBERS),
    "replicates": st.tuples(COUNTS, COUNTS, COUNTS),
    "values": st.tuples(NUMBERS, MAYBE, MAYBE),
    "log": st.lists(st.sampled_from("xy"), max_size=2).map(tuple),
    **dict.fromkeys(("older", "own"), st.lists(COUNTS, max_size=3).map(tuple)),
    "marks": st.just(()),
    "spoken_of": st.just(()),
    "is_share": st.booleans(),
    "percent": st.sampled_from(["", "%", "percentage points"]),
    "levels": st.dictionaries(st.sampled_from(["1", "2"]), TEXT),
    "centre": st.sampled_from(["median", "share", "mean"]),
}


def anything(kind, **own):
    """Any picture, or part of one, of a kind; its fields are as those of this name are everywhere, but for its own."""
    names = [field.name for field in fields(kind) if field.name not in own]
    return st.builds(kind, **{name: OF_FIELD[name] for name in names}, **own)


def few(parts):
    return st.lists(parts, min_size=1, max_size=4).map(tuple)


LOOKS = anything(Look)
OF_FIELD["look"] = LOOKS
POINTS = few(anything(SweepPoint, x=LEVELS, series=st.none() | LEVELS))
REQUESTS = (
    anything(Sweep, points=POINTS, own=POINTS)
    | anything(Narrowing, looks=few(LOOKS))
    | anything(Strip)
    | anything(Forest, parts=few(anything(ForestPart)))
    | anything(Curve, series=st.tuples(anything(CurveSeries)))
)


@settings(max_examples=40)
@given(REQUESTS)
def test_any_request_has_words_and_a_picture_or_a_sentence_why_not(request):
    assert tell_picture(request).endswith(".")
    with contextlib.suppress(FigureNotDrawn):
        ET.fromstring(f"<both>{svg_of(replace(request, name='any'))}</both>")


def test_a_picture_of_nothing_is_refused(requests):
    for name, changes, fact in (
        *(
            ("sweep", {"points": (SweepPoint(x=1, estimate=None),)}, "estimate"),
            ("narrowing", {"looks": ()}, "estimate"),
        ),
        ("strip", {"values": (None,) * 480}, "value"),
        *(("forest", {"parts": (requests["forest"].parts[4],)}, "estimate"), ("curve", {"series": ()}, "curve")),
        *(("history", {"days": (20_514,)}, "history"), ("strip", {"replicates": (1, 2)}, "replicates")),
    ):
        with pytest.raises(ValueError, match=fact):
            replace(requests[name], **changes)


def measured(**config) -> MeasuredConfig:
    return MeasuredConfig(config=config, seeds=3, estimate=0.5, low=0.4, high=0.6)


@pytest.mark.parametrize(
    ("configs", "series", "by"),
    [
        ([{"width": 8, "lr": 0.1}, {"width": 16, "lr": 0.1}], [None, None], ""),
        ([{"width": 8, "lr": 0.1}, {"width": 8, "lr": 0.2}], [0.1, 0.2], "lr"),
        ([{"width": 8, "lr": 0.1, "depth": 1}, {"width": 8, "lr": 0.2, "depth": 2}], ["0.1, 1", "0.2, 2"], "lr, depth"),
        ([{"width": 8, "on": True}, {"width": 8, "on": 1}], [True, 1], "on"),
    ],
)
def test_a_factor_that_varies_besides_makes_series(configs, series, by):
    points, named = points_of("width", [measured(**config) for config in configs])
    assert ([point.series for point in points], named) == (series, by)
    assert [(point.x, point.estimate, point.seeds) for point in points] == [
        (config["width"], 0.5, 3) for config in configs
    ]


def test_words_tell_the_lines_that_are_drawn_from_their_lowest_place_on():
    """Not the first lines of the table, nor the order in which a file lists its levels."""
    named = [f"line {number}" for number in range(12)]
    points = tuple(
        SweepPoint(x=x, estimate=float(10 * number + x), series=name)
        for number, name in enumerate(named)
        for x in (3, 5, 2)
    )
    request = Sweep(name="any", title="any", x="width", y="error", points=points)
    told = tell_picture(request)
    assert [name for name in named if f"{name} the" in told] == choose_series(points)
    assert "is 2 at width 2 and 5 at 5." in told
    low = replace(request, points=(*points, SweepPoint(x=1, estimate=1e-7, series="line 0")))
    assert "is 0 at width 1 and 5 at 5." in tell_picture(low)
    assert "is 1e−7 at width 1" in tell_picture(replace(low, log=("y",)))
    assert "6 more lines" in told


def test_of_many_lines_those_are_drawn_of_which_an_answer_speaks():
    named = [f"line {number}" for number in range(12)]
    points = [SweepPoint(x=1, estimate=1.0, series=name) for name in named]
    assert choose_series(points, {"line 1", "line 2"}) == ["line 1", "line 2"]
    assert choose_series(points[:4], {"line 1", "line 2"}) == named[:4]
    assert len(choose_series(points, named)) == len(choose_series(points)) < len(named)


def test_words_tell_the_peak_of_a_line():
    points = tuple(SweepPoint(x=x, estimate=y) for x, y in ((10, 0.8), (100, 78.6), (1_600, 0.2)))
    assert "78.6 at 100" in tell_picture(Sweep(name="any", title="any", x="features", y="error", points=points))


@pytest.mark.parametrize(("unit", "null", "told"), [("times2", 1.0, "2×"), ("percent", 0.5, "50"), ("", 0.5, "0.5")])
def test_words_are_in_the_unit_of_the_axis_and_a_band_about_a_value_is_not_nothing(requests, unit, null, told):
    request = replace(requests["strip"], unit=unit, null=null)
    assert f"above {told}" in tell_picture(request)
    assert f"about {told}" in svg_of(request)
    assert "too small to matter" not in svg_of(request)
    assert "too small to matter" in svg_of(replace(request, null=0.0))


def test_a_picture_says_its_numbers_what_counts_and_where_its_interval_lies(requests):
    for name, *numbers in (
        *(
            ("sweep", "1.14", "0.0408 at 512", "24 repetitions"),
            ("series", "19.8", "18.9 at 6", "1 more"),
            ("own", "3 points"),
            ("words", "1 repetition "),
        ),
        *(
            ("one", " 0 at width 8", "without"),
            ("first-look", "nothing bounds it"),
            ("older-strip", "24 are from before"),
        ),
        (
            "narrowing",
            "32 seeds",
            "0.06",
            "0.04 to 0.08",
            "0.03 to 0.12",
            "−0.02 to 0.02",
            "effect +",
            "Strong",
            "above",
        ),
        ("strip", "452 of 452", "0.01 to 0.11", "28 of 480"),
        *(("history", "10 by 2026-03-02", "900 by 2026-05-27"), ("one-curve", "0.5", "0.25", "1 repetition ")),
        ("curve", "0.00334", "0.102", "6 of 24", "30 to 35"),
        ("forest", "2 of 2: from 0.064 to 0.069", "2 of 3", "4 of 4", "0.04 to 0.08", "−0.012 to 0.122"),
        *(("one-part", "1 of 1: 0.064", "nothing bounds it"), ("long-strip", "every 3 ")),
    ):
        text = tell_picture(requests[name]).replace("\N{NO-BREAK SPACE}", " ")
        assert [number for number in numbers if number not in text] == [], name
    for centre in ("median", "share", "mean"):
        assert f"{centre} is 0.06" in tell_picture(replace(requests["strip"], centre=centre))
    older = replace(requests["older-strip"], replicates=(1, 2, 3, 4), values=(9.0, 0.5, None, -0.5), older=(1,))
    for number in ("1 of 2 values", "−0.5 to 0.5", "1 of 4 repetitions", "1 are from before"):
        assert number in tell_picture(older)
    assert tell_picture(replace(older, older=(1, 2, 4))).startswith("0 of 0 values")
    narrowing = requests["narrowing"]
    for low, high, where in (
        *((0.03, 0.1, "above"), (-0.1, -0.03, "below"), (-0.01, 0.01, "inside"), (-0.01, 0.03, "overlaps")),
        *((None, -0.03, "below"), (None, 0.01, "overlaps"), (-0.02, 0.02, "overlaps")),
    ):
        last = replace(narrowing.looks[-1], low=low, high=high)
        assert f"{where} the band" in tell_picture(replace(narrowing, looks=(last,)))
    for values, every in ((1, 1), (500, 1), (501, 2), (1_440, 3)):
        strip = replace(requests["strip"], values=(1.0,) * values, replicates=tuple(range(values)))
        assert choose_spacing(strip) == every


def test_evidence_and_observations_become_what_a_picture_shows():
    shown = {"seeds": 8, "estimate": 0.5, "low": None, "high": 0.9}
    stands = {"verdict": Verdict.UNDECIDED, "grade": Grade.AWAITING}
    amounts = dict.fromkeys(("blocks", "missing", "hosts", "volunteers", "platforms"), 1)
    words = dict.fromkeys(("needs", "flags", "reasons"), ())
    evidence = Evidence(**shown, **stands, **amounts, **words, e_value=2.0, e_kind="signed ranks")
    assert look_of(evidence) == Look(**shown, **stands)
    observations = [Observation(replicate=4, value=None), Observation(replicate=2, value=0.5)]
    assert values_of(observations) == ((2, 4), (0.5, None))
