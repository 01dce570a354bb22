"""A project moves: everybody and everything of a dump is in the laboratory afterwards, once and as it was."""

import errno
import gzip
import json
import re
import shutil
import signal
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from front_office import keep_secret
from make_dumps import DUMPS, HOSTS, PEOPLE, PROJECT, TEAMS, cross_id_of, md5
from patience import PATIENCE
from running_lab import typed

from axiom.boinc import account_keys
from axiom.domain.fleet import Capacity, Platform, read_project_preferences
from axiom.errors import CannotStart, Refused
from axiom.service.doctor_checks import examine_invariants
from axiom.signed.boinc_code_signing import CodeKey, is_code_signed, load_code
from axiom.store.accounts import accounts, adoption
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.hosts import hosts
from axiom_adopt import load_dump
from axiom_adopt.dump import open_dump
from axiom_adopt.inspect_dump import inspect_dump
from axiom_adopt.move_project import Move
from axiom_adopt.project_folder import read_project
from axiom_adopt.undo_move import undo_move

HERE = [1, 2, 3, 4, 6, 7, 8, 9, 10, 11]  # 5 was deleted
PERSON, HOST, TEAM = ({row["id"]: row for row in rows} for rows in (PEOPLE, HOSTS, TEAMS))
LINUX, FEW = Platform(system="linux", processor="x86_64", instructions="avx2"), Capacity(cores=2, memory_mb=4_000)
TEXT = gzip.decompress((DUMPS / "project-text.sql.gz").read_bytes())


def by_number(rows, *columns):
    return {row["id"]: tuple(row[column] for column in columns) for row in rows}


def everything(folder):
    """All rows but those of how and when they were written."""
    with closing(connect_reader(folder.database)) as db:
        tables = sorted(db.tables() - {"audit", "counter", "journal", "migration"})
        stored = {table: db.select(f"SELECT * FROM {table}") for table in tables}  # noqa: S608  our own tables
    stored["sqlite_sequence"] = [row for row in stored["sqlite_sequence"] if row["name"] != "audit"]
    for row in (*stored["carried"], *stored["adoption"]):
        for column in ("created_at", "begun_at", "sealed_at", "digest"):
            row.pop(column, None)
    return stored


def test_people_are_there_under_their_numbers_with_what_they_chose(moved, look):
    rows = look(moved, "SELECT * FROM volunteer ORDER BY id")
    assert [row["id"] for row in rows] == HERE
    assert {row["id"]: row["name"] for row in rows} == {
        number: PERSON[number]["name"] or f"volunteer {number}" for number in HERE
    }
    assert {row["created_at"] for row in rows} == {PERSON[number]["create_time"] * 10**6 for number in HERE}
    found = by_number(rows, "email", "spelt_email")
    assert found[1] == ("operator@example.org", None)
    assert found[2] == ("bob.mixed@example.org", "Bob.Mixed@Example.ORG")
    assert (found[7], found[8]) == (("twice@example.org", "Twice@example.org"), (None, "twice@example.org"))
    chosen = by_number(rows, "country", "website", "venue", "shows_hosts")
    assert chosen[1] == ("", "", "", 0)
    assert chosen[2] == ("", "https://bob.example.org/?a=1&b=2", "home", 1)
    assert chosen[3][0] == "Österreich"
    assert [row["id"] for row in rows if row["confirmed_at"] is None] == [8, 10]


def test_preferences_are_those_that_clients_have(moved, look):
    rows = look(moved, "SELECT * FROM volunteer")
    kept = by_number(rows, "preferences", "preferences_at")
    assert kept[2] == (PERSON[2]["global_prefs"].strip(), 1_700_000_000)
    assert {kept[number] for number in HERE if number != 2} == {("", 0)}, "none, bytes that are no XML, and one cut off"
    bob, zoe = (read_project_preferences(*by_number(rows, "project_preferences")[number]) for number in (2, 3))
    assert (bob.general.resource_share, bob.general.on_gpus) == (100, False)
    assert {venue: own.resource_share for venue, own in bob.by_venue.items()} == {"work": 7, "home": 42}
    assert (zoe.general.resource_share, zoe.by_venue) == (0, {})


