"""What a program that has no use for language models does not load."""

import subprocess
import sys

import pytest
from patience import PATIENCE
from running_lab import axiom, running

HEAVY = {"mcp", "mcp_types", "anthropic", "openai"}


def test_neither_axiom_nor_its_server_loads_what_speaks_to_models():
    code = (
        "import axiom.cli.main, axiom.service.run, axiom.cli.session.sessions\n"
        "import axiom.autopilot.autopilot, axiom.models.conversation\n"
        "import axiom.service.scientist\n"  # a named model loads an SDK
        "import sys; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert HEAVY.isdisjoint(done.stdout.split())


@pytest.mark.parametrize("setting", [False, True])
def test_a_server_loads_it_only_where_the_setting_says_so(tmp_path, monkeypatch, setting):
    folder = tmp_path / "lab"
    assert axiom("init", folder, "--port", 0).returncode == 0
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    monkeypatch.setenv("AXIOM_MCP", str(setting).lower())
    with running(folder, command="serve") as lab:
        assert lab.status()
    said = folder.with_name("lab.errors").read_text()
    loaded = {line.rpartition("|")[2].strip() for line in said.splitlines() if line.startswith("import time:")}
    assert "axiom.service.run" in loaded
    assert bool(HEAVY & loaded) is setting
