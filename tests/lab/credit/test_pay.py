"""Every valid task is thanked for once, by a tariff that is written down, and the books add up to zero."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.decisions.credit.prices import ON_ITS_WORD
from axiom.decisions.credit.recent_average import HALF_LIFE, Recent, faded
from axiom.decisions.credit.tariffs import DEFAULT
from axiom.domain.ledger import Tariff
from axiom.domain.sessions import Step
from axiom.lab.credit.pay import Paying
from axiom.store.accounts import accounts, teams
from axiom.store.credit import balance_check, ledger, tariffs
from axiom.store.engine.database import moment


def test_the_first_session_announces_the_tariff_and_each_task_is_paid_once(rounds):
    """Three valid tasks are worth two core-seconds each, and the code of one failed after half a second."""
    rounds.lab.deploy(workunits=7)
    rounds.compute(3)
    rounds.compute(by=lambda _order: None)
    rounds.up_to(Step.CREDIT)
    (announced,) = tariffs.everything(rounds.db)
    assert (announced.tariff, announced.valid_from) == (DEFAULT, rounds.lab.now)
    paid = [(1, "computed", 20), (2, "computed", 20), (3, "computed", 20), (4, "broken", 5)]
    assert awards(rounds) == paid
    entries = rounds.stored("entry")["entry"]
    assert [(row["award_id"], row["account"], row["amount"]) for row in entries] == [
        (award, account, amount)
        for award, _, earned in paid
        for account, amount in (("laboratory", -earned), ("volunteer:1", earned))
    ]
    assert ledger.balance(rounds.db, ledger.VOLUNTEER, 1).total == 65
    while not rounds.step().ended:
        continue
    rounds.compute(2)
    rounds.hold()
    assert awards(rounds)[4:] == [(5, "computed", 20), (6, "computed", 20)]
    rounds.hold()
    assert "credit.nothing" in rounds.kinds()
    rounds.compute()
    rounds.lab.later(hours=1)
    with rounds.db.transaction():  # a new tariff holds from its day on and pays nothing again
        tariffs.announce(rounds.db, Tariff(name="core-seconds", version=2, per_core_second=20), rounds.lab.now)
    rounds.hold()
    assert awards(rounds)[6:] == [(7, "computed", 40)]
    assert rounds.broken() == {}


def awards(rounds) -> list[tuple]:
    return [(row["task_id"], row["reason"], row["amount"]) for row in rounds.stored("award")["award"]]


def failing(rounds, host: int, amount: int) -> None:
    """So many tasks of which this host says that the experiment's code raised."""
    for _ in range(amount):
        rounds.lab.report(rounds.lab.order(host), None, exit_status=10)
        rounds.lab.later(hours=6)
    rounds.lab.validate()


def reasons(rounds, host: int) -> Counter[str]:
    rows = rounds.db.select("SELECT reason FROM award WHERE host_id = :host ORDER BY id", host=host)
    return Counter(row["reason"] for row in rows)


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_a_host_that_alone_says_that_the_code_raised_is_paid_for_its_first_tasks_alone(rounds, is_confirmed):
    """Unless a proven host of somebody else says so, too."""
    rounds.lab.host("second", volunteer="Ben", cores=30, memory_mb=100_000)
    rounds.lab.deploy(workunits=14, max_failures=50)
    rounds.compute(4)
    if is_confirmed:
        failing(rounds, 1, 1)
    for amount in (5, 2):
        failing(rounds, 2, amount)
        rounds.hold()
    assert reasons(rounds, 2) == {"broken": 7 if is_confirmed else ON_ITS_WORD}
    assert rounds.broken() == {}


def test_a_second_host_of_the_same_volunteer_confirms_nothing_and_has_no_first_tasks_of_its_own(rounds):
    rounds.lab.host("second", volunteer="Ben", cores=30, memory_mb=100_000)
    rounds.lab.host("third", volunteer="Ben", cores=30, memory_mb=100_000)
    rounds.lab.deploy(workunits=20, max_failures=50)
    rounds.compute(4)
    rounds.compute(1, host=3)
    failing(rounds, 3, 1)
    failing(rounds, 2, 5)
    failing(rounds, 3, 1)
    rounds.hold()
    assert reasons(rounds, 3) == {"computed": 1, "broken": 1}
    assert reasons(rounds, 2) == {"broken": ON_ITS_WORD - 1}


