"""Whether something fails more often than may be: a bet that is as good as published, and honest at every look."""

import math
import random

import pytest
from scipy import integrate, stats

from axiom.statistics.failure_rate import failure_log_e


def by_integration(failed: int, of: int, most: float) -> float:
    """The same from its definition: the mean of the likelihood ratio over the shares above what may be."""
    law = stats.beta(0.5, 0.5)

    def ratio(share: float) -> float:
        return law.pdf(share) * (share / most) ** failed * ((1 - share) / (1 - most)) ** (of - failed)

    return integrate.quad(ratio, most, 1.0, limit=500)[0] / law.sf(most)


@pytest.mark.parametrize(("failed", "of"), [(2, 2), (7, 20), (1, 30)])
def test_the_e_value_is_what_its_definition_says(failed, of):
    assert math.exp(failure_log_e(failed, of, most=0.1)) == pytest.approx(by_integration(failed, of, 0.1), rel=1e-6)


def test_what_fails_no_more_than_it_may_is_rarely_stopped_however_often_one_looks():
    share, streams, drawn = 0.1, 100, random.Random(20260302)
    stopped = 0
    for _ in range(streams):
        failed = 0
        for of in range(1, 201):
            failed += drawn.random() < share
            if failure_log_e(failed, of, most=0.1) >= math.log(20.0):
                stopped += 1
                break
    assert stopped / streams <= 0.05


def test_what_nearly_always_fails_is_stopped_after_a_few_and_ever_so_many_stay_a_number():
    assert failure_log_e(0, 0, most=0.1) == 0.0
    assert math.exp(failure_log_e(2, 2, most=0.1)) == pytest.approx(47.1, abs=0.05)
    assert failure_log_e(2, 3, most=0.1) < math.log(20.0) < failure_log_e(3, 4, most=0.1)
    assert math.isfinite(failure_log_e(10**6, 10**6, most=0.1))
    assert failure_log_e(0, 10**6, most=0.1) < -10


@pytest.mark.parametrize(("failed", "of", "most"), [(-1, 2, 0.1), (3, 2, 0.1), (1, 2, 0.0), (1, 2, 1.0)])
def test_what_cannot_be_is_refused(failed, of, most):
    with pytest.raises(ValueError, match=r"cannot have failed|no share"):
        failure_log_e(failed, of, most=most)
