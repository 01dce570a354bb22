"""A session's cap holds to the thousandth; what is more waits, is never lost and never booked twice."""

import random
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
from axiom.store.credit import balance_check, ledger, settlements, tariffs
from axiom.store.sessions import sessions
from axiom.store.views import credit


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
    announce(rounds, replace(PRESETS["S5"], gpu_bonus=0, session_cap=25_000))
    rounds.lab.deploy(workunits=12)
    rounds.compute(10)
    pay(rounds)
    return rounds


def test_what_exceeds_the_cap_waits_in_order_and_each_session_makes_room(capped):
    assert [task for task, _, _ in amounts(capped)] == [1, 2, 3, 4, 5, 6]
    assert waiting(capped) == [7, 8, 9, 10]
    assert pay(capped) == 0
    capped.hold()
    assert capped.said("credit.pending") == ["Awards that wait, since the session’s cap is reached: 4, 16.0 credit."]
    assert waiting(capped) == [7, 8, 9, 10]
    pay(capped)
    assert waiting(capped) == []
    assert [task for task, _, _ in amounts(capped)] == list(range(1, 11))
    capped.hold()
    rounds = settlements.of_rounds(capped.db, 0, sessions.last(capped.db).id)
    assert [(one.awards, one.amount, one.session_cap) for one in rounds] == [(6, 24_000, 25_000), (4, 16_000, 25_000)]
    assert capped.broken() == {}


def test_a_younger_award_does_not_overtake_one_that_waits(capped):
    capped.compute(1)
    pay(capped)
    assert waiting(capped) == [7, 8, 9, 10, 11]


def test_a_small_award_waits_behind_a_large_one_also_when_it_would_fit(rounds):
    announce(rounds, replace(PRESETS["S5"], gpu_bonus=0, session_cap=25_000))
    rounds.lab.deploy(workunits=7)
    rounds.compute(5)
    pay(rounds)
    rounds.compute(1)
    rounds.db.execute("UPDATE task SET elapsed_seconds = 130, sent_at = 0 WHERE id = 6")
    pay(rounds)
    rounds.compute(1)
    pay(rounds)
    assert (settlements.unsettled(rounds.db), waiting(rounds)) == (20_000, [6, 7])


def held(amount: int, task: int) -> Award:
    return Award(task_id=task, reason="computed", host_id=1, volunteer_id=1, amount=amount, because="a test")


def test_however_many_wait_the_younger_come_after_all_of_them(rounds):
    announce(rounds, replace(PRESETS["S5"], gpu_bonus=0, session_cap=25_000))
    rounds.lab.deploy()
    rounds.compute(1)
    rounds.db.execute("PRAGMA foreign_keys = OFF")
    with rounds.db.transaction():
        many = [held(1, number) for number in range(1_000, 1_000 + SLICE + 1)]
        settlements.hold(rounds.db, many, tariff_id=1, now=rounds.lab.now)
    assert (pay(rounds), len(amounts(rounds))) == (SLICE, SLICE)
    assert (pay(rounds), amounts(rounds)[-1]) == (1, (1, "computed", 4_000))
    assert waiting(rounds) == []


def test_what_alone_is_more_than_the_cap_holds_up_nobody(rounds):
    announce(rounds, replace(PRESETS["S1"], session_cap=25_000))
    rounds.lab.deploy(workunits=2)
    rounds.compute(1)
    rounds.compute(1, by=lambda _order: None)
    rounds.db.execute("PRAGMA foreign_keys = OFF")
    with rounds.db.transaction():
        settlements.hold(rounds.db, [held(25_001, 1_000)], tariff_id=1, now=rounds.lab.now)
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


def test_a_cap_is_reached_to_the_thousandth(rounds):
    announce(rounds, replace(DEFAULT, per_core_second=8, session_cap=32))
    rounds.lab.deploy(workunits=3)
    rounds.compute(3)
    pay(rounds)
    assert settlements.unsettled(rounds.db) == 32
    assert waiting(rounds) == [3]


