from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.limits import accounts as limits
from axiom.rules.accounts import account_throttle

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
MOMENTS = st.lists(st.integers(0, 7_200), max_size=400).map(
    lambda ages: [NOW - timedelta(seconds=age) for age in sorted(ages, reverse=True)]
)


def ago(*seconds: float) -> list[datetime]:
    return [NOW - timedelta(seconds=each) for each in seconds]


def wrong(account=(), address=(), *, everybody: int = 0, is_known: bool = False) -> account_throttle.WrongPasswords:
    return account_throttle.WrongPasswords(account=account, address=address, everybody=everybody, is_known=is_known)


@pytest.mark.parametrize(
    ("seen", "seconds"),
    [
        (wrong(), 0),
        (wrong(ago(*[1] * 9)), 0),  # the tenth is free
        (wrong(ago(*[1] * 10)), 4),  # then each waits twice as long as the one before
        (wrong(ago(*[1] * 30)), 299),  # but not for ever
        (wrong(ago(*[10] * 10)), -5),  # and the wait passes
        (wrong(ago(*[3_700] * 50)), 0),  # what is older than an hour is forgotten
        (wrong(ago(*[400] * 100)), 3_200),  # a hundred an hour, and no more
        (wrong(ago(*[1] * 3), everybody=1_001), 4),  # somebody guesses at many doors: less is free
        (wrong(ago(*[1] * 3), everybody=1_000), 0),
        (wrong((), ago(*[1] * 30)), 4),
        (wrong((), ago(*[1] * 300), everybody=9_999, is_known=True), 0),  # the owner does not wait for others
        (wrong(ago(*[1] * 10), (), is_known=True), 4),  # and waits for their own mistakes
    ],
)
def test_guessing_becomes_slow(seen, seconds):
    verdict = account_throttle.throttle_password(seen, NOW)
    assert verdict.wait == timedelta(seconds=max(0, seconds))
    assert verdict.may == (seconds <= 0)
    assert verdict.reason


@settings(max_examples=30)
@given(account=MOMENTS, address=MOMENTS, everybody=st.integers(0, 10_000), is_known=st.booleans())
def test_nobody_waits_for_longer_than_an_hour(account, address, everybody, is_known):
    seen = wrong(
        account[-limits.ACCOUNT_GUESSES :], address[-limits.ADDRESS_GUESSES :], everybody=everybody, is_known=is_known
    )
    assert timedelta(0) <= account_throttle.throttle_password(seen, NOW).wait <= limits.GUESSES_WITHIN


def test_an_address_opens_so_many_accounts_an_hour_and_an_account_repeats_as_seldom():
    for opened, most, seconds in (((), 1, 0), (ago(10), 1, 3_590), (ago(20, 10), 2, 3_580), ((), 0, 3_600)):
        assert account_throttle.throttle_new_account(opened, most, NOW).wait == timedelta(seconds=seconds)
    full = limits.SAME_CHANGES
    seconds = {(): 0, tuple(range(full - 1, 0, -1)): 0, tuple(range(full, 0, -1)): 3_600 - full}
    for ages, wait in (seconds | {(4_000, *range(full - 1, 0, -1)): 0}).items():
        assert account_throttle.throttle_change(ago(*ages), NOW).wait == timedelta(seconds=wait)
