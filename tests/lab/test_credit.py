"""Every valid task is thanked for once, by a tariff that is written down, and the books add up to zero."""

import pytest

from axiom.domain.ledger import Tariff
from axiom.domain.sessions import Step
from axiom.store import ledger
from axiom.store.database import at


@pytest.fixture
def paid(rounds):
    """Three valid tasks of half a core-second, one that failed, and a session that has just paid."""
    rounds.lab.deploy(workunits=5)
    rounds.compute(3)
    rounds.compute(by=lambda _order: None)
    rounds.step()
    assert rounds.step().step is Step.CREDIT
    return rounds


def test_the_first_session_announces_the_tariff_and_pays_what_is_valid(paid):
    assert paid.stored("tariff")["tariff"] == [
        {"id": 1, "name": "core-seconds", "version": 1, "per_core_second": 10, "valid_from": at(paid.lab.now)}
    ]
    assert [(row["task_id"], row["reason"], row["amount"]) for row in paid.stored("award")["award"]] == [
        (1, "computed", 5),
        (2, "computed", 5),
        (3, "computed", 5),
    ]
    assert paid.said("credit.awarded") == [
        "Credit: 0.015, for tasks in number 3, under core-seconds version 1. In all sessions: 0.015."
    ]
    assert ledger.by_volunteer(paid.db) == {1: 15}


def test_the_two_sides_of_every_booking_add_up_to_zero(paid):
    entries = paid.stored("entry")["entry"]
    assert [(row["award_id"], row["account"], row["amount"]) for row in entries] == [
        (award, account, amount) for award in (1, 2, 3) for account, amount in (("laboratory", -5), ("volunteer:1", 5))
    ]
    assert paid.broken() == {}


def test_a_task_is_paid_once_and_the_next_session_pays_the_next_ones(paid):
    while not paid.step().ended:
        continue
    paid.compute(2)
    paid.hold()
    assert [row["task_id"] for row in paid.stored("award")["award"]] == [1, 2, 3, 5, 6]
    assert paid.said("credit.awarded")[0].endswith("In all sessions: 0.025.")
    paid.hold()
    assert "credit.nothing" in paid.kinds()


def test_more_than_such_a_task_takes_is_not_paid(rounds):
    """A hundredth of the tasks may say what they like; it is cut to what the others stay below."""
    rounds.lab.deploy(workunits=101)
    for _ in range(4):
        rounds.compute(25)
    rounds.compute(1)
    rounds.db.execute("UPDATE task SET cpu_seconds = 2000.0, elapsed_seconds = 2000.0 WHERE id = 101")
    rounds.hold()
    awards = rounds.stored("award")["award"]
    assert {row["amount"] for row in awards} == {5}
    assert awards[-1]["because"].endswith("; 2000.0 were reported, and 99 of 100 such tasks take no more")


def test_no_more_time_is_paid_than_passed(rounds):
    rounds.lab.deploy()
    rounds.compute()
    rounds.db.execute("UPDATE task SET cpu_seconds = 4.0")
    rounds.hold()
    (award,) = rounds.stored("award")["award"]
    assert (award["amount"], "no more time passed" in award["because"]) == (10, True)


def test_a_task_that_reported_no_time_gets_nothing_and_holds_up_nobody(rounds):
    """SQLite keeps a time that is no number as nothing at all."""
    rounds.lab.deploy()
    rounds.compute()
    rounds.db.execute("UPDATE task SET cpu_seconds = NULL, elapsed_seconds = NULL")
    rounds.hold()
    assert [row["amount"] for row in rounds.stored("award")["award"]] == [0]
    assert rounds.broken() == {}


def test_a_new_tariff_holds_from_its_day_on_and_pays_nothing_again(paid):
    while not paid.step().ended:
        continue
    paid.compute()
    paid.lab.later(hours=1)
    with paid.db.transaction():
        ledger.announce(paid.db, Tariff(name="core-seconds", version=2, per_core_second=20), paid.lab.now)
    paid.hold()
    assert [(row["tariff_id"], row["amount"]) for row in paid.stored("award")["award"]] == [(1, 5)] * 3 + [(2, 10)]
