"""What stands in the way of a laboratory, each with one clear sentence: nothing runs, nothing is lost."""

import json
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from patience import PATIENCE
from running_lab import AXIOM, answer, axiom, beside, own_disk, running, view


def refused(done: subprocess.CompletedProcess[str], status: int, *said: str) -> None:
    """It ended with this status and one sentence that holds these words; standard output is empty."""
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for words in said:
        assert words in lines[0]


def test_a_port_in_use_leaves_no_trace(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = axiom("lab", "--port", port, data=tmp_path / "lab")
    refused(done, 5, f"Port {port}", "in use", f"--port {port + 1}")
    assert not (tmp_path / "lab").exists()


def test_a_second_laboratory_in_the_same_folder_is_told_who_holds_it(quick: Path) -> None:
    with running(quick, "--workers", "0") as first:
        done = axiom("lab", "--port", "0", data=quick)
        refused(done, 5, f"process {first.process.pid}", "choose another folder")
        assert first.page("healthz")


@pytest.mark.parametrize("command", [("status",), ("task", "list"), ("doctor", "--invariants"), ("audit", "verify")])
def test_without_a_laboratory_a_command_says_how_to_make_one(tmp_path: Path, command: tuple[str, ...]) -> None:
    refused(axiom(*command, data=tmp_path / "none"), 5, "no laboratory", "axiom init")
    assert not (tmp_path / "none").exists()


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "lab").write_text("mine")
    refused(axiom("lab", "--port", "0", data=tmp_path / "lab"), 5, "cannot be used")
    assert (tmp_path / "lab").read_text() == "mine"


def test_a_read_only_folder(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    start = own_disk(disk, "size=4m", then=f'mkdir "{disk}/lab" && mount -o remount,ro "{disk}"')
    done = subprocess.run(
        [*start, AXIOM, "lab", "--data", str(disk / "lab"), "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    refused(done, 5, "cannot be used", "Read-only file system")


def test_a_clock_that_was_set_back(quick: Path) -> None:
    with sqlite3.connect(quick / "axiom.db") as db:
        ahead = int((time.time() + 86_400) * 1_000_000)
        db.execute("INSERT INTO job (name, every_seconds, last_start) VALUES ('publish', 86400, ?)", (ahead,))
    refused(axiom("lab", "--port", "0", data=quick), 5, "clock", "Set the clock right")
    found = json.loads(axiom("doctor", "--json", data=quick).stdout)["doctor"]["findings"]
    amiss = {finding["name"]: finding["says"] for finding in found if not finding["well"]}
    # The disk may be slow at this moment, beside tests that keep it busy; that it takes nothing would be amiss.
    assert amiss.pop("sync", "fsync takes").startswith("fsync takes")
    assert list(amiss) == ["clock", "server"]  # which somebody wanted, and which does not run


def test_a_database_that_is_none(quick: Path) -> None:
    (quick / "axiom.db").write_bytes(b"not a database, not at all" * 100)
    for left in ("axiom.db-wal", "axiom.db-shm"):
        (quick / left).unlink(missing_ok=True)
    refused(axiom("lab", "--port", "0", data=quick), 5, "database")


def test_keys_that_others_may_read(quick: Path) -> None:
    (quick / "keys" / "bundle.key").chmod(0o644)
    refused(axiom("lab", "--port", "0", data=quick), 5, "bundle.key")


def test_a_key_that_is_gone(quick: Path) -> None:
    (quick / "keys" / "ticket.key").unlink()
    done = axiom("keys", "show", data=quick)
    refused(done, 5, "ticket.key")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("experimnt", "list"), "experiment"),
        (("experiment", "shw", "test_deploy"), "show"),
        (("experiment", "show", "lazy_vs_feature_lerning"), "lazy_vs_feature_learning"),
        (("experiment", "run", "test_deploy", "dimensoin=3", "--seed", "1"), "dimension"),
        (("experiment", "run", "test_deploy", "dimension=three", "--seed", "1"), "int"),
        (("experiment", "run", "test_deploy"), "Give one of --seed"),
        (("experiment", "run", "test_deplyo"), "Did you mean test_deploy?"),
        (("experiment", "run", "test_deploy", "dimensoin=3"), "Did you mean dimension?"),
        (("experiment", "run", "test_deploy", "dimensoin=3", "--replicates", "2"), "Did you mean dimension?"),
        (("experiment", "run", "test_deploy", "dimension=three"), "must be of type int"),
        (("experiment", "run", "test_deploy", "seed=0..7"), "seed is no factor of test_deploy: --seed"),
        (("experiment", "run", "test_deploy", "dimension=3"), "Give one of --seed"),
        (("lab", "--prot", "8080"), "--port"),
    ],
)
def test_near_misses_name_what_was_meant_and_start_nothing(words: tuple[str, ...], said: str) -> None:
    done = axiom(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 4


def test_an_unknown_setting_is_an_error_that_names_the_nearest(quick: Path) -> None:
    with (quick / "axiom.toml").open("a") as settings:
        settings.write("deadline_hour = 3\n")
    refused(axiom("lab", data=quick), 2, "deadline_hours")


def test_what_does_not_exist_is_not_found(quick: Path) -> None:
    for noun in ("task", "workunit", "host"):
        refused(axiom(noun, "show", 4711, data=quick), 3, f"no {noun} 4711")


def test_a_full_disk_acknowledges_nothing_and_work_goes_on_when_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    data = disk / "lab"
    with running(data, "--workers", "1", wrapped=own_disk(disk, "size=128m")) as lab:
        lab.wait(lambda status: status["totals"]["result"] > 0)
        inside = view(lab.process, disk)
        _fill(inside / "filler")
        time.sleep(12)
        full = lab.status()
        assert lab.process.poll() is None
        assert full["free_mb"] == 0
        (inside / "filler").unlink()
        lab.wait(lambda status: status["totals"]["result"] > full["totals"]["result"])
        checked = beside(lab.process, AXIOM, "doctor", "--invariants", "--data", data)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_an_interrupted_init_can_be_repeated(tmp_path: Path) -> None:
    data = tmp_path / "lab"
    data.mkdir()
    (data / "axiom.db").touch()
    with running(data, "--workers", "0") as lab:
        assert lab.status()["experiments"] == [] or lab.status()["experiments"]
    assert answer("audit", "verify", data=data)["audit"]["well"]


def _fill(file: Path) -> None:
    """Take all the room there is."""
    block = b"\0" * 65_536
    with file.open("wb", buffering=0) as filler:
        while block:
            try:
                filler.write(block)
            except OSError:
                block = block[: len(block) // 2]
