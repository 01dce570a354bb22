"""What stands in the way of a laboratory is said before the laboratory is imported, which takes a while."""

import json
import os
import socket
import subprocess
import sys

import pytest
from patience import PATIENCE

from axiom.errors import PortInUse
from axiom.service.sockets import on_port

_TYPED = """
import json, sys
from axiom.__main__ import _main
status = _main(sys.argv[1:])
print(json.dumps([status, sorted(name for name in sys.modules if name.startswith("axiom."))]))
"""
HEAVY = {
    "axiom.service.laboratory",
    "axiom.service.project",
    "axiom.server",
    "axiom.web",
    "axiom.engines",
    "axiom.commands",
}


@pytest.fixture
def taken_port():
    """A port on which somebody else listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def typed(*words: object) -> tuple[int, set[str], str]:
    """Status, what was imported, and what was said."""
    done = subprocess.run(
        [sys.executable, "-c", _TYPED, *map(str, words)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    status, imported = json.loads(done.stdout)
    return status, set(imported), done.stderr


@pytest.mark.parametrize("words", [("lab", "--prot", 3), ("serve", "--prot", 3), ("lab", "--port", 70_000)])
def test_words_that_are_off_are_said_without_the_laboratory(words, tmp_path):
    status, imported, said = typed(*words, "--data", tmp_path / "lab")
    assert (status, "port" in said) == (2, True)
    assert imported & HEAVY == set()


def test_a_port_in_use_is_said_without_the_laboratory(tmp_path, taken_port):
    status, imported, said = typed("lab", "--port", taken_port, "--data", tmp_path / "lab")
    assert (status, f"Port {taken_port}" in said) == (5, True)
    assert imported & HEAVY == set()
    assert f"in use by process {os.getpid()} (" in said
    assert not (tmp_path / "lab").exists()


def test_a_port_of_which_nobody_lets_us_see_the_holder_is_in_use_all_the_same(taken_port, monkeypatch):
    def closed(path):
        if str(path).endswith("/fd"):
            raise PermissionError(13, "Permission denied")
        return everything(path)

    everything = os.listdir
    monkeypatch.setattr(os, "listdir", closed)
    with pytest.raises(PortInUse, match="is in use by another program, so"):
        on_port("127.0.0.1", taken_port)
