"""What the scripts do before they work: find the environment, make it, or say why not."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = [f"/usr/bin/python3.{minor}" for minor in (14, 13, 12, 11)]
SCRIPTS = ("lab", "test", "check", "bench", "campaign")


@pytest.fixture
def checkout(tmp_path):
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("uv.lock", "pyproject.toml"):
        (tmp_path / name).write_text("as it is")
    return tmp_path


def start(checkout: Path, script: str, *arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    command, where = ["/bin/sh", checkout / "scripts" / script, *arguments], {"PATH": path, "HOME": str(checkout)}
    return subprocess.run(
        command, cwd=checkout, env=where, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


def tools(folder: Path, **programs: str) -> str:
    """A PATH with the plain tools of any system, the given programs, and no Python."""
    folder.mkdir()
    for name in {"dirname", "cat", "cksum", "rm", "cut", "id"} - set(programs):
        (folder / name).symlink_to(shutil.which(name))
    for name, text in programs.items():
        with (folder / name).open("x") as program:  # never through a link to the system's own
            program.write(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_needs_a_python_and_removes_all_but_the_data(checkout, tmp_path, script):
    path = tools(tmp_path / "bin")
    assert start(checkout, script, path=path).returncode == 5
    assert not (checkout / ".venv").exists()
    for name in (".venv", ".tools", "lab-data"):
        (checkout / name / "inside").mkdir(parents=True)
    assert start(checkout, script, "--remove", path=path).returncode == 0
    assert sorted(path.name for path in checkout.glob("[.l]*")) == ["lab-data"]


@pytest.mark.parametrize(
    ("python", "cure"),
    [("exit 1", "Python 3.11"), ('case "$*" in *venv*) exit 1;; esac; exit 0', "apt-get install --yes python3-venv")],
)
def test_a_python_that_is_old_or_makes_no_environments_is_not_taken(checkout, tmp_path, python, cure):
    ended = start(checkout, "lab", path=tools(tmp_path / "bin", python3=python, id="echo 1000"))
    assert ended.returncode == 5
    assert cure in ended.stderr


# Plays python3, pip and uv: makes what they would make, and writes down that it was asked.
PLAYED = """
case "$*" in
*venv*)
    mkdir -p .tools/uv/bin
    for name in pip uv; do ln -sf "$0" .tools/uv/bin/$name; done ;;
*sync*)
    echo "$*" >>asked
    mkdir -p .venv/bin
    echo 'version = 3' >.venv/pyvenv.cfg
    printf '#!/bin/sh\\necho "axiom $*"\\n' >.venv/bin/axiom
    cp .venv/bin/axiom .venv/bin/python
    chmod +x .venv/bin/* ;;
esac
"""


def test_it_installs_once_and_again_when_the_lock_changes(checkout, tmp_path):
    path = tools(tmp_path / "bin", python3=PLAYED) + ":" + os.defpath
    first = start(checkout, "lab", "--help", path=path)
    started = f"axiom lab --runners {checkout}/build/runners --build-with {checkout}/scripts/build-runner"
    assert first.stdout == f"{started} --help\n", first.stderr
    second = start(checkout, "lab", "--port", "0", path=path)
    assert (second.stdout, second.stderr) == (f"{started} --port 0\n", "")
    calls = (checkout / "asked").read_text()
    assert calls.count("sync") == 1
    assert "--frozen" in calls
    (checkout / "uv.lock").write_text("changed")
    assert start(checkout, "lab", path=path).returncode == 0
    assert (checkout / "asked").read_text().count("sync") == 2


def test_a_lab_gets_what_it_needs_and_keeps_what_tests_have_brought(checkout, tmp_path):
    path = tools(tmp_path / "bin", python3=PLAYED) + ":" + os.defpath
    for script in ("lab", "check", "lab", "check"):
        start(checkout, script, path=path)
    (checkout / "uv.lock").write_text("changed")
    start(checkout, "lab", path=path)
    assert ["--no-dev" in call for call in (checkout / "asked").read_text().splitlines()] == [True, False, False]


@pytest.mark.parametrize(("pace", "gives_way"), [("echo 999999999", True), ("echo 1", False), ("exit 1", False)])
def test_a_python_that_is_slower_by_far_gives_way_to_the_systems_own(checkout, tmp_path, pace, gives_way):
    ours = next((str(path) for path in map(Path, SYSTEMS) if path.exists()), "python3")
    python = f'case "$*" in *pace.py*) {pace}; exit;; esac\n{PLAYED}'
    assert start(checkout, "lab", "--help", path=tools(tmp_path / "bin", python3=python) + ":" + os.defpath).stdout
    assert f"--python {ours if gives_way else 'python3'}\n" in (checkout / "asked").read_text()


def test_root_gets_the_missing_part_of_python_installed(checkout, tmp_path):
    python = f'case "$*" in *venv*) [ -e installed ] || exit 1;; esac\n{PLAYED}'
    apt = {"apt-get": 'case "$1" in install) echo "$*" >installed;; esac', "id": "echo 0"}
    path = tools(tmp_path / "bin", python3=python, **apt) + ":" + os.defpath
    assert start(checkout, "lab", "--help", path=path).stdout.endswith(" --help\n")
    assert (checkout / "installed").read_text() == "install --yes python3-venv\n"


PARTS = ("chromium", "boinc-client", "bubblewrap", "systemd")
ALL_PARTS = "".join(f"apt-get install --yes {part}\n" for part in PARTS)


@pytest.mark.parametrize(
    ("who", "allowed", "asked"),
    [("0", "exit 1", ALL_PARTS), ("1000", 'shift; exec "$@"', ALL_PARTS), ("1000", "exit 1", "")],
)
def test_a_missing_real_part_is_installed_where_that_is_allowed(checkout, tmp_path, who, allowed, asked):
    apt = 'case "$1" in install) echo "apt-get $*" >>installed;; esac'
    path = tools(tmp_path / "bin", python3=PLAYED, **{"id": f"echo {who}", "sudo": allowed, "apt-get": apt})
    for name in ("mkdir", "ln", "cp", "chmod", "true"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    (checkout / "installed").touch()
    ended = start(checkout, "test", path=path)
    assert ended.returncode == 0, ended.stderr
    assert (checkout / "installed").read_text() == asked
    assert all(f"apt-get install --yes {part}" in ended.stderr for part in PARTS)