def test_what_is_approved_is_booked_at_once_and_does_not_count(capped):
    with capped.db.transaction():
        approve(capped.db, [one.id for one in settlements.waiting(capped.db, 3)], "a week of thanks", capped.lab.now)
    assert waiting(capped) == [10]
    assert settlements.unsettled(capped.db) == 24_000
    assert capped.stored("award")["award"][-1]["because"].endswith(
        "approved beyond the session's cap: a week of thanks"
    )
    capped.hold()
    (newest,) = settlements.newest(capped.db, 1)
    assert (newest[1].amount, newest[1].capped) == (36_000, 24_000)
    assert capped.broken() == {}
    with pytest.raises(NotFound, match="No award 1 waits"), capped.db.transaction():
        approve(capped.db, [1], "again", capped.lab.now)


def test_a_tariff_without_a_cap_books_all_that_waits(capped):
    capped.lab.later(days=1)
    announce(capped, PRESETS["S2"])
    pay(capped)
    assert waiting(capped) == []
    assert {amount for _, _, amount in amounts(capped)} == {4_000}
    capped.hold()
    assert settlements.last(capped.db).session_cap is None
    assert capped.broken() == {}


def test_a_session_that_awards_more_than_its_cap_is_reported(capped, damage):
    capped.hold()
    damage(capped.db, "UPDATE settlement SET session_cap = 23999")
    assert capped.broken() == {"I4": ["session 1 awarded 24000, and its cap is 23999"]}


def test_failed_work_is_paid_once_by_a_session_as_the_tariff_says(rounds):
    announce(rounds, PRESETS["S1"])
    rounds.lab.deploy(workunits=4)
    rounds.compute(1)
    for exit_status in (10, 203, 0):
        order = rounds.lab.order(1)
        rounds.lab.report(order, None, exit_status=exit_status)
    rounds.lab.later(seconds=1)
    assert pay(rounds) == 1
    rounds.hold()
    assert amounts(rounds) == [
        (1, "computed", 10_000),
        (2, "broken", 10_000),
        (3, "failed", 10_000),
        (4, "failed", 10_000),
    ]
    rounds.hold()
    assert len(amounts(rounds)) == 4
    assert rounds.broken() == {}


def test_failed_work_that_gets_nothing_is_looked_at_once(rounds):
    announce(rounds, PRESETS["S2"])
    rounds.lab.deploy(workunits=1)
    order = rounds.lab.order(1)
    rounds.lab.report(order, None, exit_status=203)
    rounds.hold()
    assert amounts(rounds) == []
    assert rounds.said("credit.failed") == ["Tasks that failed or were taken back and were looked at for credit: 1."]
    rounds.hold()
    assert rounds.said("credit.failed") == []
    assert rounds.broken() == {}


def test_a_correction_is_a_further_award_and_everybody_s_sum_follows(capped):
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


@pytest.mark.parametrize(
    ("task", "amount", "error", "said"),
    [
        (99, 1, NotFound, "no task 99"),
        (12, 1, NotFound, "no task 12 that a host has had"),
        (1, 0, WrongUse, "a correction changes something"),
        (1, -4_001, WrongUse, "nobody has less than nothing"),
        (11, 5, Refused, "still waits for its credit"),
    ],
)
def test_a_correction_that_cannot_be_meant_is_refused(capped, task, amount, error, said):
    capped.compute(1)
    with pytest.raises(error, match=said), capped.db.transaction():
        correct(capped.db, task, amount, "a test", capped.lab.now)
    assert len(amounts(capped)) == 6


def test_nothing_is_corrected_before_it_was_awarded(capped):
    """Otherwise it would be paid twice: by the correction, and when its award is booked."""
    with pytest.raises(Refused, match="Award 1 for task 7 waits"), capped.db.transaction():
        correct(capped.db, 7, 4_000, "it got nothing", capped.lab.now)
    capped.compute(1, by=lambda _order: None)
    with pytest.raises(Refused, match="no session has looked at its credit"), capped.db.transaction():
        correct(capped.db, 11, 4_000, "it got nothing", capped.lab.now)
    with capped.db.transaction():
        approve(capped.db, [1], "a test", capped.lab.now)
        correct(capped.db, 7, -500, "a test", capped.lab.now)
    assert amounts(capped)[-2:] == [(7, "computed", 4_000), (7, "correction", -500)]


