"""What is drawn, as data, in words and as a table."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.domain.findings import Evidence, Grade, Observation, Verdict
from axiom.figures.requests import (
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
    described,
    look_of,
    of_data,
    points_of,
    spacing,
    to_data,
    values_of,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
MAYBE = st.none() | NUMBERS
LEVELS = st.one_of(st.integers(), NUMBERS, st.text(max_size=5), st.booleans())
POINTS = st.builds(
    SweepPoint, x=LEVELS, median=NUMBERS, low=MAYBE, high=MAYBE, seeds=st.integers(0, 9), series=st.none() | LEVELS
)
LOOKS = st.builds(
    Look,
    seeds=st.integers(0, 999),
    estimate=NUMBERS,
    low=MAYBE,
    high=MAYBE,
    verdict=st.sampled_from(Verdict),
    grade=st.sampled_from(Grade),
)
SWEEPS = st.builds(
    Sweep,
    name=st.text(max_size=5),
    title=st.text(max_size=5),
    x=st.text(max_size=5),
    y=st.text(max_size=5),
    points=st.lists(POINTS, min_size=1, max_size=4).map(tuple),
    log=st.lists(st.sampled_from("xy"), max_size=2).map(tuple),
    by=st.text(max_size=3),
    confidence=st.just(0.9),
)
NARROWINGS = st.builds(
    Narrowing,
    name=st.text(max_size=5),
    title=st.text(max_size=5),
    y=st.text(max_size=5),
    looks=st.lists(LOOKS, min_size=1, max_size=4).map(tuple),
    null=NUMBERS,
    smallest=NUMBERS,
    predicted=st.none() | st.tuples(NUMBERS, NUMBERS),
)
STRIPS = st.lists(st.tuples(st.integers(0, 99), MAYBE), max_size=4).flatmap(
    lambda pairs: st.builds(
        Strip,
        name=st.text(max_size=5),
        title=st.text(max_size=5),
        y=st.text(max_size=5),
        replicates=st.just((0, *(number for number, _ in pairs))),
        values=st.just((1.0, *(value for _, value in pairs))),
        look=LOOKS,
        null=NUMBERS,
        smallest=NUMBERS,
        older=st.lists(st.integers(0, 99), max_size=3).map(tuple),
        centre=st.sampled_from(["median", "share", "mean"]),
    )
)
PARTS = st.builds(
    ForestPart,
    group=st.text(max_size=3),
    name=st.text(max_size=5),
    seeds=st.integers(0, 99),
    estimate=NUMBERS,
    low=MAYBE,
    high=MAYBE,
)
FORESTS = st.builds(
    Forest,
    name=st.text(max_size=5),
    title=st.text(max_size=5),
    y=st.text(max_size=5),
    parts=st.lists(PARTS, min_size=1, max_size=4).map(tuple),
    look=LOOKS,
    null=NUMBERS,
    smallest=NUMBERS,
    expected=st.none() | st.tuples(NUMBERS, NUMBERS),
)
CURVES = st.lists(st.tuples(st.integers(1, 99), NUMBERS), min_size=1, max_size=4).flatmap(
    lambda pairs: st.builds(
        Curve,
        name=st.text(max_size=5),
        title=st.text(max_size=5),
        x=st.text(max_size=5),
        y=st.text(max_size=5),
        by=st.text(max_size=3),
        configs=st.integers(1, 99),
        series=st.lists(
            st.builds(
                CurveSeries,
                name=st.text(max_size=5),
                repetitions=st.integers(1, 32),
                places=st.just(tuple(place for place, _ in pairs)),
                medians=st.just(tuple(middle for _, middle in pairs)),
            ),
            min_size=1,
            max_size=3,
        ).map(tuple),
    )
)
REQUESTS = SWEEPS | NARROWINGS | STRIPS | FORESTS | CURVES


@given(REQUESTS)
def test_a_request_travels_as_json_and_arrives_as_it_was(request):
    assert of_data(json.loads(json.dumps(to_data(request)))) == request


def test_an_unknown_kind_is_refused_with_the_known_ones():
    kinds = "there are sweep, narrowing, strip, forest, history, curve, card"
    with pytest.raises(ValueError, match=f"'pie' is not a kind of picture; {kinds}"):
        of_data({"kind": "pie"})


def test_a_picture_of_nothing_is_refused(requests):
    nothing = [
        ("no config has a median", replace, requests["sweep"], {"points": (SweepPoint(x=1, median=None),)}),
        ("no block gave an estimate", replace, requests["narrowing"], {"looks": ()}),
        ("no replicate has a value", replace, requests["strip"], {"values": (None,) * 480}),
        ("no part has an estimate", replace, requests["forest"], {"parts": (requests["forest"].parts[4],)}),
        ("no config has a curve", replace, requests["curve"], {"series": ()}),
        ("one day is no history", replace, requests["history"], {"days": (20_514,)}),
        ("values and replicates differ", replace, requests["strip"], {"replicates": (1, 2)}),
    ]
    for why, change, request, changes in nothing:
        with pytest.raises(ValueError, match=why):
            change(request, **changes)


def measured(**config) -> MeasuredConfig:
    return MeasuredConfig(config=config, seeds=3, median=0.5, low=0.4, high=0.6)


@pytest.mark.parametrize(
    ("configs", "series", "by"),
    [
        ([{"width": 8, "lr": 0.1}, {"width": 16, "lr": 0.1}], [None, None], ""),
        ([{"width": 8, "lr": 0.1}, {"width": 8, "lr": 0.2}], [0.1, 0.2], "lr"),
        (
            [{"width": 8, "lr": 0.1, "depth": 1}, {"width": 8, "lr": 0.2, "depth": 2}],
            ["0.1, 1", "0.2, 2"],
            "lr, depth",
        ),
        ([{"width": 8, "on": True}, {"width": 8, "on": 1}], [True, 1], "on"),
    ],
)
def test_a_factor_that_varies_besides_makes_series(configs, series, by):
    points, named = points_of("width", [measured(**config) for config in configs])
    assert ([point.series for point in points], named) == (series, by)
    assert [(point.x, point.median, point.seeds) for point in points] == [(each["width"], 0.5, 3) for each in configs]


WORDS = [
    ("sweep", "The median movement is 1.14 at width 8 and 0.0408 at 512. Medians of 24 seeds a config, with 95 % int"),
    ("series", "With lr = 0.01 the median effective rank is 19.8 at depth 1 and 18.9 at 6."),
    ("series", "1 more series are in the table."),
    ("words", "Medians of 1 seed a config, with 95 % intervals."),
    ("one", "The median loss is 0 at width 8. Medians of 1 seed a config, without intervals."),
    ("narrowing", "After 32 seeds gap is 0.06, with a 95 % interval from 0.04 to 0.08."),
    ("narrowing", "Predicted beforehand, with probability 80 %: 0.03 to 0.12. The interval lies above the band"),
    ("narrowing", "too small to matter, 0 ± 0.02. Verdict: effect +; grade: Strong."),
    ("first-look", "is 0.06, and its 95 % interval is still unbounded. The interval overlaps the band"),
    ("strip", "452 of 452 values lie above 0; they reach from 0.01 to 0.11."),
    ("strip", "28 of 480 replicates have no value."),
    ("older-strip", "24 are from before the claim and are not counted."),
    ("history", "The credit in all grew from 10 by 2026-03-02 to 900 by 2026-05-27."),
    ("curve", "With lr, optimiser = 0.01, <adam> the median test accuracy begins at 0.00334 and ends at 0.102."),
    ("curve", "6 of 24 configs are drawn. Medians of 30 to 35 repetitions a config."),
    ("one-curve", "The median loss begins at 0.5 and ends at 0.25. Medians of 1 repetition a config."),
    ("forest", "Platform, 2 of 2: from 0.064 to 0.069. Host, 2 of 3: from 0.05 to 0.07. Design, 4 of 4: from 0.012"),
    ("forest", "All together 0.06, with a 95 % interval from 0.04 to 0.08."),
    ("forest", "A further design is expected, with probability 95 %, from −0.012 to 0.122."),
    ("one-part", "Platform, 1 of 1: 0.064. All together 0.06, and its 95 % interval is still unbounded."),
    ("long-strip", "Of every 3 replicates one is drawn; the table has all."),
]


@pytest.mark.parametrize(("name", "part"), WORDS)
def test_a_picture_says_its_result(name, part, requests):
    assert part in described(requests[name]).replace("\N{NO-BREAK SPACE}", " ")


@given(REQUESTS)
def test_every_picture_has_words(request):
    assert described(request).endswith(".")


@pytest.mark.parametrize("centre", ["median", "share", "mean"])
def test_a_strip_names_what_its_estimate_is(centre, requests):
    said = described(replace(requests["strip"], centre=centre))
    assert f"The {centre} is 0.06, with a" in said
    assert ("median" in said) == (centre == "median")


def test_what_is_older_than_the_claim_is_not_among_the_values_that_a_strip_counts(requests):
    older = replace(requests["older-strip"], replicates=(1, 2, 3, 4), values=(9.0, 0.5, None, -0.5), older=(1,))
    assert "1 of 2 values lie above 0; they reach from −0.5 to 0.5." in described(older)
    assert "1 of 4 replicates have no value. 1 are from before the claim and are not counted." in described(older)
    assert described(replace(older, older=(1, 2, 4))).startswith("0 of 0 values lie above 0. The median")


@pytest.mark.parametrize(
    ("low", "high", "where"),
    [
        (0.03, 0.1, "lies above"),
        (-0.1, -0.03, "lies below"),
        (-0.01, 0.01, "lies inside"),
        (-0.01, 0.03, "overlaps"),
        (None, -0.03, "lies below"),
        (None, 0.01, "overlaps"),
    ],
)
def test_a_narrowing_says_where_its_interval_lies(low, high, where, requests):
    request = requests["narrowing"]
    request = replace(request, looks=(*request.looks, replace(request.looks[-1], low=low, high=high)))
    assert f"The interval {where} the band" in described(request)


@pytest.mark.parametrize(("values", "every"), [(1, 1), (500, 1), (501, 2), (1_440, 3)])
def test_of_too_many_values_every_second_or_third_is_drawn(values, every, requests):
    request = replace(requests["strip"], values=(1.0,) * values, replicates=tuple(range(values)))
    assert spacing(request) == every


def test_evidence_and_observations_become_what_a_picture_shows():
    evidence = Evidence(
        blocks=1,
        seeds=8,
        missing=1,
        estimate=0.5,
        low=None,
        high=0.9,
        e_value=2.0,
        e_kind="signed ranks",
        verdict=Verdict.UNDECIDED,
        grade=Grade.AWAITING,
        hosts=1,
        volunteers=1,
        platforms=1,
        needs=(),
        flags=(),
        reasons=(),
    )
    assert look_of(evidence) == Look(
        seeds=8, estimate=0.5, low=None, high=0.9, verdict=Verdict.UNDECIDED, grade=Grade.AWAITING
    )
    observations = [Observation(replicate=4, value=None), Observation(replicate=2, value=0.5)]
    assert values_of(observations) == ((2, 4), (0.5, None))
