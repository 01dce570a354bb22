"""scripts/check: what failed, what cures it, and the exit status."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("mypy", "lint-imports", "python", "ruff")


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose tools write down what they were asked, and say yes."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "checks.py", tmp_path / "scripts")
    for tool in TOOLS:
        play(tmp_path, tool, "exit 0")
    return tmp_path


def play(checkout: Path, tool: str, end: str) -> None:
    program = checkout / ".venv" / "bin" / tool
    program.write_text(f'#!/bin/sh\necho "{tool} $*" >>asked\n{end}\n')
    program.chmod(0o755)


def check(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, checkout / "scripts" / "checks.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)


def test_everything_is_asked_and_nothing_is_changed(checkout):
    done = check(checkout)
    assert done.returncode == 0, done.stdout
    assert sorted((checkout / "asked").read_text().splitlines()) == [
        "lint-imports --no-logo",
        "mypy --allow-untyped-defs --allow-incomplete-defs --allow-untyped-calls --no-warn-return-any",
        "mypy -p axiom -p axiom_adopt -p axiom_catalogue -p axiom_weigh",
        "mypy scripts/checks.py",
        "python scripts/budget.py",
        "python scripts/reference.py --check",
        "ruff check",
        "ruff format --check",
    ]


@pytest.mark.parametrize(
    ("tool", "cure"),
    [("mypy", "-p axiom"), ("lint-imports", "CONTRIBUTING.md"), ("python", "scripts/docs"), ("ruff", "--fix")],
)
def test_a_failure_is_shown_with_its_cure(checkout, tool, cure):
    play(checkout, tool, "echo the reason; exit 1")
    ended = check(checkout)
    assert ended.returncode == 1
    assert "the reason" in ended.stdout
    assert [line for line in ended.stdout.splitlines() if "FAILED. Cure: " in line and cure in line]


def test_a_missing_tool_is_a_failure_and_an_unknown_word_is_refused(checkout):
    assert check(checkout, "--fox").returncode == 2
    assert not (checkout / "asked").exists()
    (checkout / ".venv" / "bin" / "mypy").unlink()
    assert check(checkout).returncode == 1


def test_fix_formats_first(checkout):
    assert check(checkout, "--fix").returncode == 0
    assert (checkout / "asked").read_text().startswith("ruff format\nruff check --fix\n")
