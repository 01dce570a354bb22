"""`axiom experiment preflight`, and what doctor and status say of bundles that were not tried."""

import json
import re
from datetime import UTC, datetime

import pytest

from axiom.__main__ import _main
from axiom.cli.session.sessions import _due, _try_out
from axiom.commands.experiments import PreflightExperiment
from axiom.errors import CannotStart
from axiom.runner.child.pause import PauseGate
from axiom.signed.bundles import contents
from axiom.store.accounts import accounts
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder


@pytest.fixture
def say(capsys, tmp_path):
    """Types a command about the laboratory in a folder of its own; status, answer and what was said."""

    def typed(*words: object):
        status = _main([*map(str, words), "--data", str(tmp_path / "lab")])
        out, err = capsys.readouterr()
        return status, (json.loads(out) if "--json" in words and out else out), err

    return typed


@pytest.fixture
def lab(tmp_path, capsys):
    assert _main(["init", str(tmp_path / "lab"), "--port", "0"]) == 0
    capsys.readouterr()
    return Folder(path=tmp_path / "lab")


@pytest.fixture
def file(sound, tmp_path):
    """An experiment that passes, in a file of one's own."""
    made = tmp_path / "sound.py"
    made.write_bytes(contents(sound.archive)["axiom/catalogue/sound.py"])
    return made


def finding(say) -> dict:
    _, answer, _ = say("doctor", "--json")
    return next(one for one in answer["doctor"]["findings"] if one["name"] == "preflight")


def word(say) -> str:
    _, answer, _ = say("status", "--json")
    return answer["status"]["experiments"][0]["preflight"]


def test_a_file_is_tried_without_any_laboratory(say, file):
    status, answer, _ = say("experiment", "preflight", file, "--json")
    assert status == 0
    found = answer["preflight"]
    assert (found["experiment"], found["passed"], found["configs"], found["is_stored"]) == ("sound", True, 3, False)
    assert [(said["gate"], said["state"]) for said in found["said"]] == [(f"G{n}", "passed") for n in range(9)]
    assert (found["failed"], found["refusals"], found["cells"]) == (None, [], 44)


def test_a_person_reads_one_line_for_each_gate(say, file):
    file.write_text(file.read_text().replace("config.signal * classes", "0 * classes"))
    status, out, err = say("experiment", "preflight", file)
    assert status == 1
    lines = out.splitlines()
    assert lines[0].startswith(
        "Failed: G8, planted effect: the effect that was planted for many_minus_few is not found"
    )
    assert lines[1] == "  G0 parse             passed: the file is an experiment's"
    assert lines[8].startswith("  G7 placebo           passed: many_minus_few: over 8 of 8 seeds the typical value")
    assert lines[9].startswith("  G8 planted effect    failed: the effect")
    assert " cells in " in err
    assert "It is not published here, so nothing was stored." in err


def test_what_is_refused_is_said_with_its_line_and_nothing_is_run(say, file):
    file.write_text(file.read_text().replace("import numpy as np", "import numpy as np\nimport socket"))
    status, out, err = say("experiment", "preflight", file)
    assert status == 1
    assert out.startswith("Failed: G1, allow-list: line 9: ")
    assert "  G2 sandboxed run     not reached\n" in out
    assert "0 cells" in err
    _, answer, _ = say("experiment", "preflight", file, "--json")
    assert [(one["gate"], one["line"]) for one in answer["preflight"]["refusals"]] == [("G1", 9)]
    assert (answer["preflight"]["failed"], answer["preflight"]["bundle"]) == ("G1", None)


def test_without_bubblewrap_nothing_is_tried_and_the_doctor_says_so(say, file, monkeypatch, tmp_path, lab):
    monkeypatch.setenv("PATH", str(tmp_path))
    status, out, err = say("experiment", "preflight", file)
    assert (status, out) == (5, "")
    assert "apt-get install bubblewrap" in err
    assert "No sandbox here, so nothing new reaches volunteers." in say("status")[2]
    found = sandbox_finding(say)
    assert (found["well"], "There is no bwrap on this computer" in found["says"]) == (True, True)
    db = connect_writer(lab.database)
    accounts.create(db, name="Ann", email="a@example.org", password="", cross_id="c", now=datetime.now(UTC))
    db.close()
    found = sandbox_finding(say)
    assert (found["well"], "docs/howto/preflight.md" in found["cure"]) == (False, True)
    monkeypatch.undo()
    assert sandbox_finding(say)["well"]
    assert "No sandbox" not in say("status")[2]


def sandbox_finding(say) -> dict:
    return next(one for one in say("doctor", "--json")[1]["doctor"]["findings"] if one["name"] == "sandbox")


