"""What a command makes of a reader who has seen enough."""

import os
import subprocess
from pathlib import Path

import pytest
from patience import PATIENCE
from running_lab import AXIOM


def unread(*words: str, stderr: int = subprocess.PIPE) -> tuple[int, str]:
    """Exit code and remarks of a command whose standard output nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [AXIOM, *words],
            stdout=writing,
            stderr=writing if stderr == subprocess.STDOUT else stderr,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    finally:
        os.close(writing)
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", [("experiment", "list"), ("--help",), ("help", "exit-codes"), ()])
def test_a_reader_who_has_seen_enough_is_no_failure(words: tuple[str, ...], tmp_path: Path) -> None:
    assert unread(*words, *(["--data", str(tmp_path)] if "list" in words else [])) == (0, "")


@pytest.mark.parametrize("words", [("experiment", "list"), ("experiment", "list", "--json"), ("--version",)])
def test_a_disk_without_room_for_the_answer_is_no_fault_of_ours(words: tuple[str, ...], tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [AXIOM, *words, *(["--data", str(tmp_path)] if "list" in words else [])],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    assert done.returncode == 5
    assert "could not be written whole: No space left on device. Nothing acknowledged is lost" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_of_remarks_who_has_seen_enough_is_none_either() -> None:
    assert unread("finding", "paper", stderr=subprocess.STDOUT) == (0, None)