def test_computers_go_on_under_their_numbers_and_merged_ones_are_known(moved, look):
    rows = look(moved, "SELECT * FROM host ORDER BY id")
    assert by_number(rows, "volunteer_id", "name", "rpc_seqno", "venue") == {
        1: (1, "server", 11, ""),
        2: (2, "bob-at-work", 13, "work"),
        5: (3, "zoe-laptop", 15, ""),
        6: (3, "zoe-laptop (2)", 16, "school"),
        7: (2, "bob-silent", 17, ""),
        10: (6, "unnamed", 20, ""),
        11: (11, "plain’s 电脑", 21, ""),
    }
    for row in rows:
        assert row["seen_at"] == HOST[row["id"]]["rpc_time"] * 10**6
    (bob,) = (row for row in rows if row["id"] == 2)
    assert json.loads(bob["gpus"]) == [["NVIDIA", 1, 6078, "NVIDIA GeForce GTX 1060 6GB"]]
    assert bob["system"] == "linux"
    assert bob["cores"] == 4
    assert bob["memory_mb"] == 7875
    assert bob["flops"] == 4213678912.345678
    assert look(moved, "SELECT * FROM merged_host") == [{"number": 3, "host_id": 5}, {"number": 4, "host_id": 5}]


def test_teams_keep_founders_and_members(moved, look):
    rows = look(moved, "SELECT * FROM team")
    assert by_number(rows, "name", "founder_id", "country", "website", "about") == {
        1: ("Stars &amp; Stripes", 2, "United States", "stars.example.org", TEAM[1]["description"]),
        3: ("Sternwärte 🔭", 3, "", "", ""),
    }
    members = look(moved, "SELECT id, team_id FROM volunteer WHERE team_id IS NOT NULL")
    assert by_number(members, "team_id") == {2: (1,), 3: (3,), 6: (1,)}


def test_credit_is_what_it_was_and_fades_on_from_when_it_was_so(moved, look):
    balances = {(row["holder"], row["holder_id"]): row for row in look(moved, "SELECT * FROM balance")}
    for holder, before, numbers in (
        ("volunteer", PERSON, HERE),
        ("host", HOST, [1, 2, 5, 6, 7, 10, 11]),
        ("team", TEAM, [1, 3]),
    ):
        for number in numbers:
            row, balance = before[number], balances.pop((holder, number))
            assert balance["total"] / 1_000 == pytest.approx(row.get("total_credit", 0), abs=0.0005)
            assert balance["recent"] == row.get("expavg_credit", 0)
            assert balance["recent_at"] == row.get("expavg_time", 0) * 10**6
    assert balances == {}
    assert typed("ledger", "verify", data=moved.path).returncode == 0
    assert typed("adopt", "verify", data=moved.path).returncode == 0
    assert all(diagnosis.well for diagnosis in examine_invariants(moved))


def test_credit_sites_see_at_once_what_they_saw_before(moved):
    def records(name):
        return list(ET.fromstring(gzip.decompress((moved.statistics / name).read_bytes())))

    people = {record.findtext("id"): record for record in records("user.gz")}
    assert sorted(people) == ["2", "4"], "who agreed last, and nobody else"
    for number, person in people.items():
        row = PERSON[int(number)]
        assert person.findtext("cpid") == md5(cross_id_of(int(number)) + row["email_addr"])
        assert float(person.findtext("total_credit")) == pytest.approx(row.get("total_credit", 0), abs=0.0005)
        assert float(person.findtext("expavg_credit")) == row.get("expavg_credit", 0)
    computers = {record.findtext("id"): record.findtext("host_cpid") for record in records("host.gz")}
    assert computers == {number: HOST[int(number)]["host_cpid"] for number in ("2", "7")}
    assert [(team.findtext("id"), team.findtext("userid")) for team in records("team.gz")] == [("1", "2"), ("3", "0")]
    gone = {record.findtext("id"): record.findtext("cpid") for record in records("user_deleted.gz")}
    assert gone == {"5": md5("person 5"), "21": md5("person 21")}
    gone = {record.findtext("id"): record.findtext("host_cpid") for record in records("host_deleted.gz")}
    assert gone == {"8": md5("host 8"), "20": md5("host 20")}
    totals = ET.parse(moved.statistics / "tables.xml").getroot()
    assert [totals.findtext(f"n{noun}_total") for noun in ("users", "teams", "hosts")] == ["2", "2", "2"]


def test_whoever_has_the_files_without_the_keys_can_compute_and_sign_in_as_nobody(moved):
    bodies = [path.read_bytes() for path in moved.path.rglob("*") if path.is_file() and path.parent != moved.keys]
    assert any(cross_id_of(1).encode() in body for body in bodies)
    for row in PEOPLE:
        weak = md5(row["authenticator"] + row["passwd_hash"])
        as_clients = account_keys.passwd_hash(f"password {row['id']}", row["email_addr"])
        as_spelt = account_keys.spelt_passwd_hash(f"password {row['id']}", row["email_addr"])
        for secret in (row["authenticator"], weak, as_clients, as_spelt):
            assert not any(secret.encode() in body for body in bodies), row["id"]


