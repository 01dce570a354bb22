"""Every valid task is thanked for once and by its work, a session's cap holds exactly, and the books balance."""

import contextlib
import itertools
import math
import random
import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiom.domain.costs import Cost, CostFit, HostCostReport
from axiom.domain.credit import Tariff
from axiom.domain.rounds import Step
from axiom.domain.work import Outcome
from axiom.errors import NotFound, Refused, WrongUse
from axiom.laboratory.credit.correct import correct_award
from axiom.laboratory.credit.pay import CreditPayer
from axiom.laboratory.credit.rules.tariffs import DEFAULT, PRESETS
from axiom.laboratory.rounds.steps import log
from axiom.limits import credit as limits
from axiom.rules.credit.recent_average import RecentAverage, fade_average
from axiom.store.accounts import accounts, teams
from axiom.store.credit import balance_check, ledger, settlements, tariffs
from axiom.store.engine.database import from_microseconds
from axiom.store.experiments import costs
from axiom.store.experiments.costs import LearnedCost
from axiom.store.rounds import rounds as sessions
from axiom.store.views import credit


def test_the_first_session_begins_with_the_usual_tariff_and_each_task_is_paid_once(rounds):
    """Three valid tasks are worth two core-seconds each, and the code of one failed after half a second."""
    rounds.lab.deploy(workunits=8)
    rounds.compute(3)
    rounds.compute(by=lambda _order: None)
    rounds.up_to(Step.CREDIT)
    (begun,) = tariffs.list_begun_tariffs(rounds.db, rounds.lab.now)
    assert (begun.tariff, begun.valid_from) == (DEFAULT, rounds.lab.now)
    paid = [(1, "computed", 20), (2, "computed", 20), (3, "computed", 20), (4, "broken", 5)]
    assert awards(rounds) == paid
    entries = rounds.stored("entry")["entry"]
    assert [(row["award_id"], row["account"], row["amount"]) for row in entries] == [
        (award, account, amount)
        for award, _, earned in paid
        for account, amount in (("laboratory", -earned), ("volunteer:1", earned))
    ]
    assert ledger.find_balance(rounds.db, ledger.VOLUNTEER, 1).total == 65
    while not rounds.step().ended:
        continue
    rounds.compute(2)
    rounds.hold()
    assert awards(rounds)[4:] == [(5, "computed", 20), (6, "computed", 20)]
    rounds.hold()
    assert "credit.nothing" in rounds.kinds()
    rounds.compute()
    rounds.lab.later(hours=1)
    with rounds.db.transaction():  # a new tariff holds for what is sent from its day on and pays nothing again
        tariffs.add_tariff(rounds.db, Tariff(name="core-seconds", version=2, per_core_second=20), rounds.lab.now)
    rounds.compute()
    rounds.hold()
    assert (awards(rounds)[6:], rounds.broken()) == ([(7, "computed", 20), (8, "computed", 40)], {})


def awards(rounds) -> list[tuple]:
    return [(row["task_id"], row["reason"], row["amount"]) for row in rounds.stored("award")["award"]]


def amounts(rounds) -> list[int]:
    return [amount for _, _, amount in awards(rounds)]


def failing(rounds, host: int, amount: int) -> None:
    for _ in range(amount):
        rounds.lab.report(rounds.lab.order(host), None, exit_status=10)
        rounds.lab.later(hours=6)
    rounds.lab.validate()


def reasons(rounds, host: int) -> Counter[str]:
    rows = rounds.db.select("SELECT reason FROM award WHERE host_id = :host ORDER BY id", host=host)
    return Counter(row["reason"] for row in rows)


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_a_host_that_alone_says_that_the_code_raised_is_paid_for_first_tasks_alone(rounds, is_confirmed):
    """Unless a proven host of somebody else says so, too."""
    rounds.lab.host("second", volunteer="Ben", cores=30, memory_mb=100_000)
    rounds.lab.deploy(workunits=14, max_failures=50)
    rounds.compute(4)
    if is_confirmed:
        failing(rounds, 1, 1)
    for amount in (5, 2):
        failing(rounds, 2, amount)
        rounds.hold()
    assert reasons(rounds, 2) == {"broken": 7 if is_confirmed else limits.FAILURES_ON_ONE_WORD}
    assert rounds.broken() == {}


