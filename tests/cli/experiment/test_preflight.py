"""`axiom experiment preflight`, and what doctor and status say of bundles that were not tried."""

import json
import re
from datetime import UTC, datetime

import pytest
from real_parts import need

from axiom.cli.session.sessions import _due, _try_out
from axiom.errors import CannotStart
from axiom.runner.child.pause import PauseGate
from axiom.service.open_laboratory import submit_in_folder
from axiom.store.accounts import accounts
from axiom.store.engine.database import connect_writer

pytestmark = need("bwrap")


def changed(file, old: str, new: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def finding(say, name: str = "preflight") -> dict:
    return next(row for row in say("doctor", "--json")[1]["doctor"]["findings"] if row["name"] == name)


def word(say) -> str:
    return say("status", "--json")[1]["status"]["experiments"][0]["preflight"]


def tried(say, what, *words) -> dict:
    return say("experiment", "preflight", what, "--json", *words)[1]["preflight"]


@pytest.mark.usefixtures("lab")
def test_what_is_published_is_tried_and_remembered(say, lab, file, sound):
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())  # a byte order mark is read as Python reads it
    preflight = tried(say, file)
    facts = [preflight[name] for name in ("experiment", "passed", "configs", "is_stored")]
    assert facts == ["sound", True, 3, False]
    assert {row["gate"]: row["state"] for row in preflight["said"]} == {f"G{number}": "passed" for number in range(9)}
    assert preflight["failed"] is None
    assert preflight["refusals"] == []
    assert preflight["cells"] in (44, 60)
    changed(file, "\ufeff", "")
    assert say("experiment", "publish", file)[0] == 0
    assert word(say) == "waiting"
    assert finding(say)["well"] is True
    assert "1 of 1" in finding(say)["says"]
    gate = PauseGate()
    gate.end()
    with pytest.raises(CannotStart):  # who is to end tries nothing through, and asks no laboratory
        _try_out(lab, None, sound.digest, gate)
    assert _due(lab) == sound.digest
    preflight = tried(say, "sound", "--dry-run")
    assert preflight["passed"] is True
    assert preflight["is_stored"] is False
    assert word(say) == "waiting"

    class Door:
        """The laboratory's socket, where none listens."""

        def submit(self, command):
            return submit_in_folder(lab, command)

    _try_out(lab, Door(), sound.digest, PauseGate())
    assert word(say) == "passed"
    assert _due(lab) is None
    assert finding(say)["well"] is True
    preflight = tried(say, "sound")
    assert (preflight["is_stored"], preflight["is_new"]) == (True, False)
    changed(file, "version=1", "version=2")
    say("experiment", "publish", file)
    changed(file, "version=2", "version=1")
    file.write_text(file.read_text() + "\n# changed\n")
    assert say("experiment", "preflight", file)[0] == say("experiment", "publish", file)[0] == 4


@pytest.mark.usefixtures("lab")
def test_one_that_fails_exits_1_and_goes_to_nobody(say, file):
    changed(file, "size=float(", 'size=float("inf") + float(')
    assert say("experiment", "publish", file)[0] == 0
    status, out, _ = say("experiment", "preflight", "sound")
    assert status == 1
    assert out.startswith("Failed: G5")
    assert word(say) == "failed"
    ailment = finding(say)
    assert (ailment["well"], ailment["says"]) == (False, "failed: sound")
    assert "`axiom experiment preflight sound`" in ailment["cure"]
    status, _, err = say("experiment", "deploy", "sound")
    assert status == 4
    assert "G5" in err


@pytest.mark.parametrize(
    ("old", "new", "gate", "fact"),
    [
        ("config.signal * classes", "0 * classes", "G8", "many_minus_few"),
        ("import numpy as np", "import numpy as np\nimport socket", "G1", "line 9"),
        ("    return Measures(", "    return None\n    return Measures(", "G5", "measure accuracy is missing"),
        ("    return Measures(", "    return Measures(accuracy='high', size=1.0)\n    return Measures(", "G5", "a str"),
    ],
)
def test_a_person_reads_one_line_for_each_gate_and_what_is_wrong(say, file, old, new, gate, fact):
    changed(file, old, new)
    status, out, _ = say("experiment", "preflight", file)
    lines = out.splitlines()
    assert status == 1
    assert lines[0].startswith(f"Failed: {gate}")
    assert fact in lines[0]
    assert [line.split()[0] for line in lines[1:10]] == [f"G{number}" for number in range(9)]
    states = [re.search(r"passed|failed|not reached", line)[0] for line in lines[1:10]]
    failed = int(gate[1])
    assert states == ["passed"] * failed + ["failed"] + ["not reached"] * (8 - failed)


def test_a_claim_that_its_author_does_not_believe_is_refused_untried(say, file):
    turned = re.sub(r"positive=[\d.]+, negative=[\d.]+", "positive=0.02, negative=0.9", file.read_text(), count=1)
    file.write_text(re.sub(r"absent=[\d.]+", "absent=0.08", turned, count=1))
    status, out, err = say("experiment", "preflight", file)
    assert (status, out) == (4, "")
    assert "holds LESS (-) likeliest" in err


def test_a_control_has_few_configs(say, file):
    many = "tuple(Config(inputs=2, signal=0.01 * n) for n in range(17))"
    file.write_text(re.sub(r"placebo=.*", f"placebo={many},", file.read_text(), count=1))
    assert "17 configs" in json.dumps(say("experiment", "preflight", file, "--json")[1])


def test_without_bubblewrap_nothing_is_tried_and_the_doctor_says_so(say, file, monkeypatch, tmp_path, lab):
    monkeypatch.setenv("PATH", str(tmp_path))
    status, out, err = say("experiment", "preflight", file)
    assert status == 5
    assert out == ""
    assert "bubblewrap" in err
    assert finding(say, "sandbox")["well"] is True
    assert "sandbox" in say("status")[2]
    db = connect_writer(lab.database)
    accounts.create_account(db, name="Ann", email="a@example.org", password="", cross_id="c", now=datetime.now(UTC))
    db.close()
    assert not finding(say, "sandbox")["well"]
    monkeypatch.undo()
    assert finding(say, "sandbox")["well"] is True
    assert "sandbox" not in say("status")[2]
