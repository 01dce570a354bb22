"""The more claims were asked, the surer each has to be; effects and absences are two families."""

import pytest

from axiom.decisions.evidence.multiplicity import Claimed, false_shares
from axiom.domain.findings import Verdict


def claims(*rows: tuple[float, float, Verdict]) -> list[Claimed]:
    return [
        Claimed(number=place, e_value=e_value, e_absent=e_absent, verdict=verdict)
        for place, (e_value, e_absent, verdict) in enumerate(rows, start=1)
    ]


POSITIVE, NEGATIVE, ABSENT, UNDECIDED = Verdict.POSITIVE, Verdict.NEGATIVE, Verdict.ABSENT, Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("rows", "shares"),
    [
        ([(20.1, 1, POSITIVE)], [0.05]),
        ([(100.1, 1, NEGATIVE)], [0.01]),
        ([(20.1, 1, POSITIVE), (1, 1, UNDECIDED)], [None, None]),  # one of two has to reach 40
        ([(40.1, 1, POSITIVE), (1, 1, UNDECIDED)], [0.05, None]),
        ([(20.1, 1, POSITIVE), (20.1, 1, NEGATIVE)], [0.05, 0.05]),  # two of two have to reach 20 each
        ([(500, 1, ABSENT)], [None]),  # an effect that is sure, and smaller than what matters, is claimed as absent
        ([(500, 500, UNDECIDED)], [None]),
        ([(0.0, 0.0, POSITIVE)], [None]),
        ([], []),
        # A selection from what stands together has no bound of its own: tiny effects that are sure, and are not said to
        # stand as effects, make no other claim an effect; and the other way round.
        ([(1e300, 1, ABSENT), (23, 1, POSITIVE)], [None, None]),
        ([(1, 1e300, Verdict.MIXED), (1, 23, ABSENT)], [None, None]),
    ],
)
def test_a_claim_stands_at_the_smallest_share_at_which_it_does(rows, shares):
    assert list(false_shares(claims(*rows)).values()) == shares


def test_claims_keep_their_numbers():
    assert false_shares([Claimed(number=31, e_value=50.0, e_absent=1.0, verdict=POSITIVE)]) == {31: 0.05}
