"""Hosts: met once, known by name, seen again; and what is asked and said at every contact."""

from dataclasses import replace
from datetime import timedelta

import pytest
import stored_work

from axiom.domain.credit import Award, Tariff
from axiom.domain.fleet import Capacity, Platform, PreferenceSets, ProjectPreferences
from axiom.domain.work import TaskState, WorkunitState
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger, tariffs
from axiom.store.hosts import hosts, notices
from axiom.store.hosts.hosts import TaskStanding
from axiom.store.tasks import tasks

PLATFORM = Platform(system="linux", processor="x86_64", instructions="avx2")
CAPACITY = Capacity(cores=4, memory_mb=8_000)
FACTS = {"cpid": "", "flops": 0.0, "availability": 1.0, "facts": {}, "digest": "1"}
ATTIC = hosts.ClientDescription(name="attic", platform=PLATFORM, capacity=CAPACITY, **FACTS)


@pytest.fixture
def ada(database, now, join):
    return accounts.find_account(database, join(database, "Ada", now))[0]


def meet(database, ada, now, name="first", platform=PLATFORM, capacity=CAPACITY) -> int:
    return hosts.upsert_host(database, volunteer_id=ada.id, name=name, platform=platform, capacity=capacity, now=now)


def test_a_host_is_known_by_its_name_and_its_volunteer_and_seen_once_a_minute(database, ada, now, join):
    first, second = meet(database, ada, now), meet(database, ada, now, name="second")
    bob = accounts.find_account(database, join(database, "Bob", now))[0]
    namesake = meet(database, bob, now)
    assert len({first, second, namesake}) == 3
    assert meet(database, ada, now) == first
    assert [host.id for host in hosts.list_all_hosts(database)] == [first, second, namesake]
    later = now + timedelta(hours=1)
    newer = Platform(system="linux", processor="x86_64", instructions="avx512")
    meet(database, ada, later, platform=newer, capacity=Capacity(cores=8, memory_mb=16_000))
    host = hosts.find_host(database, first)
    assert host.platform == newer
    assert host.capacity.cores == 8
    assert host.capacity.memory_mb == 16_000
    assert (host.created_at, host.seen_at, host.volunteer_id) == (now, later, ada.id)
    assert hosts.find_host(database, 9) is None
    first = meet(database, ada, now)
    for seconds, idle, seen in ((300, False, 300), (-300, False, 300), (359, True, 300), (361, True, 361)):
        hosts.touch_host(database, first, now + timedelta(seconds=seconds), idle=idle)
        assert hosts.find_host(database, first).seen_at == now + timedelta(seconds=seen)


def test_the_thousandth_computer_of_one_name_is_called_by_its_number(database, ada, now):
    def added(description=ATTIC) -> str:
        return hosts.find_host(database, hosts.add_host(database, ada.id, description, now)).name

    assert [added() for _ in range(19)] == ["attic", *(f"attic ({number})" for number in range(2, 20))]
    assert [added() for _ in "ab"] == ["attic (host 20)", "attic (host 21)"]
    assert added(replace(ATTIC, name="attic (host 23)")) == "attic (host 23)"
    assert (added(), added(replace(ATTIC, name="cellar"))) == ("attic (host 24)", "cellar")
    hosts.update_host_description(database, 24, replace(ATTIC, digest="2"))
    assert hosts.find_host(database, 24).name == "attic (host 25)"


@pytest.fixture
def ann(busy_lab, join):
    """Somebody with keys, whose the laboratory's host 1 is not."""
    with busy_lab.db.transaction():
        number = join(busy_lab.db, "Ann", busy_lab.now)
        accounts.set_keys(busy_lab.db, number, key_serial=1, key_digest="strong", weak_digest="weak")
    return number


