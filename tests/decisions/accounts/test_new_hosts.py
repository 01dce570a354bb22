"""Whether one more computer may be added to an account."""

from datetime import UTC, datetime, timedelta

import pytest

from axiom.decisions.accounts.new_hosts import MOST_NEW, are_own, not_now

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "waits"), [(None, False), (timedelta(0), True), (timedelta(minutes=59), True), (timedelta(hours=1), False)]
)
def test_a_computer_waits_while_as_many_as_may_be_were_added_within_the_hour(ago, waits):
    said = not_now(None if ago is None else NOW - ago, NOW)
    assert bool(said) is waits
    assert not waits or f"{MOST_NEW} computers" in said


def test_preferences_are_the_account_s_own_unless_the_client_names_another():
    assert [are_own(source, "a" * 32) for source in ("", "a" * 32, "b" * 32)] == [True, True, False]