def test_a_second_host_of_a_volunteer_confirms_nothing_and_has_no_own_first_tasks(rounds):
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
    assert reasons(rounds, 2) == {"broken": limits.FAILURES_ON_ONE_WORD - 1}


def test_who_fails_the_newest_tasks_first_is_not_believed_anew_for_older_ones(rounds):
    rounds.lab.host("second", volunteer="Ben", cores=30, memory_mb=100_000)
    rounds.lab.deploy(workunits=8, max_failures=50)
    orders = [rounds.lab.order(2) for _ in range(2 * limits.FAILURES_ON_ONE_WORD)]
    for newest_first in (orders[: limits.FAILURES_ON_ONE_WORD - 1 : -1], orders[limits.FAILURES_ON_ONE_WORD - 1 :: -1]):
        for order in newest_first:
            rounds.lab.later(minutes=10)
            rounds.lab.report(order, None, exit_status=10)
        rounds.hold()
    assert reasons(rounds, 2) == {"broken": limits.FAILURES_ON_ONE_WORD}


def test_a_tariff_announced_for_later_does_not_stand_in_the_way_of_the_first(rounds):
    """The first one is that which comes with Axiom; its name and version may be taken by then."""
    later = rounds.lab.now + timedelta(days=2)
    tariffs.add_tariff(rounds.db, replace(DEFAULT, per_core_second=20), later)
    rounds.lab.deploy()
    rounds.compute()
    assert pay(rounds) == 1
    known = [
        (known.tariff.version, known.tariff.per_core_second) for known in tariffs.list_begun_tariffs(rounds.db, later)
    ]
    assert known == [(2, 10), (1, 20)]


def pay(rounds, paying: CreditPayer | None = None) -> int:
    with rounds.db.transaction(), rounds.db.savepoint():
        return (paying or CreditPayer()).pay(rounds.db, rounds.lab.now)


def test_the_job_pays_who_earned_it_and_their_team_and_the_session_tells_of_it(rounds):
    rounds.lab.deploy(workunits=5)
    blue = teams.create_team(rounds.db, name="Blue", founder_id=1, country="", website="", about="", now=rounds.lab.now)
    for joined in (None, blue, None):
        accounts.set_volunteer_team(rounds.db, 1, joined)
        rounds.compute(1)
        pay(rounds)
    assert [row["team_id"] for row in rounds.stored("award")["award"]] == [None, blue, None]
    totals = [ledger.find_balance(rounds.db, holder, 1).total for holder in ("volunteer", "host", "team")]
    assert totals == [60, 60, 20]
    assert pay(rounds) == 0
    for is_paid_before, awarded in ((False, "0.08,"), (True, "0.02,")):
        rounds.compute(1)
        if is_paid_before:
            pay(rounds)
        rounds.hold()
        assert awarded in rounds.said("credit.awarded")[0]
    assert rounds.broken() == {}


def test_the_recent_average_is_that_of_a_day_and_fades_by_half_in_a_week(rounds):
    """Of one task a day for eight weeks; after each the books balance."""
    rounds.lab.deploy(workunits=57)
    for days in (0, *[1] * 56):
        rounds.lab.later(days=days)
        rounds.compute(1)
        pay(rounds)
        balance = ledger.find_balance(rounds.db, "host", 1)
        if not days:
            assert balance.recent == pytest.approx(0.02, rel=1e-6)  # twenty thousandths, as if over the first day
    assert balance.total == 57 * 20
    assert balance.recent == pytest.approx(0.02, rel=0.05)
    known = RecentAverage(value=balance.recent, at=from_microseconds(balance.recent_at))
    assert fade_average(known, rounds.lab.now + limits.RECENT_HALF_LIFE) == pytest.approx(balance.recent / 2, rel=1e-3)
    assert balance_check.list_ledger_problems(rounds.db) == []


