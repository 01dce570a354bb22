"""What is typed before there is any laboratory: help, and the completion of words."""

import os
import resource
import subprocess
import sys

from running_lab import AXIOM, axiom


def test_help_costs_little_more_than_importing_click() -> None:
    """A tenth of a second on a quiet computer; on a shared one everything costs more, and so does its measure here."""
    importing = [sys.executable, "-c", "import click"]
    ours, theirs = [], []
    for _ in range(5):
        before = _spent()
        assert axiom("--help").returncode == 0
        between = _spent()
        subprocess.run(importing, check=True)
        ours.append(between - before)
        theirs.append(_spent() - between)
    assert min(ours) <= 1.8 * min(theirs)


def test_help_fits_a_screen() -> None:
    assert len(axiom("--help").stdout.splitlines()) <= 30


def test_completion_knows_the_commands() -> None:
    assert "_AXIOM_COMPLETE" in axiom("completion", "bash").stdout
    environment = {**os.environ, "_AXIOM_COMPLETE": "bash_complete", "COMP_WORDS": "axiom exp", "COMP_CWORD": "1"}
    done = subprocess.run([AXIOM], env=environment, capture_output=True, text=True, check=False)
    assert "experiment" in done.stdout


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
