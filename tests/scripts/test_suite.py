"""The closing line of scripts/test: what it counts, and with which status it ends."""

import os
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import suite
from patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
SUITE = ROOT / "scripts" / "suite.py"
PASSES = "def test_passes(): pass\n"
IS_SKIPPED = "import pytest\ndef test_skipped(): pytest.skip('no such part here')\n"
FAILS = """
import pytest
@pytest.fixture
def unclean():
    yield
    raise OSError
@pytest.fixture
def impossible(): raise OSError
def test_fails(): assert False
def test_whose_clean_up_fails(unclean): pass
def test_whose_set_up_fails(impossible): pass
"""


def closing(folder: Path, *words: str, ci: str = "") -> tuple[str, bool]:
    """The last line, and whether it is a success."""
    command = [sys.executable, SUITE, "-n", "0", "-p", "no:cacheprovider", "-p", "no:randomly", *words, folder]
    environment = os.environ | {"CI": ci}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE)
    return ended.stdout.splitlines()[-1], ended.returncode == 0


def test_whatever_does_not_pass_has_failed(tmp_path):
    (tmp_path / "test_sample.py").write_text(PASSES + FAILS)
    (tmp_path / "test_unreadable.py").write_text("import nothing_of_this_name")
    assert closing(tmp_path, "--continue-on-collection-errors") == ("1 passed, 4 failed", False)
    assert closing(tmp_path, "--continue-on-collection-errors", "-n", "2") == ("1 passed, 4 failed", False)


def test_a_missing_part_is_named_and_fails_where_none_may_be_missing(tmp_path):
    (tmp_path / "test_sample.py").write_text(PASSES + IS_SKIPPED)
    assert closing(tmp_path) == ("1 passed, 0 failed, 1 skipped: no such part here", True)
    assert closing(tmp_path, ci="true") == ("1 passed, 1 failed", False)


def test_an_unknown_option_is_refused_before_anything_is_installed(tmp_path):
    shutil.copy(ROOT / "scripts" / "test", tmp_path)
    made = f"root={ROOT} python={sys.executable}; pin_threads() {{ :; }}; need() {{ echo installs; exit 9; }}"
    (tmp_path / "bootstrap.sh").write_text(made)
    for option, status in (("--fsat", pytest.ExitCode.USAGE_ERROR), ("--write-golden", 9)):
        command = ["sh", tmp_path / "test", option, "tests/boinc"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert (ended.returncode, ended.stdout) == (status, "installs\n" if status == 9 else "")


def test_no_test_at_all_is_a_failure(tmp_path):
    assert closing(tmp_path) == ("0 passed, 1 failed", False)


def test_what_the_suite_leaves_out_is_what_it_says():
    ini = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    places = [
        folder for folder in ROOT.iterdir() if folder.is_dir() and folder.name[0] != "." and folder.name != "build"
    ]
    tests = {test.relative_to(ROOT) for place in places for test in place.rglob("test_*.py")}

    def is_run(test: Path) -> bool:
        return any(
            not any(fnmatch(folder, never) for folder in test.parent.parts for never in ini["norecursedirs"])
            for place in ini["testpaths"]
            if test.is_relative_to(place)
        )

    assert {test for test in tests if not is_run(test)} == {
        test for test in tests if any(test.is_relative_to(folder) for folder in suite.LEFT_OUT)
    }
    assert not {"-m", "-k", "--ignore", "--deselect"} & {word.partition("=")[0] for word in ini["addopts"]}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "scripts/README.md", "tests/README.md", "help"])
def test_what_is_left_out_is_said_where_the_suite_is_told_of(page, capsys):
    if page == "help":
        assert suite.main(["--help"]) == 0
        told = capsys.readouterr().out
    else:
        told = (ROOT / page).read_text()
    assert all(command.removeprefix("scripts/") in told for command in suite.LEFT_OUT.values())


def test_the_quick_rooms_exist():
    command = [sys.executable, SUITE, "--fast", "--collect-only", "-n", "0", "-p", "no:cacheprovider"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert ended.returncode == 0, ended.stdout[-2_000:] + ended.stderr
