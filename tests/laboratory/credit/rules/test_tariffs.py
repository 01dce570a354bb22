"""Tariffs are whole: every time has one price. Those of the laboratory before this one pay what its logs say."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.credit import Reason, ReportedTime, Tariff
from axiom.domain.failure_causes import Cause
from axiom.laboratory.credit.rules import session_cap, tariffs
from axiom.laboratory.credit.rules.failed_work import choose_failure_reason, is_failure_believed, price_failed_task
from axiom.laboratory.credit.rules.prices import PaidSeconds, Price, price_task
from axiom.limits import credit as credit_limits
from axiom.limits import tasks as task_limits
from axiom.rules.credit.recent_average import RecentAverage, add_to_average, fade_average


def test_time_of_several_cores_is_no_more_than_they_were_busy_nor_than_there_were():
    times = ReportedTime(cpu_seconds=70.0, elapsed_seconds=20.0, out_seconds=30.0)
    assert [times.of_cores(cores).elapsed_seconds for cores in (1, 2, 4, 8)] == [20.0, 40.0, 70.0, 70.0]
    assert times.of_cores(4).out_seconds == 120.0
    idle = ReportedTime(cpu_seconds=5.0, elapsed_seconds=20.0)
    assert idle.of_cores(4) == idle


def by_clock(tariff: Tariff, seconds: float, *, out: float | None = None, on_gpu: bool = False) -> Price:
    """By one of the old tables, which do not ask what the work is worth."""
    said = ReportedTime(cpu_seconds=0.0, elapsed_seconds=seconds, out_seconds=out)
    return price_task(tariff, PaidSeconds(seconds=math.nan), said, on_gpu=on_gpu)


def paid(name: str, seconds: float, *, on_gpu: bool = False) -> float:
    return by_clock(tariffs.PRESETS[name], seconds, on_gpu=on_gpu).amount / 1_000


@pytest.mark.parametrize(
    ("name", "prices"),
    [
        ("S1", {0.0: 10, 99.999: 10, 100.0: 15, 599.9: 15, 600.0: 20, 1_387.0: 20}),
        ("S2", {0.0: 2, 99.9: 2, 100.0: 5, 999.9: 5, 1_000.0: 10, 9_999.9: 10, 10_000.0: 15, 86_400.0: 15}),
        ("S3", {19.9: 2, 20.0: 3, 63.0: 3, 100.0: 5, 216.0: 5, 500.0: 8, 1_000.0: 15, 2_750.0: 15, 3_001.0: 15}),
        ("S4", {4.0: 15, 12.0: 15, 30.0: 25, 113.0: 25, 120.0: 40, 325.0: 60, 618.0: 80, 1_200.0: 100, 3_013.0: 100}),
        ("S5", {29.9: 4, 30.0: 7, 120.0: 12, 600.0: 18, 1_112.0: 18, 1_999.9: 18, 2_000.0: 25}),
    ],
)
def test_each_tariff_of_before_pays_what_its_log_says_also_at_the_edge_of_a_tier(name, prices):
    assert {seconds: paid(name, seconds) for seconds in prices} == prices


def test_a_gpu_our_own_clock_and_a_failure_without_time_have_their_prices():
    assert (paid("S5", 50.0), paid("S5", 50.0, on_gpu=True)) == (7, 10)
    assert paid("S4", 50.0, on_gpu=True) == 25
    assert by_clock(tariffs.PRESETS["S5"], 50, on_gpu=True).tier == "30 to 120 s, GPU"
    assert by_clock(tariffs.PRESETS["S4"], 5_000.0, out=10.0).amount == 25_000
    as_if_valid = by_clock(tariffs.PRESETS["S1"], 0.0)
    for seconds in (0.0, -1.0, float("nan")):
        assert price_failed_task(tariffs.PRESETS["S1"], Reason.FAILED, as_if_valid, elapsed_seconds=seconds).amount == 0


def test_failed_work_is_paid_as_the_tariff_says():
    amounts = {("S1", Reason.FAILED): 10, ("S1", Reason.BROKEN): 15, ("S2", Reason.FAILED): 0, ("S3", Reason.BROKEN): 5}
    for (name, reason), credit in amounts.items():
        tariff = tariffs.PRESETS[name]
        failure = price_failed_task(tariff, reason, by_clock(tariff, 200.0), elapsed_seconds=200.0)
        assert failure.amount == credit * 1_000


@pytest.mark.parametrize(
    ("cause", "is_recalled", "reason"),
    [
        (Cause.CELL_FAILED, False, Reason.BROKEN),
        (Cause.SUCCESS, False, Reason.BROKEN),  # so its host said, and an error was inside
        (Cause.ABORTED_BY_LABORATORY, False, Reason.BROKEN),
        (Cause.ABORTED_BY_VOLUNTEER, False, Reason.FAILED),
        (Cause.ABORTED_BY_VOLUNTEER, True, Reason.BROKEN),
    ],
)
def test_what_the_laboratory_broke_is_told_from_what_failed(cause, is_recalled, reason):
    assert choose_failure_reason(cause, is_recalled=is_recalled) is reason


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
    assert is_failure_believed(**known, volunteer_id=7) is believed
    reason = choose_failure_reason(Cause.CELL_FAILED, is_recalled=False, is_believed=believed)
    assert reason is (Reason.BROKEN if believed else Reason.FAILED)
    assert choose_failure_reason(Cause.CELL_FAILED, is_recalled=True, is_believed=believed) is Reason.BROKEN


S4 = tariffs.PRESETS["S4"]


def test_a_cap_of_just_one_award_is_allowed_and_of_several_the_wider_held():
    assert {session_cap.cap_problem(tariff) for tariff in tariffs.PRESETS.values()} == {""}
    assert set(tariffs.REMARKS) == set(tariffs.PRESETS)
    for tariff in (S4, tariffs.PRESETS["S5"], tariffs.DEFAULT):
        largest = session_cap.largest_award(tariff)
        problems = [session_cap.cap_problem(replace(tariff, session_cap=cap)) for cap in (largest, largest - 1)]
        assert [bool(problem) for problem in problems] == [False, True]
    narrow, wide = replace(S4, session_cap=200_000), replace(S4, session_cap=300_000)
    assert session_cap.highest_session_cap([narrow, wide]) == 300_000
    assert session_cap.highest_session_cap([narrow, tariffs.DEFAULT]) is None


def test_the_largest_award_follows_how_long_a_task_may_be_out(monkeypatch):
    monkeypatch.setattr(task_limits, "OUT_FOR_AT_MOST", timedelta(days=3))
    assert session_cap.largest_award(tariffs.DEFAULT) == 3 * 86_400 * tariffs.DEFAULT.per_core_second


@settings(max_examples=40)
@given(st.sampled_from([tariff for tariff in tariffs.PRESETS.values() if tariff.tiers]), st.floats(0, 2_592_000))
def test_every_time_has_just_one_tier(tariff, seconds):
    fitting = [tier for tier in tariff.tiers if tier.start <= seconds and (tier.end is None or seconds < tier.end)]
    assert [tier.amount for tier in fitting] == [by_clock(tariff, seconds).amount]


TARIFF = Tariff(name="core-seconds", version=1, per_core_second=10)
NUMBERS = st.floats()


def worth(work: float, cpu: float, elapsed: float, out: float | None = None, *, tariff: Tariff = TARIFF, **how: bool):
    time = ReportedTime(cpu_seconds=cpu, elapsed_seconds=elapsed, out_seconds=out)
    return price_task(tariff, PaidSeconds(seconds=work), time, **how)


@settings(max_examples=30)
@given(cpu=NUMBERS, elapsed=NUMBERS, out=st.one_of(st.none(), st.floats(0, 1e9)))
def test_nothing_that_a_host_says_of_its_time_changes_what_proven_work_is_worth(cpu, elapsed, out):
    assert [worth(work, 100.0, 101.0).amount for work in (100.0, 0.04, 0.05)] == [1_000, 0, 1]
    assert worth(100.0, cpu, elapsed, out) == worth(100.0, 100.0, 100.0)


@pytest.mark.parametrize(
    ("cpu", "elapsed", "out", "amount", "because"),
    [
        (40.0, 41.0, None, 400, "40.0 core-seconds at 10 "),
        (90.0, 60.0, None, 600, "90.0 "),
        (100.0, 101.0, 40.0, 1_000, ""),
        (100.0, 101.0, 39.0, 990, ""),
        (100.0, 101.0, -5.0, 600, ""),
        (0.0, 0.0, None, 0, "0.0 core-seconds"),
        (1.0, -10.0, None, 0, "-10.0"),
        (10.0, math.nan, None, 0, "nan"),
        (1e308, 1e308, None, 0, "1e+308"),
    ],
)
def test_work_without_proof_is_paid_for_as_long_as_it_took_and_no_longer_than_usual(cpu, elapsed, out, amount, because):
    paid = worth(100.0, cpu, elapsed, out, is_proven=False)
    assert paid.amount == amount
    assert because in paid.because


@settings(max_examples=40)
@given(cpu=NUMBERS, elapsed=NUMBERS)
def test_without_proof_nobody_is_paid_more_than_the_work_or_time_or_below_nothing(cpu, elapsed):
    amount = worth(100.0, cpu, elapsed, is_proven=False).amount
    assert 0 <= amount <= 1_000
    assert amount == 0 or amount <= TARIFF.per_core_second * min(cpu, elapsed) + 1


def test_a_tier_is_of_the_work_unless_the_tariff_goes_by_the_clock():
    said = {"work": 20.0, "cpu": 5_000.0, "elapsed": 5_000.0, "out": 6_000.0}
    assert worth(**said, tariff=replace(tariffs.PRESETS["S4"], by_clock=False)).amount == 15_000
    assert worth(**said, tariff=tariffs.PRESETS["S4"]).amount == 100_000


MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def at(days: float) -> datetime:
    return MIDNIGHT + timedelta(days=days)


def integral(pieces: list[tuple[float, float, float]], until: float, steps: int = 1_000) -> float:
    """The average as its definition says: each moment's rate, faded by its age. `pieces` are (from, to, amount)."""
    fade = math.log(2) / 7
    total = 0.0
    for begin, end, amount in pieces:
        width = (end - begin) / steps
        for step in range(steps):
            middle = begin + (step + 0.5) * width
            total += amount / (end - begin) * fade * math.exp(-fade * (until - middle)) * width
    return total


