"""Making a laboratory, and what its doctor says of it."""

import json
import shutil
import tempfile
import tomllib
from datetime import UTC, datetime, timedelta

import pytest

from axiom import __version__
from axiom.__main__ import _main
from axiom.domain.fleet import Capacity, Platform
from axiom.lab.upkeep.copies import keep_copy
from axiom.signed.bundles import contents
from axiom.store.accounts import accounts
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import SERVER, Folder, lock
from axiom.store.hosts import hosts
from axiom.store.migrate import migrate
from axiom.store.upkeep import backed_up, jobs

NAME = 'A "laboratory" \\ with\n\x7f tabs\t and 😀'


@pytest.fixture
def say(capsys, tmp_path):
    """Types a command about the laboratory in a folder of its own; status, answer and what was said."""

    def typed(*words: object, data: bool = True):
        where = ["--data", str(tmp_path / "lab")] if data else []
        status = _main([*map(str, words), *where])
        out, err = capsys.readouterr()
        return status, (json.loads(out) if "--json" in words and out else out), err

    return typed


@pytest.fixture
def lab(tmp_path, say):
    assert say("init", tmp_path / "lab", "--port", 0, data=False)[0] == 0
    return Folder(path=tmp_path / "lab")


def test_a_laboratory_is_made_as_it_was_asked_for(say, tmp_path):
    words = ("init", tmp_path / "lab", "--name", NAME, "--url", "https://lab.example/", "--port", 7, "--json")
    status, would, _ = say(*words, "--dry-run", data=False)
    assert (status, would["laboratory"]["dry_run"]) == (0, True)
    assert not (tmp_path / "lab").exists()
    status, made, _ = say(*words, data=False)
    assert (status, len(made["laboratory"]["lab"])) == (0, 64)
    chosen = tomllib.loads((tmp_path / "lab" / "axiom.toml").read_text())
    assert chosen == {"name": NAME, "url": "https://lab.example/", "port": 7}
    assert (tmp_path / "lab").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "lab" / "axiom.db").stat().st_mode & 0o777 == 0o600
    shown = {one["name"]: one["value"] for one in say("settings", "show", "--json")[1]["settings"]}
    assert (shown["name"], shown["url"]) == (NAME, "https://lab.example/")


def test_a_second_init_changes_nothing(say, lab):
    before = lab.settings.read_text()
    status, _, err = say("init", lab.path, "--name", "Other", data=False)
    assert status == 4
    assert "There is a laboratory" in err
    assert lab.settings.read_text() == before


def test_a_folder_with_other_things_is_left_alone(say, tmp_path):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "thesis.txt").touch()
    status, _, err = say("init", tmp_path / "lab", data=False)
    assert status == 4
    assert "thesis.txt, which no laboratory put there" in err
    assert [file.name for file in (tmp_path / "lab").iterdir()] == ["thesis.txt"]


def test_an_init_that_was_cut_off_is_completed_and_keeps_the_settings(say, tmp_path):
    folder = Folder(path=tmp_path / "lab")
    folder.create()
    folder.database.touch()
    folder.settings.write_text("port = 3\n")
    for command in (("status",), ("task", "list"), ("doctor", "--invariants")):
        status, out, err = say(*command)
        assert (status, out) == (5, "")
        assert "There is no laboratory" in err
    assert say("init", folder.path, "--port", 9, data=False)[0] == 0
    assert folder.settings.read_text() == "port = 3\n"
    assert say("status")[0] == 0


def test_an_older_database_is_not_read_but_upgraded_after_a_copy(say, tmp_path, newer_program):
    folder = Folder(path=tmp_path / "lab")
    folder.create()
    db = connect_writer(folder.database)
    migrate(db, None, datetime(2026, 3, 2, tzinfo=UTC))
    db.close()
    newer_program()
    for command in (("task", "list"), ("data", "export")):
        status, _, err = say(*command)
        assert status == 5
        assert "axiom upgrade" in err
    found = findings(say)
    assert "axiom upgrade" in found["database"]["says"]
    assert {"sandbox", "clock", "jobs", "preflight"}.isdisjoint(found)
    copy = folder.backups / "before-0098.db"
    would = {"version": __version__, "done": ["0098_more"], "copy": str(copy), "dry_run": True}
    assert say("upgrade", "--dry-run", "--json")[:2] == (0, {"upgrade": would})
    assert (copy.exists(), say("task", "list")[0]) == (False, 5)
    status, out, err = say("upgrade")
    assert (status, out, str(copy) in err) == (0, "0098_more\n", True)
    assert (copy.exists(), say("task", "list")[0]) == (True, 0)
    assert say("upgrade", "--json")[1]["upgrade"]["done"] == []
    with lock(folder, "somebody else"):
        assert say("upgrade")[0] == 5
    db = connect_writer(folder.database)
    db.execute("INSERT INTO migration VALUES (99, '0099_future', '', 0)")
    db.close()
    status, _, err = say("upgrade")
    assert (status, "newer Axiom (0099_future" in err) == (5, True)


