"""When a message is tried again: waits grow, and end."""

from datetime import UTC, datetime, timedelta

import pytest

from axiom.decisions.mail.retries import KEPT_FOR, next_try, rest

WRITTEN = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(0), timedelta(minutes=1)),
        (timedelta(minutes=10), timedelta(minutes=5)),
        (timedelta(days=2), timedelta(hours=6)),
    ],
)
def test_a_message_waits_for_half_of_its_age(age, wait):
    assert next_try(WRITTEN, WRITTEN + age) == WRITTEN + age + wait


def test_a_message_is_given_up_after_some_days_and_a_few_dozen_tries():
    now, tries = WRITTEN, 0
    while (again := next_try(WRITTEN, now)) is not None:
        assert again > now
        now, tries = again, tries + 1
    assert KEPT_FOR <= now - WRITTEN < KEPT_FOR + timedelta(hours=6)
    assert tries < 40


def test_a_server_that_fails_is_left_alone_for_longer_each_time_up_to_an_hour():
    waits = [rest(failures) for failures in range(1, 2_000)]
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=1)
