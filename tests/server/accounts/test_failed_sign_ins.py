from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from axiom.limits import accounts as limits
from axiom.server.accounts import failed_sign_ins as guesses
from axiom.server.accounts.failed_sign_ins import Guesses


@pytest.fixture
def clock():
    return SimpleNamespace(now=datetime(2026, 3, 2, 14, 5, tzinfo=UTC))


@pytest.fixture
def made(clock):
    return Guesses(lambda: clock.now)


def fail(made: Guesses, account: str, address: str, times: int) -> int:
    """How many of so many wrong tries were allowed."""
    return sum(made.begin(account, address)[0].may for _ in range(times))


def succeed(made: Guesses, account: str, address: str) -> bool:
    verdict, begun = made.begin(account, address)
    if verdict.may:
        made.right(account, address, begun)
    return verdict.may


def test_many_threads_at_once_have_no_more_tries_than_one(made):
    with ThreadPoolExecutor(8) as threads:
        allowed = threads.map(lambda _: fail(made, "ann@a.org", "198.51.100.7", 50), range(8))
    assert sum(allowed) == 10


def test_the_owner_is_let_in_while_the_whole_world_guesses(made, clock):
    assert all(succeed(made, "ann@a.org", "198.51.100.7") for _ in range(200))  # right tries never count
    allowed = 0
    for second in range(3_600):
        clock.now += timedelta(seconds=1)
        allowed += fail(made, "ann@a.org", f"203.0.113.{second % 250}", 3)
    assert 10 <= allowed <= limits.ACCOUNT_GUESSES
    assert not succeed(made, "ann@a.org", "203.0.113.251")
    assert succeed(made, "ann@a.org", "198.51.100.7")


def test_who_is_signed_in_is_let_in_from_anywhere_and_a_stolen_sign_in_has_ten_tries(made):
    assert fail(made, "ann@a.org", "203.0.113.9", 50) == 10
    for _ in range(50):
        verdict, begun = made.begin("ann@a.org", "198.51.100.7", "sign-in")
        assert verdict.may
        made.right("ann@a.org", "198.51.100.7", begun, "sign-in")
    assert succeed(made, "ann@a.org", "198.51.100.7")  # and the address is known from here on
    stolen = [made.begin("ann@a.org", f"203.0.113.{number}", "another")[0].may for number in range(100)]
    assert sum(stolen) == 10
    assert made.begin("ann@a.org", "203.0.113.200", "sign-in")[0].may
    assert not succeed(made, "ann@a.org", "198.51.100.8")
    made.know("ann@a.org", "198.51.100.8")  # somebody signed out from there
    assert succeed(made, "ann@a.org", "198.51.100.8")


def test_an_address_that_guesses_at_many_accounts_is_slowed_as_is_an_ipv6_network(made):
    assert sum(fail(made, f"somebody{number}@a.org", "198.51.100.9", 1) for number in range(500)) == 30
    assert sum(fail(made, f"{number}@a.org", f"2001:db8::{number:x}", 1) for number in range(100)) == 30
    assert sum(fail(made, f"{number}@b.org", f"2001:db8:0:{number:x}::1", 1) for number in range(1, 100)) == 99
    assert sum(fail(made, f"{number}@c.org", "::ffff:198.51.100.7", 1) for number in range(20)) == 20
    assert sum(fail(made, f"{number}@d.org", "198.51.100.7", 1) for number in range(20)) == 10


def test_many_guessers_at_many_accounts_leave_fewer_tries_for_each(made):
    for number in range(1_001):
        fail(made, f"{number}@a.org", f"198.51.{number // 250}.{number % 250}", 1)
    assert fail(made, "ann@a.org", "203.0.113.1", 10) == 3


def test_what_is_remembered_is_bounded_and_names_nobody(made, clock, monkeypatch):
    monkeypatch.setattr(limits, "GUESSERS_REMEMBERED", 50)
    for number in range(500):
        account, address = f"canary{number}@a.org", f"198.51.{number // 250}.{number % 250}"
        succeed(made, account, address)
        fail(made, account, address, 1)
        made.begin(account, address, f"canary {number}")
        made.know(account, f"203.0.113.{number % 250}")
        made.open_one(address, 5)
    kept = [each for each in vars(made).values() if isinstance(each, guesses._Moments)]
    assert all(len(each._kept) <= 50 for each in kept)
    assert len(made._known) <= 50
    assert "canary" not in repr([vars(each) for each in kept]) + repr(made._known)
    clock.now += limits.GUESSES_WITHIN
    fail(made, "ann@a.org", "203.0.113.251", 1)
    assert [len(made._strangers._kept), len(made._addresses._kept)] == [1, 1]


def test_an_address_opens_so_many_accounts_and_does_the_same_so_often_an_hour(made, clock):
    assert [made.open_one("198.51.100.7", 2).may for _ in range(4)] == [True, True, False, False]
    assert made.open_one("198.51.100.8", 2).may
    clock.now += timedelta(minutes=61)
    assert made.open_one("198.51.100.7", 2).may
    assert all(made.do_one(1, "team.leave").may for _ in range(limits.SAME_CHANGES))
    clock.now += timedelta(minutes=59)
    verdict = made.do_one(1, "team.leave")
    assert (verdict.may, verdict.wait) == (False, timedelta(minutes=1))
    assert made.do_one(1, "account.password").may
    assert made.do_one(2, "team.leave").may
    clock.now += timedelta(minutes=1)
    assert made.do_one(1, "team.leave").may