def test_what_is_the_laboratory_s_own_has_numbers_above_all_others(moved_lab):
    lab = moved_lab
    with lab.db.transaction():
        assert accounts.find_laboratory_account(lab.db, lab.now) == 41, "also above that of an account that was deleted"
    assert lab.host() == 12


def test_the_text_of_a_dump_may_be_written_otherwise(moved, move, tmp_path):
    other = Folder(path=tmp_path / "lab")
    assert move(other, DUMPS / "project-text.sql.gz").returncode == 0
    assert everything(other) == everything(moved)


def test_what_is_odd_in_a_dump_stops_nobody(move, look, tmp_path, cut_over):
    changes = [
        (b"'Twice the younger'", b"'Twice the older'"),
        ("'Sternwärte 🔭'".encode(), b"'Stars &amp; Stripes'"),
        (b",1234567.931168,", b",9e300,"),
        (b",8258158592,", b",9e300,"),
        (b" AUTO_INCREMENT=41", b""),
        (f"'{PERSON[9]['authenticator']}'".encode(), b"''"),
        (f",{HOST[11]['rpc_time']},".encode(), b",9223372036854775807,"),
    ]
    text = TEXT
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    dump, folder = tmp_path / "odd.sql", Folder(path=tmp_path / "lab")
    dump.write_bytes(re.sub(rb"(CREATE TABLE `team`.*?AUTO_INCREMENT=)4", rb"\g<1>50", text, flags=re.DOTALL))
    done = move(folder, dump)
    assert done.returncode == 0, done.stderr
    names = by_number(look(folder, "SELECT id, name FROM volunteer"), "name")
    assert (names[7], names[8]) == (("Twice the older",), ("Twice the older (2)",))
    assert by_number(look(folder, "SELECT id, name FROM team"), "name")[3] == ("Stars &amp; Stripes (2)",)
    (last,) = look(folder, "SELECT max(seen_at) AS seen_at FROM host")
    assert abs(last["seen_at"] - cut_over.timestamp() * 10**6) < 10**6, "or the clock would stand before it"
    assert look(folder, "SELECT * FROM adopted_key WHERE volunteer_id = 9") == []
    numbers = {row["name"]: row["seq"] for row in look(folder, "SELECT * FROM sqlite_sequence")}
    assert (numbers["volunteer"], numbers["team"]) == (11, 49)
    assert typed("adopt", "verify", data=folder.path).returncode == 0


def test_numbers_go_on_where_no_row_is_left(move, look, tmp_path):
    text = re.sub(rb"INSERT INTO `team` VALUES\n.*?;\n", b"", TEXT, flags=re.DOTALL)
    (tmp_path / "dump.sql").write_bytes(text)
    folder = Folder(path=tmp_path / "lab")
    assert move(folder, tmp_path / "dump.sql").returncode == 0
    assert look(folder, "SELECT seq FROM sqlite_sequence WHERE name = 'team'") == [{"seq": 3}]


def test_a_dry_run_says_what_does_not_come_along_and_writes_nothing(tmp_path):
    folder = tmp_path / "none"
    words = ("adopt", DUMPS / "project-hex.sql.gz", "--project", PROJECT)
    looked = typed(*words, "-n", "--json", data=folder)
    report = json.loads(looked.stdout)["adoption"]
    assert looked.returncode == 1
    assert report["people"] == 10
    assert report["computers"] == 7
    assert report["teams"] == 2
    assert report["tasks_out"] == 5
    assert report["passwords"] == {"MD5": 7, "bcrypt": 3, "mixed-case addresses": 3}
    lost = report["losses"]
    assert lost["accounts that were deleted"] == ["5"]
    assert lost["computing preferences that are cut off or no XML"] == ["4", "9"]
    assert lost["addresses in two spellings: the older account signs in"] == ["8"]
    assert typed(*words, data=folder).returncode == 4, "before they are accepted"
    assert not folder.exists()


def test_typed_twice_is_typed_once_and_another_dump_is_refused(copy, move, look):
    before, audited = everything(copy), look(copy, "SELECT * FROM audit")
    assert len(audited) == 10
    assert move(copy).returncode == 0
    assert (everything(copy), look(copy, "SELECT * FROM audit")) == (before, audited)
    assert move(copy, DUMPS / "project-text.sql.gz").returncode == 4
    assert (everything(copy), look(copy, "SELECT * FROM audit")) == (before, audited)


def test_a_laboratory_that_has_run_takes_no_project(moved_lab, move):
    lab = moved_lab
    with lab.db.transaction():
        lab.db.execute("DELETE FROM adoption")
    lab.db.close()
    assert move(lab.folder).returncode == 4


