"""What is asked at every contact: one question for the caller and the host, one for the tasks it says it has."""

from datetime import timedelta

import pytest

from axiom.domain.ledger import Award, Tariff
from axiom.domain.work import TaskState, WorkunitState
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger, tariffs
from axiom.store.hosts import contacts, hosts, notices
from axiom.store.hosts.contacts import Stand
from axiom.store.tasks import tasks, workunits


@pytest.fixture
def ann(busy_lab, join):
    """Somebody with keys, whose the laboratory's host 1 is not."""
    with busy_lab.db.transaction():
        number = join(busy_lab.db, "Ann", busy_lab.now)
        accounts.set_keys(busy_lab.db, number, key_serial=1, key_digest="strong", weak_digest="weak")
    return number


def test_a_caller_is_known_by_either_key_with_all_that_a_contact_needs(busy_lab, ann):
    db, now = busy_lab.db, busy_lab.now
    assert contacts.contact(db, "", 0, now) is contacts.contact(db, "stranger", 0, now) is None
    for digest in ("strong", "weak"):
        caller = contacts.contact(db, digest, 0, now).caller
        assert (caller.volunteer.id, caller.volunteer.team_id, caller.team_name) == (ann, None, "")
    with db.transaction():
        team = teams.found(db, name="Some", founder_id=ann, country="", website="", about="", now=now)
        accounts.join(db, ann, team)
        accounts.keep_preferences(db, ann, "<global_preferences/>", 7)
        accounts.set_project_preferences(db, ann, '{"resource_share": 5}', "home")
        hosts.heard(db, 1, 41, now)
    found = contacts.contact(db, "weak", 1, now)
    assert (found.caller.volunteer, found.caller.account) == accounts.by_id(db, ann)
    assert found.caller.preferred == accounts.preferences(db, ann)
    assert (found.caller.team_name, found.caller.balance) == ("Some", None)
    assert found.host == contacts.stored_host(db, 1)
    assert found.host.host.volunteer_id != ann
    assert contacts.contact(db, "strong", 99, now).host is None


def test_a_sentence_is_told_for_a_day_and_of_one_kind_at_most_one(busy_lab, ann):
    db, now = busy_lab.db, busy_lab.now
    assert accounts.by_id(db, ann)

    def shown(hours: int) -> list[tuple[str, str, bool]]:
        later = now + timedelta(hours=hours)
        told = notices.shown(db, 1, later)
        assert contacts.contact(db, "strong", 1, later).has_notices is bool(told)
        return [(notice.kind, notice.text, notice.is_told) for notice in told]

    with db.transaction():
        assert shown(0) == []
        assert notices.add(db, 1, "invalid", "x" * 5_000, now)
        assert notices.add(db, 1, "differs", "Something is.", now)
        assert shown(0) == [("invalid", "x" * 1_000, False), ("differs", "Something is.", False)]
        assert notices.shown(db, 1, now)[0].created_at == now
        notices.told(db, [1], now)
        assert shown(23) == [("invalid", "x" * 1_000, True), ("differs", "Something is.", False)]
        assert shown(25) == [("differs", "Something is.", False)]
        notices.told(db, [2], now)
        assert shown(25) == notices.shown(db, 2, now) == []
        added = [notices.add(db, 1, "invalid", "again", now + timedelta(hours=hours)) for hours in (23, 25)]
        assert added == [False, True]


def test_a_host_comes_with_what_its_last_contact_left_and_with_its_credit(busy_lab):
    db, now = busy_lab.db, busy_lab.now
    hosts.heard(db, 1, 41, now)
    assert contacts.stored_host(db, 1).balance is None
    tariffs.announce(db, Tariff(name="core-seconds", version=1, per_core_second=10), now)
    award = Award(task_id=1, reason="computed", host_id=1, volunteer_id=1, amount=5, because="a test")
    with db.transaction():
        ledger.award(db, [award], tariff_id=1, session_id=None, now=now)
        tasks.mark_paid(db, [1])
    found = contacts.stored_host(db, 1)
    assert (found.host, found.rpc_seqno, found.facts_digest) == (hosts.host(db, 1), 41, "")
    assert found.balance == ledger.balance(db, "host", 1)
    assert found.balance.total == 5
    assert contacts.stored_host(db, 99) is None


def test_tasks_stand_as_they_were_last_left_and_those_never_made_are_missing(busy_lab):
    db = busy_lab.db
    known = {task.id: task for task in workunits.tasks(db)}
    found = contacts.stands(db, [*known, 999])
    assert set(found) == set(known)
    valid = next(task for task in known.values() if task.state is TaskState.VALID)
    assert found[valid.id] == Stand(host_id=1, state=TaskState.VALID, workunit=WorkunitState.DONE)
    assert contacts.stands(db, []) == {}
