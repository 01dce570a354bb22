"""An award is booked once, on two sides; what the tables would let through, I3 reports."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.domain.credit import Award, Tariff
from axiom.laboratory.credit.rules.tariffs import PRESETS
from axiom.store.credit import balance_check, ledger, tariffs
from axiom.store.tasks import tasks

FIRST = Tariff(name="core-seconds", version=1, per_core_second=10)
SECOND = Tariff(name="core-seconds", version=2, per_core_second=20)


@pytest.fixture
def paying(busy_lab):
    """Task 1 is valid; a tariff is in force."""
    assert tariffs.add_tariff(busy_lab.db, FIRST, busy_lab.now) == 1
    return busy_lab


def award(lab, *, task: int = 1, amount: int = 5, reason: str = "computed") -> None:
    given = Award(task_id=task, reason=reason, host_id=1, volunteer_id=1, amount=amount, because="a test")
    with lab.db.transaction():
        ledger.book_awards(lab.db, [given], tariff_id=1, now=lab.now)
        tasks.mark_tasks_paid(lab.db, [task])


def test_a_tariff_is_in_force_from_its_day_until_the_next_one_s(small_lab):
    db, now = small_lab.db, small_lab.now
    assert tariffs.list_begun_tariffs(db, now) == []
    days = [now + timedelta(days=30 * number) for number in range(4)]
    announced = [FIRST, SECOND, PRESETS["S4"], replace(PRESETS["S4"], version=2, by_clock=False)]
    for tariff, day in zip(announced, days, strict=True):
        tariffs.add_tariff(db, tariff, day)
    every = tariffs.list_tariffs(db)
    assert [tariffs.choose_tariff(every, day).tariff for day in days] == announced
    assert [tariffs.choose_tariff(every, day - timedelta(microseconds=1)).id for day in days] == [1, 1, 2, 3]
    assert [len(tariffs.list_begun_tariffs(db, day - timedelta(microseconds=1))) for day in days] == [0, 1, 2, 3]
    with pytest.raises(sqlite3.IntegrityError):
        tariffs.add_tariff(db, SECOND, now)
    assert (ledger.sum_awarded_credit(db), ledger.find_balance(db, ledger.VOLUNTEER, 1)) == (0, None)


def test_an_award_is_booked_once_from_the_laboratory_to_the_volunteer_s_account(paying):
    assert ledger.list_unpaid_tasks(paying.db, 0) == []
    for unpaid in ([1], []):
        assert [task.task_id for task in ledger.list_unpaid_tasks(paying.db, 10)] == unpaid
        if unpaid:
            award(paying)
    with pytest.raises(sqlite3.IntegrityError):
        award(paying)
    rows = [(row["account"], row["amount"]) for row in paying.db.select("SELECT account, amount FROM entry")]
    assert rows == [("laboratory", -5), ("volunteer:1", 5)]
    assert (ledger.sum_awarded_credit(paying.db), ledger.find_balance(paying.db, ledger.VOLUNTEER, 1).total) == (5, 5)
    award(paying, reason="a correction")
    award(paying, reason="nothing", amount=0)
    assert ledger.sum_awarded_credit(paying.db) == 10
    assert balance_check.list_ledger_problems(paying.db) == []


UNEQUAL = "award 1 is not booked on two equal sides"
DAYBOOK = "the daybook has 1 awards and 5 on day 20514 under tariff 1 for computed (), and there are"
OURS, HERS = "the laboratory's account says", "account volunteer:1 says"


@pytest.mark.parametrize(
    ("sql", "problems"),
    [
        ("UPDATE entry SET amount = 4 WHERE id = 2", [UNEQUAL, f"{HERS} 4, and 5 were awarded", f"{DAYBOOK} 1 and 4"]),
        ("DELETE FROM entry WHERE id = 2", [UNEQUAL, f"{HERS} 0, and 5 were awarded", f"{DAYBOOK} 0 and 0"]),
        ("DELETE FROM entry WHERE id = 1", [UNEQUAL, f"{OURS} 0, and 5 were awarded"]),
        (
            "UPDATE award SET amount = 4",
            [
                *(UNEQUAL, f"{OURS} -5, and 4 were awarded", f"{HERS} 5, and 4 were awarded"),
                *("volunteer 1 has 5, and earned 4", "host 1 has 5, and earned 4"),
            ],
        ),
        ("UPDATE award SET team_id = 1", ["team 1 has 0, and earned 5"]),
        ("UPDATE balance SET total = 6 WHERE holder = 'host'", ["host 1 has 6, and earned 5"]),
        ("DELETE FROM balance WHERE holder = 'volunteer'", ["volunteer 1 has 0, and earned 5"]),
        (
            "UPDATE entry SET account = 'volunteer:2' WHERE id = 2",
            [f"{HERS} 0, and 5 were awarded", "account volunteer:2 says 5, and 0 were awarded"],
        ),
        ("UPDATE task SET state = 'failed' WHERE id = 1", ["award 1 is for a task that is not valid"]),
        ("UPDATE task SET is_paid = 0 WHERE id = 1", ["award 1 is for a task that still waits for credit"]),
        ("UPDATE task SET is_paid = 1 WHERE id = 2", ["task 2 counts as paid and has no award"]),
    ],
)
def test_books_that_do_not_balance_are_found(paying, damage, sql, problems):
    award(paying)
    assert balance_check.list_ledger_problems(paying.db) == []
    assert damage(paying.db, sql) >= 1
    assert balance_check.list_ledger_problems(paying.db) == problems


def test_credit_is_carried_over_once_from_each_source_and_is_not_recent(paying, damage):
    award(paying)
    before = ledger.find_balance(paying.db, "volunteer", 1)

    def carry(source: str, amount: int, who: int = 1) -> bool:
        with paying.db.transaction():
            return ledger.carry_over_credit(
                paying.db, who, source=source, amount=amount, because="a list", now=paying.now
            )

    assert carry("the old laboratory", 1_234_567)
    assert not carry("the old laboratory", 1_234_567)
    assert carry("another one", 1)
    after = ledger.find_balance(paying.db, "volunteer", 1)
    assert after.total == 5 + 1_234_568
    assert after.recent == before.recent
    assert after.recent_at == before.recent_at
    for name, amount in (("Bob", 3), ("Cleo", 9)):
        assert carry("elsewhere", amount, paying.volunteer(name))
    paying.volunteer("Dan")
    balances = ledger.find_balances(paying.db, "volunteer", [3, 4, 2])
    assert {number: balance.total for number, balance in balances.items()} == {2: 3, 3: 9}
    top = ledger.list_top_balances(paying.db, "volunteer", 2)
    assert [(number, balance.total) for number, balance in top] == [(1, 1_234_573), (3, 9)]
    assert ledger.list_top_balances(paying.db, "team", 2) == []
    assert ledger.sum_awarded_credit(paying.db) == 5
    assert balance_check.list_ledger_problems(paying.db) == []
    damage(paying.db, "UPDATE carried SET amount = 2 WHERE id = 2")
    assert balance_check.list_ledger_problems(paying.db) == ["volunteer 1 has 1234573, and earned 1234574"]
