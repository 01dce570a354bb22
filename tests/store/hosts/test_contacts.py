"""What is asked at every contact: one question for the caller and the host, one for the tasks it says it has."""

from datetime import timedelta

import pytest

from axiom.domain.ledger import Award, Balance, Tariff
from axiom.domain.work import TaskState, WorkunitState
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger, tariffs
from axiom.store.hosts import contacts, hosts, notices
from axiom.store.hosts.contacts import Stand
from axiom.store.tasks import tasks, workunits

STORED = "stored"  # of a password


@pytest.fixture
def db(small_lab):
    with small_lab.db.transaction():
        yield small_lab.db


@pytest.fixture
def ann(db, small_lab):
    number = accounts.create(db, name="Ann", email="ann@mail.example", password=STORED, cross_id="c", now=small_lab.now)
    accounts.set_keys(db, number, key_serial=1, key_digest="strong", weak_digest="weak")
    return number


@pytest.mark.parametrize("digest", ["strong", "weak"])
def test_a_caller_is_known_by_either_key_with_all_that_a_contact_needs(db, small_lab, ann, digest):
    team = teams.found(db, name="Some", founder_id=ann, country="", website="", about="", now=small_lab.now)
    accounts.join(db, ann, team)
    accounts.keep_preferences(db, ann, "<global_preferences/>", 7)
    accounts.set_project_preferences(db, ann, '{"resource_share": 5}', "home")
    found = contacts.contact(db, digest, 0, small_lab.now).caller
    assert (found.volunteer, found.account) == accounts.by_id(db, ann)
    assert found.preferred == accounts.preferences(db, ann)
    assert (found.team_name, found.balance) == ("Some", None)


def test_whoever_belongs_to_no_team_has_none(db, small_lab, ann):
    found = contacts.contact(db, "strong", 0, small_lab.now).caller
    assert (found.volunteer.id, found.volunteer.team_id, found.team_name) == (ann, None, "")


@pytest.mark.parametrize("digest", ["", "stranger"])
def test_a_key_that_nobody_has_is_nobody_s(db, small_lab, ann, digest):
    assert accounts.by_id(db, ann) is not None
    assert contacts.contact(db, digest, 0, small_lab.now) is None


def test_a_contact_brings_the_host_of_its_number_whoever_s_it_is(busy_lab):
    db, now = busy_lab.db, busy_lab.now
    with db.transaction():
        ann = accounts.create(db, name="Ann", email="ann@mail.example", password=STORED, cross_id="c", now=now)
        accounts.set_keys(db, ann, key_serial=1, key_digest="strong", weak_digest="weak")
        hosts.heard(db, 1, 41, now)
    found = contacts.contact(db, "strong", 1, now)
    assert (found.caller.volunteer.id, found.host) == (ann, contacts.stored_host(db, 1))
    assert found.host.host.volunteer_id != ann
    assert contacts.contact(db, "strong", 99, now).host is None


def test_a_contact_says_whether_there_is_something_to_say(busy_lab):
    db, now = busy_lab.db, busy_lab.now
    with db.transaction():
        ann = accounts.create(db, name="Ann", email="ann@mail.example", password=STORED, cross_id="c", now=now)
        accounts.set_keys(db, ann, key_serial=1, key_digest="strong", weak_digest="weak")
    says = []
    with db.transaction():
        says.append(contacts.contact(db, "strong", 1, now).has_notices)
        notices.add(db, 1, "kind", "words", now)
        says.append(contacts.contact(db, "strong", 1, now).has_notices)
        notices.told(db, [notice.id for notice in notices.shown(db, 1, now)], now)
    for later in (timedelta(hours=23), timedelta(hours=25)):
        says.append(contacts.contact(db, "strong", 1, now + later).has_notices)
        assert says[-1] is bool(notices.shown(db, 1, now + later))
    assert says == [False, True, True, False]


def test_a_host_comes_with_what_its_last_contact_left_and_with_its_credit(busy_lab):
    db, now = busy_lab.db, busy_lab.now
    hosts.heard(db, 1, 41, now)
    assert contacts.stored_host(db, 1).balance is None
    tariffs.announce(db, Tariff(name="core-seconds", version=1, per_core_second=10), now)
    given = Award(task_id=1, reason="computed", host_id=1, volunteer_id=1, amount=5, because="a test")
    with db.transaction():
        ledger.award(db, [given], tariff_id=1, session_id=None, now=now)
        tasks.mark_paid(db, [1])
    found = contacts.stored_host(db, 1)
    assert (found.host, found.rpc_seqno, found.facts_digest) == (hosts.host(db, 1), 41, "")
    assert found.balance == ledger.balance(db, "host", 1)
    assert isinstance(found.balance, Balance)
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
