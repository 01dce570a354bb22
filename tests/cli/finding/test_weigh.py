"""`axiom weigh FILE.csv`: the words of the command, the card in a terminal, JSON, the picture, the exit status."""

import json
import os
import pty
import random
import re
import shlex
import subprocess
import sys

import pytest
from patience import PATIENCE

from axiom_weigh.cli.options import spread_arms


@pytest.fixture
def table(tmp_path):
    dice = random.Random(4)
    file = tmp_path / "mine.csv"
    rows = "".join(f"{seed},{dice.gauss(0.8, 1)},box{seed % 3}\n" for seed in range(60))
    file.write_text(f"seed,value,host\n{rows}", encoding="utf-8")
    return file


@pytest.fixture
def weigh(say_to):
    def weigh(*words):
        status, out, err = say_to(None, "weigh", *words)
        assert status == 0, err
        return out

    return weigh


def axiom(*words, stdin=b""):
    command = [sys.executable, "-m", "axiom", "weigh", *map(str, words)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=PATIENCE)


def test_a_person_reads_verdict_interval_and_why_and_the_picture_goes_where_told(weigh, table, tmp_path, say_to):
    text = weigh(table)
    assert text.startswith(f"{table}: ")
    assert "\n\neffect +: " in text
    assert "49 of 60" in text
    assert all(len(line) <= 60 for line in text.split("95 % interval\n")[1].splitlines())
    assert weigh(table, "--latex").count(" & ") == 5
    hostile = tmp_path / "theirs.csv"
    hostile.write_text("seed,value\ns\x1b[31m,1\ns\x1b[31m,2\nt,1.5\n", encoding="utf-8")
    assert "s?[31m\n" in weigh(hostile)
    assert "\x1b" not in json.dumps(weigh(hostile, "--json"), ensure_ascii=False).replace("\\u001b", "")
    weigh(table, "--picture", tmp_path / "card.svg", "--quiet")
    assert (tmp_path / "card.svg").read_text(encoding="utf-8").startswith("<svg")
    weigh(table, "--picture", tmp_path / "card.png", "--quiet")
    assert (tmp_path / "card.png").read_bytes().startswith(b"\x89PNG")
    taken = tmp_path / "taken.svg"
    taken.mkdir()
    for target, status in ((tmp_path / "none" / "card.svg", 5), (taken, 2)):
        assert say_to(None, "weigh", table, "--picture", target)[0] == status
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("card.png", "card.svg", "mine.csv", "taken.svg", "theirs.csv")
    ]


def test_the_json_is_one_card_or_a_plan_and_two_arms_are_compared(weigh, table, tmp_path):
    card = weigh(table, "--json", "--estimand", "contrast", "--smallest-effect", 2, "--bounds", -9, 9)
    assert {"verdict", "grade", "n_seeds", "interval", "flags", "reasons"} <= card.keys()
    assert (card["verdict"], card["n_seeds"]) == ("absent", 60)
    declared = {"kind": "contrast", "declared": True, "null": 0.0, "smallest_effect": 2.0, "bounds": [-9.0, 9.0]}
    assert card["estimand"] == declared
    assert weigh(table, "--json", "--null", "-3", "--estimand", "level")["verdict"] == "effect +"
    planned = weigh("--plan", 0.5, "--json")
    assert 8 < planned["verdict"]["half"] < planned["verdict"]["nine_in_ten"]
    assert f"{planned['strong']['half']}" in weigh("--plan", 0.5)
    piped = axiom("-", "--json", stdin=table.read_bytes())
    assert json.loads(piped.stdout) == weigh(table, "--json") | {"name": "standard input"}
    runs = tmp_path / "runs.csv"
    rows = [
        f"{seed},{task},{arm},{seed * 4 % 9 * (1 + (arm == 'b'))}" for seed in range(9) for task in "xy" for arm in "ab"
    ]
    runs.write_text("\n".join(["config.seed,task,arm,loss", *rows, "3,z,a,7"]), encoding="utf-8")
    words = "--value", "loss", "--by", "arm", "--of", "b", "a", "--pair", "seed", "--pair", "task"
    card = weigh(runs, *words, "--json")
    assert card["n_seeds"] == 18
    assert card["missing"] == 1
    assert card["estimand"]["declared"] is True
    assert card["name"] == f"{runs}, b minus a"


def test_the_command_that_an_error_tells_is_the_one_to_write(say_to, weigh, tmp_path):
    runs = tmp_path / "my runs.csv"
    rows = [
        f"{method},{80 + seed + (3 + seed % 2) * (method == 'my net')} %,{seed}"
        for seed in range(5)
        for method in ("old", "my net")
    ]
    runs.write_text("\n".join(["method,accuracy,seed", *rows]), encoding="utf-8")
    status, _, error = say_to(None, "weigh", runs)
    command, *words = shlex.split(re.search("`(axiom.*)`", " ".join(error.split()))[1])
    assert status == 2
    assert command == "axiom-weigh"
    assert words == [*(str(runs), "--value", "accuracy", "--by", "method"), *("--of", "my net", "old")]
    assert weigh(*words, "--json")["one_look"]["mean"] == 3.4


