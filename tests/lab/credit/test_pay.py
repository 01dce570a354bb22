"""Every valid task is thanked for once and by its work, by a tariff that is written down, and the books balance."""

import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.decisions.credit.prices import ON_ITS_WORD
from axiom.decisions.credit.recent_average import HALF_LIFE, Recent, faded
from axiom.decisions.credit.tariffs import DEFAULT, PRESETS
from axiom.domain.costs import Cost, Fit, Voice
from axiom.domain.ledger import Tariff
from axiom.domain.sessions import Step
from axiom.domain.work import Outcome
from axiom.lab.credit.pay import Paying
from axiom.lab.credit.reprice import replay
from axiom.store.accounts import accounts, teams
from axiom.store.credit import balance_check, ledger, tariffs
from axiom.store.engine.database import moment
from axiom.store.experiments import costs
from axiom.store.experiments.costs import LearnedCost


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


def amounts(rounds) -> list[int]:
    return [amount for _, _, amount in awards(rounds)]


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
    for name in ("second", "third"):
        rounds.lab.host(name, volunteer="Ben", cores=30, memory_mb=100_000)
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


def pay(rounds, paying: Paying | None = None) -> int:
    """What the server's job does in one work."""
    with rounds.db.transaction(), rounds.db.savepoint():
        return (paying or Paying()).pay(rounds.db, rounds.lab.now)


def test_the_job_pays_whoever_earned_it_and_their_team_of_the_moment_and_the_session_tells_of_it(rounds):
    rounds.lab.deploy(workunits=5)
    with rounds.db.transaction():
        blue = teams.found(rounds.db, name="Blue", founder_id=1, country="", website="", about="", now=rounds.lab.now)
    for joined in (None, blue, None):
        with rounds.db.transaction():
            accounts.join(rounds.db, 1, joined)
        rounds.compute(1)
        pay(rounds)
    assert [row["team_id"] for row in rounds.stored("award")["award"]] == [None, blue, None]
    totals = [ledger.balance(rounds.db, holder, 1).total for holder in ("volunteer", "host", "team")]
    assert totals == [60, 60, 20]
    assert pay(rounds) == 0
    for is_paid_before, awarded in ((False, "0.08,"), (True, "0.02,")):
        rounds.compute(1)
        if is_paid_before:
            pay(rounds)
        rounds.hold()
        assert awarded in rounds.said("credit.awarded")[0]
    assert [row["session_id"] for row in rounds.stored("award")["award"]] == [None] * 3 + [1, None]
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


@pytest.fixture
def two_hosts(rounds):
    """Host 2 of Ben is honest, and host 3 of Cleo may say anything; each gets a task of four core-seconds."""
    for name in ("Ben", "Cleo"):
        rounds.lab.host(f"of {name}", volunteer=name)
    rounds.lab.deploy(workunits=2, replicates_each=2)
    return rounds


def say(rounds, host: int, seconds: float) -> None:
    """The host says that its tasks took so long."""
    rounds.db.execute(
        "UPDATE task SET cpu_seconds = :seconds, elapsed_seconds = :seconds WHERE host_id = :host",
        seconds=seconds,
        host=host,
    )


def bring(rounds, host: int, *, minutes: float = 0.0, **answers: object) -> None:
    """A task of a host, which keeps it for so long."""
    order = rounds.lab.order(host)
    rounds.lab.later(minutes=minutes)
    rounds.lab.report(order, rounds.lab.output(order, **answers))
    rounds.lab.validate()


@pytest.mark.parametrize(("seconds", "minutes"), [(1e9, 60 * 24 * 3), (0.02, 0), (-5.0, 10)])
def test_a_task_is_worth_the_same_whatever_its_host_says_of_its_time(two_hosts, seconds, minutes):
    """Seen from outside: 0.02 core-seconds, kept for ten minutes and reported as 650 seconds, got 6.5 credits."""
    bring(two_hosts, 2)
    bring(two_hosts, 3, minutes=minutes)
    say(two_hosts, 3, seconds)
    pay(two_hosts)
    assert amounts(two_hosts) == [40, 40]
    assert two_hosts.broken() == {}


