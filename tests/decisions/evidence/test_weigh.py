"""What closed blocks say about a claim: seeds counted once, gaps at their worst, and each step in words."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.evidence.weigh import Home, weigh
from axiom.domain.findings import Agreements, Grade, Kind, Observation, Surroundings, Verdict
from axiom.domain.work import Outcome

HOMES = {
    number: Home(host_id=number, volunteer_id=(number + 1) // 2, platform="linux" if number % 2 else "windows")
    for number in range(1, 7)
}


def estimand(kind: Kind = Kind.CONTRAST, *, null: float = 0.0, smallest: float = 0.5, bounds=None) -> dict:
    return {"name": "asked", "kind": kind.value, "null": null, "smallest": smallest, "bounds": bounds}


def observed(*values: float | None, hosts: tuple[int | None, ...] = (1,)) -> tuple[Observation, ...]:
    return tuple(
        Observation(
            replicate=number, value=value, hosts=() if host is None else (host,), why_missing="" if value else "late"
        )
        for (number, value), host in zip(enumerate(values), itertools.cycle(hosts), strict=False)
    )


def weighed(asked: dict, values, *, hosts=(1,), duplicates=(0, 0)):
    again, agreed = duplicates
    pair = Agreements(platforms=("linux", "linux"), close=agreed, divergent=again - agreed, disputed=again - agreed)
    return weigh(
        asked,
        observed(*values, hosts=hosts),
        blocks=len(values) // 8,
        homes=HOMES,
        surroundings=Surroundings(agreements=(pair,) if again else ()),
    )


EIGHT = [1.0, 1.2, 0.9, 1.1, 1.3, 0.8, 1.05, 0.95]
NARROW = [0.01 * sign * place for place in range(1, 9) for sign in (1, -1)]


@pytest.mark.parametrize(
    ("asked", "values", "verdict", "grade"),
    [
        (estimand(), EIGHT, Verdict.POSITIVE, Grade.MODERATE),
        (estimand(), [-one for one in EIGHT], Verdict.NEGATIVE, Grade.MODERATE),
        (estimand(), [], Verdict.UNDECIDED, Grade.AWAITING),
        (estimand(), EIGHT[:6], Verdict.UNDECIDED, Grade.AWAITING),
        (estimand(), [1.0, -1.0] * 8, Verdict.UNDECIDED, Grade.AWAITING),
        (estimand(), [0.01] * 6 + [-0.01] * 10, Verdict.ABSENT, Grade.MODERATE),
        (estimand(), NARROW, Verdict.ABSENT, Grade.MODERATE),
        (estimand(smallest=0.01), NARROW, Verdict.UNDECIDED, Grade.AWAITING),
        (estimand(), [0.2] * 8, Verdict.ABSENT, Grade.MODERATE),  # sure, and smaller than what matters
        (estimand(null=2.0), EIGHT, Verdict.NEGATIVE, Grade.MODERATE),
        (estimand(Kind.LEVEL, null=1.0), EIGHT, Verdict.ABSENT, Grade.MODERATE),
        (estimand(Kind.SLOPE), EIGHT, Verdict.POSITIVE, Grade.MODERATE),
        (estimand(Kind.RANK_CORRELATION), [-1.0] * 8, Verdict.NEGATIVE, Grade.MODERATE),
        (estimand(Kind.PROPORTION, null=0.5, smallest=0.1), [1.0] * 8, Verdict.POSITIVE, Grade.MODERATE),
        (estimand(Kind.PROPORTION, null=0.5, smallest=0.1), [0.0] * 8, Verdict.NEGATIVE, Grade.MODERATE),
        (estimand(Kind.PROPORTION, null=0.5, smallest=0.1), [1.0, 0.0] * 4, Verdict.UNDECIDED, Grade.AWAITING),
        (estimand(Kind.PROPORTION, null=0.0, smallest=0.1), [0.0] * 7 + [1.0], Verdict.POSITIVE, Grade.MODERATE),
        (estimand(Kind.PROPORTION, null=0.5, smallest=0.1), [], Verdict.UNDECIDED, Grade.AWAITING),
        (estimand(bounds=[-0.1, 0.1]), [], Verdict.UNDECIDED, Grade.AWAITING),
    ],
)
def test_the_verdict_follows_interval_and_e_value(asked, values, verdict, grade):
    found = weighed(asked, values)
    assert (found.verdict, found.grade) == (verdict, grade)
    assert any(f"; {verdict}: " in reason for reason in found.reasons)
    assert found.needs


@given(values=st.lists(st.integers(-3000, 3000).map(lambda number: number / 1024), min_size=8, max_size=24))
def test_the_interval_of_a_contrast_leaves_the_null_out_exactly_when_the_verdict_says_so(values):
    found = weighed(estimand(smallest=0.0), values)
    is_outside = (found.low is not None and found.low > 0) or (found.high is not None and found.high < 0)
    at_the_null = 0.0 in (found.low, found.high)  # refuted itself, and numbers next to it are not
    assert (found.verdict is not Verdict.UNDECIDED) == is_outside or at_the_null
    assert (found.e_value >= 20) == (found.verdict is not Verdict.UNDECIDED)


def test_one_value_far_out_stops_no_finding():
    noise = np.random.default_rng(4).normal(1.0, 1.0, 64).tolist()
    assert weighed(estimand(), [1e9, *noise]).verdict is Verdict.POSITIVE
    assert weighed(estimand(), [*noise[:30], -1e9, *noise[30:]]).verdict is Verdict.POSITIVE


def test_where_many_values_are_the_null_it_is_said_what_was_decided():
    found = weighed(estimand(smallest=0.0), [0.0] * 100 + [0.01 + 0.001 * place for place in range(100)])
    assert (found.verdict, found.low) == (Verdict.POSITIVE, 0.0)
    assert any("100 above, 0 below, 100 equal" in reason for reason in found.reasons)


def test_values_that_are_equal_for_a_good_reason_are_not_taken_away():
    """Runs that are stuck at the loss of chance: the median is theirs, and nothing is concluded without them."""
    noise = np.random.default_rng(1).normal(0.1, 0.02, 21).tolist()
    stuck = [noise.pop() if place in range(0, 42, 2) else math.log(10) for place in range(50)]
    found = weighed(estimand(Kind.LEVEL, null=1.0), stuck)
    assert (found.verdict, found.clones, found.seeds) == (Verdict.UNDECIDED, 28, 22)
    assert found.high is None


def test_the_estimate_is_the_pseudo_median_of_a_level_the_median_and_of_a_proportion_the_share():
    assert weighed(estimand(), [1.0, 2.0, 30.0]).estimate == 8.75
    assert weighed(estimand(Kind.LEVEL), [1.0, 2.0, 30.0]).estimate == 2.0
    assert weighed(estimand(Kind.PROPORTION, null=0.5), [1.0, 1.0, 0.0, None]).estimate == pytest.approx(2 / 3)


def test_a_seed_that_was_computed_on_many_hosts_is_one_seed():
    once = observed(*EIGHT)
    copies = tuple(replace(one, hosts=(host,)) for one in once for host in (1, 2, 3, 4, 5, 6))
    found = weigh(estimand(), copies, blocks=1, homes=HOMES)
    assert (found.seeds, found.hosts) == (8, 1)
    assert found.e_value == weigh(estimand(), once, blocks=1, homes=HOMES).e_value
    assert "40 further values of the same seeds are left out: a seed counts once" in found.reasons


def test_one_seed_repeated_is_no_evidence():
    same = tuple(Observation(replicate=0, value=1.0, hosts=(host,)) for host in range(1, 7)) * 40
    found = weigh(estimand(), same, blocks=30, homes=HOMES)
    assert (found.seeds, found.verdict, found.grade) == (1, Verdict.UNDECIDED, Grade.AWAITING)


def test_missing_values_are_counted_named_and_weighed_at_their_worst():
    found = weighed(estimand(), [*EIGHT, None, None])
    assert (found.seeds, found.missing) == (8, 2)
    assert "2 without a value, each counted against every verdict: 2 × late" in found.reasons
    assert (found.low, found.high) == (None, None)
    assert found.e_value < weighed(estimand(), EIGHT).e_value
    bounded = weighed(estimand(bounds=[-1.5, 1.5]), [*EIGHT, None, None])
    assert (bounded.low, bounded.high) == (-1.5, 1.5)


def test_a_missing_event_counts_as_whatever_speaks_less():
    asked = estimand(Kind.PROPORTION, null=0.5, smallest=0.1)
    found = weighed(asked, [1.0] * 8 + [None] * 2)
    assert found.e_value == pytest.approx(weighed(asked, [1.0] * 8 + [0.0] * 2).e_value)
    assert found.high == 1.0
    assert found.low == weighed(asked, [1.0] * 8 + [0.0] * 2).low
    never = weighed(asked, [0.0] * 8 + [None] * 2)
    assert never.e_value == pytest.approx(weighed(asked, [0.0] * 8 + [1.0] * 2).e_value)
    assert never.high == weighed(asked, [0.0] * 8 + [1.0] * 2).high


def test_a_value_beyond_its_bounds_is_none_and_raises_a_flag():
    found = weighed(estimand(bounds=[-1.25, 1.25]), EIGHT)
    assert (found.seeds, found.missing) == (7, 1)
    assert found.flags[0] == "1 values lie beyond the bounds that were declared"


MEAN = {**estimand(Kind.LEVEL, null=0.5, smallest=0.1, bounds=[0, 1]), "about": "mean"}


def test_a_mean_is_weighed_within_true_bounds_alone():
    """Ten values of -50 would count as ten of 0 otherwise, and a mean of -4.2 as an effect above 0.5."""
    rare = [-50.0 if place % 10 == 0 else 0.9 + 0.0001 * place for place in range(100)]
    found = weighed(MEAN, rare)
    assert (found.verdict, found.grade, found.e_value, found.more) == (Verdict.UNDECIDED, Grade.AWAITING, 1.0, None)
    assert (found.estimate, found.low, found.high) == (None, None, None)
    assert any("a mean is weighed within true bounds alone" in reason for reason in found.reasons)
    assert weighed(MEAN, [one for one in rare if one > 0]).verdict is Verdict.POSITIVE


def test_bounds_that_a_mean_cannot_have_stop_nobody():
    for bounds in ([1, 1], [-1e308, 1e308]):
        assert weighed({**MEAN, "bounds": bounds}, [0.25, 0.75] * 8).verdict is Verdict.UNDECIDED


def test_what_is_missing_is_unbounded_once_a_value_has_refuted_the_bounds():
    bounded = weighed(estimand(Kind.LEVEL, bounds=[-1.5, 1.5]), [*EIGHT, None])
    refuted = weighed(estimand(Kind.LEVEL, bounds=[-1.5, 1.5]), [*EIGHT, 90.0])
    assert refuted.e_value == bounded.e_value
    assert (bounded.high, refuted.high) == (1.5, None)


@pytest.mark.parametrize(
    "asked",
    [
        {**MEAN, "null": 2.0, "smallest": 0.1},
        {**MEAN, "smallest": 3.0},
        estimand(Kind.PROPORTION, null=0.5, smallest=3.0),
        estimand(Kind.PROPORTION, null=0.0, smallest=3.0),
    ],
)
def test_without_a_value_nothing_speaks_against_anything(asked):
    for values in ([], [None] * 8):
        found = weighed(asked, values)
        assert found.e_value <= 1.0 + 1e-9
        assert found.e_absent == 1.0


def test_values_alone_refute_a_mean_that_no_bounds_allow():
    beyond = {**MEAN, "null": 2.0, "smallest": 0.1}
    assert weighed(beyond, [0.9]).e_value < 20
    assert weighed(beyond, [0.25, 0.75] * 20).verdict is Verdict.NEGATIVE
    assert weighed({**MEAN, "smallest": 3.0}, [0.25, 0.75] * 20).e_absent == 1.0  # every mean is as near as that


def test_the_median_of_the_two_largest_numbers_is_one():
    assert weighed(estimand(), [1.7e308, 1.7e308]).estimate == pytest.approx(1.7e308)


def test_time_outs_in_either_arm_do_not_favour_a_side():
    """Nearly a third of all replicates is late; which arm was late is not known, and there is no effect."""
    values = np.random.default_rng(3).normal(size=(40, 64)).tolist()
    late = [place % 10 in (1, 4, 7) for place in range(64)]
    for each in values:
        seen = [
            Observation(replicate=place, value=None, outcome=Outcome.LATE) if gone else one
            for place, (one, gone) in enumerate(zip(observed(*each), late, strict=True))
        ]
        assert weigh({**estimand(), "censored": 1.0}, seen, blocks=8).verdict is Verdict.UNDECIDED


def test_the_interval_of_a_bounded_estimand_is_never_unbounded():
    assert [weighed(estimand(bounds=[-1, 1]), [0.5] * 3).low, weighed(estimand(), [0.5] * 3).low] == [-1.0, None]
    assert weighed(estimand(Kind.RANK_CORRELATION), [0.5] * 3).high == 1.0


def test_who_computed_is_counted_where_there_is_a_value():
    found = weighed(estimand(), [1.0, 1.0, 1.0, None, 1.0], hosts=(1, 2, 3, 6, None))
    assert (found.hosts, found.volunteers, found.platforms) == (3, 2, 2)
    assert found.flags == ()
    assert weighed(estimand(), EIGHT).flags == ("one volunteer", "one platform: linux")
    assert weighed(estimand(), EIGHT, hosts=(None,)).hosts == 0
    assert weighed(estimand(), EIGHT, hosts=(99,)).hosts == 0  # a host of which nothing is known


# Each fourth is the first host's, and without these nothing is sure.
LONELY = [
    *(1.0, 0.5, -0.6, 1.3, 2.7, 1.8, -0.2, 0.7, 1.2, 0.4, 0.9, -0.1),
    *(0.3, 0.1, -0.2, 1.4, 1.4, 1.5, 1.1, 0.3, 0.4, 0.2, 1.5, 1.3),
]


def test_a_verdict_that_rests_on_one_host_is_said_to():
    values = [-0.9 if number % 15 == 5 else 1.0 + number / 100 for number in range(32)]
    assert weighed(estimand(), values, hosts=(1, 2, 3, 4), duplicates=(20, 20)).grade is Grade.STRONG
    assert weighed(estimand(), values, hosts=(1, 2, 3, 4)).grade is Grade.MODERATE  # they may be in league
    found = weighed(estimand(), LONELY, hosts=(1, 2, 3, 4), duplicates=(20, 20))
    assert found.verdict is Verdict.POSITIVE
    assert "without host 1 the verdict is undecided" in found.reasons
    assert found.grade is Grade.MODERATE
    assert any("without volunteer 1" in need for need in found.needs)


def test_a_value_to_which_several_hosts_contributed_is_gone_without_any_of_them():
    alone = observed(*LONELY, hosts=(1, 2, 3, 4))
    shared = tuple(replace(one, hosts=(*one.hosts, 5)) if one.hosts == (1,) else one for one in alone)
    found = weigh(estimand(), shared, blocks=3, homes=HOMES)
    assert (found.hosts, found.volunteers, found.platforms) == (5, 3, 2)
    for host in (1, 5):
        assert f"without host {host} the verdict is undecided" in found.reasons
    assert "without volunteer 3 the verdict is undecided" in found.reasons
    everywhere = tuple(replace(one, hosts=(1, 2)) for one in observed(*EIGHT * 4))
    assert weigh(estimand(), everywhere, blocks=4, homes=HOMES).grade is not Grade.STRONG


@pytest.mark.parametrize(("other", "is_second"), [("windows", True), ("linux", False), ("unknown", False)])
def test_a_platform_that_is_not_known_is_no_second_one(other, is_second):
    values = [-0.9 if number % 15 == 5 else 1.0 + number / 100 for number in range(32)]
    again = Surroundings(agreements=(Agreements(platforms=("linux", other), exact=20),))
    found = weigh(estimand(), observed(*values, hosts=(1, 2, 3, 4)), blocks=4, homes=HOMES, surroundings=again)
    assert found.grade is Grade.STRONG
    assert ("a seed computed again on a second platform, and agreeing" not in found.needs) is is_second


def test_a_lab_that_computes_alone_becomes_strong_by_computing_again():
    values = EIGHT * 3
    assert weighed(estimand(), values).grade is Grade.MODERATE
    assert weighed(estimand(), values, duplicates=(2, 2)).grade is Grade.STRONG
    assert weighed(estimand(), values, duplicates=(1, 1)).grade is Grade.MODERATE
    pairs = tuple(Agreements(platforms=(one, two), close=1) for one, two in ("ab", "ac", "bc"))
    thrice = weigh(estimand(), observed(*values), blocks=3, homes=HOMES, surroundings=Surroundings(agreements=pairs))
    assert thrice.grade is Grade.MODERATE  # it may have been one seed on three platforms
    disagreeing = weighed(estimand(), values, duplicates=(4, 3))
    assert disagreeing.grade is Grade.MODERATE
    assert disagreeing.flags[0] == "1 of 4 duplicates disagree (1 on linux and linux)"


def test_every_step_of_the_weighing_is_told_in_words():
    found = weighed(estimand(), [*EIGHT, *EIGHT, None])
    assert [reason.split(" ")[0] for reason in found.reasons] == ["17", "1", "signed", "Moderate;"]
    assert "effect +: the values lie above 0" in found.reasons[2]
    assert " to 1 against it; interval [" in found.reasons[2]


VALUES = st.lists(st.one_of(st.none(), st.floats(-1.0, 1.0)), max_size=32)
ASKED = st.sampled_from(
    [estimand(kind, bounds=bounds) for kind in (Kind.CONTRAST, Kind.SLOPE) for bounds in (None, [-1.0, 1.0])]
)


@given(asked=ASKED, values=VALUES)
def test_weighing_again_says_the_same(asked, values):
    first = weighed(asked, values)
    assert weighed(asked, values) == first
    assert first.seeds + first.missing + first.clones == len(values)
    assert 0 < first.e_value < 1e300


@given(asked=ASKED, values=VALUES)
def test_turning_a_claim_around_turns_its_verdict_around(asked, values):
    turned = {Verdict.POSITIVE: Verdict.NEGATIVE, Verdict.NEGATIVE: Verdict.POSITIVE}
    there, back_again = (weighed(asked, [one and side * one for one in values]) for side in (1.0, -1.0))
    assert back_again.verdict == turned.get(there.verdict, there.verdict)
    assert back_again.e_value == pytest.approx(there.e_value)


@given(asked=ASKED, values=VALUES, place=st.integers(0, 31), worst=st.sampled_from([-1.0, 1.0]))
def test_a_value_that_is_missing_never_claims_what_its_presence_would_deny(asked, values, place, worst):
    """With the gap filled by either end, the interval is inside the one with the gap."""
    if place >= len(values):
        return
    gap = weighed(asked, [*values[:place], None, *values[place + 1 :]])
    filled = weighed(asked, [*values[:place], worst, *values[place + 1 :]])
    assert gap.low is None or gap.low <= filled.low
    assert gap.high is None or gap.high >= filled.high


@pytest.mark.parametrize("is_lost", [False, True])
def test_looking_at_every_block_a_true_null_is_rarely_called_an_effect(is_lost):
    rng = np.random.default_rng(1)
    asked, wrong = estimand(smallest=0.01), 0
    streams = 400
    for stream in rng.standard_t(3, (streams, 48)).tolist():
        values = [None if is_lost and one < 0 and one < -1.5 else one for one in stream]
        verdicts = {weighed(asked, values[:look]).verdict for look in range(8, 49, 8)}
        wrong += bool(verdicts & {Verdict.POSITIVE, Verdict.NEGATIVE})
    assert wrong / streams <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / streams)


def test_the_estimate_is_told_of_all_values_while_copies_are_unexplained():
    found = weighed(estimand(Kind.LEVEL, null=1.0), [math.log(10)] * 29 + [0.1 + 0.001 * place for place in range(21)])
    assert found.estimate == math.log(10)
    assert (found.low, found.high) == (None, None)