@pytest.mark.usefixtures("lab")
def test_what_is_published_is_tried_and_remembered(say, file):
    assert finding(say)["says"] == "no experiment is published here"
    assert say("experiment", "publish", file)[0] == 0
    assert word(say) == "waiting"
    assert finding(say)["says"] == "waiting, so that no volunteer gets it yet: sound"
    status, answer, _ = say("experiment", "preflight", "sound", "--json")
    assert (status, answer["preflight"]["is_stored"], answer["preflight"]["is_new"]) == (0, True, True)
    assert word(say) == "passed"
    assert finding(say)["says"] == "every experiment's bundle that is open was tried"
    _, _, err = say("experiment", "preflight", file)
    assert "It had passed before, and that stands." in err


@pytest.mark.usefixtures("lab")
def test_a_dry_run_tries_and_remembers_nothing(say, file):
    say("experiment", "publish", file)
    status, answer, _ = say("experiment", "preflight", "sound", "--json", "--dry-run")
    assert (status, answer["preflight"]["passed"], answer["preflight"]["is_stored"]) == (0, True, False)
    assert word(say) == "waiting"
    _, _, err = say("experiment", "preflight", "sound", "--dry-run")
    assert "Nothing was stored: this was a dry run." in err


@pytest.mark.usefixtures("lab")
def test_one_that_fails_exits_1_and_the_doctor_says_what_to_do(say, file):
    file.write_text(file.read_text().replace("size=float(", 'size=float("inf") + float('))
    assert say("experiment", "publish", file)[0] == 0
    status, out, _ = say("experiment", "preflight", "sound")
    assert status == 1
    assert out.startswith("Failed: G5, schema and bounds: config ")
    assert "is not finite: size left the real numbers" in out
    assert word(say) == "failed"
    found = finding(say)
    assert (found["well"], found["says"]) == (False, "failed: sound")
    assert found["cure"] == "`axiom experiment preflight sound` says what is wrong with it"
    status, _, err = say("experiment", "deploy", "sound")
    assert status == 4
    assert "its preflight failed: G5, schema and bounds: config" in err


def test_an_autopilot_that_is_to_end_brings_nothing_of_a_bundle_that_it_has_not_tried_through(say, lab, file, sound):
    say("experiment", "publish", file)
    gate = PauseGate()
    gate.end()
    with pytest.raises(CannotStart, match="nothing is tried any more"):
        _try_out(lab, None, sound.digest, gate)  # there is no laboratory to which anything could be brought
    assert _due(lab) == sound.digest


def test_the_autopilot_tries_a_bundle_and_has_the_laboratory_remember_it(say, lab, file, sound):
    say("experiment", "publish", file)

    class Door:
        """The laboratory's socket, where none listens."""

        def submit(self, command: PreflightExperiment):
            from axiom.service.access import submit

            return submit(lab, command)

    sentence = _try_out(lab, Door(), sound.digest, PauseGate())
    assert sentence.startswith("Preflight of sound@1: all gates, G0 to G8")
    assert word(say) == "passed"
    assert _due(lab) is None


def test_a_file_that_begins_with_a_byte_order_mark_is_read_as_python_reads_it(say, file):
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    status, answer, _ = say("experiment", "preflight", file, "--json")
    assert (status, answer["preflight"]["failed"]) == (0, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "    return None",
            "measure accuracy is missing in what run returned, a NoneType at axiom/catalogue/sound.py:",
        ),
        ("    return Measures(accuracy='high', size=1.0)", "measure accuracy must be float, and is a str at axiom/cat"),
    ],
)
def test_a_measure_that_is_missing_or_of_another_type_is_named(say, file, text, said):
    file.write_text(file.read_text().replace("    return Measures(", f"{text}\n    return Measures("))
    _, answer, _ = say("experiment", "preflight", file, "--json")
    assert answer["preflight"]["failed"] == "G5"
    assert said in answer["preflight"]["reason"]


@pytest.mark.usefixtures("lab")
def test_what_would_not_be_published_is_said_before_anything_is_computed(say, file):
    say("experiment", "publish", file)
    file.write_text(file.read_text().replace("version=1", "version=2"))
    say("experiment", "publish", file)
    file.write_text(file.read_text().replace("version=2", "version=1") + "\n# changed\n")
    status, _, said = say("experiment", "preflight", file)
    assert (status, say("experiment", "publish", file)[0]) == (4, 4)
    assert "at version 2 here" in said


def test_a_control_has_no_more_configs_than_a_preflight_should_compute(say, file):
    text = file.read_text()
    many = "tuple(Config(inputs=2, signal=0.01 * n) for n in range(17))"
    file.write_text(re.sub(r"placebo=.*", f"placebo={many},", text, count=1))
    assert file.read_text() != text
    _, answer, _ = say("experiment", "preflight", file, "--json")
    assert "17 configs, and 16 are enough" in json.dumps(answer)


def test_one_replicate_that_fails_here_shows_its_traceback(file, capsys):
    file.write_text(file.read_text().replace("    return Measures(", "    raise KeyError('why')\n    return Measures("))
    assert _main(["experiment", "run", str(file), "--seed", "1"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "KeyError: 'why'" in said
