"""A process that is started before its engine: it describes for whoever prepares the order, and then computes it."""

import os
import signal

import pytest
from processes import is_gone

from axiom.engines.ahead import Ahead, computing_ahead
from axiom.runner.here import describe_files, describe_here
from axiom.signed import bundles

MODULE = "axiom.catalogue.tiny_sum"


@pytest.fixture(scope="module")
def files(prepared):
    found = bundles.contents(prepared().archive)
    return {name: body for name, body in found.items() if name != bundles.MANIFEST}


def pid_of(ahead: Ahead) -> int:
    return ahead._process.pid


def test_a_bundle_is_described_as_by_a_process_of_its_own(files, prepared):
    with computing_ahead() as ahead:
        assert describe_here(files, ahead.describe) == describe_here(files) == prepared().declaration.encode()
        assert ahead._process.poll() is None
    assert is_gone(pid_of(ahead))


def test_what_it_begins_with_is_described_once_and_cleared_away(files, prepared, tmp_path):
    with computing_ahead() as ahead:
        ahead.begin(MODULE, files, tmp_path / "home")
        assert describe_here(files, ahead.describe) == prepared().declaration.encode()
        assert describe_here(files, ahead.describe) == prepared().declaration.encode()
        assert (tmp_path / "home" / "ahead" / "axiom").is_dir()
    assert is_gone(pid_of(ahead))
    assert not (tmp_path / "home" / "ahead").exists()


def test_other_files_than_it_began_with_are_described_by_another_process(files, prepared, tmp_path):
    name = "axiom/catalogue/tiny_sum.py"
    begun = {**files, name: files[name].replace(b"version=1", b"version=7")}
    assert begun != files
    with computing_ahead() as ahead:
        ahead.begin(MODULE, begun, tmp_path / "home")
        assert describe_here(files, ahead.describe) == prepared().declaration.encode()


@pytest.mark.parametrize("has_begun", [False, True])
def test_a_process_that_is_gone_is_replaced(has_begun, files, tmp_path):
    with computing_ahead() as ahead:
        os.kill(pid_of(ahead), signal.SIGKILL)
        if has_begun:
            ahead.begin(MODULE, files, tmp_path / "home")
        assert ahead.describe(files, [MODULE]) == describe_files(files, [MODULE])


def test_it_ends_amid_a_cell_without_a_word(files, tmp_path, capfd):
    name = "axiom/catalogue/tiny_sum.py"
    slow = {
        **files,
        name: files[name].replace(b"    return Measures(", b"    import time; time.sleep(60)\n    return Measures("),
    }
    assert slow != files
    with computing_ahead() as ahead:
        ahead.begin(MODULE, slow, tmp_path / "home")
        assert describe_here(slow, ahead.describe)
    assert is_gone(pid_of(ahead))
    assert capfd.readouterr() == ("", "")


def test_one_that_was_started_before_is_taken_and_ended():
    with computing_ahead() as first, computing_ahead(first) as second:
        assert second is first
    assert is_gone(pid_of(first))


def test_what_names_its_imports_as_it_goes_is_described_by_a_process_that_has_all_files(files, tmp_path):
    name = "axiom/catalogue/tiny_sum.py"
    made_up = b"\n__import__('.'.join(('axiom', 'kit', 'chance')))\n"
    begun = {**files, name: files[name] + made_up}
    with computing_ahead() as ahead:
        ahead.begin(MODULE, begun, tmp_path / "home")
        assert not (tmp_path / "home" / "ahead" / "axiom" / "kit" / "chance.py").exists()
        (found,) = ahead.describe(begun, [MODULE])
    assert found.fault == ""
    assert found.manifest is not None


def test_what_it_wrote_goes_with_it(files, tmp_path):
    with computing_ahead() as ahead:
        ahead.begin(MODULE, files, tmp_path / "home")
        assert ahead.describe(files, [MODULE])
        assert (tmp_path / "home" / "cache" / "ahead").is_dir()
    assert not (tmp_path / "home" / "cache" / "ahead").exists()
