"""A request is sent only where the most that it can take fits, and sent again only where that may help."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.sessions.model_budget import (
    HEADROOM,
    ModelCaps,
    ModelCost,
    ModelPrices,
    ModelSpent,
    TokenUsage,
    admit,
    cost,
    reserve,
    unanswered,
)
from axiom.decisions.sessions.model_retries import after
from axiom.errors import AnswerUnreadable, ModelBusy, ModelError, ModelLost, RequestRejected

PRICES = ModelPrices(input=3.0, output=15.0, cached=0.3)
CAPS = ModelCaps(tokens=1_000, micros=5_000, requests=10, seconds=60.0)


@pytest.mark.parametrize(
    ("spent", "wanted", "seconds", "may"),
    [
        (ModelSpent(), ModelCost(tokens=1_000, micros=5_000), 0.0, True),
        (ModelSpent(tokens=900, micros=4_000, requests=9), ModelCost(tokens=100, micros=1_000), 59.9, True),
        (ModelSpent(tokens=900), ModelCost(tokens=101, micros=0), 0.0, False),
        (ModelSpent(micros=4_000), ModelCost(tokens=1, micros=1_001), 0.0, False),
        (ModelSpent(requests=10), ModelCost(tokens=1, micros=0), 0.0, False),
        (ModelSpent(), ModelCost(tokens=1, micros=0), 60.0, False),
        (ModelSpent(is_overrun=True), ModelCost(tokens=1, micros=0), 0.0, False),
    ],
)
def test_what_can_go_beyond_a_cap_is_not_sent(spent, wanted, seconds, may):
    decision = admit(spent, wanted, CAPS, seconds)
    assert decision.may is may
    assert decision.reason


def test_money_is_rounded_up():
    assert cost(TokenUsage(read=1, cached=1, written=0, output=0), PRICES).micros == 4
    assert cost(TokenUsage(read=1, cached=1, written=0, output=0), None).micros == 0


def test_a_reserve_counts_what_was_read_and_each_new_byte():
    assert reserve(known_tokens=500, new_bytes=40, most_tokens=100, prices=None) == ModelCost(tokens=640, micros=0)
    first = reserve(known_tokens=0, new_bytes=40, most_tokens=100, prices=None)
    assert first.tokens == 140 + HEADROOM


amounts = st.integers(0, 10**6)


@settings(max_examples=30)
@given(amounts, amounts, amounts, amounts, st.floats(0, 100), st.floats(0, 100), st.floats(0, 100))
def test_a_reserve_covers_whatever_its_tokens_cost(read, cached, written, output, price, output_price, cached_price):
    prices = ModelPrices(input=price, output=output_price, cached=cached_price)
    usage = TokenUsage(read=read, cached=cached, written=written, output=output)
    wanted = reserve(known_tokens=usage.input, new_bytes=0, most_tokens=output, prices=prices)
    used = cost(usage, prices)
    assert used.tokens <= wanted.tokens
    assert used.micros <= wanted.micros + 1  # two sums of the same numbers, rounded


@pytest.mark.parametrize(
    ("error", "kept"),
    [(ModelBusy(""), 0), (RequestRejected(""), 0), (ModelLost(""), 7), (AnswerUnreadable(""), 7), (ModelError(""), 7)],
)
def test_only_what_a_service_did_not_take_on_gives_its_reserve_back(error, kept):
    wanted = ModelCost(tokens=7, micros=7)
    assert unanswered(wanted, error) == ModelCost(tokens=kept, micros=kept)


def test_what_took_more_than_its_reserve_is_remembered():
    wanted = ModelCost(tokens=7, micros=7)
    spent = ModelSpent().with_reserve(wanted)
    assert spent.settled(wanted, wanted) == ModelSpent(tokens=7, micros=7, requests=1)
    assert spent.settled(wanted, ModelCost(tokens=8, micros=7)).is_overrun


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
        (AnswerUnreadable(""), 2, 900.0, None),
        (RequestRejected(""), 1, 900.0, None),
    ],
)
def test_a_request_is_sent_again_where_that_may_help(error, attempts, left, wait):
    retry = after(error, attempts, left)
    assert retry.wait == wait
    assert retry.reason
