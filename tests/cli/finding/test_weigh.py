"""`axiom weigh FILE.csv`: the words of the command, the card in a terminal, JSON, the picture, the exit status."""

import json
import os
import pty
import random
import subprocess
import sys

import pytest
from click.testing import CliRunner
from patience import PATIENCE

from axiom.cli.finding import weigh as command
from axiom.cli.finding import weigh_options
from axiom.errors import FolderUnusable, NotFound, TableUnreadable, WrongUse
from axiom.notebook.weigh import ESTIMANDS


@pytest.fixture
def table(tmp_path):
    dice = random.Random(4)
    file = tmp_path / "mine.csv"
    rows = "".join(f"{seed},{dice.gauss(0.8, 1)},box{seed % 3}\n" for seed in range(60))
    file.write_text(f"seed,value,host\n{rows}", encoding="utf-8")
    return file


def weigh(*words) -> str:
    done = CliRunner().invoke(command.weigh, [str(word) for word in words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_person_reads_verdict_grade_interval_and_why(table):
    text = weigh(table)
    assert text.startswith(f"{table}: ")
    assert "\n\neffect +: the median of the values lies above 0\ngrade: " in text
    assert "95 % CI" in text.splitlines()[0]
    assert "49 of 60 values" in text
    assert text.index("for the next grade") < text.index("why") < text.index("95 % interval\n")
    assert all(len(line) <= 60 for line in text.split("95 % interval\n")[1].splitlines())


def test_names_in_a_file_do_not_act_on_the_terminal(tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text("seed,value\ns\x1b[31m,1\ns\x1b[31m,2\n", encoding="utf-8")
    assert "which came first, so no value: s?[31m\n" in weigh(table)
    assert "\x1b" not in weigh(table, "--json")


def test_a_picture_that_cannot_take_its_place_leaves_nothing_behind(tmp_path):
    taken = tmp_path / "card.svg"
    taken.mkdir()
    with pytest.raises(FolderUnusable, match="cannot be written"):
        weigh_options._write(b"<svg/>", taken)
    assert list(tmp_path.iterdir()) == [taken]


def test_the_json_is_one_card(table):
    found = json.loads(weigh(table, "--json", "--estimand", "contrast", "--smallest-effect", 2, "--bounds", -9, 9))
    assert {"verdict", "grade", "n_seeds", "interval", "flags", "reasons"} <= found.keys()
    assert (found["verdict"], found["n_seeds"]) == ("absent", 60)
    assert found["estimand"] == {
        "kind": "contrast", "declared": True, "null": 0.0, "smallest_effect": 2.0, "bounds": [-9.0, 9.0],
    }  # fmt: skip
    assert json.loads(weigh(table, "--json", "--null", "-3", "--estimand", "level"))["verdict"] == "effect +"


def test_the_picture_goes_where_it_is_told(table, tmp_path):
    drawn = tmp_path / "card.svg"
    weigh(table, "--picture", drawn, "--quiet")
    assert drawn.read_text(encoding="utf-8").startswith("<svg")
    weigh(table, "--picture", tmp_path / "card.png", "--quiet")
    assert (tmp_path / "card.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(FolderUnusable, match="cannot be written"):
        weigh(table, "--picture", tmp_path / "none" / "card.svg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.png", "card.svg", "mine.csv"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["none.csv"], NotFound),
        (["."], TableUnreadable),
        (["mine.csv", "--estimand", "contrats"], WrongUse),
        (["mine.csv", "--null", "nan"], WrongUse),
        (["mine.csv", "--estimand", "mean"], WrongUse),
        (["mine.csv", "other.csv"], WrongUse),
        (["mine.csv", "--alpha", "0"], WrongUse),
        (["mine.csv", "--fail-unless", "great"], WrongUse),
        (["mine.csv", "--plan", "0.5"], WrongUse),
    ],
)
def test_what_cannot_be_done_says_so_and_draws_nothing(words, error, table, tmp_path, monkeypatch):
    monkeypatch.chdir(table.parent)
    with pytest.raises(error):
        weigh(*words, "--picture", tmp_path / "card.svg")
    assert not (tmp_path / "card.svg").exists()


def test_two_arms_are_compared_in_the_words_of_the_command(tmp_path):
    runs = tmp_path / "runs.csv"
    rows = [f"{seed},{task},{arm},{seed * (1 + (arm == 'b'))}" for seed in range(9) for task in "xy" for arm in "ab"]
    runs.write_text("\n".join(["config.seed,task,arm,loss", *rows, "3,z,a,7"]), encoding="utf-8")
    words = "--value", "loss", "--by", "arm", "--of", "b", "a", "--pair", "seed", "--pair", "task"
    found = json.loads(weigh(runs, *words, "--json"))
    assert (found["n_seeds"], found["missing"], found["estimand"]["declared"]) == (18, 1, True)
    assert found["name"] == f"{runs}, b minus a"


def test_standard_input_is_weighed_like_a_file(table):
    done = axiom("-", "--json", stdin=table.read_bytes())
    assert json.loads(done.stdout) == json.loads(weigh(table, "--json")) | {"name": "standard input"}


def test_the_help_names_every_estimand():
    text = " ".join(weigh("--help").split())
    assert ", ".join(ESTIMANDS) in text


def axiom(*words, stdin=b""):
    command = [sys.executable, "-m", "axiom", "weigh", *map(str, words)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=PATIENCE)


def test_a_row_for_latex_and_a_plan_take_the_place_of_the_card(table):
    assert weigh(table, "--latex").count(" & ") == 5
    planned = json.loads(weigh("--plan", 0.5, "--json"))
    assert 8 < planned["verdict"]["half"] < planned["verdict"]["nine_in_ten"]
    assert f"{planned['strong']['half']}" in weigh("--plan", 0.5)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["mine.csv"], 0),
        (["none.csv"], 3),
        (["."], 2),
        ([], 2),
        (["mine.csv", "--fail-unless", "effect +"], 0),
        (["mine.csv", "--fail-unless", "effect -"], 1),
        (["mine.csv", "--fail-unless", "absent", "--json"], 1),
    ],
)
def test_the_exit_status_is_honest(words, status, table, monkeypatch):
    monkeypatch.chdir(table.parent)
    done = axiom(*words)
    assert done.returncode == status, done.stderr
    assert bool(done.stdout) == (status < 2)


def test_on_a_terminal_a_long_table_tells_how_far_it_is(table):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "axiom", "weigh", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=theirs) as going:
        os.close(theirs)
        going.stdin.write(table.read_bytes())
        going.stdin.flush()
        told = b""
        while b"rows" not in told:
            told += os.read(ours, 1000)
        going.stdin.close()
        assert going.wait(PATIENCE) == 0
    os.close(ours)
    assert b"Reading " in told


def test_the_command_is_quick_to_start():
    code = "import sys, axiom.cli.finding.weigh; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert {"numpy", "axiom.notebook.weigh", "rich", "pydantic", "altair"} & set(done.stdout.split()) == set()
