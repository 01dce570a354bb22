"""A session's cap holds to the thousandth; what is more waits, is never lost and never booked twice."""

import contextlib
import itertools
import random
import sqlite3
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiom.decisions.credit.tariffs import DEFAULT, PRESETS
from axiom.domain.ledger import Award
from axiom.domain.sessions import Step
from axiom.errors import NotFound, Refused, WrongUse
from axiom.lab.credit.booking import SLICE
from axiom.lab.credit.correct import approve, correct
from axiom.lab.credit.pay import Paying
from axiom.lab.credit.reprice import replay
from axiom.store.accounts import accounts, teams
from axiom.store.credit import balance_check, ledger, settlements, tariffs
from axiom.store.sessions import sessions
from axiom.store.views import credit

S5 = replace(PRESETS["S5"], gpu_bonus=0, session_cap=25_000)


def announce(rounds, tariff) -> None:
    with rounds.db.transaction():
        tariffs.announce(rounds.db, tariff, rounds.lab.now)


def pay(rounds) -> int:
    with rounds.db.transaction(), rounds.db.savepoint():
        return Paying().pay(rounds.db, rounds.lab.now)


def amounts(rounds) -> list[tuple[int, str, int]]:
    return [(row["task_id"], row["reason"], row["amount"]) for row in rounds.stored("award")["award"]]


def waiting(rounds) -> list[int]:
    return [one.award.task_id for one in settlements.waiting(rounds.db, 100)]


@pytest.fixture
def capped(rounds):
    """Ten tasks under S5, four credits each, and room for six of them between two sessions."""
    announce(rounds, S5)
    rounds.lab.deploy(workunits=12)
    rounds.compute(10)
    pay(rounds)
    return rounds


def test_what_exceeds_the_cap_waits_in_order_and_each_session_makes_room(capped):
    assert [task for task, _, _ in amounts(capped)] == [1, 2, 3, 4, 5, 6]
    assert pay(capped) == 0
    capped.compute(1)
    pay(capped)
    assert waiting(capped) == [7, 8, 9, 10, 11]  # a younger one does not overtake
    capped.hold()
    assert capped.kinds().count("credit.pending") == 1
    assert waiting(capped) == [7, 8, 9, 10, 11]
    pay(capped)
    assert waiting(capped) == []
    assert [task for task, _, _ in amounts(capped)] == list(range(1, 12))
    capped.hold()
    rounds = settlements.of_rounds(capped.db, 0, sessions.last(capped.db).id)
    booked = [(settled.awards, settled.amount, settled.session_cap) for settled in rounds]
    assert booked == [(6, 24_000, 25_000), (5, 20_000, 25_000)]
    assert capped.broken() == {}


def test_a_cap_is_reached_to_the_thousandth(rounds):
    announce(rounds, replace(DEFAULT, per_core_second=8, session_cap=32))
    rounds.lab.deploy(workunits=3)
    rounds.compute(3)
    pay(rounds)
    assert (settlements.unsettled(rounds.db), waiting(rounds)) == (32, [3])


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
    assert (settlements.unsettled(rounds.db), waiting(rounds)) == (20_000, [6, 7])


def hold_back(rounds, amount: int, *tasks: int) -> None:
    """Awards of this amount wait for tasks that were never made."""
    rounds.db.execute("PRAGMA foreign_keys = OFF")
    common = {"reason": "computed", "host_id": 1, "volunteer_id": 1, "amount": amount, "because": "a test"}
    with rounds.db.transaction():
        settlements.hold(rounds.db, [Award(task_id=t, **common) for t in tasks], tariff_id=1, now=rounds.lab.now)


def test_however_many_wait_the_younger_come_after_all_of_them(rounds):
    announce(rounds, S5)
    rounds.lab.deploy()
    rounds.compute(1)
    hold_back(rounds, 1, *range(1_000, 1_000 + SLICE + 1))
    assert (pay(rounds), len(amounts(rounds))) == (SLICE, SLICE)
    assert (pay(rounds), amounts(rounds)[-1]) == (1, (1, "computed", 4_000))
    assert waiting(rounds) == []


