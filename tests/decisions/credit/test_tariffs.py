"""Tariffs are whole: every time has one price. Those of the laboratory before this one pay what its logs say."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.credit.prices import Counted, Price, fitting, is_believed, price, price_of_failure, why_unproven
from axiom.decisions.credit.tariffs import AHEAD, DEFAULT, PRESETS, REMARKS, cap_during, largest, problems, too_soon
from axiom.domain.endings import Cause
from axiom.domain.ledger import Reason, Tariff, Tier, TimeSaid

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)


def by_clock(tariff: Tariff, seconds: float, *, out: float | None = None, on_gpu: bool = False) -> Price:
    """By one of the old tables, which do not ask what the work is worth."""
    said = TimeSaid(cpu_seconds=0.0, elapsed_seconds=seconds, out_seconds=out)
    return price(tariff, Counted(seconds=math.nan), said, on_gpu=on_gpu)


def paid(name: str, seconds: float, *, on_gpu: bool = False) -> float:
    return by_clock(PRESETS[name], seconds, on_gpu=on_gpu).amount / 1_000


@pytest.mark.parametrize(
    ("name", "prices"),
    [
        ("S1", {0.0: 10, 86.9: 10, 99.999: 10, 100.0: 15, 312.5: 15, 599.9: 15, 600.0: 20, 1_387.0: 20}),
        ("S2", {0.0: 2, 99.9: 2, 100.0: 5, 999.9: 5, 1_000.0: 10, 9_999.9: 10, 10_000.0: 15, 86_400.0: 15}),
        ("S3", {19.9: 2, 20.0: 3, 63.0: 3, 100.0: 5, 216.0: 5, 500.0: 8, 1_000.0: 15, 2_750.0: 15, 3_001.0: 15}),
        ("S4", {4.0: 15, 12.0: 15, 30.0: 25, 113.0: 25, 120.0: 40, 325.0: 60, 618.0: 80, 1_200.0: 100, 3_013.0: 100}),
        ("S5", {29.9: 4, 30.0: 7, 120.0: 12, 600.0: 18, 1_112.0: 18, 1_999.9: 18, 2_000.0: 25}),
    ],
)
def test_each_tariff_of_before_pays_what_its_log_says_also_at_the_edge_of_a_tier(name, prices):
    assert {seconds: paid(name, seconds) for seconds in prices} == prices


def test_a_gpu_adds_its_bonus_where_the_tariff_has_one_and_stands_in_the_tier_s_name():
    assert (paid("S5", 50.0), paid("S5", 50.0, on_gpu=True)) == (7, 10)
    assert paid("S4", 50.0, on_gpu=True) == 25
    found = by_clock(PRESETS["S5"], 50, on_gpu=True)
    assert found.tier == "30 to 120 s, GPU"


def test_a_tier_follows_the_clock_of_the_laboratory_where_a_host_says_more():
    assert by_clock(PRESETS["S4"], 5_000.0, out=10.0).amount == 25_000


@pytest.mark.parametrize(
    ("name", "reason", "credit"),
    [("S1", Reason.FAILED, 10), ("S1", Reason.BROKEN, 15), ("S2", Reason.FAILED, 0), ("S3", Reason.BROKEN, 5)],
)
def test_failed_work_is_paid_as_the_tariff_says(name, reason, credit):
    as_if_valid = by_clock(PRESETS[name], 200.0)
    assert price_of_failure(PRESETS[name], reason, as_if_valid, elapsed_seconds=200.0).amount == credit * 1_000


def test_a_failure_that_took_no_time_gets_nothing():
    as_if_valid = by_clock(PRESETS["S1"], 0.0)
    for seconds in (0.0, -1.0, float("nan")):
        assert price_of_failure(PRESETS["S1"], Reason.FAILED, as_if_valid, elapsed_seconds=seconds).amount == 0


@pytest.mark.parametrize(
    ("cause", "is_recalled", "reason"),
    [
        (Cause.CELL_FAILED, False, Reason.BROKEN),
        (Cause.SUCCESS, False, Reason.BROKEN),  # so its host said, and an error was inside
        (Cause.ABORTED_BY_LABORATORY, False, Reason.BROKEN),
        (Cause.ABORTED_BY_VOLUNTEER, False, Reason.FAILED),
        (Cause.ABORTED_BY_VOLUNTEER, True, Reason.BROKEN),
        ("no such cause", False, Reason.FAILED),
    ],
)
def test_what_the_laboratory_broke_is_told_from_what_failed(cause, is_recalled, reason):
    assert why_unproven(cause, is_recalled=is_recalled) is reason


@pytest.mark.parametrize(
    ("facts", "believed"),
    [
        ({}, False),
        ({"is_first": True}, True),
        ({"blamed_by": {7}}, False),  # its own volunteer's other hosts
        ({"blamed_by": {7, 8}}, True),
    ],
)
def test_one_volunteer_s_word_makes_a_failure_ours_only_for_its_first_tasks(facts, believed):
    known = {"is_first": False, "is_taken_back": False, "blamed_by": frozenset()} | facts
    assert is_believed(**known, volunteer_id=7) is believed
    reason = why_unproven(Cause.CELL_FAILED, is_recalled=False, is_believed=believed)
    assert reason is (Reason.BROKEN if believed else Reason.FAILED)
    assert why_unproven(Cause.CELL_FAILED, is_recalled=True, is_believed=believed) is Reason.BROKEN


S4 = PRESETS["S4"]


def tiers(*bounds: tuple[int, int | None, int]) -> Tariff:
    return replace(S4, tiers=tuple(Tier(start=start, end=end, amount=amount) for start, end, amount in bounds))


@pytest.mark.parametrize(
    ("tariff", "said"),
    [
        (tiers((0, 30, 1), (40, None, 2)), "30 and 40"),
        (tiers((0, 30, 1), (20, None, 2)), "overlaps the one from 20"),
        (tiers((5, None, 1)), "begins at 5"),
        (tiers((0, 30, 1)), "ends at 30"),
        (tiers((0, 0, 1), (0, None, 1)), "from 0 to 0"),
        (tiers((0, 30, 1), (30, 10, 1), (10, None, 1)), "from 30 to 10"),
        (tiers((0, 10**9, 1), (10**9, None, 1)), "no task takes"),
        (tiers((0, None, -1)), "-1 "),
        (tiers((0, None, 10**12)), "absurd"),
        (tiers((0, None, 0)), "It pays nothing for anything"),
        (tiers(*((n, n + 1, 1) for n in range(200)), (200, None, 1)), "201 tiers"),
        (replace(S4, gpu_bonus=-3), "The GPU bonus is -3"),
        (replace(S4, failed=-3), "pay for failed work is -3"),
        (replace(S4, broken=10**10), "absurd"),
        (replace(S4, per_core_second=1), "by core-seconds and by tiers"),
        (replace(DEFAULT, per_core_second=0), "neither by core-seconds nor by tiers"),
        (replace(S4, session_cap=99_999), "such a task could never be paid"),
        (replace(S4, gpu_bonus=1, session_cap=100_000), "such a task could never be paid"),
        (replace(DEFAULT, session_cap=10 * 2 * 86_400 - 1), "such a task could never be paid"),
        (replace(S4, session_cap=10**16), "limits nothing"),
    ],
)
def test_a_tariff_that_is_not_whole_is_refused_in_a_sentence(tariff, said):
    assert any(said in problem for problem in problems(tariff)), problems(tariff)


def test_a_cap_of_just_one_award_is_allowed_and_every_tariff_that_comes_with_axiom():
    assert {name: problems(tariff) for name, tariff in PRESETS.items()} == {name: [] for name in PRESETS}
    assert set(REMARKS) == set(PRESETS)
    assert problems(replace(S4, session_cap=100_000)) == []
    assert problems(replace(DEFAULT, session_cap=largest(DEFAULT))) == []


edges = st.lists(st.integers(1, 2_000_000), unique=True, max_size=8).map(sorted)


@settings(max_examples=40)
@given(edges, st.floats(0, 2_592_000))
def test_in_a_whole_tariff_every_time_has_just_one_tier(inner, seconds):
    ends = [*inner, None]
    bounds = zip([0, *inner], ends, strict=True)
    tariff = replace(tiers(*((*ends, place + 1) for place, ends in enumerate(bounds))), session_cap=None)
    assert problems(tariff) == []
    holding = [tier for tier in tariff.tiers if tier.start <= seconds and (tier.end is None or seconds < tier.end)]
    found = by_clock(tariff, seconds)
    assert [tier.amount for tier in holding] == [found.amount]


amounts = st.lists(st.integers(-5, 40), max_size=40)


@settings(max_examples=60)
@given(amounts, st.integers(0, 200), st.integers(0, 200))
def test_what_is_booked_never_goes_beyond_the_cap_and_overtakes_nobody(wanted, cap, spent):
    booked = fitting(wanted, cap=cap, spent=spent)
    total, refused = spent, False
    for amount, is_booked in zip(wanted, booked, strict=True):
        if amount <= 0:
            assert is_booked
        elif is_booked:
            assert not refused
            assert total + amount <= cap
        elif amount <= cap:
            assert refused or total + amount > cap
            refused = True
        total += amount if is_booked else 0


def test_without_a_cap_everything_is_booked_and_what_exceeds_a_cap_alone_holds_nobody_up():
    assert fitting([5, 500, 5], cap=None, spent=0) == [True] * 3
    assert fitting([5, 500, 5], cap=10, spent=0) == [True, False, True]
    assert fitting([5, 6, 4], cap=10, spent=0) == [True, False, False]


@pytest.mark.parametrize(
    ("ahead", "others", "said"),
    [
        (timedelta(0), 0, ""),
        (AHEAD, 3, ""),
        (AHEAD - timedelta(seconds=1), 3, "3 of them"),
        (AHEAD - timedelta(seconds=1), 0, ""),
        (-timedelta(seconds=1), 0, "which is past"),
        (timedelta(days=5_000), 0, "nobody knows"),
    ],
)
def test_volunteers_hear_of_a_change_a_day_before_and_nothing_changes_backwards(ahead, others, said):
    found = too_soon(NOW + ahead, NOW, others=others)
    assert said in found
    assert bool(found) == bool(said)


def test_of_tariffs_that_followed_each_other_the_wider_cap_held_and_none_is_none():
    narrow, wide = replace(S4, session_cap=200_000), replace(S4, session_cap=300_000)
    assert cap_during([narrow, wide]) == 300_000
    assert cap_during([narrow, DEFAULT]) is None
    assert cap_during([]) is None
