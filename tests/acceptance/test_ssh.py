"""Pilots on computers that one reaches with ssh: a real server lets in who has the key, and a leash ends them."""

import subprocess
from pathlib import Path

import pytest
from pilot_cluster import PilotCluster
from processes import ran
from real_parts import need
from ssh_server import ssh_server

LAUNCHER = Path(__file__).resolve().parents[2] / "deploy" / "ssh.sh"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A laboratory that computes nothing itself."""
    with PilotCluster.serving(tmp_path_factory.mktemp("lab")) as made:
        yield made


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A computer that one reaches with ssh."""
    with ssh_server(tmp_path_factory.mktemp("ssh") / "server") as made:
        yield made


@need("ssh")
def test_ssh_starts_pilots_and_brings_the_key_into_a_file_that_nobody_else_reads(lab, server):
    lab.order(6)
    environment = lab.environment() | {"AXIOM_SSH": server.client, "AXIOM_WORDS": "--cores 1", "PATH": "/usr/bin:/bin"}
    done = ran([LAUNCHER, "node1", "node2"], env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("No work is left") == 2
    brought = server.place / "home/.axiom/cluster.key"
    assert brought.read_text() == lab.key_file.read_text()
    assert brought.stat().st_mode & 0o777 == 0o600
    lab.demand_done(6)


@need("ssh")
def test_pilots_end_with_the_launcher_that_holds_their_leash(lab, server, tmp_path):
    environment = lab.environment() | {"AXIOM_SSH": server.client, "PATH": "/usr/bin:/bin"}
    environment["AXIOM_WORDS"] = "--cores 1 --when-idle wait"
    remarks = tmp_path / "said"
    with remarks.open("w") as terminal:
        launcher = subprocess.Popen([LAUNCHER, "node1", "node2"], stderr=terminal, env=environment)
    lab.wait(lambda: remarks.read_text().count("cores compute for") == 2)
    launcher.kill()
    launcher.wait()
    lab.wait(lambda: remarks.read_text().count("Stopped.") == 2)
    lab.wait(lambda: lab.ask("cluster", "list")["clusters"][0]["pilots"] == 0)


def test_a_computer_that_is_not_reached_keeps_the_pilot_from_no_other(tmp_path):
    """A stand-in for ssh: a pilot takes a while, and says whether its leash ended it."""
    client, key, remarks = tmp_path / "ssh", tmp_path / "key", tmp_path / "remarks"
    key.write_text("secret")
    client.write_text(
        f"""#!/bin/sh
        case "$*" in
        *away*) exit 255 ;;
        *" work "*) timeout 1 cat && echo "leash $*" >>{remarks} || echo "done $*" >>{remarks} ;;
        *) cat >/dev/null ;;
        esac
        """
    )
    client.chmod(0o755)
    lab = {"AXIOM_SERVER": "https://lab.example/", "AXIOM_LAB": "digest", "AXIOM_KEY_FILE": str(key)}
    done = ran([LAUNCHER, "near", "away", "far"], env=lab | {"AXIOM_SSH": str(client), "PATH": "/usr/bin:/bin"})
    assert done.returncode == 255
    assert "away" in done.stderr
    pilots = remarks.read_text()
    assert pilots.count("done") == 2, pilots
    assert " near " in pilots
    assert " far " in pilots
