"""Is a planted effect found, and a placebo not: with the e-process of each kind."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from placebos import is_refused

from axiom.laboratory.experiments.rules.controls import check_placebo_values, control_result
from axiom.limits import experiments as limits
from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.values import COARSE, Observation

CONTRAST = {"kind": "contrast", "null": 0.0, "smallest": 0.1, "bounds": None, "expects": "+"}
BOUNDED = CONTRAST | {"bounds": [-1.0, 1.0]}
LEVEL = CONTRAST | {"kind": "level", "null": 2.0, "smallest": 0.5}
SHARE = CONTRAST | {"kind": "proportion", "null": 0.5, "smallest": 0.1}
PLAIN = [0.5, 0.6, 0.4, 0.55, 0.45, 0.5, 0.52, 0.58]


@pytest.mark.parametrize(
    ("estimand", "values", "is_found"),
    [
        (CONTRAST, PLAIN, True),
        (CONTRAST, [-one for one in PLAIN], False),  # a plain effect on the side that nobody claimed
        (CONTRAST, [one / 10 for one in PLAIN], False),  # as sure, and too small to matter
        (CONTRAST, [*PLAIN[:4], None, None, None, None], False),  # half of it is missing
        (CONTRAST, [0.2, 0.15, 0.2, 0.2, 0.9, 0.2, 0.2, 3.0], True),  # uneven, and each of eight by itself beyond
        (CONTRAST, [0.2, 0.15, 0.2, 0.2, 0.9, 0.2, -0.05, 3.0], False),
        (LEVEL, [3.0 + one for one in PLAIN], True),
        (LEVEL | {"expects": "-"}, [1.0 - one for one in PLAIN], True),
        (SHARE, [1.0] * 8, True),
        (SHARE, [1.0] * 4 + [0.0] * 4, False),
    ],
)
def test_what_is_there_is_found_on_the_side_that_is_claimed_alone(estimand, values, is_found):
    answer = control_result(estimand, values)
    assert answer.is_found is is_found, answer.reason


@settings(max_examples=30)
@given(st.lists(st.none() | st.floats(-10, 10), max_size=limits.CONTROL_SEEDS))
def test_it_is_weighed_as_evidence_is(values):
    observed = [Observation(replicate=n, value=value, fingerprint=COARSE) for n, value in enumerate(values)]
    evidence = weigh_observations(CONTRAST, observed, blocks=1, homes={})
    answer = control_result(CONTRAST, values)
    assert answer.estimate == evidence.estimate
    assert answer.e_value >= evidence.e_value
    assert not answer.is_found or answer.e_value >= limits.CONTROL_ENOUGH


NOISE = [0.3, -0.4, 0.2, -0.3, 0.5, -0.2, 0.1, -0.1]


@pytest.mark.parametrize(
    ("estimand", "values", "is_spared"),
    [
        (CONTRAST, NOISE, True),
        (CONTRAST, [one / 6 for one in PLAIN], True),  # as sure as can be, and less than what matters
        (CONTRAST, PLAIN, False),
        (CONTRAST, [-one for one in PLAIN], False),  # a leak turns either way
        (CONTRAST, [*PLAIN[:7], -0.1], False),  # no evidence, and more than a placebo may hint at
        (CONTRAST, [*PLAIN[:6], None, None], False),  # what is missing is taken to be like the others
        (CONTRAST, [0.7312345678901234] * 8, False),  # one fine number, added to every seed, is no single seed
        (BOUNDED, [2.0] * 8, False),
        (BOUNDED, [*NOISE[:6], 2.0, None], True),
        (BOUNDED, [*PLAIN[:6], 2.0, -2.0], False),
        (CONTRAST, [*NOISE[:5], None, None, None], False),
        (CONTRAST | {"null": 0.5, "smallest": 0.2}, [-one for one in PLAIN], True),  # a border, and far from it
        (LEVEL, [3.0 + one for one in PLAIN], False),
        (SHARE, [0.0] * 8, True),  # it never happens, and the claim is that it happens more often than not
        (SHARE, [1.0] * 8, False),
    ],
)
def test_in_a_placebo_nothing_may_be_seen_on_either_side_of_nothing(estimand, values, is_spared):
    answer = check_placebo_values(estimand, values)
    assert answer.is_spared is is_spared, answer.reason


@pytest.mark.parametrize(
    ("estimand", "values", "is_settled"),
    [
        (CONTRAST, [one / 6 for one in PLAIN], True),  # below what matters, and sure
        (CONTRAST, [0.0] * 8, True),
        (CONTRAST, NOISE, False),  # a leak might hide in it
        (CONTRAST, [-one for one in NOISE], False),
        (CONTRAST, [*[0.01, -0.01] * 3, None, None], True),
        (CONTRAST | {"null": 0.5, "smallest": 0.2}, [-one for one in PLAIN], True),  # far on the side nobody claims
        (SHARE, [0.0] * 8, True),
        (SHARE, [1.0, 0.0] * 4, False),
        (SHARE | {"null": 0.9}, [1.0, 0.0] * 4, True),  # no share is so much larger
        (BOUNDED | {"about": "mean"}, [0.0] * 8, False),
        (LEVEL, [2.0, 2.1] * 4, True),
        (LEVEL, [2.0, 4.0] * 4, False),
    ],
)
def test_a_placebo_is_settled_once_it_would_show_a_leak(estimand, values, is_settled):
    answer = check_placebo_values(estimand, values)
    assert answer.is_spared, answer.reason
    assert answer.most == (0 if is_settled else limits.PLACEBO_MOST_SEEDS), answer.reason


def test_luck_hardly_ever_refuses_a_placebo_and_a_leak_nearly_always_is():
    rng = random.Random(7)
    assert sum(is_refused(CONTRAST, lambda: rng.gauss(0, 0.4)) for _ in range(60)) <= 1
    assert sum(is_refused(CONTRAST, lambda: rng.gauss(0.6, 0.4)) for _ in range(20)) >= 19
    assert sum(is_refused(CONTRAST, lambda: rng.gauss(0.15, 0.2)) for _ in range(20)) >= 16
    assert sum(is_refused(LEVEL, lambda: rng.gauss(2.75, 1.0)) for _ in range(20)) >= 16
    assert sum(is_refused(CONTRAST, lambda: rng.gauss(0, 0.1) if rng.random() > 0.2 else None) for _ in range(20)) <= 3


def test_the_last_seeds_say_which_leak_they_would_show():
    rng = random.Random(7)
    values = [rng.gauss(0, 0.5) for _ in range(limits.PLACEBO_MOST_SEEDS)]
    assert "a leak of 3 times what matters would" in check_placebo_values(CONTRAST, values).reason
    assert (
        "a leak of 24 times what matters may be missed"
        in check_placebo_values(CONTRAST, [500 * value for value in values]).reason
    )


def test_the_reason_says_what_was_seen_in_a_placebo():
    assert "8 of 8 seeds the share is 0.5" in check_placebo_values(SHARE, [1.0, 0.0] * 4).reason
    assert "4 of 8 seeds" in check_placebo_values(CONTRAST, [*NOISE[:4], *[None] * 4]).reason
    assert "4 of 8 seeds gave a value within" in check_placebo_values(BOUNDED, [2.0, 3.0, *NOISE[:4], None, 2.0]).reason
    assert "0 of 8 seeds" in check_placebo_values(SHARE, [0.5] * 8).reason
    assert "0.5125 lies further from 0 than 0.1" in check_placebo_values(CONTRAST, PLAIN).reason


def test_what_is_missing_is_the_most_extreme_of_what_is_there():
    rng = random.Random(3)
    refused = 0
    for _ in range(40):
        there = [rng.gauss(0.3, 0.4) for _ in range(6)]
        filled = ([*there, far(there), far(there)] for far in (max, min))
        seen = [control_result(CONTRAST | {"expects": side}, each) for side, each in zip("+-", filled, strict=True)]
        is_seen = any(one.is_beyond and one.e_value >= limits.CONTROL_HINT for one in seen)
        assert check_placebo_values(CONTRAST, [*there, None, None]).is_spared is not is_seen
        refused += is_seen
    assert 5 < refused < 35


@settings(max_examples=40)
@given(st.lists(st.none() | st.floats(-10, 10), min_size=limits.CONTROL_SEEDS, max_size=limits.CONTROL_SEEDS))
def test_a_placebo_and_its_mirror_image_are_judged_alike_and_none_is_spared(values):
    assert not (control_result(CONTRAST, values).is_found and check_placebo_values(CONTRAST, values).is_spared)
    mirrored = [None if one is None else -one for one in values]
    assert check_placebo_values(CONTRAST, values).is_spared is check_placebo_values(CONTRAST, mirrored).is_spared
