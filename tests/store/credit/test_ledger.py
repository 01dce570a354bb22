"""An award is booked once, on two sides; what the tables would let through, I3 reports."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.decisions.credit.tariffs import PRESETS
from axiom.domain.ledger import Award, Tariff
from axiom.store.credit import balance_check, ledger, tariffs
from axiom.store.tasks import tasks

FIRST = Tariff(name="core-seconds", version=1, per_core_second=10)
SECOND = Tariff(name="core-seconds", version=2, per_core_second=20)


@pytest.fixture
def paying(busy_lab):
    """Task 1 is valid; a tariff is in force."""
    assert tariffs.announce(busy_lab.db, FIRST, busy_lab.now) == 1
    return busy_lab


def award(lab, *, task: int = 1, amount: int = 5, reason: str = "computed") -> None:
    given = Award(task_id=task, reason=reason, host_id=1, volunteer_id=1, amount=amount, because="a test")
    with lab.db.transaction():
        ledger.award(lab.db, [given], tariff_id=1, session_id=None, now=lab.now)
        tasks.mark_paid(lab.db, [task])


def test_a_tariff_is_in_force_from_its_day_until_the_next_one_s(small_lab):
    db, now = small_lab.db, small_lab.now
    assert tariffs.in_force(db, now) is None
    tariffs.announce(db, FIRST, now)
    tariffs.announce(db, SECOND, now + timedelta(days=30))
    assert tariffs.in_force(db, now - timedelta(microseconds=1)) is None
    assert tariffs.in_force(db, now) == (1, FIRST)
    assert tariffs.in_force(db, now + timedelta(days=30)) == (2, SECOND)
    with pytest.raises(sqlite3.IntegrityError):
        tariffs.announce(db, SECOND, now)


@pytest.mark.parametrize("tariff", [PRESETS["S4"], replace(PRESETS["S4"], by_clock=False), PRESETS["core-seconds"]])
def test_a_tariff_comes_back_as_it_was_announced(small_lab, tariff):
    tariffs.announce(small_lab.db, tariff, small_lab.now)
    assert tariffs.in_force(small_lab.db, small_lab.now) == (1, tariff)


def test_an_award_is_booked_out_of_the_laboratory_and_into_the_volunteer_s_account(paying):
    award(paying)
    rows = paying.db.select("SELECT account, amount FROM entry WHERE award_id = 1")
    assert [(row["account"], row["amount"]) for row in rows] == [("laboratory", -5), ("volunteer:1", 5)]
    assert (ledger.total(paying.db), ledger.balance(paying.db, ledger.VOLUNTEER, 1).total) == (5, 5)
    assert balance_check.problems(paying.db) == []


def test_the_same_task_is_not_paid_twice_for_one_reason(paying):
    award(paying)
    with pytest.raises(sqlite3.IntegrityError):
        award(paying)
    assert ledger.total(paying.db) == 5
    assert len(paying.db.select("SELECT id FROM entry")) == 2
    award(paying, reason="a correction")
    assert ledger.total(paying.db) == 10


def test_only_what_is_valid_and_unpaid_waits_for_credit(paying):
    assert [one.task_id for one in ledger.unpaid(paying.db, 10)] == [1]
    assert ledger.unpaid(paying.db, 0) == []
    award(paying)
    assert ledger.unpaid(paying.db, 10) == []


def test_an_award_of_nothing_is_balanced_too(paying):
    award(paying, amount=0)
    assert balance_check.problems(paying.db) == []


def test_without_valid_tasks_nobody_has_anything(small_lab):
    assert (ledger.total(small_lab.db), ledger.balance(small_lab.db, ledger.VOLUNTEER, 1)) == (0, None)


def daybook(awards: int, amount: int) -> str:
    said = "the daybook has 1 awards and 5 on day 20514 under tariff 1 for computed (), and there are"
    return f"{said} {awards} and {amount}"


UNEQUAL = "award 1 is not booked on two equal sides"


@pytest.mark.parametrize(
    ("sql", "problems"),
    [
        (
            "UPDATE entry SET amount = 4 WHERE id = 2",
            [UNEQUAL, "account volunteer:1 says 4, and 5 were awarded", daybook(1, 4)],
        ),
        (
            "UPDATE entry SET amount = 0",
            [
                UNEQUAL,
                "the laboratory's account says 0, and 5 were awarded",
                "account volunteer:1 says 0, and 5 were awarded",
                daybook(1, 0),
            ],
        ),
        ("DELETE FROM entry WHERE id = 2", [UNEQUAL, "account volunteer:1 says 0, and 5 were awarded", daybook(0, 0)]),
        ("DELETE FROM entry WHERE id = 1", [UNEQUAL, "the laboratory's account says 0, and 5 were awarded"]),
        (
            "UPDATE award SET amount = 4",
            [
                UNEQUAL,
                "the laboratory's account says -5, and 4 were awarded",
                "account volunteer:1 says 5, and 4 were awarded",
                "volunteer 1 has 5, and earned 4",
                "host 1 has 5, and earned 4",
            ],
        ),
        ("UPDATE award SET team_id = 1", ["team 1 has 0, and earned 5"]),
        ("UPDATE balance SET total = 6 WHERE holder = 'host'", ["host 1 has 6, and earned 5"]),
        ("DELETE FROM balance WHERE holder = 'volunteer'", ["volunteer 1 has 0, and earned 5"]),
        (
            "UPDATE entry SET account = 'volunteer:2' WHERE id = 2",
            ["account volunteer:1 says 0, and 5 were awarded", "account volunteer:2 says 5, and 0 were awarded"],
        ),
        ("UPDATE task SET state = 'failed' WHERE id = 1", ["award 1 is for a task that is not valid"]),
        ("UPDATE task SET is_paid = 0 WHERE id = 1", ["award 1 is for a task that still waits for credit"]),
        ("UPDATE task SET is_paid = 1 WHERE id = 2", ["task 2 counts as paid and has no award"]),
    ],
)
def test_books_that_do_not_balance_are_found(paying, damage, sql, problems):
    award(paying)
    assert balance_check.problems(paying.db) == []
    assert damage(paying.db, sql) >= 1
    assert balance_check.problems(paying.db) == problems


def test_credit_is_carried_over_once_from_each_source_and_is_not_recent(paying, damage):
    award(paying)
    before = ledger.balance(paying.db, "volunteer", 1)

    def carry(source: str, amount: int) -> bool:
        with paying.db.transaction():
            return ledger.carry_over(
                paying.db, 1, source=source, amount=amount, because="a list of 2024", now=paying.now
            )

    assert carry("the old laboratory", 1_234_567)
    assert not carry("the old laboratory", 1_234_567)
    assert carry("another one", 1)
    after = ledger.balance(paying.db, "volunteer", 1)
    assert (after.total, after.recent, after.recent_at) == (5 + 1_234_568, before.recent, before.recent_at)
    assert ledger.total(paying.db) == 5
    assert balance_check.problems(paying.db) == []
    damage(paying.db, "UPDATE carried SET amount = 2 WHERE id = 2")
    assert balance_check.problems(paying.db) == ["volunteer 1 has 1234573, and earned 1234574"]


def test_who_has_never_earned_anything_can_still_carry_credit_over(paying):
    with paying.db.transaction():
        ledger.carry_over(paying.db, 1, source="elsewhere", amount=7, because="", now=paying.now)
    assert ledger.balance(paying.db, "volunteer", 1).total == 7
    assert ledger.balance(paying.db, "host", 1) is None
    assert balance_check.problems(paying.db) == []


def test_balances_come_for_many_at_once_and_the_richest_first(paying):
    with paying.db.transaction():
        for name, amount in (("Bob", 3), ("Cleo", 9), ("Dan", 0)):
            who = paying.volunteer(name)
            if amount:
                ledger.carry_over(paying.db, who, source="elsewhere", amount=amount, because="", now=paying.now)
    assert {number: one.total for number, one in ledger.balances(paying.db, "volunteer", [3, 4, 2]).items()} == {
        2: 3,
        3: 9,
    }
    assert [(number, one.total) for number, one in ledger.top(paying.db, "volunteer", 2)] == [(3, 9), (2, 3)]
    assert ledger.top(paying.db, "team", 2) == []