def test_what_alone_is_more_than_the_cap_holds_up_nobody(rounds):
    announce(rounds, replace(PRESETS["S1"], session_cap=25_000))
    rounds.lab.deploy(workunits=2)
    rounds.compute(1)
    rounds.compute(1, by=lambda _order: None)
    hold_back(rounds, 25_001, 1_000)
    pay(rounds)
    rounds.hold()
    assert amounts(rounds) == [(1, "computed", 10_000), (2, "broken", 10_000)]
    assert waiting(rounds) == [1_000]


@pytest.mark.parametrize("paid_before", [True, False])
def test_a_tariff_without_a_cap_lifts_it_only_where_something_was_awarded_under_it(rounds, paid_before):
    announce(rounds, replace(PRESETS["S3"], failed=0))
    rounds.hold()
    rounds.lab.deploy(workunits=3)
    rounds.compute(1)
    if paid_before:
        pay(rounds)
    rounds.lab.later(seconds=5)
    announce(rounds, PRESETS["S4"])
    rounds.compute(2)
    pay(rounds)
    rounds.hold()
    assert settlements.last(rounds.db).session_cap == (None if paid_before else PRESETS["S4"].session_cap)


def test_what_is_approved_or_has_no_cap_any_more_is_booked_at_once(capped):
    with capped.db.transaction():
        approve(capped.db, [award.id for award in settlements.waiting(capped.db, 3)], "with thanks", capped.lab.now)
    assert waiting(capped) == [10]
    assert settlements.unsettled(capped.db) == 24_000
    assert capped.stored("award")["award"][-1]["because"].endswith("with thanks")
    with pytest.raises(NotFound), capped.db.transaction():
        approve(capped.db, [1], "again", capped.lab.now)
    capped.hold()
    (newest,) = settlements.newest(capped.db, 1)
    assert (newest[1].amount, newest[1].capped) == (36_000, 24_000)
    capped.lab.later(days=1)
    announce(capped, PRESETS["S2"])
    pay(capped)
    assert waiting(capped) == []
    assert {amount for _, _, amount in amounts(capped)} == {4_000}
    capped.hold()
    assert settlements.last(capped.db).session_cap is None
    assert capped.broken() == {}


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
        paid = amounts(rounds)
        assert [(task, reason) for task, reason, _ in paid[:2]] == [(1, "computed"), (2, "broken")][: len(paid)]
        assert [award for award in paid if award[1] == "failed"] == failed
        assert rounds.kinds().count("credit.failed") == looks
    assert rounds.broken() == {}


def test_a_correction_is_a_further_award_and_everybody_s_sum_follows_and_what_was_booked_stays(capped, damage):
    before = capped.stored("award", "entry")
    with capped.db.transaction():
        correct(capped.db, 1, -1_500, "it was counted twice", capped.lab.now)
        correct(capped.db, 1, 500, "but not all of it", capped.lab.now)
    assert amounts(capped)[-2:] == [(1, "correction", -1_500), (1, "correction 2", 500)]
    after = capped.stored("award", "entry")
    assert all(after[table][: len(rows)] == rows for table, rows in before.items())
    assert ledger.balance(capped.db, "volunteer", 1).total == 23_000
    assert settlements.unsettled(capped.db) == 24_000
    assert balance_check.problems(capped.db) == []
    capped.hold()
    assert capped.broken() == {}
    with capped.db.transaction():
        ledger.carry_over(capped.db, 1, source="before", amount=5, because="", now=capped.lab.now)
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
        (7, 4_000, Refused),  # its award waits
        (11, 4_000, Refused),  # no session has looked at its credit
    ):
        with pytest.raises(error), capped.db.transaction():
            correct(capped.db, task, amount, "a test", capped.lab.now)
    assert len(amounts(capped)) == 6
    with capped.db.transaction():
        approve(capped.db, [1], "a test", capped.lab.now)
        correct(capped.db, 7, -500, "a test", capped.lab.now)
        correct(capped.db, 1, -4_000, "a test", capped.lab.now)
    assert amounts(capped)[-3:] == [(7, "computed", 4_000), (7, "correction", -500), (1, "correction", -4_000)]


