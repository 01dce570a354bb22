"""Each part of the data by itself, all designs together, and what designs disagree in."""

import math
import sys
from statistics import NormalDist

import pytest

from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.evidence.disagreeing_designs import tell_disagreement, why_further_design_may_differ
from axiom_weigh.evidence.each_design import weigh_each_design
from axiom_weigh.evidence.finding_card import Stratum
from axiom_weigh.evidence.strata import designs_of, places_of, pool_designs, weigh_stratum
from axiom_weigh.values import Home, Kind, Observation, Verdict


def asked(kind: Kind = Kind.CONTRAST, **more):
    return pose_question({"kind": kind.value, "null": 0.0, "smallest": 0.5, "bounds": None, **more})


def values(*numbers, design="", first=0):
    return [Observation(replicate=first + n, value=number, design=design) for n, number in enumerate(numbers)]


HOMES = {
    host: Home(host_id=host, volunteer_id=host // 2, platform=f"{'ab'[host % 2]}-x-avx2") for host in (1, 2, 3, 10)
}


def test_a_value_belongs_to_everybody_who_contributed_to_it():
    seen = [
        Observation(replicate=0, value=1.0, hosts=(1,)),
        Observation(replicate=1, value=2.0, hosts=(2, 3)),
        Observation(replicate=2, value=3.0, hosts=(10,), gpus=((10, "NVIDIA"),)),  # a platform of its own
        Observation(replicate=3, value=None, hosts=()),
        Observation(replicate=4, value=4.0, hosts=(99,)),
    ]
    replicates = {}
    for by, parts in places_of(seen, HOMES).items():
        replicates[by] = {name: [observation.replicate for observation in part] for name, part in parts.items()}
    assert replicates == {
        "platform": {"a-x-avx2": [1], "a-x-nvidia": [2], "b-x-avx2": [0, 1]},
        "volunteer": {"0": [0], "1": [1], "5": [2]},
        "host": {"1": [0], "2": [1], "3": [1], "10": [2]},
    }
    assert list(replicates["host"]) == ["1", "2", "3", "10"]  # as numbers


def test_a_row_of_a_forest_has_its_middle_its_sequence_its_error_and_its_mean():
    row = weigh_stratum(asked(), "host", "3", values(1.0, 2.0, 6.0, None))
    assert (row.by, row.name, row.seeds, row.missing) == ("host", "3", 3, 1)
    assert (row.estimate, row.low, row.high) == (2.75, None, None)
    assert row.mean == pytest.approx(3.0)
    assert row.error == pytest.approx(2.5 / NormalDist().inv_cdf(7 / 8))  # three lie on one side once in four
    nothing = dict.fromkeys(("estimate", "low", "high", "mean", "error"))
    assert weigh_stratum(asked(), "host", "3", values(None)) == Stratum(
        by="host", name="3", seeds=0, missing=1, **nothing
    )
    assert weigh_stratum(asked(), "host", "3", values(4.0)).error is None
    wide = weigh_stratum(asked(), "design", "d", values(*range(1, 21)))
    assert wide.estimate == 10.5
    assert 1 < wide.low < 10.5 < wide.high < 20
    row = weigh_stratum(asked(), "host", "1", values(1e308, -1e308, 1e308))
    assert row.mean == pytest.approx(1e308 / 3)
    assert row.error is None or math.isfinite(row.error)
    largest = sys.float_info.max
    assert weigh_stratum(asked(), "host", "1", values(*[largest] * 7)).mean == largest


def test_a_row_of_events_has_its_share_and_an_error_that_is_never_nothing():
    row = weigh_stratum(asked(Kind.PROPORTION, null=0.5), "host", "1", values(1.0, 1.0, 1.0, 1.0))
    assert (row.estimate, row.mean) == (1.0, 1.0)
    assert row.error == pytest.approx(math.sqrt(0.9 * 0.1 / 4))
    mean = weigh_stratum(asked(about="mean", bounds=[0, 1]), "host", "1", values(0.25, 0.75))
    assert (mean.estimate, mean.mean) == (0.5, 0.5)
    assert 0 <= mean.low < 0.5 < mean.high <= 1


def test_the_error_is_that_of_the_estimate_whatever_that_is():
    mean, share = asked(Kind.LEVEL, about="mean", bounds=[0, 1]), asked(Kind.PROPORTION, null=0.5)
    errors = (1 / 2 / NormalDist().inv_cdf(1 - 9 / 256), math.sqrt(1.5 / 56), math.sqrt((2.5 / 9) * (6.5 / 9) / 8))
    rows = [weigh_stratum(estimand, "design", "d", values(*[0.0] * 6, 1.0, 1.0)) for estimand in (asked(), mean, share)]
    assert [row.error for row in rows] == pytest.approx(errors)


def row(mean: float, error: float = 0.1, *, low=None, high=None, name="") -> Stratum:
    facts = {"by": "design", "seeds": 16, "missing": 0, "estimate": mean, "mean": mean}
    return Stratum(name=name, low=low, high=high, error=error, **facts)


def test_designs_are_pooled_where_three_can_be_and_disagree_if_a_further_one_may():
    assert pool_designs([row(1.0), row(1.1)]) is None
    assert pool_designs([row(1.0), row(1.1), row(0.9, 0.0)]) is None
    pool = pool_designs([row(1.0), row(1.1), row(0.9), row(1.0)])
    assert (pool.designs, pool.estimate) == (4, pytest.approx(1.0))
    assert pool.prediction_low < pool.low < 1.0 < pool.high < pool.prediction_high
    assert pool.chance > 0.5
    parts = designs_of([*values(1.0, design="a"), *values(1.0, design="b")])
    far, each = [row(3.0), row(-3.0), row(0.5), row(0.1)], weigh_each_design(asked(), parts)
    assert tell_disagreement(asked(), parts, each, pool_designs(far))
    for alike in ([row(0.3), row(-0.1), row(0.1), row(0.0)], [row(9.0), row(9.5), row(10.5), row(11.0)]):
        assert tell_disagreement(asked(), parts, each, pool_designs(alike)) == ""


@pytest.mark.parametrize(
    ("middles", "is_apart"),
    [
        ((78.0, 61.0, 50.0), False),
        ((-78.0, -61.0, -50.0), False),
        ((78.0, 61.0, 0.1), True),  # its estimate is on their side, and by chance it is so as often as not
        ((78.0, 61.0, -5.0), True),
    ],
)
def test_designs_of_one_side_differ_in_size_however_far_a_fourth_may_lie(middles, is_apart):
    question = asked(smallest=0.05)
    parts = designs_of(
        [
            observation
            for name, middle in zip("abc", middles, strict=True)
            for observation in values(*[middle + 9.0 * (place - 3.5) for place in range(8)], design=name)
        ]
    )
    pool = pool_designs([row(middle, 1.0) for middle in middles])
    assert pool.prediction_low < 0 < pool.prediction_high
    assert bool(tell_disagreement(question, parts, weigh_each_design(question, parts), pool)) is is_apart
    sure = designs_of([*values(*[1.0] * 20, design="a"), *values(*[9.0] * 20, design="b")])
    assert tell_disagreement(question, sure, weigh_each_design(question, sure), pool) == ""


def skewed(median: float, *, seeds: int, spread: float) -> list[float]:
    """Values as even as chance allows of a log-normal law, whose mean lies far above its median."""
    normal = NormalDist()
    return [median * math.exp(spread * normal.inv_cdf((n + 0.5) / seeds)) for n in range(seeds)]


def test_a_further_design_is_foreseen_from_what_the_claim_is_about_and_not_means():
    question = asked(Kind.LEVEL, null=1.0, smallest=0.1)
    laws = [skewed(median, seeds=200, spread=1.5) for median in (0.9, 1.1, 1.3, 1.5, 1.7, 1.9)]
    designs = [weigh_stratum(question, "design", str(place), values(*law)) for place, law in enumerate(laws)]
    pool = pool_designs(designs)
    assert pool.designs == 6
    assert pool.estimate == pytest.approx(1.4, abs=0.2)
    assert min(design.mean for design in designs) > 2.5
    assert pool.prediction_low < 1.0 < pool.prediction_high < 3.0
    assert why_further_design_may_differ(question, Verdict.POSITIVE, designs, pool).startswith(
        "a further design would lie from 0."
    )


@pytest.mark.parametrize("size", [5e-320, 1e-160, 1e300])
def test_designs_are_pooled_whatever_the_unit_of_their_measure(size):
    means, errors = (1.0, 1.25, 0.75, 1.125), (0.125, 0.25, 0.125, 0.125)
    plain = pool_designs([row(*place) for place in zip(means, errors, strict=True)])
    pool = pool_designs([row(mean * size, error * size) for mean, error in zip(means, errors, strict=True)])
    assert pool.estimate == pytest.approx(plain.estimate * size, rel=1e-3)
    assert pool.prediction_low == pytest.approx(plain.prediction_low * size, rel=1e-3)
    assert (pool.i2, pool.chance) == pytest.approx((plain.i2, plain.chance), rel=1e-3)


@pytest.mark.parametrize(
    ("designs", "apart"),
    [
        ([[1.0] * 14, [1.1] * 14], ""),
        ([[1.0] * 14, [-1.0] * 14], "one: effect +; two: effect −"),
        ([[1.0] * 14, [0.01, -0.01] * 12], "one: effect +; two: absent"),
        ([[1.0] * 14, [0.6, -0.6]], ""),  # a design of which nothing is sure contradicts nobody
    ],
)
def test_designs_disagree_when_each_is_sure_of_something_else(designs, apart):
    seen = [
        observation
        for name, numbers in zip(("one", "two"), designs, strict=False)
        for observation in values(*numbers, design=name)
    ]
    parts = designs_of(seen)
    assert tell_disagreement(asked(), parts, weigh_each_design(asked(), parts), None) == apart


NARROW = {"low": -0.3, "high": 0.3}


@pytest.mark.parametrize(
    ("verdict", "designs", "why"),
    [
        (Verdict.MIXED, [row(0.0)] * 2, ""),
        (Verdict.POSITIVE, [row(1.0)] * 2, "that takes three designs"),
        (Verdict.POSITIVE, [row(1.0)] * 4, ""),
        (Verdict.POSITIVE, [row(1.0), row(2.0), row(0.1), row(0.2)], "a further design would lie from"),
        (Verdict.ABSENT, [row(0.01 * n, 0.02, **NARROW) for n in range(4)], ""),
        (Verdict.ABSENT, [*[row(0.0, 0.02, **NARROW)] * 3, row(0.0, 0.02, name="d")], "the interval of d alone"),
        (Verdict.ABSENT, [row(0.3 * n - 0.4, 0.02, **NARROW) for n in range(4)], "a further design would lie from"),
    ],
)
def test_whether_a_further_design_would_share_the_verdict(verdict, designs, why):
    doubt = why_further_design_may_differ(asked(), verdict, designs, pool_designs(designs))
    assert doubt.startswith(why)
    assert bool(doubt) is bool(why)