class Interrupted(Exception):
    pass


def load_in_parts(folder, *, until):
    """Load on, and stop behind so many parts; what was found wrong once all of it is there."""

    def tell(*_):
        nonlocal until
        until -= 1
        if until == 0:
            raise Interrupted

    with open_dump(DUMPS / "project-hex.sql.gz") as dump:
        inspection = inspect_dump(dump)
        move = Move(dump=dump, project=read_project(PROJECT), folder=folder, is_key_elsewhere=False)
        move.demand_possible(inspection)
        return move.carry_out(inspection, tell)["problems"]


def test_an_interrupted_move_goes_on_behind_the_last_part(moved, move, look, tmp_path, monkeypatch):
    monkeypatch.setattr(load_dump, "ROWS", 3)
    whole, folder = Folder(path=tmp_path / "whole"), Folder(path=tmp_path / "lab")
    assert move(whole).returncode == 0
    assert everything(whole) == everything(moved), "however many rows a part has"
    keep_secret(folder.keys)
    parts = 0
    for until in range(1, 40):
        with suppress(Interrupted):
            assert load_in_parts(folder, until=until) == []
            break
        parts += 1
        with closing(connect_reader(folder.database)) as db, pytest.raises(CannotStart):
            adoption.demand_complete_adoption(db)
    assert parts == 15
    assert everything(folder) == everything(whole)
    assert look(folder, "SELECT count(*) AS n FROM audit") == look(whole, "SELECT count(*) AS n FROM audit")


def test_half_a_move_is_neither_verified_nor_kept_from_being_taken_back(tmp_path):
    folder = Folder(path=tmp_path / "lab")
    keep_secret(folder.keys)
    with pytest.raises(Interrupted):
        load_in_parts(folder, until=2)
    assert typed("adopt", "verify", data=folder.path).returncode == CannotStart.exit_code
    assert typed("adopt", "undo", data=folder.path).returncode == 0
    assert not folder.exists()


def test_looking_first_refuses_the_settings_that_moving_refuses(move, tmp_path):
    folder = Folder(path=tmp_path / "lab")
    assert typed("init", folder.path).returncode == 0
    assert move(folder, DUMPS / "project-hex.sql.gz", "-n").returncode == 4
    assert move(folder).returncode == 4


KILLED = """
import os, sys
from datetime import datetime
from axiom.service import clock
from axiom_adopt import cli, load_dump
moment = datetime.fromisoformat(sys.argv.pop(1))
clock.wall_clock = lambda: moment
load_dump.ROWS = 3
cli._tell = lambda **_: lambda part, through, count: part == "computers" and os.kill(os.getpid(), 9)
from axiom.__main__ import _main
_main(sys.argv[1:])
"""


def test_a_killed_move_goes_on_too_and_nothing_starts_meanwhile(move, moved, tmp_path, monkeypatch, cut_over):
    folder = Folder(path=tmp_path / "lab")
    keep_secret(folder.keys)
    words = ["adopt", DUMPS / "project-hex.sql.gz", "--project", PROJECT, "--accept-losses", "--data", folder.path]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, cut_over.isoformat(), *map(str, words)], check=False, timeout=PATIENCE
    )
    assert done.returncode == -signal.SIGKILL
    for begin in (("lab", "--port", "0"), ("volunteer", "erase", "7", "--yes")):
        started = typed(*begin, data=folder.path)
        assert started.returncode == CannotStart.exit_code, started.stderr
    monkeypatch.setattr(load_dump, "ROWS", 3)
    assert move(folder).returncode == 0
    assert everything(folder) == everything(moved)


def test_a_move_is_taken_back_as_long_as_nobody_new_has_come(moved_lab, move, look, tmp_path):
    lab = moved_lab
    with lab.db.transaction():
        ours = accounts.find_laboratory_account(lab.db, lab.now)
        hosts.upsert_host(lab.db, volunteer_id=ours, name="here", platform=LINUX, capacity=FEW, now=lab.now)
    lab.db.close()
    folder, file = lab.folder, tmp_path / "new.csv"
    before = shutil.copytree(folder.path, tmp_path / "before")
    assert typed("adopt", "undo", data=folder.path).returncode == 0, "the laboratory's own computer is nobody new"
    assert not folder.exists()
    (aside,) = folder.undone.iterdir()
    assert everything(Folder(path=aside)) == everything(Folder(path=before)), "set aside, and not deleted"
    assert typed("adopt", "undo", data=folder.path).returncode == 4
    assert move(folder).returncode == 0
    folder = Folder(path=before)
    with closing(connect_writer(folder.database)) as db, db.transaction():
        accounts.create_account(db, name="Eve", email="eve@example.org", password="", cross_id="", now=lab.now)
    assert typed("adopt", "undo", data=folder.path).returncode == 4
    assert typed("adopt", "undo", "--differences", file, data=folder.path).returncode == 0
    assert file.read_text().splitlines()[1:] == ["42,Eve,eve@example.org,1,0.0"]
    assert len(look(folder, "SELECT * FROM volunteer")) == 12