@pytest.fixture
def two_hosts(rounds):
    """Host 2 of Ben is honest, and host 3 of Cleo may say anything; each gets a task of four core-seconds."""
    for name in ("Ben", "Cleo"):
        rounds.lab.host(f"of {name}", volunteer=name)
    rounds.lab.deploy(workunits=2, replicates_each=2)
    return rounds


def say(rounds, host: int, seconds: float) -> None:
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
    assert (amounts(two_hosts), two_hosts.broken()) == ([40, 40], {})


def test_what_proves_nothing_is_paid_as_far_as_it_was_computed_up_to_its_worth(two_hosts):
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
    assert (awards(two_hosts)[4:], two_hosts.broken()) == ([(5, "computed", 40)], {})


CORE, CARD = "linux-x86_64-avx2", "linux-x86_64-nvidia-a-card"


def voices(rounds, variant, ratio: float, *volunteers: str, of: str = CORE) -> None:
    """One host each of these volunteers says how many times as declared experiment 1 takes, and that two others do."""
    hosts = [rounds.lab.host(f"of {name}", volunteer=name) for name in volunteers]
    for name in ("a_sum", "b_sum"):
        rounds.lab.publish(variant(name, asks=False))
    for experiment, times in ((1, ratio), (2, 1.0), (3, 1.0)):
        said = tuple(HostCostReport(host_id=host, tasks=5, log_ratio=math.log(times)) for host in hosts)
        kept = LearnedCost(host_class=of, fit=CostFit(tasks=5 * len(said), voices=said), cost=Cost())
        costs.store_learned_cost(rounds.db, experiment, kept, rounds.lab.now)


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
def test_what_is_declared_too_dear_earns_less_once_three_volunteers_say_so(
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
    paying = CreditPayer()
    for seconds in (0, 30, 60):
        rounds.lab.later(seconds=seconds)
        bring(rounds, 1)
        pay(rounds, paying)
        voices(rounds, variant, 0.2, "Ben", "Cleo", "Dan")
    assert amounts(rounds) == [20, 20, 6]


S5 = replace(PRESETS["S5"], gpu_bonus=0, session_cap=25_000)


def announce(rounds, tariff) -> None:
    tariffs.add_tariff(rounds.db, tariff, rounds.lab.now)


def waiting(rounds) -> list[int]:
    return [task.task_id for task in ledger.list_unpaid_tasks(rounds.db, 100)]


@pytest.fixture
def capped(rounds):
    """Ten tasks under S5, four credits each, and room for six of them between two sessions."""
    announce(rounds, S5)
    rounds.lab.deploy(workunits=12)
    rounds.compute(10)
    pay(rounds)
    return rounds


def test_what_exceeds_the_cap_waits_in_order_and_each_session_makes_room(capped):
    assert [task for task, _, _ in awards(capped)] == [1, 2, 3, 4, 5, 6]
    assert pay(capped) == 0
    capped.compute(1)
    pay(capped)
    assert waiting(capped) == [7, 8, 9, 10, 11]
    capped.compute(1, by=lambda _order: None)
    capped.hold()
    assert capped.kinds().count("credit.pending") == 1
    pay(capped)
    assert waiting(capped) == []
    capped.hold()
    assert [task for task, _, _ in awards(capped)] == list(range(1, 13))
    assert capped.kinds().count("credit.failed") == 1
    rounds = settlements.list_round_settlements(capped.db, 0, sessions.find_last_round(capped.db).id)
    booked = [(settled.awards, settled.amount, settled.session_cap) for settled in rounds]
    assert (booked, capped.broken()) == ([(6, 24_000, 25_000), (6, 24_000, 25_000)], {})


def test_quiet_rounds_make_no_room_under_a_cap(capped, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(log, "why_session_ends", lambda _db, _now: "")
        for _ in range(3):
            capped.hold()
            assert (waiting(capped), capped.broken()) == ([7, 8, 9, 10], {})
    capped.hold()
    assert sessions.find_last_round(capped.db).told
    pay(capped)
    assert (waiting(capped), capped.broken()) == ([], {})
    assert settlements.list_newest_settlements(capped.db, 1)[0][1].capped == 24_000


def test_failed_work_that_waits_for_the_cap_comes_before_younger_valid_work(rounds):
    announce(rounds, replace(S5, session_cap=8_000))
    rounds.lab.deploy(workunits=7)
    rounds.compute(2)
    pay(rounds)
    rounds.compute(1, by=lambda _order: None)
    rounds.compute(3)
    rounds.hold()
    assert waiting(rounds) == [4, 5, 6]
    rounds.hold()
    assert awards(rounds)[2:] == [(3, "broken", 4_000), (4, "computed", 4_000)]
    assert (rounds.kinds().count("credit.pending"), waiting(rounds)) == (1, [5, 6])


def test_a_cap_is_reached_to_the_thousandth(rounds):
    announce(rounds, replace(DEFAULT, per_core_second=8, session_cap=32))
    rounds.lab.deploy(workunits=3)
    rounds.compute(3)
    pay(rounds)
    assert (settlements.sum_unsettled_credit(rounds.db), waiting(rounds)) == (32, [3])


def test_a_small_award_waits_behind_a_large_one_also_when_it_would_fit(rounds):
    announce(rounds, S5)
    rounds.lab.deploy(workunits=7)
    rounds.compute(5)
    pay(rounds)
    rounds.compute(1)
    rounds.db.execute("UPDATE task SET elapsed_seconds = 130, sent_at = 0 WHERE id = 6")
    pay(rounds)
    rounds.compute(1)
    pay(rounds)
    assert (settlements.sum_unsettled_credit(rounds.db), waiting(rounds)) == (20_000, [6, 7])


def test_an_award_that_alone_is_more_than_the_cap_is_paid_up_to_it(rounds):
    announce(rounds, replace(S5, session_cap=3_999))
    rounds.lab.deploy(workunits=2)
    rounds.compute(2)
    pay(rounds)
    assert (awards(rounds), waiting(rounds)) == ([(1, "computed", 3_999)], [2])
    rounds.hold()
    pay(rounds)
    assert (amounts(rounds), rounds.broken()) == ([3_999, 3_999], {})


@pytest.mark.parametrize("is_used", [True, False])
def test_a_tariff_without_a_cap_lifts_it_only_where_something_was_awarded_under_it(rounds, is_used):
    announce(rounds, replace(PRESETS["S3"], failed=0))
    rounds.hold()
    rounds.lab.deploy(workunits=3)
    if is_used:
        rounds.compute(1)
    rounds.lab.later(seconds=5)
    announce(rounds, PRESETS["S4"])
    rounds.compute(2)
    pay(rounds)
    rounds.hold()
    assert settlements.find_previous_settlement(rounds.db, 1_000).session_cap == (
        None if is_used else PRESETS["S4"].session_cap
    )


@pytest.mark.parametrize("later", ["S2", "S4"])
def test_what_waits_is_paid_by_the_tariff_of_its_sending_even_two_in_a_settlement(capped, later):
    announce(capped, PRESETS[later])
    capped.compute(1)
    pay(capped)
    assert waiting(capped) == [7, 8, 9, 10, 11]  # also where the later one has room, or no cap: nobody is overtaken
    capped.hold()
    pay(capped)
    assert (waiting(capped), amounts(capped)) == ([], [4_000] * 10 + [PRESETS[later].tiers[0].amount])
    capped.hold()
    assert f"S5 version 1 and {later} version 1" in capped.said("credit.awarded")[0]
    assert (settlements.find_previous_settlement(capped.db, 1_000).session_cap, capped.broken()) == (
        PRESETS[later].session_cap,
        {},
    )


def test_a_task_that_is_out_when_a_tariff_begins_is_paid_by_the_one_before(rounds):
    announce(rounds, DEFAULT)
    tariffs.add_tariff(rounds.db, PRESETS["S2"], rounds.lab.now + timedelta(hours=2))
    rounds.lab.deploy(workunits=2)
    orders = [rounds.lab.order(1)]
    rounds.lab.later(hours=3)
    orders.append(rounds.lab.order(1))
    for order in reversed(orders):
        rounds.lab.report(order, rounds.lab.output(order))
    rounds.lab.validate()
    pay(rounds)
    assert (awards(rounds), rounds.broken()) == ([(1, "computed", 20), (2, "computed", 2_000)], {})


@pytest.mark.parametrize(("tariff", "failed"), [("S1", [(3, "failed", 10_000), (4, "failed", 10_000)]), ("S2", [])])
def test_failed_work_is_looked_at_once_by_a_session_and_paid_as_the_tariff_says(rounds, tariff, failed):
    announce(rounds, PRESETS[tariff])
    rounds.lab.deploy(workunits=4)
    rounds.compute(1)
    for exit_status in (10, 203, 0):
        rounds.lab.report(rounds.lab.order(1), None, exit_status=exit_status)
    rounds.lab.later(seconds=1)
    assert pay(rounds) == 1
    for looks in (1, 0):
        rounds.hold()
        paid = awards(rounds)
        assert [(task, reason) for task, reason, _ in paid[:2]] == [(1, "computed"), (2, "broken")][: len(paid)]
        assert [award for award in paid if award[1] == "failed"] == failed
        assert rounds.kinds().count("credit.failed") == looks
    assert rounds.broken() == {}


def test_a_correction_is_a_further_award_sums_follow_and_what_was_booked_stays(capped, damage):
    before = capped.stored("award", "entry")
    with capped.db.transaction():
        correct_award(capped.db, 1, -1_500, "it was counted twice", capped.lab.now)
        correct_award(capped.db, 1, 500, "but not all of it", capped.lab.now)
    assert awards(capped)[-2:] == [(1, "correction", -1_500), (1, "correction 2", 500)]
    after = capped.stored("award", "entry")
    assert all(after[table][: len(rows)] == rows for table, rows in before.items())
    assert ledger.find_balance(capped.db, "volunteer", 1).total == 23_000
    assert (settlements.sum_unsettled_credit(capped.db), balance_check.list_ledger_problems(capped.db)) == (24_000, [])
    capped.hold()
    assert capped.broken() == {}
    ledger.carry_over_credit(capped.db, 1, source="before", amount=5, because="", now=capped.lab.now)
    before = capped.stored()
    for table in ("award", "entry", "carried", "tariff", "settlement"):
        assert before[table]
        column = "valid_from" if table == "tariff" else "amount"
        for sql in (f"UPDATE {table} SET {column} = {column} + 1", f"DELETE FROM {table}"):  # noqa: S608  our own
            with pytest.raises(sqlite3.IntegrityError), capped.db.transaction():
                capped.db.execute(sql)
    assert capped.stored() == before
    damage(capped.db, "UPDATE settlement SET session_cap = 23999")
    assert list(capped.broken()) == ["I4"]  # a session awarded more than its cap


def test_a_correction_that_cannot_be_meant_or_comes_before_its_award_is_refused(capped):
    """Otherwise it would be paid twice: by the correction, and when its award is booked."""
    capped.compute(1, by=lambda _order: None)
    for task, amount, error in (
        (99, 1, NotFound),
        (12, 1, NotFound),  # which no host has had
        (1, 0, WrongUse),
        (1, -4_001, WrongUse),  # nobody has less than nothing
        (7, 4_000, Refused),  # it waits for the cap
        (11, 4_000, Refused),  # no session has looked at its credit
    ):
        with pytest.raises(error), capped.db.transaction():
            correct_award(capped.db, task, amount, "a test", capped.lab.now)
    order = capped.lab.order(1)
    capped.lab.report(order, capped.lab.output(order))
    with pytest.raises(Refused), capped.db.transaction():
        correct_award(capped.db, order.task, 4_000, "it is back and not judged yet", capped.lab.now)
    assert len(awards(capped)) == 6
    capped.hold()
    pay(capped)
    with capped.db.transaction():
        correct_award(capped.db, 7, -500, "a test", capped.lab.now)
        correct_award(capped.db, 1, -4_000, "a test", capped.lab.now)
    assert awards(capped)[-2:] == [(7, "correction", -500), (1, "correction", -4_000)]


def test_whatever_happens_the_books_balance_and_all_sums_of_a_settlement_agree(new_lab, prepared, rounds_of, tmp_path):
    folders = itertools.count()
    events = st.lists(st.tuples(st.sampled_from("ccccfpppsxtkjo"), st.integers(0, 2**16)), max_size=35)

    @settings(max_examples=10, suppress_health_check=list(HealthCheck))
    @given(events)
    def tell(told):
        lab = new_lab(tmp_path / str(next(folders)))
        rounds = rounds_of(lab)
        lab.publish(prepared())
        for host, volunteer in ((1, "Ada"), (2, "Bob")):
            assert lab.host(f"host {host}", cores=8, volunteer=volunteer) == host
        lab.deploy(workunits=40)
        announce(rounds, replace(PRESETS["S1"], session_cap=45_000))
        with lab.db.transaction():
            for name in ("Blue", "Red"):
                teams.create_team(lab.db, name=name, founder_id=1, country="", website="", about="", now=lab.now)
        for what, number in told:
            happen(rounds, what, random.Random(number))
            assert [*balance_check.list_ledger_problems(lab.db), *balance_check.list_cap_violations(lab.db)] == []
        while rounds.step().step is not Step.LOG:
            continue
        for _, settled in settlements.list_newest_settlements(lab.db, 100):
            sums = credit.sum_awards_between(lab.db, settled.after_award, settled.last_award)
            kinds = (sums.by_tier, sums.by_reason, sums.by_volunteer, sums.by_host, sums.by_team)
            assert {sum(kind.values()) for kind in kinds} == {settled.amount}
        assert rounds.broken() == {}
        lab.db.close()

    tell()


def happen(rounds, what: str, chance: random.Random) -> None:
    db, lab = rounds.db, rounds.lab
    lab.later(hours=chance.random() * 3)
    if what in "cf":
        if db.row("SELECT 1 FROM task WHERE state = 'unsent'"):
            rounds.compute(1, host=chance.choice((1, 2)), by=None if what == "c" else lambda _order: None)
    elif what == "s":
        rounds.step()
    elif what == "t":  # another tariff holds from now on, or a little later
        tariff = chance.choice([*PRESETS.values(), replace(PRESETS["S1"], session_cap=20_000)])
        tariff = replace(tariff, version=tariffs.next_tariff_version(db, tariff.name))
        tariffs.add_tariff(db, tariff, lab.now + timedelta(hours=chance.choice((0, 4))))
    elif what == "k":  # the process is gone before the commit
        with contextlib.suppress(LookupError), db.transaction():
            CreditPayer().pay(db, lab.now)
            raise LookupError
    elif what == "p":
        pay(rounds)
    else:
        with db.transaction():
            newest = db.row("SELECT max(task_id) AS id FROM award")["id"]
            if what == "x" and newest is not None:
                correct_award(db, newest, chance.choice((1, 777, 5_000)), "a test", lab.now)
            elif what == "j":
                accounts.set_volunteer_team(db, chance.choice((1, 2)), chance.choice((None, 1, 2)))
            elif what == "o":
                carried = {"source": chance.choice(("here", "there")), "amount": chance.randrange(10**6)}
                ledger.carry_over_credit(db, chance.choice((1, 2)), **carried, because="", now=lab.now)
