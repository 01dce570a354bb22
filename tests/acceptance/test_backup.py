"""A backup taken while a laboratory works, and the laboratory that comes of it."""

import json
import sqlite3
from pathlib import Path

from running_lab import answer, axiom, running


def test_a_working_laboratory_is_backed_up_restored_and_goes_on(quick: Path, tmp_path: Path) -> None:
    archive, again = tmp_path / "backup.tar", tmp_path / "again"
    with running(quick, "--workers", "1") as lab:
        lab.wait(lambda status: status["totals"]["result"] >= 2)
        made = answer("backup", "-o", archive, data=quick)["backup"]
        assert lab.process.poll() is None
        lab.wait(lambda status: status["totals"]["result"] > made["results"])
        assert lab.stop() == 130
    proven = answer("restore", archive, "--dry-run", data=again)["restored"]
    assert not again.exists()
    assert not list(tmp_path.glob(".again*"))
    restored = answer("restore", archive, data=again)["restored"]
    assert proven == restored | {"dry_run": True}
    assert {name: restored[name] for name in ("lab", "results", "made_at")} == {
        name: made[name] for name in ("lab", "results", "made_at")
    }
    assert axiom("doctor", "--invariants", data=again).returncode == 0
    assert axiom("audit", "verify", data=again).returncode == 0
    issued = newest_task(again)
    with running(again, "--workers", "1") as lab:
        lab.wait(lambda status: status["totals"]["result"] > made["results"])
        lab.wait(lambda _status: newest_task(again) > issued)
        assert lab.stop() == 130
    assert axiom("doctor", "--invariants", data=again).returncode == 0


def test_what_cannot_be_done_is_said_in_one_line(quick: Path, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    assert axiom("backup", "-o", archive, "--without-keys", data=quick).returncode == 0
    raw = archive.read_bytes()
    (tmp_path / "short.tar").write_bytes(raw[:-100])
    (tmp_path / "flipped.tar").write_bytes(raw[:2_000] + bytes([raw[2_000] ^ 1]) + raw[2_001:])
    new = tmp_path / "new"
    for words, data, status in (
        (("backup", "-o", archive), quick, 4),
        (("backup",), tmp_path / "none", 5),
        (("restore", archive), quick, 4),
        (("restore", tmp_path / "none.tar"), new, 3),
        (("restore", tmp_path / "short.tar"), new, 5),
        (("restore", tmp_path / "flipped.tar"), new, 5),
        (("restore", tmp_path / "flipped.tar", "--dry-run"), new, 5),
    ):
        done = axiom(*words, data=data)
        assert (done.returncode, done.stdout) == (status, ""), done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not new.exists()


def test_after_a_restore_without_keys_the_next_start_asks_for_them(quick: Path, tmp_path: Path) -> None:
    archive, again = tmp_path / "public.tar", tmp_path / "again"
    axiom("backup", "-o", archive, "--without-keys", data=quick)
    done = axiom("restore", archive, data=again)
    assert "put them into" in done.stderr
    refused = axiom("lab", "--port", 0, data=again)
    assert (refused.returncode, refused.stdout) == (5, "")
    assert ".key" in refused.stderr
    for key in (quick / "keys").glob("*.key"):
        (again / "keys" / key.name).write_bytes(key.read_bytes())
        (again / "keys" / key.name).chmod(0o600)
    assert json.loads(axiom("keys", "show", "--json", data=again).stdout)["keys"]["lab"]


def newest_task(data: Path) -> int:
    """The highest id that a task has had."""
    db = sqlite3.connect(f"file:{data}/axiom.db?mode=ro", uri=True)
    try:
        return int(db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'task'").fetchone()[0])
    finally:
        db.close()