def test_the_status_tells_who_computes_and_names_what_was_ordered(say, lab):
    assert say("experiment", "publish", "test_deploy", "--quiet")[0] == 0
    assert "Nothing is ordered of 1 more experiment; --all names them." in say("status")[2]
    assert "test_deploy" not in say("status")[1]
    assert "test_deploy" in say("status", "--all")[1]
    assert say("experiment", "deploy", "test_deploy", "--workunits", 2, "--quiet")[0] == 0
    status, out, err = say("status")
    assert (status, "more experiment" in err) == (0, False)
    said = {line.split("  ")[0]: line.split("  ", 1)[1].strip() for line in out.splitlines() if "  " in line}
    assert said["tasks"] == "0 out, 2 waiting"
    assert said["hosts"] == "0 hosts with 0 cores"
    assert "failing" not in said
    db = connect_writer(lab.database)
    jobs.failed(db, "janitor", 60.0, "no room\nTraceback")
    db.close()
    assert "janitor: no room\n" in say("status")[1]


def findings(say) -> dict[str, dict]:
    _, answer, _ = say("doctor", "--json")
    return {one["name"]: one for one in answer["doctor"]["findings"]}


def test_the_doctor_misses_a_server_that_nobody_stopped(say, lab):
    def server() -> bool:
        return findings(say)["server"]["well"]

    lock(lab, SERVER).release()
    assert server()
    with pytest.raises(ZeroDivisionError), lock(lab, SERVER):
        _ = 1 / 0
    assert not server()
    lock(lab, SERVER).release()
    lab.lock_file.write_text('{"pid": 7, "purpose": "axiom lab"}')  # as one leaves it that is killed
    assert not server()
    lock(lab, "axiom keys").release()
    assert say("doctor")[0] == 1
    assert not server()
    lock(lab, SERVER).release()
    assert server()


def test_the_doctor_names_a_job_that_fails(say, lab):
    assert findings(say)["jobs"]["well"]
    db = connect_writer(lab.database)
    jobs.failed(db, "validate", 2.0, "ValueError: no luck")
    db.close()
    found = findings(say)["jobs"]
    assert (found["well"], found["says"]) == (False, "validate: ValueError: no luck")


def test_the_status_and_the_doctor_tell_of_the_last_backup(say, lab, tmp_path):
    """Where others compute, one that is missing or older than a week is an ailment."""
    assert "none was made" in say("status")[1]
    assert (findings(say)["backup"]["well"], say("status", "--json")[1]["status"]["backed_up_at"]) == (True, None)
    db, now = connect_writer(lab.database), datetime.now(UTC)
    rea = accounts.create(db, name="Rea", email="rea@example.org", password="", cross_id="hers", now=now)
    platform = Platform(system="linux", processor="x86_64", instructions="avx2")
    capacity = Capacity(cores=2, memory_mb=4_000)
    hosts.meet(db, volunteer_id=rea, name="hers", platform=platform, capacity=capacity, now=now)
    db.close()
    found = findings(say)["backup"]
    assert (found["well"], found["says"]) == (False, "none was made; 1 volunteer computed here")
    assert say("backup", "-o", tmp_path / "kept.tar")[0] == 0
    assert "0 hours ago" in say("status")[1]
    found = findings(say)["backup"]
    assert (found["well"], found["says"]) == (True, "the last was made 0 days ago; 1 volunteer computed here")
    backed_up.note(lab, datetime.now(UTC) - timedelta(days=8, hours=1))
    assert "8 days ago" in say("status")[1]
    assert not findings(say)["backup"]["well"]
    lab.backed_up.write_text("no note")
    assert "none was made" in say("status")[1]


def test_copies_of_its_own_count_where_they_lie_on_another_disk(say, lab, monkeypatch):
    """A folder in memory is one; beside the database they tell nobody that there is a backup."""
    keep_copy(lab, lab.journal, datetime.now(UTC))
    assert (len(list(lab.journal.glob("copy-*.tar"))), findings(say)["backup"]["says"]) == (1, "none was made")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        monkeypatch.setenv("AXIOM_JOURNAL", place)
        assert findings(say)["backup"]["says"] == "none was made"
        shutil.copy(next(lab.journal.glob("copy-*.tar")), place)
        assert findings(say)["backup"]["says"] == "the last was made 0 days ago"


