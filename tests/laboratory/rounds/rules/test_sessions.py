"""Where the work should go: what hangs together comes first, then what is near, then what waits for somebody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.rounds import UntoldCounts
from axiom.errors import AnswerUnreadable, ModelBusy, ModelError, ModelLost, RequestRejected
from axiom.laboratory.rounds.rules.agenda import (
    NextStep,
    OpenNeed,
    choose_directions,
    next_steps,
    sort_next_steps,
    write_number_ranges,
)
from axiom.laboratory.rounds.rules.due import why_end_session, why_hold_first_round, why_hold_round
from axiom.laboratory.rounds.rules.lease import CONVERSATION_LEASE, lease_conflict
from axiom.laboratory.rounds.steps.review import generalize_reason
from axiom.limits import rounds as limits
from axiom.rules import language_models as models


def need(finding, *, cells=8, hangs=0):
    return OpenNeed(finding=finding, experiment="tiny_sum@1", cells=cells, hangs=hangs)


def test_what_others_hang_on_comes_first_then_what_is_nearer_and_what_waits():
    near, far, leading, last = need(1, cells=1), need(2), need(3, cells=90, hangs=2), need(4)
    found = choose_directions([near, far, leading, last], proposals=0, claims=0)
    assert [(step.priority, step.page) for step in found] == [
        *(("high", "/findings/3"), ("medium", "/findings/1"), ("medium", "/findings/2"))
    ]
    facts = ("90 more runs for finding 3", "1 more run for finding 1", "8 more runs for finding 2")
    assert all(fact in step.sentence for fact, step in zip(facts, found, strict=True))
    found = choose_directions([], proposals=1, claims=12)
    assert [(step.priority, step.page) for step in found] == [("medium", "/proposals"), ("low", "/findings/graph")]
    assert choose_directions([], proposals=0, claims=0) == []


def test_the_most_urgent_comes_first_and_the_others_stay_as_they_were():
    called = next_steps({"queue.still": 1, "design.nothing": 1})
    mixed = [*called, *choose_directions([need(7, hangs=1)], proposals=2, claims=0)]
    assert [one.priority for one in sort_next_steps(mixed)] == ["high", "medium", "medium", "low"]
    assert [one.page for one in sort_next_steps(mixed)][2:] == ["/proposals", "/experiments"]
    assert (
        sort_next_steps([NextStep(priority="low", sentence="a"), NextStep(priority="low", sentence="b")])[0].sentence
        == "a"
    )
    (step,) = choose_directions([replace(need(5, hangs=1), lacks="5 hosts (1 so far)")], proposals=0, claims=0)
    assert "5 hosts (1 so far)" in step.sentence


def test_numbers_in_a_row_are_one_range_and_what_failed_stands_by_itself():
    assert write_number_ranges({}) == ""
    assert write_number_ranges({3: True, 1: True, 2: True, 4: False, 5: False, 6: True, 9: True}) == "1–3, 4*, 5*, 6, 9"


QUIET = {"closed_blocks_unweighed": 0, "stage_changed": False}
QUIET |= {"waiting": 6, "cores": 2, "seconds_since_last": 1e6, "idle_before_last": 0.0, "age_seconds": 1e7}


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({}, ""),
        ({"stage_changed": True}, "moved on"),
        ({"closed_blocks_unweighed": 2, "seconds_since_last": 599.0}, ""),
        ({"closed_blocks_unweighed": 2, "seconds_since_last": 600.0}, "2 closed blocks"),
        ({"closed_blocks_unweighed": 1, "seconds_since_last": 1.0, "age_seconds": 60.0}, "1 closed block "),
        ({"closed_blocks_unweighed": 1, "seconds_since_last": 59.0, "age_seconds": 3_600.0}, ""),
        ({"waiting": 1, "seconds_since_last": 300.0}, "1 task in the queue for 2 cores, and the last round was 300 s"),
        ({"waiting": 1, "seconds_since_last": 299.0}, ""),
        ({"waiting": 1, "seconds_since_last": 599.0, "idle_before_last": 600.0}, ""),
        ({"waiting": 1, "seconds_since_last": 3_600.0, "idle_before_last": 1e6}, "3600 s"),
        ({"waiting": 1, "seconds_since_last": 59.0, "tiles_open": True}, ""),
        ({"waiting": 1, "seconds_since_last": 60.0, "idle_before_last": 1e6, "tiles_open": True}, "60 s"),
        ({"to_tell": "a day has passed"}, "a day has passed"),
        ({"waiting": 0, "cores": 0}, ""),
    ],
)
def test_a_session_is_held_when_it_would_change_something(changes, fact):
    reason = why_hold_round(**(QUIET | changes))
    assert fact in reason
    assert bool(fact) is bool(reason)


@pytest.mark.parametrize(("publishing", "is_held"), [(None, True), (29.0, False), (30.0, True)])
def test_the_first_round_waits_a_while_for_the_catalogue(publishing, is_held):
    assert bool(why_hold_first_round(publishing)) is is_held


@pytest.mark.parametrize(
    ("untold", "minutes", "is_told"),
    [
        (UntoldCounts(), None, True),  # the first
        (UntoldCounts(), 24 * 60 - 1, False),
        (UntoldCounts(), 24 * 60, True),
        (UntoldCounts(changed=40, proposed=2, published=3), 179, False),
        (UntoldCounts(changed=1), 180, True),
        (UntoldCounts(failures=1), 29, False),
        (UntoldCounts(failures=1), 30, True),
        (UntoldCounts(failures=1), -60, False),  # the clock was set back
    ],
)
def test_a_round_ends_a_session_when_there_is_something_to_tell(untold, minutes, is_told):
    since = None if minutes is None else timedelta(minutes=minutes)
    assert bool(why_end_session(untold, since)) is is_told

    assert {"1", "2"} <= set(
        why_end_session(UntoldCounts(failures=1, changed=2), timedelta(hours=1)).replace(";", " ").split()
    )


NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("holder", "left", "asking", "waits"),
    [
        ("Ada", limits.LEASE, "Ben", True),
        ("Ada", timedelta(microseconds=1), "Ben", True),
        ("Ada", timedelta(0), "Ben", False),
        ("Ada", limits.LEASE, "Ada", False),
        ("", limits.LEASE, "Ben", False),
        ("Ada", CONVERSATION_LEASE, "Ben", True),  # a model has long for an answer
        ("Ada", CONVERSATION_LEASE + timedelta(microseconds=1), "Ben", False),  # written before a clock was set back
    ],
)
def test_another_waits_until_the_hold_has_run_out(holder, left, asking, waits):
    assert bool(lease_conflict(holder, NOW + left, asking, NOW)) is waits
    reason = lease_conflict("Ada", NOW + timedelta(seconds=12), "Ben", NOW)
    assert reason.startswith("Ada ")
    assert "12 s" in reason
    assert lease_conflict("Ada", None, "Ben", NOW) == ""


def test_numbers_of_cells_go_and_others_stay():
    assert generalize_reason("replicate 17, config 0 raised KeyError at line 42").endswith(
        "… raised KeyError at line 42"
    )
    assert [generalize_reason(reason) for reason in ("the deadline passed 3 h ago", "")] == [
        "the deadline passed 3 h ago",
        "",
    ]
    short = generalize_reason("x" * 1_000)
    assert (len(short), short[-1]) == (240, "…")


MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("waiting", "asked", "weighed", "is_asked"),
    [
        (0, None, None, True),  # never before
        (3, None, None, False),  # as many of its own wait as may
        (0, MIDNIGHT - HOUR, MIDNIGHT - 2 * HOUR, False),  # that was known then
        (0, MIDNIGHT - HOUR, MIDNIGHT, True),
        (0, MIDNIGHT - 6 * HOUR, None, True),  # nothing new, and it may have thought of something
        (0, MIDNIGHT + HOUR, None, True),  # a clock that was set back keeps nobody quiet
    ],
)
def test_it_is_asked_where_something_is_new_and_it_may_propose(waiting, asked, weighed, is_asked):
    reason = models.reason_not_to_ask(waiting=waiting, most_waiting=3, asked_at=asked, weighed_at=weighed, now=MIDNIGHT)
    assert (reason == "") is is_asked


@pytest.mark.parametrize(
    ("spent", "today", "tokens"),
    [
        (0, models.DAY.tokens, 0),
        (1_000, models.DAY.tokens - 500, 1_500),  # what the session has spent is among what the day has
        (1_000, models.DAY.tokens + 9, 1_000),
    ],
)
def test_a_session_may_take_what_the_day_leaves(spent, today, tokens):
    caps = models.lower_caps_by_day(
        models.ModelCaps(),
        models.ModelSpent(tokens=spent),
        models.ModelCost(tokens=today, micros=0),
    )
    assert caps.tokens == tokens
    assert caps.requests == models.ModelCaps().requests


PRICES = models.ModelPrices(input=3.0, output=15.0, cached=0.3)
CAPS = models.ModelCaps(tokens=1_000, micros=5_000, requests=10, seconds=60.0)


@pytest.mark.parametrize(
    ("spent", "wanted", "seconds", "may"),
    [
        (models.ModelSpent(), models.ModelCost(tokens=1_000, micros=5_000), 0.0, True),
        (
            models.ModelSpent(tokens=900, micros=4_000, requests=9),
            models.ModelCost(tokens=100, micros=1_000),
            59.9,
            True,
        ),
        (models.ModelSpent(tokens=900), models.ModelCost(tokens=101, micros=0), 0.0, False),
        (models.ModelSpent(micros=4_000), models.ModelCost(tokens=1, micros=1_001), 0.0, False),
        (models.ModelSpent(requests=10), models.ModelCost(tokens=1, micros=0), 0.0, False),
        (models.ModelSpent(), models.ModelCost(tokens=1, micros=0), 60.0, False),
        (models.ModelSpent(is_overrun=True), models.ModelCost(tokens=1, micros=0), 0.0, False),
    ],
)
def test_what_can_go_beyond_a_cap_is_not_sent(spent, wanted, seconds, may):
    assert (models.why_request_refused(spent, wanted, CAPS, seconds) == "") is may


def test_money_is_rounded_up_and_a_reserve_counts_what_was_read_and_is_new():
    assert models.cost_of_usage(models.TokenUsage(read=1, cached=1, written=0, output=0), PRICES).micros == 4
    assert models.cost_of_usage(models.TokenUsage(read=1, cached=1, written=0, output=0), None).micros == 0
    assert models.most_request_cost(known_tokens=500, new_bytes=40, most_tokens=100, prices=None) == models.ModelCost(
        tokens=640, micros=0
    )
    first = models.most_request_cost(known_tokens=0, new_bytes=40, most_tokens=100, prices=None)
    assert first.tokens == 140 + models.HEADROOM
    wanted = models.ModelCost(tokens=7, micros=7)
    spent = models.ModelSpent().with_reserve(wanted)
    assert spent.settled(wanted, wanted) == models.ModelSpent(tokens=7, micros=7, requests=1)
    assert spent.settled(wanted, models.ModelCost(tokens=8, micros=7)).is_overrun


amounts = st.integers(0, 10**6)


@settings(max_examples=30)
@given(amounts, amounts, amounts, amounts, st.floats(0, 100), st.floats(0, 100), st.floats(0, 100))
def test_a_reserve_covers_whatever_its_tokens_cost(read, cached, written, output, price, output_price, cached_price):
    prices = models.ModelPrices(input=price, output=output_price, cached=cached_price)
    usage = models.TokenUsage(read=read, cached=cached, written=written, output=output)
    wanted = models.most_request_cost(known_tokens=usage.input, new_bytes=0, most_tokens=output, prices=prices)
    used = models.cost_of_usage(usage, prices)
    assert used.tokens <= wanted.tokens
    assert used.micros <= wanted.micros + 1  # two sums of the same numbers, rounded


def test_only_what_a_service_did_not_take_on_gives_its_reserve_back():
    wanted, nothing = models.ModelCost(tokens=7, micros=7), models.ModelCost(tokens=0, micros=0)
    for error in (ModelBusy(""), RequestRejected(""), ModelLost(""), AnswerUnreadable(""), ModelError("")):
        is_refused = isinstance(error, ModelBusy | RequestRejected)
        assert models.cost_of_unanswered(wanted, error) == (nothing if is_refused else wanted)


@pytest.mark.parametrize(
    ("error", "attempts", "left", "wait"),
    [
        (ModelBusy(""), 1, 900.0, 1.0),
        (ModelBusy(""), 6, 900.0, None),
        (ModelBusy("", 30.0), 1, 900.0, 30.0),
        (ModelBusy("", 0.1), 2, 900.0, 2.0),
        (ModelBusy("", 900.0), 1, 900.0, None),
        (ModelLost(""), 3, 900.0, 4.0),
        (ModelLost(""), 4, 900.0, None),
        (ModelLost(""), 1, 1.0, None),
        (RequestRejected(""), 1, 900.0, None),
    ],
)
def test_a_request_is_sent_again_where_that_may_help(error, attempts, left, wait):
    assert models.next_attempt(error, attempts, left) == wait