def test_who_fails_the_newest_tasks_first_is_not_believed_anew_for_older_ones(rounds):
    rounds.lab.host("second", volunteer="Ben", cores=30, memory_mb=100_000)
    rounds.lab.deploy(workunits=8, max_failures=50)
    orders = [rounds.lab.order(2) for _ in range(2 * ON_ITS_WORD)]
    for newest_first in (orders[: ON_ITS_WORD - 1 : -1], orders[ON_ITS_WORD - 1 :: -1]):
        for order in newest_first:
            rounds.lab.later(minutes=10)
            rounds.lab.report(order, None, exit_status=10)
        rounds.hold()
    assert reasons(rounds, 2) == {"broken": ON_ITS_WORD}


def test_a_tariff_that_was_announced_for_later_does_not_stand_in_the_way_of_the_first(rounds):
    """The first one is that which comes with Axiom; its name and version may be taken by then."""
    with rounds.db.transaction():
        later = rounds.lab.now + timedelta(days=2)
        tariffs.announce(rounds.db, replace(DEFAULT, per_core_second=20), later, now=rounds.lab.now)
    rounds.lab.deploy()
    rounds.compute()
    assert pay(rounds) == 1
    known = [(known.tariff.version, known.tariff.per_core_second) for known in tariffs.everything(rounds.db)]
    assert known == [(2, 10), (1, 20)]


def team(lab, name: str) -> int:
    """A team that volunteer 1 founds."""
    made = teams.found(lab.db, name=name, founder_id=1, country="", website="", about="", now=lab.now)
    assert made is not None
    return made


def pay(rounds, paying: Paying | None = None) -> int:
    """What the server's job does in one work."""
    with rounds.db.transaction(), rounds.db.savepoint():
        return (paying or Paying()).pay(rounds.db, rounds.lab.now)


def test_the_job_pays_what_is_valid_and_the_session_tells_of_it(rounds):
    rounds.lab.deploy(workunits=5)
    rounds.compute(3)
    assert (pay(rounds), pay(rounds)) == (3, 0)
    rounds.compute(1)
    rounds.hold()
    assert "0.08," in rounds.said("credit.awarded")[0]
    assert [row["session_id"] for row in rounds.stored("award")["award"]] == [None] * 3 + [1]
    rounds.compute(1)
    pay(rounds)
    rounds.hold()
    assert "0.02," in rounds.said("credit.awarded")[0]
    assert rounds.broken() == {}


def test_volunteer_host_and_team_each_have_what_was_earned_and_the_team_is_that_of_the_moment(rounds):
    rounds.lab.deploy(workunits=3)
    with rounds.db.transaction():
        blue = team(rounds.lab, "Blue")
    for joined in (None, blue, None):
        with rounds.db.transaction():
            accounts.join(rounds.db, 1, joined)
        rounds.compute(1)
        pay(rounds)
    assert [row["team_id"] for row in rounds.stored("award")["award"]] == [None, blue, None]
    totals = [ledger.balance(rounds.db, holder, 1).total for holder in ("volunteer", "host", "team")]
    assert totals == [60, 60, 20]
    assert rounds.broken() == {}


def test_the_recent_average_is_that_of_a_day_and_fades_by_half_in_a_week(rounds):
    """Of one task a day for eight weeks; after each the books balance."""
    rounds.lab.deploy(workunits=57)
    for days in (0, *[1] * 56):
        rounds.lab.later(days=days)
        rounds.compute(1)
        pay(rounds)
        balance = ledger.balance(rounds.db, "host", 1)
        if not days:
            assert balance.recent == pytest.approx(0.02, rel=1e-6)  # twenty thousandths, as if over the first day
    assert balance.total == 57 * 20
    assert balance.recent == pytest.approx(0.02, rel=0.05)
    known = Recent(value=balance.recent, at=moment(balance.recent_at))
    assert faded(known, rounds.lab.now + HALF_LIFE) == pytest.approx(balance.recent / 2, rel=1e-3)
    assert balance_check.problems(rounds.db) == []