def test_a_backup_counts_where_the_folder_takes_no_note_of_it(say, lab, tmp_path):
    lab.backed_up.mkdir()
    status, out, _ = say("backup", "-o", tmp_path / "kept.tar")
    assert (status, out.strip()) == (0, str(tmp_path / "kept.tar"))
    assert (tmp_path / "kept.tar").is_file()


def test_the_doctor_lists_what_is_wrong_with_a_damaged_database(say, lab):
    lab.database.write_bytes(b"not a database, not at all" * 1_000)
    for left in ("-wal", "-shm"):
        (lab.path / f"axiom.db{left}").unlink(missing_ok=True)
    found = findings(say)
    asked = {"archive", "backup", "clock", "database", "jobs", "journal", "preflight", "watches"}
    assert {name for name, one in found.items() if not one["well"]} == asked
    assert found["keys"]["well"]


@pytest.mark.usefixtures("lab")
def test_the_doctor_says_what_keeps_an_experiment_in(say):
    found = findings(say)["isolation"]
    assert found["well"]
    assert "seccomp" in found["says"]


@pytest.mark.usefixtures("lab")
def test_every_promise_is_asked_in_order(say):
    status, answer, _ = say("doctor", "--invariants", "--json")
    numbers = [int(one["name"][1:]) for one in answer["doctor"]["findings"]]
    assert status == 0
    assert numbers == sorted(numbers)
    assert {1, 3, 10, 12, 13} <= set(numbers)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("keys", "shw"), 2, "There is no command 'shw'. Did you mean show? Nothing was started."),
        (("audit", "xyzzy"), 2, "`axiom audit --help` lists them. Nothing was started."),
        (("experiment", "publsh"), 2, "Did you mean publish? Nothing was started."),
        (("workunit", "cancle"), 2, "Did you mean cancel? Nothing was started."),
        (("host", "shwo"), 2, "Did you mean show? Nothing was started."),
        (("task", "show", 2**63), 2, "is not in the range"),
        (("host", "show", 0), 2, "is not in the range"),
        (("workunit", "show", 2**63 - 1), 3, "There is no workunit"),
        (("workunit", "cancel", 2**63 - 1), 3, "There is no workunit"),
        (("workunit", "cancel", 1, "--why", "x" * 501), 2, "reason: String should have at most 500"),
        (("experiment", "deploy", "no-such-name"), 2, "experiment: String should match"),
        (("experiment", "retire", "test_deplo"), 2, "There is none yet. Nothing was done."),
        (("experiment", "publish", "/none.py"), 3, "There is no file /none.py"),
        (("experiment", "run", "/none.py", "--seed", 1), 3, "There is no file /none.py"),
        (("experiment", "run", "smoke_test", "--seed", 1), 2, "There is no experiment named"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(capsys, lab, words, status, said):
    where = [] if words[:2] == ("experiment", "run") else ["--data", str(lab.path)]
    assert _main([*map(str, words), *where]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err


@pytest.mark.usefixtures("lab")
def test_cancelled_workunits_are_answered_under_their_own_noun(say):
    assert say("experiment", "publish", "test_deploy", "--quiet")[0] == 0
    assert say("experiment", "deploy", "test_deploy", "--workunits", 2, "--quiet")[0] == 0
    _, answer, _ = say("workunit", "cancel", 1, "--json")
    assert answer == {"workunits": {"cancelled": [1], "closed_before": []}}


def test_a_file_of_ones_own_is_published_from_where_it_lies(say, lab, prepared, tmp_path):
    file = tmp_path / "tiny_sum.py"
    file.write_bytes(contents(prepared().archive)["axiom/catalogue/tiny_sum.py"])
    status, answer, _ = say("experiment", "publish", file, "--json")
    assert (status, answer["experiment"]["change"]) == (0, "new experiment")
    assert (lab.catalogue / "tiny_sum.py").read_bytes() == file.read_bytes()
    listed = say("experiment", "list", "--json")[1]["experiments"]
    assert [row["status"] for row in listed if row["name"] == "tiny_sum"] == ["open"]


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_an_address_that_cannot_be_leaves_no_folder_behind(say, tmp_path, more):
    status, out, err = say("init", tmp_path / "lab", "--url", "lab.example", *more, data=False)
    assert (status, out) == (2, "")
    assert "The setting url (--url) must be empty or an address such as" in err
    assert not (tmp_path / "lab").exists()
