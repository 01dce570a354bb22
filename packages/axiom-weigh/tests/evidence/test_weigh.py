"""What closed blocks say about a claim: seeds counted once, gaps at their worst, and each step in words."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom_weigh.evidence.weigh_claim import Home, weigh_observations
from axiom_weigh.values import Agreements, Grade, Kind, Observation, Surroundings, Verdict

HOMES = {
    number: Home(host_id=number, volunteer_id=(number + 1) // 2, platform="linux" if number % 2 else "windows")
    for number in range(1, 7)
}


def estimand(kind: Kind = Kind.CONTRAST, *, null: float = 0.0, smallest: float = 0.5, bounds=None) -> dict:
    return {"name": "asked", "kind": kind.value, "null": null, "smallest": smallest, "bounds": bounds}


def observed(*values: float | None, hosts: tuple[int, ...] = (1,)) -> tuple[Observation, ...]:
    places = zip(itertools.count(), values, itertools.cycle(hosts), strict=False)
    return tuple(
        Observation(replicate=number, value=value, hosts=(host,), why_missing="" if value else "late")
        for number, value, host in places
    )


def weighed(claim: dict, values, *, hosts=(1,), duplicates=(0, 0)):
    again, agreed = duplicates
    pair = Agreements(platforms=("linux", "linux"), close=agreed, divergent=again - agreed, disputed=again - agreed)
    beside = Surroundings(agreements=(pair,) if again else ())
    return weigh_observations(
        claim, observed(*values, hosts=hosts), blocks=len(values) // 8, homes=HOMES, surroundings=beside
    )


LARGE = [1.0, 1.2, 0.9, 1.1, 1.3, 0.8, 1.05, 0.95, 1.15, 0.85, 1.25, 0.75, 1.02, 0.98]
NARROW = [0.01 * sign * place for place in range(1, 9) for sign in (1, -1)]


@pytest.mark.parametrize(
    ("claim", "values", "verdict"),
    [
        (estimand(), LARGE, Verdict.POSITIVE),
        (estimand(), [-value for value in LARGE], Verdict.NEGATIVE),
        (estimand(), [], Verdict.UNDECIDED),
        (estimand(), [1.0, 1.0, -1.0, -1.0] * 4, Verdict.UNDECIDED),
        (estimand(), NARROW, Verdict.ABSENT),
        (estimand(smallest=0.01), sorted(NARROW), Verdict.UNDECIDED),
        (estimand(), [0.2] * 14, Verdict.ABSENT),  # sure, and smaller than what matters
        (estimand(null=2.0), LARGE, Verdict.NEGATIVE),
        (estimand(Kind.LEVEL, null=1.0), LARGE, Verdict.ABSENT),
        (estimand(Kind.RANK_CORRELATION), [-1.0] * 8, Verdict.NEGATIVE),
        (estimand(Kind.PROPORTION, null=0.5, smallest=0.1), [1.0] * 8, Verdict.POSITIVE),
        (estimand(Kind.PROPORTION, null=0.5, smallest=0.1), [1.0, 0.0] * 4, Verdict.UNDECIDED),
        (estimand(Kind.PROPORTION, null=0.0, smallest=0.1), [0.0] * 7 + [1.0], Verdict.POSITIVE),
    ],
)
def test_the_verdict_follows_interval_and_e_value(claim, values, verdict):
    evidence = weighed(claim, values)
    assert evidence.verdict == verdict
    assert evidence.grade == (Grade.AWAITING if verdict is Verdict.UNDECIDED else Grade.MODERATE)
    assert any(f"; {verdict}: " in reason for reason in evidence.reasons)
    assert evidence.needs


@settings(max_examples=40)
@given(values=st.lists(st.integers(-3000, 3000).map(lambda number: number / 1024), min_size=8, max_size=24))
def test_an_interval_of_a_contrast_leaves_the_null_out_just_when_the_verdict_says_so(values):
    evidence = weighed(estimand(smallest=0.0), values)
    is_outside = (evidence.low is not None and evidence.low > 0) or (evidence.high is not None and evidence.high < 0)
    at_the_null = 0.0 in (evidence.low, evidence.high)  # refuted itself, and numbers next to it are not
    assert (evidence.verdict is not Verdict.UNDECIDED) == is_outside or at_the_null
    assert (evidence.e_value >= 20) == (evidence.verdict is not Verdict.UNDECIDED)


SOME_EQUAL = [0.0 if n % 2 else 0.01 + 0.0001 * (n * 37 % 200) for n in (k * 11 % 200 for k in range(200))]


def test_where_many_values_are_the_null_it_is_said_what_was_decided():
    evidence = weighed(estimand(smallest=0.0), SOME_EQUAL)
    assert evidence.verdict is Verdict.POSITIVE
    assert 0.0 <= evidence.low <= 0.02
    assert any("100 values are 0 itself" in reason and "100 and 0, " in reason for reason in evidence.reasons)


def test_of_too_many_ties_no_seeds_are_promised_and_another_question_is_answered():
    evidence = weighed(estimand(smallest=0.0), [0.0, 0.0, 0.02, 0.0, 0.0] * 40)
    assert evidence.verdict == Verdict.UNDECIDED
    assert evidence.estimate == 0.0
    assert evidence.more == (None, None)
    (beside,) = [reason for reason in evidence.reasons if "as a question of its own" in reason]
    assert "40 and 0, " in beside
    assert "however many seeds" in beside


def test_a_seed_that_was_computed_on_many_hosts_is_one_seed():
    once = observed(*LARGE)
    copies = tuple(replace(observation, hosts=(host,)) for observation in once for host in (1, 2, 3, 4, 5, 6))
    evidence = weigh_observations(estimand(), copies, blocks=1, homes=HOMES)
    assert (evidence.seeds, evidence.hosts) == (14, 1)
    lone = weigh_observations(estimand(), copies[:6] * 40, blocks=30, homes=HOMES)
    assert (lone.seeds, lone.verdict, lone.grade) == (1, Verdict.UNDECIDED, Grade.AWAITING)
    assert evidence.e_value == weigh_observations(estimand(), once, blocks=1, homes=HOMES).e_value


def test_missing_values_are_counted_named_and_weighed_at_their_worst():
    evidence = weighed(estimand(), [*LARGE[:10], None, None, *LARGE[10:]])
    assert (evidence.seeds, evidence.missing) == (14, 2)
    assert "2 without a value, each counted against every verdict: 2 × late" in evidence.reasons
    assert (evidence.low, evidence.high) == (None, None)
    assert evidence.e_value < weighed(estimand(), [*LARGE, 1.0, 1.0]).e_value
    bounded = weighed(estimand(bounds=[-1.5, 1.5]), [*LARGE[:11], None, None])
    assert (bounded.low, bounded.high) == (-1.5, 1.5)


MEAN = {**estimand(Kind.LEVEL, null=0.5, smallest=0.1, bounds=[0, 1]), "about": "mean"}


def test_a_mean_is_weighed_within_true_bounds_alone():
    """Ten values of -50 would count as ten of 0 otherwise, and a mean of -4.2 as an effect above 0.5."""
    rare = [-50.0 if place % 10 == 0 else 0.9 + 0.0001 * place for place in range(100)]
    evidence = weighed(MEAN, rare)
    assert evidence.verdict == Verdict.UNDECIDED
    assert evidence.grade == Grade.AWAITING
    assert evidence.e_value == 1.0
    assert evidence.more is None
    assert (evidence.estimate, evidence.low, evidence.high) == (None, None, None)
    assert any("a mean is weighed within true bounds alone" in reason for reason in evidence.reasons)
    # values alone refute a mean that no bounds allow
    beyond = {**MEAN, "null": 2.0, "smallest": 0.1}
    assert weighed(beyond, [0.9]).e_value < 20
    assert weighed(beyond, [0.25, 0.75] * 20).verdict is Verdict.NEGATIVE
    assert weighed({**MEAN, "smallest": 3.0}, [0.25, 0.75] * 20).e_absent == 1.0  # every mean is as near as that
    assert weighed(MEAN, [value for value in rare if value > 0]).verdict is Verdict.POSITIVE
    for bounds in ([1, 1], [-1e308, 1e308]):  # a mean cannot have these, and they stop nobody
        assert weighed({**MEAN, "bounds": bounds}, [0.25, 0.75] * 8).verdict is Verdict.UNDECIDED


# Each fourth is the first host's, and without these nothing is sure.
LONELY = [
    *(1.0, 0.5, -0.6, 1.3, 2.7, 1.8, -0.2, 0.7, 1.2, 0.4, 0.9, -0.1),
    *(0.3, 0.1, -0.2, 1.4, 1.4, 1.5, 1.1, 0.3, 0.4, 0.2, 1.5, 1.3),
]


def test_a_verdict_that_rests_on_one_host_is_said_to():
    values = [-0.9 if number % 15 == 5 else 1.0 + number / 100 for number in range(32)]
    assert weighed(estimand(), values, hosts=(1, 2, 3, 4), duplicates=(20, 20)).grade is Grade.STRONG
    assert weighed(estimand(), values, hosts=(1, 2, 3, 4)).grade is Grade.MODERATE  # they may be in league
    evidence = weighed(estimand(), LONELY, hosts=(1, 2, 3, 4), duplicates=(20, 20))
    assert evidence.verdict is Verdict.POSITIVE
    assert "without host 1 the verdict is undecided" in evidence.reasons
    assert evidence.grade is Grade.MODERATE
    assert any("without volunteer 1" in need for need in evidence.needs)


def test_a_lab_that_computes_alone_becomes_strong_by_computing_again():
    values = [0.8 + 0.0173 * (place * 7 % 24) for place in range(24)]
    assert weighed(estimand(), values).grade is Grade.MODERATE
    assert weighed(estimand(), values, duplicates=(2, 2)).grade is Grade.STRONG
    assert weighed(estimand(), values, duplicates=(1, 1)).grade is Grade.MODERATE
    pairs = tuple(Agreements(platforms=(first, two), close=1) for first, two in ("ab", "ac", "bc"))
    thrice = weigh_observations(
        estimand(), observed(*values), blocks=3, homes=HOMES, surroundings=Surroundings(agreements=pairs)
    )
    assert thrice.grade is Grade.MODERATE  # it may have been one seed on three platforms
    disagreeing = weighed(estimand(), values, duplicates=(4, 3))
    assert disagreeing.grade is Grade.MODERATE
    assert disagreeing.flags[0] == "1 of 4 duplicates disagree (1 on linux and linux)"


VALUES = st.lists(st.one_of(st.none(), st.floats(-1.0, 1.0)), max_size=32)
KINDS = itertools.product((Kind.CONTRAST, Kind.SLOPE), (None, [-1.0, 1.0]))
ASKED = st.sampled_from([estimand(kind, bounds=bounds) for kind, bounds in KINDS])


@settings(max_examples=25)
@given(claim=ASKED, values=VALUES)
def test_turning_a_claim_around_turns_its_verdict_around(claim, values):
    turned = {Verdict.POSITIVE: Verdict.NEGATIVE, Verdict.NEGATIVE: Verdict.POSITIVE}
    there, back_again = (weighed(claim, [value and side * value for value in values]) for side in (1.0, -1.0))
    assert back_again.verdict == turned.get(there.verdict, there.verdict)
    assert back_again.e_value == pytest.approx(there.e_value)


@settings(max_examples=40)
@given(claim=ASKED, values=VALUES, place=st.integers(0, 31), worst=st.sampled_from([-1.0, 1.0]))
def test_a_value_that_is_missing_never_claims_what_its_presence_would_deny(claim, values, place, worst):
    """With the gap filled by either end, the interval is inside the one with the gap."""
    if place >= len(values):
        return
    gap = weighed(claim, [*values[:place], None, *values[place + 1 :]])
    filled = weighed(claim, [*values[:place], worst, *values[place + 1 :]])
    assert gap.low is None or gap.low <= filled.low
    assert gap.high is None or gap.high >= filled.high


def test_looking_at_every_block_a_true_null_is_rarely_called_an_effect():
    rng = np.random.default_rng(1)
    claim, wrong = estimand(smallest=0.01), 0
    streams = 40
    for stream in rng.standard_t(3, (streams, 48)).tolist():
        values = [None if value < -1.5 else value for value in stream]  # what is lost favours nothing
        verdicts = {weighed(claim, values[:look]).verdict for look in range(8, 49, 8)}
        wrong += bool(verdicts & {Verdict.POSITIVE, Verdict.NEGATIVE})
    assert wrong / streams <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / streams)