def test_what_was_earned_counts_as_if_earned_evenly_since_the_last_time():
    recent = RecentAverage(value=0.0, at=MIDNIGHT)
    pieces = []
    for begin, end, amount in [(0.0, 0.5, 10.0), (0.5, 4.0, 100.0), (4.0, 4.1, 7.0), (4.1, 30.0, 3.0)]:
        recent = add_to_average(recent, amount, began=at(begin), now=at(end))
        pieces.append((begin, end, amount))
        assert recent.value == pytest.approx(integral(pieces, end), rel=1e-6)
        assert recent.at == at(end)
    before, later = (
        RecentAverage(value=80.0, at=MIDNIGHT),
        MIDNIGHT + credit_limits.RECENT_HALF_LIFE,
    )  # it halves in a week of rest
    rest = add_to_average(before, 0.0, began=MIDNIGHT, now=later).value
    assert fade_average(before, later) == pytest.approx(rest) == pytest.approx(40.0)


def test_the_first_time_it_is_the_amount_by_the_time_it_took_but_a_day_at_least():
    for amount, days, value in ((100.0, 2, 50.0), (100.0, 1, 100.0), (0.1, 2.5e-4, 0.1), (0.1, -5e-5, 0.1)):
        first = add_to_average(None, amount, began=at(-days), now=MIDNIGHT)
        assert (first.value, first.at) == (pytest.approx(value), MIDNIGHT)


