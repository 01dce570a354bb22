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
        [sys.executable, "-c", _TYPED, *map(str, words)], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    status, imported = json.loads(done.stdout)
    return status, set(imported), done.stderr


def test_words_that_are_off_and_a_port_in_use_are_said_without_the_laboratory(tmp_path, taken_port, monkeypatch):
    for words, status, fact in (
        (("lab", "--prot", 3), 2, "port"),
        (("serve", "--port", 70_000), 2, "port"),
        (("lab", "--port", taken_port), 5, f"by process {os.getpid()} ("),
    ):
        code, imported, err = typed(*words, "--data", tmp_path / "lab")
        assert (code, fact in err, imported & HEAVY) == (status, True, set())
    assert not (tmp_path / "lab").exists()

    def closed(path):
        if str(path).endswith("/fd"):
            raise PermissionError(13, "Permission denied")
        return everything(path)

    everything = os.listdir
    monkeypatch.setattr(os, "listdir", closed)  # nobody lets us see who holds it
    with pytest.raises(PortInUse, match="another program"):
        on_port("127.0.0.1", taken_port)