def names_in(folder):
    """Without what SQLite makes and removes beside a database."""
    return {path.name for path in folder.iterdir() if not path.name.startswith("axiom.db-")}


def test_a_way_back_that_is_interrupted_goes_on_and_finishes(copy, moved, monkeypatch):
    rename, entries, left = Path.rename, names_in(copy.path) - {"axiom.lock", "logs"}, 0

    def interrupt(path, target):
        nonlocal left
        left -= 1
        if left < 0:
            raise Interrupted
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupt)
    for until in range(40):
        left = until
        with suppress(Interrupted):
            undo_move(copy)
            break
        assert copy.exists()
    assert until > 2
    (aside,) = copy.undone.iterdir()
    assert names_in(aside) >= entries
    assert everything(Folder(path=aside)) == everything(moved)
    assert not copy.exists()


def test_an_entry_that_cannot_be_moved_keeps_the_whole_laboratory(copy, moved, monkeypatch):
    """As where a disk is mounted: another one, or a folder of the same."""
    before = names_in(copy.path)
    lstat, rename = Path.lstat, Path.rename

    def mount(path):
        return SimpleNamespace(st_dev=-1) if path == copy.journal else lstat(path)

    def refuse(path, target):
        if path == copy.journal:
            raise OSError(errno.EBUSY, "Device or resource busy")
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "lstat", mount)
        with pytest.raises(Refused):
            undo_move(copy)
    assert names_in(copy.path) >= before
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(Refused):
            undo_move(copy)
    assert copy.database.exists()
    assert everything(Folder(path=undo_move(copy))) == everything(moved)


def test_what_lies_aside_already_is_not_overwritten(copy):
    aside = undo_move(copy)
    text = (aside / "axiom.toml").read_text()
    for name in ("axiom.db", "axiom.toml"):
        shutil.copy(aside / name, copy.path)
    copy.settings.write_text("")
    with pytest.raises(Refused):
        undo_move(copy)
    assert (aside / "axiom.toml").read_text() == text
    assert copy.database.exists()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("code_sign_private", None),
        ("code_sign_private", b"Salted__" + bytes(200)),
        ("code_sign_private", "another's"),
        ("code_sign_public", None),
    ],
)
def test_without_the_code_key_nothing_moves(move, tmp_path, name, body):
    project, folder = shutil.copytree(PROJECT, tmp_path / "stars"), Folder(path=tmp_path / "lab")
    (project / "keys" / name).unlink()
    if body == "another's":
        CodeKey.make().save(project / "keys" / name)
    elif body:
        (project / "keys" / name).write_bytes(body)
    assert move(folder, project=project).returncode == 4
    assert not folder.database.exists()


def test_a_key_that_is_kept_elsewhere_signs_the_one_that_follows(move, tmp_path):
    project, folder = shutil.copytree(PROJECT, tmp_path / "stars"), Folder(path=tmp_path / "lab")
    kept = CodeKey.parse((project / "keys" / "code_sign_private").read_text())
    (project / "keys" / "code_sign_private").unlink()
    assert move(folder, DUMPS / "project-hex.sql.gz", "--key-elsewhere", project=project).returncode == 0
    assert typed("adopt", "verify", data=folder.path).returncode == 1, "no client believes its programs yet"

    def accept(*signatures):
        return typed("adopt", "accept-code-key", *signatures, data=folder.path).returncode

    signature = tmp_path / "signature"
    signature.write_text("nothing yet")
    assert accept(signature) == 4, "no key waits for it"
    assert accept() == 0
    public = (folder.path / "next-code.public").read_bytes()
    for stranger in ("ünsigned".encode(), CodeKey.make().sign_file(public).encode()):
        signature.write_bytes(stranger)
        assert accept(signature) == CannotStart.exit_code
    assert load_code(folder.keys).public_text.split() == kept.public_text.split()
    signature.write_text(kept.sign_file(public))
    assert accept(signature) == 0
    told, proof = load_code(folder.keys).key_for(kept.public_text)
    assert is_code_signed(told.strip().encode(), proof, kept.public_text)
    assert is_code_signed(b"a runner", load_code(folder.keys).sign_file(b"a runner"), told)
