"""scripts/bench and scripts/campaign: list, run, keep the exit status, write down."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE

from axiom.reads import honesty

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "campaigns" / "bench").mkdir(parents=True)
    (tmp_path / "docs" / "measurements").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "measure.py", tmp_path / "scripts")
    bench = tmp_path / "campaigns" / "bench"
    (bench / "speed.py").write_text('"""How quick it is."""\nimport sys\nprint(*sys.argv[1:])\nsys.exit(3)\n')
    (bench / "weight.sh").write_text("#!/bin/sh\n# How heavy it is.\necho 7 kg\n")
    return tmp_path


def measure(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, checkout / "scripts" / "measure.py", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)


def test_without_a_name_it_lists_and_with_one_arguments_and_status_pass_through(checkout):
    listed = measure(checkout)
    assert listed.returncode == 0
    assert listed.stdout.count("How quick it is.") == 1
    assert listed.stdout.count("How heavy it is.") == 1
    ended = measure(checkout, "speed", "--rounds", "3")
    assert (ended.stdout, ended.returncode) == ("--rounds 3\n", 3)
    assert not list((checkout / "docs" / "measurements").iterdir())


def test_the_beginning_of_one_name_is_enough_and_that_of_several_is_not(checkout):
    assert measure(checkout, "weig").stdout == "7 kg\n"
    shutil.copy(checkout / "campaigns" / "bench" / "weight.sh", checkout / "campaigns" / "bench" / "weigher.sh")
    several, misspelt = measure(checkout, "weig"), measure(checkout, "sped")
    assert (several.returncode, several.stdout) == (misspelt.returncode, misspelt.stdout) == (2, "")
    assert "speed?" in misspelt.stderr
    assert measure(checkout, "weight", "--record").stdout == "7 kg\n"
    assert (checkout / "docs" / "measurements" / "weight.md").exists()


@pytest.mark.parametrize(("name", "printed", "status"), [("weight", "7 kg", 0), ("speed", "--x", 3)])
def test_a_record_holds_what_was_measured_and_on_what(checkout, name, printed, status):
    assert measure(checkout, name, "--record", "--x").returncode == status
    page = (checkout / "docs" / "measurements" / f"{name}.md").read_text()
    assert page.startswith(f"# {name}\n\nHow ")
    assert f"- exit status: {status}" in page
    assert ("every figure held" in page) == (status == 0)
    assert f"$ scripts/bench {name} --record --x\n{printed}\n" in page
    for fact in ("- cores: ", "- system: ", "- load before and after: ", "- began: "):
        assert fact in page


def test_a_part_may_be_recorded_on_a_page_of_its_own(checkout):
    measure(checkout, "speed", "--record=turns", "--turns")
    (page,) = (checkout / "docs" / "measurements").iterdir()
    assert (page.name, page.read_text().splitlines()[0]) == ("turns.md", "# turns")
    assert "$ scripts/bench speed --record=turns --turns\n--turns\n" in page.read_text()


def test_what_a_record_says_of_a_promise_takes_its_old_place_on_the_scorecard(checkout):
    card = checkout / Path(honesty.__file__).relative_to(ROOT).with_suffix(".json")  # that which the site reads
    card.parent.mkdir(parents=True)
    card.write_text('[{"name": "old", "record": "odds"}, {"name": "other", "record": "others"}]')
    program = checkout / "campaigns" / "bench" / "odds.py"
    program.write_text(
        '"""Odds."""\nEVEN = "  scorecard: even   {} % [ 3.2, 4.4] of 4,000, at most 5 %"\n'
        "print(EVEN.format(3.8), EVEN.format(3.3), sep='\\n')\n"
    )
    measure(checkout, "odds", "--record")
    even, other = json.loads(card.read_text())
    assert even["name"] == "even"
    assert even["share"] == 0.038
    assert even["interval"] == [0.032, 0.044]
    assert even["trials"] == 4_000
    assert even["at_most"] == 0.05
    assert even["command"] == "scripts/bench odds --record"
    assert other["name"] == "other"


def test_a_record_begins_with_what_was_missed_and_why(checkout):
    program = checkout / "campaigns" / "bench" / "late.py"
    program.write_text(
        '"""How late it is."""\nprint("so far\\nMISSED: an hour, since it rained\\nbye")\nraise SystemExit(1)\n'
    )
    measure(checkout, "late", "--record")
    page = (checkout / "docs" / "measurements" / "late.md").read_text()
    assert page.startswith("# late\n\n**MISSED: an hour, since it rained**\n\nHow late it is.\n")


def test_a_record_does_not_tell_where_on_this_computer_something_was(checkout):
    program = checkout / "campaigns" / "bench" / "place.py"
    places = 'str(pathlib.Path(tempfile.gettempdir(), "lab-x", "axiom.db")), str(pathlib.Path.home() / "lab")'
    program.write_text(f'"""Where it is."""\nimport pathlib, tempfile\nprint({places}, sep="\\n")\n')
    assert measure(checkout, "place", "--record").returncode == 0
    page = (checkout / "docs" / "measurements" / "place.md").read_text()
    assert "--record\nlab-x/axiom.db\nlab\n```" in page
