"""The scientist as a person starts it: the program itself, a laboratory that runs, the real SDKs, a scripted model."""

import contextlib
import json
import os
import subprocess
import time

import pytest
from model_line import SECRET, Line
from patience import PATIENCE
from programs_lab import programs_lab
from running_lab import AXIOM, answer, axiom
from scientist_lab import Script

from axiom.domain.sessions import Step


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with programs_lab(tmp_path_factory.mktemp("scientist") / "lab") as started:
        deadline = time.monotonic() + PATIENCE
        while not answer("finding", "list", data=started.lab.data)["findings"]:
            assert time.monotonic() < deadline, "nothing is published"
            time.sleep(0.2)
        yield started


@contextlib.contextmanager
def scripted(protocol, data, model):
    """A model that reads, says something of what it read, and is done; it is named in the settings' variables.

    A name of its own for each test: a model that was asked already is not asked again until a finding is weighed.
    """
    with contextlib.ExitStack() as stack:
        line = Line(protocol, stack)
        script = Script(
            line,
            [
                [("lab_brief", {}), ("finding_list", {})],
                lambda results: [note(results[1]["findings"][0]["number"], protocol)],
            ],
        )
        line.service.play = script
        environment = {
            **os.environ,
            "AXIOM_DATA": str(data),
            "AXIOM_MODEL_ADDRESS": line.service.address + ("" if protocol == "messages" else "/v1"),
            "AXIOM_MODEL_PROTOCOL": protocol,
            "AXIOM_MODEL_NAME": model,
            "AXIOM_MODEL_KEY": SECRET,
        }
        yield script, environment


def newest(there):
    """The round that was held last, also where no session tells of it yet."""
    listed = json.loads(there.lab.page("sessions.json"))
    return listed["round"] or next(iter(listed["sessions"]), {"name": "none yet"})


def note(finding, protocol):
    return "finding_note", {"finding": finding, "text": f"Read by {protocol}.", "key": protocol}


@pytest.mark.parametrize("protocol", ["messages", "chat"])
def test_a_session_is_held_with_a_model_that_calls_tools(there, protocol):
    with scripted(protocol, there.lab.data, f"of-{protocol}") as (script, environment):
        run = [AXIOM, "session", "run", "--pi", "scientist"]
        done = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    session = newest(there)
    assert (session["pi"], session["done"]) == ("scientist", list(Step))
    shown = answer("session", "show", session["name"], data=there.lab.data)["session"]["notes"]
    told = [line["facts"] for line in shown if line["kind"] == "pi.scientist"]
    assert told[0]["step"] == Step.DESIGN
    assert sum(line["requests"] for line in told) == len(script.asked) >= 3
    rows = answer("audit", "show", "--limit", 10_000, data=there.lab.data)["audit"]
    (*_, first) = [row for row in rows if row["model"] == f"of-{protocol}"]
    assert first["caller"].startswith("program:scientist")
    assert (first["command"], first["outcome"]) == ("finding.note", "done")
    assert f"Read by {protocol}" in there.lab.page(f"sessions/{session['name']}/transcript")


def test_the_pi_holds_sessions_with_it_and_ends_when_it_is_told_to(there):
    before = newest(there)["name"]
    with scripted("chat", there.lab.data, "of-the-pi") as (_, environment):
        process = subprocess.Popen(
            [AXIOM, "pi", "--pi", "scientist"], env=environment, stderr=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + PATIENCE
        while newest(there)["name"] == before:
            assert time.monotonic() < deadline, "no session was held"
            time.sleep(0.2)
        process.terminate()
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    while axiom("session", "run", "--quiet", data=there.lab.data).returncode:  # the one that it left may be held still
        assert time.monotonic() < deadline, "the session is not free"
        time.sleep(1.0)


def test_a_program_that_is_the_pi_is_named_in_the_log(there):
    with there.client("propose") as client:
        words = {"finding": 1, "text": "A program was here."}
        assert client.post("/api/commands/finding.note", json=words).status_code == 200
    assert axiom("session", "run", "--pi", "program", "--quiet", data=there.lab.data).returncode == 0
    session = newest(there)
    shown = answer("session", "show", session["name"], data=there.lab.data)["session"]["notes"]
    named = {line["facts"]["program"]: line["facts"]["commands"] for line in shown if line["kind"] == "pi.program"}
    assert named["program:propose"] >= 1


def test_without_a_model_or_a_laboratory_it_says_what_is_missing(tmp_path, monkeypatch):
    assert axiom("init", tmp_path / "lab").returncode == 0
    nameless = axiom("session", "run", "--pi", "scientist", data=tmp_path / "lab")
    assert (nameless.returncode, "model_address" in nameless.stderr) == (2, True)
    monkeypatch.setenv("AXIOM_MODEL_ADDRESS", "http://127.0.0.1:9")
    monkeypatch.setenv("AXIOM_MODEL_NAME", "nobody")
    alone = axiom("session", "run", "--pi", "scientist", data=tmp_path / "lab")
    assert (alone.returncode, "axiom serve" in alone.stderr) == (5, True)
    assert answer("session", "list", data=tmp_path / "lab")["sessions"] == []
