"""Every valid task is thanked for once, by a tariff that is written down, and the books add up to zero."""

import itertools
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiom.decisions.credit.prices import ON_ITS_WORD
from axiom.decisions.credit.recent_average import HALF_LIFE, Recent, faded
from axiom.decisions.credit.tariffs import DEFAULT
from axiom.domain.ledger import Tariff
from axiom.domain.sessions import Step
from axiom.lab.credit.pay import Paying
from axiom.store.accounts import accounts, teams
from axiom.store.credit import balance_check, ledger, tariffs
from axiom.store.engine.database import moment


@pytest.fixture
def paid(rounds):
    """Three valid tasks worth two core-seconds, one whose code failed after half a second; a session has just paid."""
    rounds.lab.deploy(workunits=5)
    rounds.compute(3)
    rounds.compute(by=lambda _order: None)
    while rounds.step().step is not Step.CREDIT:
        continue
    return rounds


def test_the_first_session_announces_the_tariff_and_pays_what_is_valid(paid):
    (announced,) = tariffs.everything(paid.db)
    assert (announced.tariff, announced.valid_from) == (DEFAULT, paid.lab.now)
    assert [(row["task_id"], row["reason"], row["amount"]) for row in paid.stored("award")["award"]] == [
        (1, "computed", 20),
        (2, "computed", 20),
        (3, "computed", 20),
        (4, "broken", 5),
    ]
    assert paid.said("credit.awarded") == [
        "Credit: 0.065, for tasks in number 4, under core-seconds version 1. In all: 0.065."
    ]
    assert paid.said("credit.failed") == ["Tasks that failed or were taken back and were looked at for credit: 1."]
    assert ledger.balance(paid.db, ledger.VOLUNTEER, 1).total == 65


def failing(rounds, host: int, amount: int, *, ours: bool = True) -> None:
    """So many tasks of which this host says that the experiment's code raised; or that its volunteer gave them up."""
    for _ in range(amount):
        order = rounds.lab.order(host)
        rounds.lab.report(order, None, exit_status=10 if ours else 203)
        rounds.lab.later(hours=6)
    rounds.lab.validate()


def reasons(rounds, host: int) -> Counter[str]:
    rows = rounds.db.select("SELECT reason FROM award WHERE host_id = :host ORDER BY id", host=host)
    return Counter(row["reason"] for row in rows)


def test_a_host_that_alone_says_that_the_code_raised_is_paid_for_its_first_tasks_and_not_for_ever(rounds):
    rounds.lab.host("second", volunteer="Ben", cores=30, memory_mb=100_000)
    rounds.lab.deploy(workunits=14, max_failures=50)
    rounds.compute(4)
    failing(rounds, 2, 5)
    rounds.hold()
    assert reasons(rounds, 2) == {"broken": ON_ITS_WORD}
    failing(rounds, 2, 2)
    rounds.hold()
    assert reasons(rounds, 2) == {"broken": ON_ITS_WORD}, "what it claims later is its word alone, too"
    assert rounds.broken() == {}


def test_what_a_proven_host_of_somebody_else_says_too_is_paid_in_full(rounds):
    rounds.lab.host("second", volunteer="Ben", cores=30, memory_mb=100_000)
    rounds.lab.deploy(workunits=14, max_failures=50)
    rounds.compute(4)
    failing(rounds, 1, 1)
    failing(rounds, 2, 5)
    rounds.hold()
    assert reasons(rounds, 2) == {"broken": 5}


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


def test_the_two_sides_of_every_booking_add_up_to_zero(paid):
    entries = paid.stored("entry")["entry"]
    assert [(row["award_id"], row["account"], row["amount"]) for row in entries] == [
        (award, account, amount)
        for award, paid_for_it in ((1, 20), (2, 20), (3, 20), (4, 5))
        for account, amount in (("laboratory", -paid_for_it), ("volunteer:1", paid_for_it))
    ]
    assert paid.broken() == {}


def test_a_task_is_paid_once_and_the_next_session_pays_the_next_ones(paid):
    while not paid.step().ended:
        continue
    paid.compute(2)
    paid.hold()
    assert [row["task_id"] for row in paid.stored("award")["award"]] == [1, 2, 3, 4, 5, 6]
    assert paid.said("credit.awarded")[0].endswith("In all: 0.105.")
    paid.hold()
    assert "credit.nothing" in paid.kinds()


def test_a_new_tariff_holds_from_its_day_on_and_pays_nothing_again(paid):
    while not paid.step().ended:
        continue
    paid.compute()
    paid.lab.later(hours=1)
    with paid.db.transaction():
        tariffs.announce(paid.db, Tariff(name="core-seconds", version=2, per_core_second=20), paid.lab.now)
    paid.hold()
    assert [(row["tariff_id"], row["amount"]) for row in paid.stored("award")["award"]] == [
        (1, 20),
        (1, 20),
        (1, 20),
        (1, 5),
        (2, 40),
    ]