def test_history_under_another_tariff_is_summed_each_way_and_nothing_changes(capped):
    before = capped.stored()
    found = replay(capped.db, PRESETS["S4"], capped.lab.now)
    assert capped.stored() == before
    assert (found.was, found.totals.awards, found.totals.amount) == (24_000, 10, 150_000)
    capped.compute(1, by=lambda _order: None)
    assert replay(capped.db, replace(PRESETS["S4"], broken=0), capped.lab.now).totals.awards == 10
    assert replay(capped.db, PRESETS["S4"], capped.lab.now).totals.by_reason == {"computed": 150_000, "broken": 15_000}
    for sums in (found.totals.by_tier, found.totals.by_volunteer, found.totals.by_host, found.totals.by_reason):
        assert sum(sums.values()) == 150_000


@pytest.mark.parametrize("table", ["award", "entry", "carried", "tariff", "settlement"])
@pytest.mark.parametrize("sql", ["UPDATE {} SET {} = {} + 1", "DELETE FROM {}"])
def test_what_was_booked_cannot_be_changed_or_taken_out(capped, table, sql):
    capped.hold()
    with capped.db.transaction():
        ledger.carry_over(capped.db, 1, source="before", amount=5, because="", now=capped.lab.now)
    before = capped.stored(table)
    assert before[table]
    column = {"tariff": "valid_from", "settlement": "amount"}.get(table, "amount")
    with pytest.raises(Exception, match="what was booked is never changed"), capped.db.transaction():
        capped.db.execute(sql.format(table, column, column))
    assert capped.stored(table) == before


def test_every_sum_of_a_settlement_is_the_same_whatever_happens(new_lab, prepared, rounds_of, tmp_path):
    folders = iter(range(10**6))
    events = st.lists(st.tuples(st.sampled_from("cccfppsaxt"), st.integers(0, 2**16)), max_size=30)

    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    @given(events)
    def tell(told):
        lab = new_lab(tmp_path / str(next(folders)))
        rounds = rounds_of(lab)
        lab.publish(prepared())
        for host, volunteer in ((1, "Ada"), (2, "Bob")):
            assert lab.host(f"host {host}", cores=8, volunteer=volunteer) == host
        lab.deploy(workunits=40)
        announce(rounds, replace(PRESETS["S1"], session_cap=45_000))
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
    host = chance.choice((1, 2))
    match what:
        case "c" | "f":
            if lab.db.one("SELECT 1 FROM task WHERE state = 'unsent'"):
                rounds.compute(1, host=host, by=None if what == "c" else lambda _order: None)
        case "p":
            pay(rounds)
        case "s":
            rounds.step()
        case "a":
            numbers = [one.id for one in settlements.waiting(db, chance.randrange(1, 4))]
            with db.transaction():
                approve(db, numbers, "a test", lab.now)
        case "x":
            correct_newest(rounds, chance.choice((1, 777, 5_000)))
        case "t":
            change(rounds, chance.choice([*PRESETS.values(), replace(PRESETS["S1"], session_cap=20_000)]))


def correct_newest(rounds, amount: int) -> None:
    task = rounds.db.one("SELECT max(task_id) AS id FROM award")["id"]
    if task is not None:
        with rounds.db.transaction():
            correct(rounds.db, task, amount, "a test", rounds.lab.now)


def change(rounds, tariff) -> None:
    """Another tariff holds from now on."""
    known = [one.tariff.version for one in tariffs.everything(rounds.db) if one.tariff.name == tariff.name]
    announce(rounds, replace(tariff, version=max(known, default=0) + 1))