def test_what_proves_nothing_is_paid_as_far_as_it_was_computed_and_never_beyond_its_worth(two_hosts):
    two_hosts.lab.deploy(workunits=4, replicates_each=2)
    for host in (2, 3):  # nobody can show whether a late cell was computed at all
        bring(two_hosts, host, outcome=Outcome.LATE, measures=None)
    say(two_hosts, 2, 30.0)
    pay(two_hosts)
    assert amounts(two_hosts) == [40, 5]
    two_hosts.lab.later(hours=1)
    for host in (2, 3):
        two_hosts.lab.report(two_hosts.lab.order(host), None, exit_status=10)
    say(two_hosts, 3, 50.0)
    two_hosts.hold()
    assert awards(two_hosts)[2:] == [(3, "broken", 5), (4, "broken", 40)]
    bring(two_hosts, 2)
    two_hosts.lab.report(two_hosts.lab.order(3), None, exit_status=10)
    # SQLite keeps a time that is no number as nothing at all
    two_hosts.db.execute("UPDATE task SET cpu_seconds = NULL, elapsed_seconds = NULL WHERE id > 4")
    two_hosts.hold()
    assert awards(two_hosts)[4:] == [(5, "computed", 40)]
    assert two_hosts.broken() == {}


def test_a_tier_of_a_tariff_of_today_is_of_the_work_and_of_an_old_one_by_the_clock(two_hosts):
    """What an old table paid, it pays again: its row says nothing of whose clock counts."""
    for host in (2, 3):
        bring(two_hosts, host, minutes=60)
    say(two_hosts, 3, 1_300.0)
    for tariff, paid in ((PRESETS["S4"], [15_000, 100_000]), (replace(PRESETS["S4"], by_clock=False), [15_000] * 2)):
        repriced = replay(two_hosts.db, tariff, two_hosts.lab.now)
        assert [repriced.totals.by_host[host] for host in (2, 3)] == paid


CORE, CARD = "linux-x86_64-avx2", "linux-x86_64-nvidia-a-card"


def voices(rounds, variant, ratio: float, *volunteers: str, of: str = CORE) -> None:
    """One host each of these volunteers says how many times as declared experiment 1 takes, and that two others do."""
    hosts = [rounds.lab.host(f"of {name}", volunteer=name) for name in volunteers]
    for name in ("a_sum", "b_sum"):
        rounds.lab.publish(variant(name, asks=False))
    for experiment, times in ((1, ratio), (2, 1.0), (3, 1.0)):
        said = tuple(Voice(host_id=host, tasks=5, log_ratio=math.log(times)) for host in hosts)
        kept = LearnedCost(host_class=of, fit=Fit(tasks=5 * len(said), voices=said), cost=Cost())
        with rounds.db.transaction():
            costs.keep(rounds.db, experiment, kept, rounds.lab.now)


@pytest.mark.parametrize(
    ("ratio", "volunteers", "of", "amount"),
    [
        (0.2, ("Ben", "Cleo", "Dan"), CORE, 12),
        (0.2, ("Ben", "Cleo"), CORE, 40),
        (0.9, ("Ben", "Cleo", "Dan"), CORE, 40),
        (9.0, ("Ben", "Cleo", "Dan"), CORE, 40),
        (0.2, ("Ben", "Cleo", "Dan"), CARD, 40),
    ],
)
def test_what_is_declared_too_dear_is_paid_for_less_once_three_volunteers_say_so_of_their_cores(
    two_hosts, variant, ratio, volunteers, of, amount
):
    voices(two_hosts, variant, ratio, *volunteers, of=of)
    bring(two_hosts, 2)
    pay(two_hosts)
    assert amounts(two_hosts) == [amount]
    (award,) = two_hosts.stored("award")["award"]
    assert ("4.0 are declared, and 3 volunteers" in award["because"]) == (amount < 40)


def test_what_volunteers_say_of_the_cost_is_looked_up_once_a_minute(rounds, variant):
    rounds.lab.deploy(workunits=3)
    paying = Paying()
    for seconds in (0, 30, 60):
        rounds.lab.later(seconds=seconds)
        bring(rounds, 1)
        pay(rounds, paying)
        voices(rounds, variant, 0.2, "Ben", "Cleo", "Dan")
    assert amounts(rounds) == [20, 20, 6]
