"""Clients of a project that moved in: they go on as if nothing had happened."""

import json

import pytest
from make_dumps import HOSTS, PEOPLE, authenticator_of, cross_id_of, md5
from scheduler_calls import Client, Exchange, report

from axiom.boinc.account_keys import exported_host_cpid
from axiom.signed.keys import make_secrets


def weak_key_of(person):
    (row,) = (row for row in PEOPLE if row["id"] == person)
    return f"{person}_{md5(row['authenticator'] + row['passwd_hash'])}"


def own_id_of(host):
    return md5(f"cross-project id of host {host}")


def client_of(person, host, *, key=None, seqno=None, cpid=None):
    (row,) = (row for row in HOSTS if row["id"] == host)
    seqno = row["rpc_seqno"] if seqno is None else seqno
    named = {"name": row["domain_name"], "cpid": cpid or own_id_of(host)}
    return Client(key or authenticator_of(person), host=host, seqno=seqno, **named)


@pytest.fixture
def exchange(moved_lab):
    opened = Exchange(moved_lab, make_secrets(moved_lab.folder.keys))
    yield opened
    opened.close()


def row_of(exchange, table, number):
    (row,) = exchange.do(lambda db: db.select(f"SELECT * FROM {table} WHERE id = :id", id=number))  # noqa: S608
    return row


@pytest.mark.parametrize("key", [authenticator_of(2), weak_key_of(2)], ids=["account", "weak"])
def test_a_computer_goes_on_under_its_number_by_either_key(exchange, key):
    before = row_of(exchange, "host", 2)
    bob = client_of(2, 2, key=key)
    heard = exchange.call(bob, inside=PEOPLE[1]["global_prefs"])
    told = heard.root
    assert (heard.host, heard.words) == (None, []), "the number is its own, and there is nothing to notice"
    assert told.findtext("userid") == "2"
    assert told.findtext("teamid") == "1"
    assert told.findtext("host_venue") == "work"
    assert (heard.credit, heard.number("host_total_credit")) == (98765.432, 90000.432)
    assert told.findtext("cross_project_id") == cross_id_of(2)
    assert told.findtext("external_cpid") == md5(cross_id_of(2) + "Bob.Mixed@Example.ORG")
    assert told.find("global_preferences") is None, "it has the same"
    venues = told.findall("project_preferences/venue")
    assert {venue.get("name"): venue.findtext("resource_share") for venue in venues} == {"home": "42", "work": "7"}
    after = row_of(exchange, "host", 2)
    assert (before["cpid"], after["cpid"]) == (f"exported:{HOSTS[1]['host_cpid']}", own_id_of(2))
    assert exported_host_cpid(after["cpid"], "Bob.Mixed@Example.ORG") == HOSTS[1]["host_cpid"]
    assert exchange.call(bob).host is None


def test_a_computer_that_was_merged_is_told_the_number_that_lives(exchange):
    for number in (3, 4):
        zoe = client_of(3, number, cpid=own_id_of(5))
        assert exchange.call(zoe).host == 5
        assert exchange.call(zoe).host is None
    bob = client_of(2, 3, cpid="5" * 32)
    assert exchange.call(bob).host == 12, "another's number is no way to another's computer"
    assert row_of(exchange, "host", 5)["volunteer_id"] == 3


@pytest.mark.parametrize(("person", "host"), [(2, 7), (11, 11)])
def test_a_computer_that_attaches_anew_is_known_again(exchange, person, host):
    anew = client_of(person, host, seqno=0)
    anew.host = 0
    assert exchange.call(anew).host == host
    assert row_of(exchange, "host", host)["cpid"] == own_id_of(host)
    assert exchange.call(anew).host is None
    other = client_of(person, host, cpid="6" * 32, seqno=0)
    other.host = 0
    assert exchange.call(other).host == 12


MINE = ["star_00001_1", "star_00002_0", "star_00003_1", "star_00004_0"]


def test_tasks_of_before_go_on_until_long_after_their_deadlines(exchange):
    bob, stranger = client_of(2, 2), client_of(11, 11)
    bob.tasks = dict.fromkeys([*MINE, "dust_00001_0"])
    heard = exchange.call(bob)
    assert heard.named("result_abort") == ["dust_00001_0"]
    assert list(bob.tasks) == MINE
    stranger.tasks = dict.fromkeys(MINE)
    assert exchange.call(stranger).named("result_abort") == MINE, "they are not on this computer"
    exchange.lab.later(days=20)
    assert exchange.call(bob).named("result_abort_if_not_started") == []
    exchange.lab.later(days=1)
    heard = exchange.call(bob)
    assert (heard.named("result_abort"), heard.named("result_abort_if_not_started")) == ([], MINE)


def test_what_is_reported_of_them_is_kept_once_and_acknowledged(exchange):
    bob, stranger = client_of(2, 2), client_of(11, 11)

    def tell(client, **more):
        return exchange.call(client, report(MINE[0], output=f"{MINE[0]}_r1_0", md5="0" * 32, **more))

    def kept():
        (row,) = exchange.do(lambda db: db.select("SELECT * FROM foreign_task WHERE name = :name", name=MINE[0]))
        return row["reported_at"], row["report"] and json.loads(row["report"])

    assert tell(stranger).named("result_ack") == [MINE[0]]
    assert kept() == (None, None)
    assert tell(bob, said="<stderr_txt>\nit is done\n</stderr_txt>").named("result_ack") == [MINE[0]]
    at, said = kept()
    assert (said["exit_status"], said["files"]) == (0, [f"{MINE[0]}_r1_0"])
    assert said["stderr"].strip() == "it is done"
    exchange.lab.later(minutes=1)
    assert tell(bob, status=1).named("result_ack") == [MINE[0]]
    assert kept() == (at, said)
    assert exchange.broken() == {}
