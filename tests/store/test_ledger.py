"""An award is booked once, on two sides; what the tables would let through, I3 reports."""

import sqlite3
from datetime import timedelta

import pytest

from axiom.domain.ledger import Award, Entry, Tariff
from axiom.store import ledger

FIRST = Tariff(name="core-seconds", version=1, per_core_second=10)
SECOND = Tariff(name="core-seconds", version=2, per_core_second=20)


@pytest.fixture
def paying(busy_lab):
    """Task 1 is valid; a tariff is in force."""
    assert ledger.announce(busy_lab.db, FIRST, busy_lab.now) == 1
    return busy_lab


def award(lab, *, task: int = 1, amount: int = 5, reason: str = "computed") -> int:
    given = Award(task_id=task, reason=reason, host_id=1, volunteer_id=1, amount=amount, because="a test")
    with lab.db.transaction():
        return ledger.award(lab.db, given, tariff_id=1, session_id=None, now=lab.now)


def test_a_tariff_is_in_force_from_its_day_until_the_next_one_s(small_lab):
    db, now = small_lab.db, small_lab.now
    assert ledger.in_force(db, now) is None
    ledger.announce(db, FIRST, now)
    ledger.announce(db, SECOND, now + timedelta(days=30))
    assert ledger.in_force(db, now - timedelta(microseconds=1)) is None
    assert ledger.in_force(db, now) == (1, FIRST)
    assert ledger.in_force(db, now + timedelta(days=30)) == (2, SECOND)
    with pytest.raises(sqlite3.IntegrityError):
        ledger.announce(db, SECOND, now)


def test_an_award_is_booked_out_of_the_laboratory_and_into_the_volunteer_s_account(paying):
    award(paying)
    rows = paying.db.select("SELECT account, amount FROM entry WHERE award_id = 1")
    assert [Entry(**row) for row in rows] == [
        Entry(account="laboratory", amount=-5),
        Entry(account="volunteer:1", amount=5),
    ]
    assert (ledger.total(paying.db), ledger.by_volunteer(paying.db)) == (5, {1: 5})
    assert ledger.unbalanced(paying.db) == []


def test_the_same_task_is_not_paid_twice_for_one_reason(paying):
    award(paying)
    with pytest.raises(sqlite3.IntegrityError):
        award(paying)
    assert ledger.total(paying.db) == 5
    assert len(paying.db.select("SELECT id FROM entry")) == 2
    award(paying, reason="a correction")
    assert ledger.total(paying.db) == 10


def test_only_what_is_valid_and_unpaid_waits_for_credit(paying):
    assert [row["id"] for row in ledger.unpaid(paying.db, 10)] == [1]
    assert ledger.unpaid(paying.db, 0) == []
    award(paying)
    assert ledger.unpaid(paying.db, 10) == []


def test_an_award_of_nothing_is_balanced_too(paying):
    award(paying, amount=0)
    assert ledger.unbalanced(paying.db) == []


def test_without_valid_tasks_nothing_is_typical(small_lab):
    assert ledger.typical_cpu_seconds(small_lab.db, 1) is None
    assert (ledger.total(small_lab.db), ledger.by_volunteer(small_lab.db)) == (0, {})


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("UPDATE entry SET amount = 4 WHERE id = 2", "award 1 is not booked on two equal sides"),
        ("UPDATE entry SET amount = 0", "award 1 is not booked on two equal sides"),
        ("DELETE FROM entry WHERE id = 2", "award 1 is not booked on two equal sides"),
        ("DELETE FROM entry", "award 1 is not booked on two equal sides"),
        ("UPDATE award SET amount = 4", "award 1 is not booked on two equal sides"),
        ("UPDATE task SET state = 'failed' WHERE id = 1", "award 1 is for a task that is not valid"),
    ],
)
def test_books_that_do_not_balance_are_found(paying, damage, problem):
    award(paying)
    assert paying.db.execute(damage) >= 1
    assert ledger.unbalanced(paying.db) == [problem]
