"""What is expected begins at what was declared and follows what came true here."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.followups.base_rates import BLIND, BaseRates, CameOut, bits, predicted, ratio_of
from axiom.domain.estimands import Direction
from axiom.domain.findings import Meaning

AS_SAID = {"expects": Direction.MORE, "null": 0.0, "effect": 1.0, "smallest": 0.1}


def came(kind, meaning, amount, ratio=None):
    return BaseRates(came_out={kind: [CameOut(kind=kind, meaning=meaning, ratio=ratio)] * amount})


KINDS = (
    "confirm",
    "dose",
    "extremes",
    "extremes of none",
    "generalise",
    "intervention",
    "discriminate",
    "power",
    BLIND,
)


def test_every_kind_has_a_declared_share_that_is_a_prediction():
    for kind in KINDS:
        share = predicted(BaseRates(), kind, **AS_SAID)
        assert min(share.positive, share.negative, share.absent) >= 0.01 - 1e-9
        assert 0 < bits(share) <= 1.585
        assert " 0 " in f" {share.because} "


def test_outcomes_here_outweigh_what_was_declared():
    before = predicted(BaseRates(), "dose", **AS_SAID)
    after = predicted(came("dose", Meaning.TOO_SMALL, 20), "dose", **AS_SAID)
    assert (before.positive, before.absent) == (0.7, 0.22)
    assert after.absent == pytest.approx((4 * 0.22 + 20) / 24, abs=0.01)
    assert predicted(came("dose", Meaning.TOO_SMALL, 20), "extremes", **AS_SAID).positive == 0.75, "of other kinds none"
    assert predicted(came("dose", Meaning.UNDECIDED, 20), "dose", **AS_SAID).positive == 0.7


def test_a_claim_that_expects_less_has_its_chances_the_other_way_round():
    more, less = (
        predicted(BaseRates(), "dose", **{**AS_SAID, "expects": expects, "effect": effect})
        for expects, effect in ((Direction.MORE, 1.0), (Direction.LESS, -1.0))
    )
    assert (more.positive, more.negative) == (less.negative, less.positive)
    assert more.interval == tuple(-end for end in reversed(less.interval))


def test_the_interval_follows_the_ratios_that_were_seen_and_keeps_the_bounds():
    wide = predicted(BaseRates(), "generalise", **AS_SAID).interval
    assert wide == pytest.approx((0.9 - 1.2816 * 0.25, 0.9 + 1.2816 * 0.25), rel=1e-3)
    low, high = predicted(came("generalise", Meaning.AS_CLAIMED, 40, 0.5), "generalise", **AS_SAID).interval
    assert 0.3 < low < 0.5 < high < 0.8
    assert predicted(BaseRates(), "dose", **AS_SAID, bounds=(-1.0, 1.0)).interval[1] == 1.0


@pytest.mark.parametrize(
    ("estimate", "expected", "ratio"),
    [
        (0.6, 0.5, 1.0),
        (0.35, -0.5, -0.5),
        (0.15, 0.002, 0.5),  # next to nothing was expected: 0.05 is half of what matters, and not 25 times as much
        (0.15, 0.0, None),
        (None, 0.5, None),
    ],
)
def test_an_effect_is_told_beside_no_less_than_what_matters(estimate, expected, ratio):
    found = ratio_of(estimate, 0.1, expected=expected, smallest=0.1)
    assert found == (None if ratio is None else pytest.approx(ratio))


@settings(max_examples=40)
@given(
    st.sampled_from(KINDS),
    st.lists(st.tuples(st.sampled_from(list(Meaning)), st.none() | st.floats(-1e6, 1e6)), max_size=30),
    st.sampled_from(list(Direction)),
    st.floats(-1e6, 1e6),
    st.floats(0.0, 1e3),
)
def test_whatever_came_out_it_is_a_prediction(kind, outcomes, expects, effect, smallest):
    rates = BaseRates(
        came_out={kind: [CameOut(kind=kind, meaning=meaning, ratio=ratio) for meaning, ratio in outcomes]}
    )
    said = predicted(rates, kind, expects=expects, null=0.0, effect=effect, smallest=smallest)
    assert said.positive + said.negative + said.absent == pytest.approx(1.0)
    assert said.interval[0] <= said.interval[1]
