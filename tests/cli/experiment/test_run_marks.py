"""What was computed of a file outside of a laboratory is written down beside it, and makes its forecast informed."""

import json

import pytest
from real_parts import need
from tiny_experiment import tiny_source

from axiom.cli.experiment.run_marks import MARKS
from axiom.domain.registrations import BLIND

pytestmark = need("bwrap")


def seen(say, name: str) -> str:
    """What the forecast of a published file is said to have seen."""
    assert say("experiment", "publish", name)[0] == 0
    findings = say("finding", "list", "--json")[1]["findings"]
    return next(row for row in findings if row["experiment"] == name.stem)["foreknowledge"]["reason"]


@pytest.mark.parametrize("command", [("run", "--seed", "1"), ("preflight",)])
@pytest.mark.usefixtures("lab")
def test_a_file_that_was_run_beside_the_laboratory_is_informed_and_so_is_its_kin(say, file, command):
    assert say("experiment", command[0], file, *command[1:], "--json")[0] == 0
    marks = [json.loads(line) for line in (file.parent / MARKS).read_text().splitlines()]
    assert {(mark["command"], mark["file"]) for mark in marks} == {(command[0], "sound.py")}
    assert "accuracy" not in (file.parent / MARKS).read_text()
    say("experiment", command[0], file, *command[1:], "--json")
    assert len((file.parent / MARKS).read_text().splitlines()) == len(marks)  # the same text once
    larger = file.parent / "larger.py"
    larger.write_text(file.read_text().replace("weights", "linear").replace('"sound"', '"larger"'))
    for published in (larger, file):
        assert f"“axiom experiment {command[0]} sound.py” at" in seen(say, published)


@pytest.mark.usefixtures("lab")
def test_what_raises_in_a_preflight_is_told_here_alone_and_not_published(say, file):
    sound = file.read_text()
    file.write_text(sound.replace("    return Measures(", "    raise ValueError('so wide')\n    return Measures("))
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if "so wide" in text)
    status, out, err = say("experiment", "preflight", file, "--json")
    assert status == 1
    assert "ValueError: so wide" in err
    assert f'sound.py", line {line}' in err
    assert "so wide" not in json.dumps(out) + (file.parent / MARKS).read_text()
    status, _, err = say("experiment", "publish", file)
    assert status == 4
    assert "G2" in err
    assert "axiom experiment preflight" in err
    file.write_text(sound)
    assert say("experiment", "publish", file)[0] == 0


@pytest.mark.usefixtures("lab")
def test_a_file_of_which_nothing_was_run_is_blind_whatever_else_was_run_beside_it(say, file):
    other = file.parent / "other_sum.py"
    other.write_text(tiny_source(name="other_sum"))
    assert say("experiment", "run", other, "--seed", "1", "--json")[0] == 0
    assert seen(say, file) == BLIND


@pytest.mark.usefixtures("lab")
def test_marks_that_cannot_be_read_are_told_and_nothing_is_published(say, file):
    (file.parent / MARKS).write_text("no mark")
    assert say("experiment", "publish", file)[0] != 0
