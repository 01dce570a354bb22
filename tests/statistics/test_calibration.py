"""Scores by hand, and an e-process that leaves honest forecasters alone."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.statistics.calibration import brier, calibration_log_e, calibration_looks, interval_score, log_score
from axiom.statistics.sequential import MOST

THIRD = (1 / 3, 1 / 3, 1 / 3)
CHANCES = st.tuples(*[st.floats(0.01, 1.0)] * 3).map(lambda each: tuple(one / math.fsum(each) for one in each))


def test_a_prediction_is_scored_as_a_hand_scores_it():
    assert [brier((1.0, 0.0, 0.0), 1), brier((0.7, 0.1, 0.2), 0)] == pytest.approx([2.0, 0.14])
    assert [log_score((1.0, 0.0, 0.0), 1), log_score(THIRD, 2)] == pytest.approx([math.log2(1e6), math.log2(3)])


def test_an_interval_is_scored_by_its_width_and_by_what_it_misses():
    scores = [interval_score(0.1, 0.5, truth) for truth in (0.3, 0.1, 0.0, 0.7)]
    assert scores == pytest.approx([0.4, 0.4, 1.4, 2.4])


@settings(max_examples=40)
@given(truth=CHANCES, said=CHANCES)
def test_nobody_gains_by_saying_something_else_than_what_he_believes(truth, said):
    for score in (brier, log_score):
        honest, other = (
            math.fsum(chance * score(each, place) for place, chance in enumerate(truth)) for each in (truth, said)
        )
        assert honest <= other + 1e-12


@settings(max_examples=25)
@given(said=st.lists(CHANCES, min_size=1, max_size=4))
def test_if_the_chances_are_true_the_e_value_is_one_on_average_at_every_look(said):
    mean = math.fsum(
        math.prod(chances[one] for chances, one in zip(said, happened, strict=True))
        * math.exp(calibration_log_e(singly(said, happened)))
        for happened in itertools.product(range(3), repeat=len(said))
    )
    assert mean == pytest.approx(1.0)


def flagged(truth: float, *, streams: int, looks: int, seed: int) -> np.ndarray:
    rng, found = np.random.default_rng(seed), []
    for _ in range(streams):
        happened = np.where(rng.random(looks) < truth, 0, rng.integers(1, 3, looks)).tolist()
        path = calibration_looks(singly([(0.9, 0.05, 0.05)] * looks, happened))
        found.append(next((n for n, log_e in enumerate(path, start=1) if log_e >= math.log(20)), math.inf))
    return np.array(found)


def test_a_forecaster_who_is_too_sure_is_flagged_soon():
    assert np.median(flagged(0.7, streams=60, looks=120, seed=1)) <= 25
    assert np.median(flagged(0.5, streams=60, looks=120, seed=2)) <= 10


def test_an_honest_forecaster_is_rarely_flagged():
    assert np.isfinite(flagged(0.9, streams=80, looks=120, seed=3)).mean() <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 80)


def test_a_forecaster_who_is_not_sure_enough_or_leans_is_flagged_too():
    timid = calibration_log_e(singly([(0.6, 0.2, 0.2)] * 60, [0] * 60))
    leaning = calibration_log_e(singly([THIRD] * 60, [1, 1, 0] * 20))
    assert min(timid, leaning) > math.log(20)


def test_what_was_called_impossible_and_happened_ends_it():
    said = [(1.0, 0.0, 0.0)] * 3
    assert list(calibration_looks(singly(said, [0, 1, 0]))) == pytest.approx([0.0, MOST, MOST])
    assert calibration_log_e([[(said[0], 0), (said[1], 1)]]) == pytest.approx(MOST)
    assert calibration_log_e([]) == 0.0


def by_chances_themselves(chances, happened):
    """The e-value of one prediction, without logarithms."""
    powers = {0.0: 0.05, 0.2: 0.15, 0.4: 0.15, 0.6: 0.15, 0.8: 0.15, 1.5: 0.1, 2.0: 0.05}
    rivals = [
        *((share, [one**power if one else 0.0 for one in chances]) for power, share in powers.items()),
        *((0.2 / 3, [one * (3.0 if n == tilted else 1.0) for n, one in enumerate(chances)]) for tilted in range(3)),
    ]
    return math.fsum(share * each[happened] / math.fsum(each) / chances[happened] for share, each in rivals)


@settings(max_examples=40)
@given(chances=CHANCES)
def test_what_a_rival_gains_is_what_its_chances_say(chances):
    said = [(chances, place) for place in range(3)] + [((chances[0], 1.0 - chances[0], 0.0), 0)]
    for each in said:
        assert calibration_log_e([[each]]) == pytest.approx(math.log(by_chances_themselves(*each)), abs=1e-12)


@pytest.mark.parametrize("tiny", [1e-150, 1e-170, 5e-324])
def test_a_chance_whose_square_is_no_number_is_scored_like_any_other(tiny):
    said = (1.0, 0.0, tiny)
    came_true, absent, unknown = (calibration_log_e([[(said, end)]]) for end in (0, 2, None))
    assert came_true == pytest.approx(calibration_log_e([[((1.0, 0.0, 1e-100), 0)]]), abs=1e-12)
    # The bluntest rival holds both for as likely, with a twentieth of the capital; the next has a fifth of the power.
    blunt, next_to_it = math.log(0.05 / 2) - math.log(tiny), math.log(0.15) - 0.8 * math.log(tiny)
    assert absent == pytest.approx(min(MOST, math.log(math.exp(next_to_it - blunt) + 1.0) + blunt), abs=1e-9)
    assert unknown == pytest.approx(came_true)


def test_an_honest_forecaster_of_claims_that_come_true_together_is_rarely_flagged():
    """Five claims of each registration end alike: counted singly they would flag seven of ten."""
    rng, chances, flagged = np.random.default_rng(4), (0.8, 0.1, 0.1), {"singly": 0, "together": 0}
    for _ in range(80):
        ends = rng.choice(3, size=20, p=chances).tolist()
        groups = [[(chances, one)] * 5 for one in ends]
        for name, said in (("together", groups), ("singly", [[each] for group in groups for each in group])):
            flagged[name] += max(calibration_looks(said)) >= math.log(20)
    assert flagged["singly"] > 40
    assert flagged["together"] <= 80 * 0.05 + 3 * math.sqrt(80 * 0.05 * 0.95)


@settings(max_examples=30)
@given(chances=CHANCES, alike=st.floats(0.0, 1.0))
def test_however_the_claims_of_a_group_hang_together_the_e_value_is_one_on_average(chances, alike):
    """Pairs of ends whose margins are the chances: independent of each other, alike, or anything between."""
    mean = 0.0
    for one, other in itertools.product(range(3), repeat=2):
        joint = alike * chances[one] * (one == other) + (1.0 - alike) * chances[one] * chances[other]
        mean += joint * math.exp(calibration_log_e([[(chances, one), (chances, other)]]))
    assert mean == pytest.approx(1.0)


def singly(said, happened):
    """Each prediction for itself."""
    return [[each] for each in zip(said, happened, strict=True)]