def test_several_arms_values_and_files_are_claims_that_are_judged_among_all(weigh, tmp_path, say_to):
    dice = random.Random(3)
    for name in ("one.csv", "two.csv"):
        rows = [
            f"{seed},{arm},{ord(arm) + dice.gauss(0, 0.3)},{dice.gauss(0, 1)}" for seed in range(20) for arm in "abc"
        ]
        (tmp_path / name).write_text("\n".join(["seed,arm,acc,loss", *rows]), encoding="utf-8")
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    words = "--by", "arm", "--value", "acc", "--value", "loss", "--of", "c", "b", "a"
    whole = weigh(*words, one, two, "--json")
    assert (whole["asked"], whole["with_verdict_alone"], whole["standing_among_all"]) == (8, 4, 4)
    assert [claim["false_share"] is not None for claim in whole["claims"]] == [True, True, False, False] * 2
    text = weigh(one, two, *words)
    assert text.startswith("8 claims: 4 ")
    assert sum("undecided  undecided" in line for line in text.splitlines()) == 4
    piped = axiom("-", *words, "--json", stdin=one.read_bytes())
    assert json.loads(piped.stdout)["asked"] == 4
    assert say_to(None, "weigh", one, two, *words, "--picture", tmp_path / "card.svg")[0] == 2


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("--of a b t.csv", "--of=a --of=b t.csv"),
        ("t.csv --of a b c --by x", "t.csv --of=a --of=b --of=c --by x"),
        ("--of a b -1 -q", "--of=a --of=b --of=-1 -q"),
        ("--of 1e-3 -0.1 - --json", "--of=1e-3 --of=-0.1 - --json"),
        ("--of a b runs.jsonl.gz", "--of=a --of=b runs.jsonl.gz"),
        ("--of", "--of"),
        ("-- --of a", "-- --of a"),
    ],
)
def test_arms_end_before_the_next_option_or_file(typed, read):
    assert spread_arms(typed.split()) == read.split()


def test_the_exit_status_is_honest_and_what_cannot_be_done_draws_nothing(say_to, table, tmp_path, monkeypatch):
    (table.parent / "gone.csv").write_text("seed,value\n1,\n2,\n", encoding="utf-8")
    for words, status in (
        *((["gone.csv"], 1), (["gone.csv", "--json"], 1), (["mine.csv", "gone.csv"], 1)),
        *((["mine.csv"], 0), (["mine.csv", "--fail-unless", "effect +"], 0)),
        *((["mine.csv", "--fail-unless", "effect -"], 1), (["mine.csv", "--fail-unless", "absent", "--json"], 1)),
        *(([], 2), (["none.csv"], 3), (["."], 2), (["mine.csv", "--estimand", "contrats"], 2)),
        *((["mine.csv", "--null", "nan"], 2), (["mine.csv", "--estimand", "mean"], 2)),
        *((["mine.csv", "other.csv"], 2), (["mine.csv", "--alpha", "0"], 2)),
        *((["mine.csv", "mine.csv"], 0), (["mine.csv", "mine.csv", "--fail-unless", "effect -"], 1)),
        *((["mine.csv", "--fail-unless", "great"], 2), (["mine.csv", "--plan", "0.5"], 2)),
    ):
        monkeypatch.chdir(table.parent)
        if status == 1:  # which is told as the process ends
            ended = axiom(*words)
            assert ended.returncode == 1
            assert ended.stdout
        else:
            code, out, err = say_to(None, "weigh", *words, *(("--picture", tmp_path / "card.svg") if status else ()))
            assert code == status, err
            assert bool(out) == (status == 0), err
            assert not (tmp_path / "card.svg").exists(), err


def test_on_a_terminal_a_long_table_tells_how_far_it_is(table):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "axiom", "weigh", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=theirs) as going:
        os.close(theirs)
        going.stdin.write(table.read_bytes())
        going.stdin.flush()
        shown = b""
        while b"rows" not in shown:
            shown += os.read(ours, 1000)
        going.stdin.close()
        assert going.wait(PATIENCE) == 0
    os.close(ours)
    code = "import sys, axiom.cli.finding.weigh; print(*sys.modules)"  # and it is quick to start
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert {"numpy", "axiom_weigh.weighing.weigh", "rich", "pydantic", "vl_convert"} & set(done.stdout.split()) == set()
