"""What unpacks the runtime keeps to what the rest of the runner says."""

import ast
import hashlib
from pathlib import Path

import pytest
from build_runner import boot

from axiom.domain.runners import CODE_FILE
from axiom.domain.work import Exit
from axiom.runner.boinc import protocol
from axiom.store.experiments.runner_offers import CODE_NAMED


def test_it_agrees_with_the_runner_and_imports_only_what_is_brought_along():
    own = (boot.NO_ROOM, boot.RUNNER_DAMAGED, boot.RUNNER_FAULT)
    assert own == (Exit.NO_ROOM, Exit.RUNNER_DAMAGED, Exit.RUNNER_FAULT)
    assert (boot.CODE, boot.CODE_NAMED) == (CODE_FILE, CODE_NAMED)
    nodes = ast.walk(ast.parse(Path(boot.__file__).read_text(encoding="utf-8")))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert names - {"msvcrt", "fcntl"} <= set(boot.MODULES)


@pytest.fixture
def coded(tmp_path, monkeypatch) -> Path:
    """The folder of a project and of a task in one, with the runner's own code and the link to it."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / f"{CODE_NAMED}{hashlib.sha256(b'the code').hexdigest()[:16]}.pyz"
    file.write_bytes(b"the code")
    (tmp_path / CODE_FILE).write_text(f"<soft_link>../../projects/lab/{file.name}</soft_link>\n")
    return file


def test_the_code_is_where_the_link_leads_and_not_run_where_changed_or_elsewhere(tmp_path, coded):
    def refused() -> bool:
        with pytest.raises(boot.GaveUp):
            boot.code_in(str(tmp_path))
        return True

    link = tmp_path / CODE_FILE
    assert boot.code_in(str(tmp_path)) == str(coded)
    link.unlink()
    assert refused()
    link.symlink_to(coded)
    assert boot.code_in(str(tmp_path)) == str(coded)
    coded.write_bytes(b"another code")
    assert refused()
    coded.unlink()
    assert refused()
    link.unlink()
    link.write_text("<soft_link>../../elsewhere/boot.py</soft_link>\n")
    (tmp_path / "boot.py").touch()
    assert refused()


def test_it_tells_boinc_client_what_the_runner_would(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = "There is\nno room. " * 30
    boot.say("boinc_finish_called", 15, message)
    slot = tmp_path / "slot"
    slot.mkdir()
    protocol.write_finish_file(slot, 15, message)
    assert (tmp_path / "boinc_finish_called").read_text() == (slot / "boinc_finish_called").read_text()


def test_a_listing_tells_of_every_file_below_and_of_its_change(tmp_path):
    file = tmp_path / "a" / "b" / "c"
    file.parent.mkdir(parents=True)
    file.write_text("1")
    (tmp_path / "d").symlink_to("nowhere")
    before = boot.listing(str(tmp_path))
    assert [line.split(" ")[-1] for line in before.splitlines()] == ["a/b/c", "d"]
    file.write_text("2")
    assert boot.listing(str(tmp_path)) != before


@pytest.mark.usefixtures("coded")
def test_a_start_that_waits_too_long_for_another_comes_again_later(tmp_path, monkeypatch):
    monkeypatch.setattr(boot, "_LOCK_SECONDS", 0.1)
    home = tmp_path / "axiom"
    home.mkdir()
    held = boot.hold(str(home / "runtimes.lock"), shared=False, seconds=0.0)
    assert boot.main([str(tmp_path), "axiom_runtime_0.zip", "0" * 64]) == 0
    assert (tmp_path / "boinc_temporary_exit").read_text().startswith("600\n")
    assert not (tmp_path / "boinc_finish_called").exists()
    boot.os.close(held)


@pytest.mark.usefixtures("coded")
def test_a_folder_that_cannot_be_written_and_what_nobody_foresaw_end_the_task(tmp_path, capsys):
    packed = tmp_path / "axiom_runtime_0.zip"
    packed.write_bytes(b"no zip at all")
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    (tmp_path / "axiom").write_text("a file where the folder should be")
    assert boot.main([str(tmp_path), packed.name, digest]) == boot.RUNNER_DAMAGED
    assert str(tmp_path) in capsys.readouterr().err
    (tmp_path / "axiom").unlink()
    assert boot.main([str(tmp_path), packed.name, digest]) == boot.RUNNER_FAULT
    assert (tmp_path / "boinc_finish_called").read_text().startswith("70\n")
    assert "BadZipFile" in capsys.readouterr().err
    assert not list((tmp_path / "axiom").glob("*.draft"))


def test_a_lock_ends_with_whoever_holds_it(tmp_path):
    path = str(tmp_path / "lock")
    first = boot.hold(path, shared=True, seconds=0.0)
    second = boot.hold(path, shared=True, seconds=0.0)
    assert boot.hold(path, shared=False, seconds=0.0) is None
    boot.os.close(first)
    boot.os.close(second)
    third = boot.hold(path, shared=False, seconds=0.0)
    assert third is not None
    boot.os.close(third)