@settings(max_examples=40)
@given(value=st.floats(0, 1e6), amount=st.floats(0, 1e6), days=st.floats(0, 3_650))
def test_what_is_added_counts_something_and_at_most_as_if_earned_this_moment(value, amount, days):
    before = RecentAverage(value=value, at=MIDNIGHT)
    rest, after = fade_average(before, at(days)), add_to_average(before, amount, began=MIDNIGHT, now=at(days))
    assert rest <= after.value <= rest + amount * math.log(2) / 7 * (1 + 1e-9)
    assert after.at == at(days)


def test_no_time_and_hardly_any_time_are_the_same():
    before = RecentAverage(value=5.0, at=MIDNIGHT)
    instantly = add_to_average(before, 3.0, began=MIDNIGHT, now=MIDNIGHT)
    soon = add_to_average(before, 3.0, began=MIDNIGHT, now=MIDNIGHT + timedelta(microseconds=1))
    assert instantly.value == pytest.approx(5.0 + 3.0 * math.log(2) / 7)
    assert soon.value == pytest.approx(instantly.value, rel=1e-9)
    # a clock that is set back neither fades nor grows the past
    assert add_to_average(before, 0.0, began=MIDNIGHT, now=at(-1)) == before
    assert fade_average(before, at(-1)) == 5.0