def test_a_tariff_that_was_announced_for_later_does_not_stand_in_the_way_of_the_first(rounds):
    """The first one is that which comes with Axiom; its name and version may be taken by then."""
    with rounds.db.transaction():
        later = rounds.lab.now + timedelta(days=2)
        tariffs.announce(rounds.db, replace(DEFAULT, per_core_second=20), later, now=rounds.lab.now)
    rounds.lab.deploy()
    rounds.compute()
    assert pay(rounds) == 1
    assert [(one.tariff.version, one.tariff.per_core_second) for one in tariffs.everything(rounds.db)] == [
        (2, 10),
        (1, 20),
    ]


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
    assert pay(rounds) == 3
    assert pay(rounds) == 0
    assert [row["session_id"] for row in rounds.stored("award")["award"]] == [None] * 3
    rounds.compute(1)
    rounds.hold()
    assert rounds.said("credit.awarded") == [
        "Credit: 0.08, for tasks in number 4, under core-seconds version 1. In all: 0.08."
    ]
    assert [row["session_id"] for row in rounds.stored("award")["award"]] == [None] * 3 + [1]
    rounds.compute(1)
    pay(rounds)
    rounds.hold()
    assert rounds.said("credit.awarded")[0].startswith("Credit: 0.02, for tasks in number 1,")
    rounds.hold()
    assert "credit.nothing" in rounds.kinds()
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


def test_the_recent_average_fades_by_half_in_a_week(rounds):
    rounds.lab.deploy()
    rounds.compute()
    pay(rounds)
    balance = ledger.balance(rounds.db, "volunteer", 1)
    assert balance.recent == pytest.approx(0.02, rel=1e-6)  # twenty thousandths, as if over the first day
    known = Recent(value=balance.recent, at=moment(balance.recent_at))
    assert faded(known, rounds.lab.now + HALF_LIFE) == pytest.approx(0.01, rel=1e-3)


def test_steady_work_has_the_recent_average_of_what_is_earned_in_a_day(rounds):
    """Eight weeks of one task a day; after each the books balance."""
    rounds.lab.deploy(workunits=56)
    for _ in range(56):
        rounds.lab.later(days=1)
        rounds.compute(1)
        pay(rounds)
    balance = ledger.balance(rounds.db, "host", 1)
    assert balance.total == 56 * 20
    assert balance.recent == pytest.approx(0.02, rel=0.05)
    assert balance_check.problems(rounds.db) == []


class Killed(Exception):
    """The process is gone before the commit."""


def test_whatever_is_paid_carried_over_joined_or_cut_short_the_books_balance(new_lab, prepared, rounds_of, tmp_path):
    folders = itertools.count()
    events = st.lists(st.tuples(st.sampled_from("ccccpppksjo"), st.integers(0, 2**16)), max_size=25)

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(events)
    def tell(told):
        lab = new_lab(tmp_path / str(next(folders)))
        rounds = rounds_of(lab)
        lab.publish(prepared())
        for host, volunteer in ((1, "Ada"), (2, "Bob")):
            assert lab.host(f"host {host}", cores=8, volunteer=volunteer) == host
        lab.deploy(workunits=30)
        with lab.db.transaction():
            for name in ("Blue", "Red"):
                team(lab, name)
        for what, number in told:
            happen(rounds, what, random.Random(number))
            assert balance_check.problems(lab.db) == []
        while pay(rounds):
            continue
        valid = lab.db.one("SELECT count(*) AS n FROM task WHERE state = 'valid'")["n"]
        assert lab.db.one("SELECT count(*) AS n FROM award")["n"] == valid
        assert rounds.broken() == {}
        lab.db.close()

    tell()


def happen(rounds, what: str, chance: random.Random) -> None:
    db, lab = rounds.db, rounds.lab
    lab.later(hours=chance.random() * 40)
    match what:
        case "c":
            if lab.db.one("SELECT 1 FROM task WHERE state = 'unsent'"):
                rounds.compute(1, host=chance.choice((1, 2)))
        case "p":
            pay(rounds)
        case "k":
            with pytest.raises(Killed):
                cut_short(rounds)
        case "s":
            rounds.step()
        case "j":
            with db.transaction():
                accounts.join(db, chance.choice((1, 2)), chance.choice((None, 1, 2)))
        case "o":
            source = chance.choice(("here", "there"))
            with db.transaction():
                ledger.carry_over(
                    db, chance.choice((1, 2)), source=source, amount=chance.randrange(10**6), because="", now=lab.now
                )


def cut_short(rounds) -> None:
    with rounds.db.transaction():
        Paying().pay(rounds.db, rounds.lab.now)
        raise Killed
