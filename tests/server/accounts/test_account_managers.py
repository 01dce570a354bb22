"""Account managers act as the volunteer whose key they hold: at the gate, by commands, within the same limits."""

import json
import re
from xml.etree import ElementTree as ET

import pytest
from front_office import HASH, WRONG, error_in, key_in

from axiom.domain.fleet import Capacity, Platform
from axiom.limits import accounts as limits
from axiom.server.accounts.erase import forget_volunteer
from axiom.store.accounts import teams
from axiom.store.hosts import hosts
from axiom.store.upkeep import audit
from axiom.store.writer import Writer

HOST = {
    "platform": Platform(system="linux", processor="x86_64", instructions="avx2"),
    "capacity": Capacity(cores=2, memory_mb=4_000),
}
SET = {
    "name": "Canary B.",
    "country": "Norway",
    "url": "https://canary.example/",
    "show_hosts": "0",
    "teamid": "1",
    "venue": "home",
    "global_prefs": "<canary>1</canary>",
    "project_prefs": "<resource_share>42</resource_share>",
}
COMMANDS = ["team.join", "account.computing", "account.profile", "account.preferences"]


def audited(office) -> list[dict]:
    """The audit, oldest first."""
    return office.writer.run(lambda db: audit.list_audit_entries(db, 1_000))[::-1]


@pytest.fixture
def key(office) -> str:
    """Of volunteer 1, who has host 1 and founded team 1."""
    made, now = key_in(office.create()), office.lab.now
    nothing = {"country": "", "website": "", "about": ""}
    office.writer.run(lambda db: hosts.upsert_host(db, volunteer_id=1, name="", now=now, **HOST))
    office.writer.run(lambda db: teams.create_team(db, name="Owls", founder_id=1, now=now, **nothing))
    return made


def test_what_an_account_manager_sets_is_audited_and_says_nothing_of_its_volunteer(office, key):
    before = len(audited(office))
    assert "<success/>" in office.ask("/am_set_info.php", account_key=key, **SET)
    assert "<success/>" in office.ask("/am_set_info.php", account_key=key, teamid="0")
    assert "<success/>" in office.ask("/am_set_host_info.php", account_key=key, hostid="1", venue="work")
    told = audited(office)[before:]
    assert [entry["command"] for entry in told] == [*COMMANDS, "team.leave", "account.place"]
    assert {(entry["caller"], entry["outcome"]) for entry in told} == {("volunteer:1", "done")}
    assert [word for word in ("anary", "Norway") if word in json.dumps(told)] == []


def test_an_account_manager_reads_and_sets_the_resource_share_of_each_venue(office, key):
    def shares() -> dict[str, str]:
        info = ET.fromstring(office.ask("/am_get_info.php", account_key=key))
        preferred = info.find("project_prefs/project_preferences")
        return {part.get("name", ""): part.findtext("resource_share") for part in (preferred, *preferred.iter("venue"))}

    own = "<resource_share>42</resource_share>\n{}<project_specific><max_jobs>3</max_jobs></project_specific>"
    at_work = '<venue name="work"><resource_share>7</resource_share></venue>'
    sent = f"<project_preferences>{own.format(at_work)}</project_preferences>"
    assert "<success/>" in office.ask("/am_set_info.php", account_key=key, project_prefs=sent)
    assert shares() == {"": "42", "work": "7"}
    again = re.search(r"(?s)<project_prefs>(.*)</project_prefs>", office.ask("/am_get_info.php", account_key=key))[1]
    changed = again.replace(">42<", ">43<")  # as managers do
    assert "<success/>" in office.ask("/am_set_info.php", account_key=key, project_prefs=changed)
    assert shares() == {"": "43", "work": "7"}
    elsewhere = sent.replace("work", "moon").replace("42", "9")
    assert error_in(office.ask("/am_set_info.php", account_key=key, project_prefs=elsewhere)) == -188
    assert shares() == {"": "43", "work": "7"}


def test_one_part_that_is_refused_leaves_all_as_it_was(office, key):
    before = office.ask("/am_get_info.php", account_key=key)
    assert error_in(office.ask("/am_set_info.php", account_key=key, **SET | {"teamid": "77"})) == -136
    assert error_in(office.ask("/am_set_info.php", account_key=key, **SET | {"global_prefs": "<a>"})) == -188
    assert error_in(office.ask("/am_set_host_info.php", account_key=key, hostid="2", venue="work")) == -136
    assert office.ask("/am_get_info.php", account_key=key) == before
    refused = [(entry["command"], entry["caller"]) for entry in audited(office) if entry["outcome"] == "refused"]
    assert refused == [("team.join", "volunteer:1"), ("account.place", "volunteer:1")]


def test_no_key_no_account_and_too_many_changes_are_refused_before_the_gate(office, key):
    def ask(account_key: str) -> int:
        return error_in(office.ask("/am_set_info.php", account_key=account_key, country="Norway"))

    for _ in range(limits.SAME_CHANGES):
        office.project.account_managers.guesses.do_one(1, "am_set_info")
    before = audited(office)
    assert ask(key) == -183
    office.lab.later(hours=2)
    assert ask(WRONG) == -136
    volunteer, account = office.stored()
    office.writer.run(lambda db: forget_volunteer(db, volunteer, account, office.lab.now))
    assert ask(key) == -136
    assert audited(office) == before


def test_whatever_changes_something_at_the_project_s_addresses_is_audited(office, key, monkeypatch):
    submit, unaudited = Writer.submit, []

    def counts(db) -> tuple[int, int]:
        return db.number("SELECT total_changes()"), db.number("SELECT count(*) FROM audit")

    def watched(self, work):
        def counted(db):
            changes, lines = counts(db)
            answer = work(db)
            changes_after, lines_after = counts(db)
            if changes_after > changes and lines_after == lines:
                unaudited.append(work)
            return answer

        return submit(self, counted)

    monkeypatch.setattr(Writer, "submit", watched)
    before = len(audited(office))
    fields = {"account_key": key, "hostid": "1", "user_name": "Bo", "passwd_hash": HASH, "team_name": "Owls", **SET}
    for more in ({}, {"email_addr": "bo@mail.example"}):
        for path in office.project.endpoints():
            office.raw(path, **fields, **more)
    assert unaudited == []
    given = {entry["command"] for entry in audited(office)[before:]}
    assert given == {*COMMANDS, "account.place", "account.open_by_client"}
