"""`axiom experiment preflight`, and what doctor and status say of bundles that were not tried."""

import json
from datetime import UTC, datetime

import pytest

from axiom.__main__ import _main
from axiom.cli.sessions import _due, _try_out
from axiom.commands.experiments import PreflightExperiment
from axiom.signed.bundles import contents
from axiom.store.database import connect_writer
from axiom.store.folder import Folder
from axiom.store.migrate import migrate, migrations


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
def file(prepared, tmp_path):
    """tiny_sum in a file of one's own."""
    made = tmp_path / "tiny_sum.py"
    made.write_bytes(contents(prepared().archive)["axiom/catalogue/tiny_sum.py"])
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
    assert (found["experiment"], found["passed"], found["configs"], found["is_stored"]) == ("tiny_sum", True, 2, False)
    status, out, err = say("experiment", "preflight", file)
    assert out == "Passed: 2 configs, each finite, within its time and memory, and twice the same in every bit\n"
    assert "It is not published here, so nothing was stored." in err


@pytest.mark.usefixtures("lab")
def test_what_is_published_is_tried_and_remembered(say, file):
    assert finding(say)["says"] == "no experiment is published here"
    assert say("experiment", "publish", file)[0] == 0
    assert word(say) == "waiting"
    assert finding(say)["says"] == "waiting, so that no volunteer gets it yet: tiny_sum"
    status, answer, _ = say("experiment", "preflight", "tiny_sum", "--json")
    assert (status, answer["preflight"]["is_stored"], answer["preflight"]["is_new"]) == (0, True, True)
    assert word(say) == "passed"
    assert finding(say)["says"] == "every experiment's bundle that is open was tried"
    _, _, err = say("experiment", "preflight", file)
    assert "It had passed before, and that stands." in err


@pytest.mark.usefixtures("lab")
def test_a_dry_run_tries_and_remembers_nothing(say, file):
    say("experiment", "publish", file)
    status, answer, _ = say("experiment", "preflight", "tiny_sum", "--json", "--dry-run")
    assert (status, answer["preflight"]["passed"], answer["preflight"]["is_stored"]) == (0, True, False)
    assert word(say) == "waiting"
    _, _, err = say("experiment", "preflight", "tiny_sum", "--dry-run")
    assert "Nothing was stored: this was a dry run." in err


@pytest.mark.usefixtures("lab")
def test_one_that_fails_exits_1_and_the_doctor_says_what_to_do(say, file):
    file.write_text(file.read_text().replace("total=float(config.size)", 'total=float("inf")'))
    assert say("experiment", "publish", file)[0] == 0
    status, out, _ = say("experiment", "preflight", "tiny_sum")
    assert status == 1
    assert out.startswith("Failed: config 0 (size 1) is not finite: total left the real numbers")
    assert word(say) == "failed"
    found = finding(say)
    assert (found["well"], found["says"]) == (False, "failed: tiny_sum")
    assert found["cure"] == "`axiom experiment preflight tiny_sum` says what is wrong with it"
    status, _, err = say("experiment", "deploy", "tiny_sum")
    assert status == 4
    assert "its preflight failed: config 0 (size 1) is not finite" in err


def test_an_upgraded_laboratory_says_what_was_never_tried(say, lab, file, prepared):
    """From before preflights were asked: the tables are those of the migration before."""
    say("experiment", "publish", file)
    db = connect_writer(lab.database)
    db.execute("DROP TABLE preflight")
    db.execute("DROP TABLE progress")
    db.execute("DROP INDEX volunteer_ours")
    db.execute("ALTER TABLE volunteer DROP COLUMN is_ours")
    db.execute("DELETE FROM migration WHERE number >= 7")
    assert migrate(db, lab, datetime.now(UTC)) == [each.name for each in migrations() if each.number >= 7]
    db.close()
    assert finding(say)["says"] == "waiting, so that no volunteer gets it yet: tiny_sum"
    assert _due(lab) == prepared().digest


def test_the_autopilot_tries_a_bundle_and_has_the_laboratory_remember_it(say, lab, file, prepared):
    say("experiment", "publish", file)

    class Door:
        """The laboratory's socket, where none listens."""

        def submit(self, command: PreflightExperiment):
            from axiom.cli.opening import submit

            return submit(lab, command)

    sentence = _try_out(lab, Door(), prepared().digest)
    assert sentence.startswith("Preflight of tiny_sum@1: 2 configs, each finite")
    assert word(say) == "passed"
    assert _due(lab) is None
