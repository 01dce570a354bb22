"""Both SDKs of language models, in a scientist as a person starts it, against a service that plays a model."""

import contextlib
import json
import os
import subprocess

import pytest
from model_line import SECRET, Line
from patience import PATIENCE
from processes import ran
from programs_lab import OWN_SUM, programs_lab
from running_lab import AXIOM, answer, axiom
from scientist_lab import Script

from axiom.domain.rounds import Step
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A laboratory at work with a finding of which nothing is known yet."""
    file = tmp_path_factory.mktemp("own") / "own_sum.py"
    file.write_text(OWN_SUM)
    with programs_lab(tmp_path_factory.mktemp("scientist") / "lab") as started:
        answer("experiment", "publish", file, data=started.lab.data)
        yield started


@contextlib.contextmanager
def scripted(protocol, data):
    """A model that reads, says something of what it read, and is done; it is named in the settings' variables.

    Each has a name of its own: a model that was asked already is not asked again until a finding is weighed.
    """
    with contextlib.ExitStack() as stack:
        line = Line(protocol, stack)
        script = Script(
            line,
            [
                [("lab_brief", {}), ("finding_list", {})],
                [("log_write", {"text": f"Read by {protocol}.", "key": protocol})],
            ],
        )
        line.service.play = script
        environment = {
            **os.environ,
            "AXIOM_DATA": str(data),
            "AXIOM_MODEL_ADDRESS": line.service.address + ("" if protocol == "messages" else "/v1"),
            "AXIOM_MODEL_PROTOCOL": protocol,
            "AXIOM_MODEL_NAME": f"of-{protocol}",
            "AXIOM_MODEL_KEY": SECRET,
        }
        yield script, environment


def newest(there):
    """The round that was held last, also where no session tells of it yet."""
    listed = json.loads(there.lab.page("sessions.json"))
    return listed["round"] or next(iter(listed["sessions"]), {"name": "none yet"})


def test_a_session_is_held_with_a_model_that_calls_tools(there):
    run = [AXIOM, "session", "run", "--pi", "scientist"]
    with scripted("messages", there.lab.data) as (script, environment):
        done = ran(run, env=environment)
    assert done.returncode == 0, done.stderr
    session = newest(there)
    assert (session["pi"], session["done"]) == ("scientist", list(Step))
    demand_noted(there, "messages", [session["name"]], script)


def test_the_pi_holds_sessions_with_the_other_and_ends_when_it_is_told_to(there):
    before = newest(there)["name"]
    with scripted("chat", there.lab.data) as (script, environment):
        pi = subprocess.Popen(
            [AXIOM, "pi", "--pi", "scientist", "--pause", "0.1"], env=environment, stderr=subprocess.PIPE, text=True
        )
        there.lab.wait(lambda _: newest(there)["name"] != before and newest(there).get("done") == list(Step))
        pi.terminate()
        _, remarks = pi.communicate(timeout=PATIENCE)
    assert pi.returncode == 0, remarks
    demand_noted(there, "chat", names_after(there, before), script)


def names_after(there, name):
    """The sessions behind this one, the first of them first: findings that were weighed may have asked for more."""
    with Connections(folder=Folder(path=there.lab.data)).reader() as db:
        names = [row["name"] for row in db.select("SELECT name FROM session ORDER BY id")]
    return names[names.index(name) + 1 :]


def demand_noted(there, protocol, names, script):
    """The log says what was asked of the model, the audit what it did, and the transcript shows it."""
    shown = [answer("session", "show", name, data=there.lab.data)["session"]["notes"] for name in names]
    notes = [line["facts"] for lines in shown for line in lines if line["kind"] == "pi.scientist"]
    assert notes[0]["step"] == Step.DESIGN
    assert sum(facts.get("requests", 0) for facts in notes) == len(script.asked) >= 3  # it may rest
    rows = answer("audit", "show", "--limit", 10_000, data=there.lab.data)["audit"]
    (*_, first) = [row for row in rows if row["model"] == f"of-{protocol}"]
    assert first["caller"].startswith("program:scientist")
    assert (first["command"], first["outcome"]) == ("log.write", "done")
    assert f"Read by {protocol}" in there.lab.page(f"sessions/{names[0]}/transcript")


def test_without_a_model_or_a_laboratory_it_says_what_is_missing(quick, monkeypatch):
    nameless = axiom("session", "run", "--pi", "scientist", data=quick)
    assert nameless.returncode == 2
    assert "model_address" in nameless.stderr
    monkeypatch.setenv("AXIOM_MODEL_ADDRESS", "http://127.0.0.1:9")
    monkeypatch.setenv("AXIOM_MODEL_NAME", "nobody")
    alone = axiom("session", "run", "--pi", "scientist", data=quick)
    assert alone.returncode == 5
    assert "axiom serve" in alone.stderr
    assert answer("session", "list", data=quick)["sessions"] == []