def test_history_under_another_tariff_is_summed_each_way_and_nothing_changes(capped):
    before = capped.stored()
    repriced = replay(capped.db, PRESETS["S4"], capped.lab.now)
    assert capped.stored() == before
    assert (repriced.was, repriced.totals.awards, repriced.totals.amount) == (24_000, 10, 150_000)
    assert (sum(repriced.totals.awards_by_tier.values()), repriced.totals.by_team) == (10, {0: 150_000})
    capped.compute(1, by=lambda _order: None)
    assert replay(capped.db, replace(PRESETS["S4"], broken=0), capped.lab.now).totals.awards == 10
    assert replay(capped.db, PRESETS["S4"], capped.lab.now).totals.by_reason == {"computed": 150_000, "broken": 15_000}
    totals = repriced.totals
    for sums in (totals.by_tier, totals.by_volunteer, totals.by_host, totals.by_reason):
        assert sum(sums.values()) == 150_000


def test_whatever_happens_the_books_balance_and_every_sum_of_a_settlement_is_the_same(
    new_lab, prepared, rounds_of, tmp_path
):
    folders = itertools.count()
    events = st.lists(st.tuples(st.sampled_from("ccccfpppsaxtkjo"), st.integers(0, 2**16)), max_size=35)

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
                teams.found(lab.db, name=name, founder_id=1, country="", website="", about="", now=lab.now)
        for what, number in told:
            happen(rounds, what, random.Random(number))
            assert [*balance_check.problems(lab.db), *balance_check.beyond_caps(lab.db)] == []
        while rounds.step().step is not Step.LOG:
            continue
        for _, settled in settlements.newest(lab.db, 100):
            sums = credit.between(lab.db, settled.after_award, settled.last_award)
            kinds = (sums.by_tier, sums.by_reason, sums.by_volunteer, sums.by_host, sums.by_team)
            assert {sum(kind.values()) for kind in kinds} == {settled.amount}
        assert rounds.broken() == {}
        lab.db.close()

    tell()


def happen(rounds, what: str, chance: random.Random) -> None:
    db, lab = rounds.db, rounds.lab
    lab.later(hours=chance.random() * 3)
    if what in "cf":
        if db.one("SELECT 1 FROM task WHERE state = 'unsent'"):
            rounds.compute(1, host=chance.choice((1, 2)), by=None if what == "c" else lambda _order: None)
    elif what == "s":
        rounds.step()
    elif what == "t":  # another tariff holds from now on
        tariff = chance.choice([*PRESETS.values(), replace(PRESETS["S1"], session_cap=20_000)])
        known = [known.tariff.version for known in tariffs.everything(db) if known.tariff.name == tariff.name]
        announce(rounds, replace(tariff, version=max(known, default=0) + 1))
    elif what == "k":  # the process is gone before the commit
        with contextlib.suppress(LookupError), db.transaction():
            Paying().pay(db, lab.now)
            raise LookupError
    elif what == "p":
        pay(rounds)
    else:
        with db.transaction():
            waits = [award.id for award in settlements.waiting(db, chance.randrange(1, 4))]
            newest = db.one("SELECT max(task_id) AS id FROM award")["id"]
            if what == "a":
                approve(db, waits, "a test", lab.now)
            elif what == "x" and newest is not None:
                correct(db, newest, chance.choice((1, 777, 5_000)), "a test", lab.now)
            elif what == "j":
                accounts.join(db, chance.choice((1, 2)), chance.choice((None, 1, 2)))
            elif what == "o":
                carried = {"source": chance.choice(("here", "there")), "amount": chance.randrange(10**6)}
                ledger.carry_over(db, chance.choice((1, 2)), **carried, because="", now=lab.now)