def test_a_caller_is_known_by_either_key_with_all_that_a_contact_needs(busy_lab, ann):
    db, now = busy_lab.db, busy_lab.now
    assert hosts.read_contact(db, "", 0, now) is hosts.read_contact(db, "stranger", 0, now) is None
    for digest in ("strong", "weak"):
        caller = hosts.read_contact(db, digest, 0, now).caller
        assert caller.volunteer.id == ann
        assert caller.volunteer.team_id is None
        assert caller.team_name == ""
    with db.transaction():
        team = teams.create_team(db, name="Some", founder_id=ann, country="", website="", about="", now=now)
        accounts.set_volunteer_team(db, ann, team)
        accounts.keep_preferences(db, ann, "<global_preferences/>", 7)
        sets = PreferenceSets(by_venue={"home": ProjectPreferences(resource_share=5.0)})
        accounts.set_project_preferences(db, ann, sets, "home")
        hosts.record_contact(db, 1, 41, now)
    found = hosts.read_contact(db, "weak", 1, now)
    assert (found.caller.volunteer, found.caller.account) == accounts.find_account(db, ann)
    assert found.caller.preferred == accounts.find_preferences(db, ann)
    assert (found.caller.team_name, found.caller.balance) == ("Some", None)
    assert found.host == hosts.find_stored_host(db, 1)
    assert found.host.host.volunteer_id != ann
    assert hosts.read_contact(db, "strong", 99, now).host is None


def test_a_sentence_is_told_for_a_day_and_of_one_kind_at_most_one(busy_lab, ann):
    db, now = busy_lab.db, busy_lab.now
    assert accounts.find_account(db, ann)

    def shown(hours: int) -> list[tuple[str, str, bool]]:
        later = now + timedelta(hours=hours)
        sentences = notices.list_host_notices(db, 1, later)
        assert hosts.read_contact(db, "strong", 1, later).has_notices is bool(sentences)
        return [(notice.kind, notice.text, notice.is_told) for notice in sentences]

    with db.transaction():
        assert shown(0) == []
        assert notices.add_notice(db, 1, "invalid", "x" * 5_000, now)
        assert notices.add_notice(db, 1, "differs", "Something is.", now)
        long, short = ("invalid", "x" * 1_000), ("differs", "Something is.")
        assert shown(0) == [(*long, False), (*short, False)]
        assert notices.list_host_notices(db, 1, now)[0].created_at == now
        notices.mark_notices_told(db, [1], now)
        assert [shown(hours) for hours in (23, 25)] == [[(*long, True), (*short, False)], [(*short, False)]]
        notices.mark_notices_told(db, [2], now)
        assert shown(25) == notices.list_host_notices(db, 2, now) == []
        added = [notices.add_notice(db, 1, "invalid", "again", now + timedelta(hours=hours)) for hours in (23, 25)]
        assert added == [False, True]


def test_hosts_and_tasks_stand_as_they_were_last_left(busy_lab):
    db = busy_lab.db
    known = {task.id: task for task in stored_work.tasks(db)}
    found = hosts.list_task_standings(db, [*known, 999])
    assert set(found) == set(known)
    valid = next(task for task in known.values() if task.state is TaskState.VALID)
    assert found[valid.id] == TaskStanding(host_id=1, state=TaskState.VALID, workunit=WorkunitState.DONE)
    assert hosts.list_task_standings(db, []) == {}
    db, now = busy_lab.db, busy_lab.now
    hosts.record_contact(db, 1, 41, now)
    assert hosts.find_stored_host(db, 1).balance is None
    tariffs.add_tariff(db, Tariff(name="core-seconds", version=1, per_core_second=10), now)
    award = Award(task_id=1, reason="computed", host_id=1, volunteer_id=1, amount=5, because="a test")
    with db.transaction():
        ledger.book_awards(db, [award], tariff_id=1, now=now)
        tasks.mark_tasks_paid(db, [1])
    found = hosts.find_stored_host(db, 1)
    assert (found.host, found.rpc_seqno, found.facts_digest) == (hosts.find_host(db, 1), 41, "")
    assert found.balance == ledger.find_balance(db, "host", 1)
    assert found.balance.total == 5
    assert hosts.find_stored_host(db, 99) is None
