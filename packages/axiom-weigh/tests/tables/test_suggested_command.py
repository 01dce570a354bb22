"""An error that lacks a column tells the whole call, and that call works."""

import itertools
import random
import re
import shlex

import pytest

import axiom_weigh
from axiom_weigh.cli.main import main
from axiom_weigh.errors import WeighError
from axiom_weigh.values import Verdict

RUNS = {"method": ["base", "ours"] * 3, "seed": [1, 1, 2, 2, 3, 3], "accuracy": [0.8, 0.9, 0.7, 0.9, 0.8, 0.8]}
OF_WANDB = {
    "Name": list("abcdef"),
    "State": ["finished"] * 5 + ["crashed"],
    "config.seed": [1, 1, 2, 2, 3, 3],
    "config.lr": [0.1, 0.01] * 3,
    "summary.loss": [0.8, 0.9, 0.7, 0.9, 0.8, None],
    "summary.steps": [10] * 6,
}


@pytest.mark.parametrize(
    ("table", "words", "call"),
    [
        (RUNS, {}, "axiom_weigh.weigh(table, value='accuracy', by='method', of=('ours', 'base'))"),
        (RUNS, {"by": "method"}, "axiom_weigh.weigh(table, value='accuracy', by='method', of=('ours', 'base'))"),
        (
            {name: cells for name, cells in RUNS.items() if name != "seed"},
            {},
            "axiom_weigh.weigh(table, value='accuracy', by='method', of=('ours', 'base'))",
        ),
        (OF_WANDB, {}, "axiom_weigh.weigh(table, value='summary.loss', by='config.lr', of=('0.1', '0.01'))"),
        (
            {"rep": [1, 2], "ours": [0.9, 0.8], "old": [1, 2]},
            {},
            "axiom_weigh.weigh(table, seed='rep', of=('ours', 'old'))",
        ),
        (
            {"run": [1, 2], "x_acc": ["91 %", "92 %"]},
            {},
            "axiom_weigh.weigh(table, value='x_acc', seed='run', estimand='level', null=M)",
        ),
    ],
)
def test_the_whole_call_is_told_and_works(table, words, call):
    with pytest.raises(WeighError) as refused:
        axiom_weigh.weigh(table, **words)
    assert re.findall("`(.*)`", str(refused.value)) == [call]
    card = eval(call, {"axiom_weigh": axiom_weigh, "table": table, "M": 90})  # noqa: S307  our own
    assert card.estimate is not None or card.one_look is not None


def test_arms_that_nobody_named_are_told_with_the_call_that_compares_them():
    card = axiom_weigh.weigh(RUNS, value="accuracy")
    assert "`axiom_weigh.weigh(table, value='accuracy', by='method', of=('ours', 'base'))`" in card.flags[0]
    assert not any(
        "`" in flag for flag in axiom_weigh.weigh({"seed": [1, 1], "value": [1, 1], "note": ["x", "x"]}).flags
    )


def exported(row, seeds=range(16)):
    """A table with a row for each run, of two arms of which ours is the better one."""
    dice, runs = random.Random(1), itertools.product({"base": 0.8, "ours": 0.84}.items(), seeds)
    return [row(seed, arm, round(dice.gauss(middle, 0.01), 4)) for (arm, middle), seed in runs]


def of_wandb(seed, arm, value):
    noted = {"Name": f"sun-{arm}-{seed}", "State": "finished", "Notes": "-", "User": "ab"[seed % 2], "Tags": ""}
    clock = {"Created": f"2026-01-01T{seed:02d}:00:00.000Z", "Runtime": 60.5 * seed, "_step": 9, "_timestamp": seed / 3}
    return {**noted, **clock, "seed": seed, "algo": arm, "lr": 0.1, "loss": 1 - value, "val/accuracy": value}


def of_mlflow(seed, arm, value):
    noted = {
        "run_id": f"{arm}{seed}",
        "experiment_id": 3,
        "status": "FINISHED",
        "start_time": f"2026-01-{seed + 1:02d}",
    }
    return {**noted, "metrics.accuracy": value, "metrics.loss": 1 - value, "params.seed": seed, "params.method": arm}


def of_games(seed, arm, value):
    return {"env_name": "abc"[seed % 3], "algorithm": arm, "run": seed // 3, "score": value}


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        (exported(of_wandb), "val/accuracy", "(other values: loss)"),
        (exported(of_mlflow), "metrics.accuracy", "(other values: metrics.loss)"),
        (
            exported(
                lambda seed, arm, value: {"Startwert": seed, "Verfahren": arm, "Verlust": 1, "Genauigkeit": value}
            ),
            "Genauigkeit",
            "seed='Startwert'",
        ),
        (
            exported(lambda seed, arm, value: {"graine": seed, "m\xe9thode": arm, "pr\xe9cision": value, "perte": 1}),
            "pr\xe9cision",
            "seed='graine'",
        ),
        (
            exported(lambda seed, arm, value: {"ziarno": seed, "metoda": arm, "wynik": value}),
            "wynik",
            "ziarno is taken for the seed",
        ),
        (exported(of_games, range(18)), "score", "pair=('seed', 'env_name')"),
    ],
)
def test_what_others_export_is_weighed_by_the_call_paired_and_in_the_right_column(table, column, words):
    with pytest.raises(WeighError) as refused:
        axiom_weigh.weigh(table)
    (call,) = re.findall("`(.*)`", str(refused.value))
    assert words in str(refused.value)
    card = eval(call, {"axiom_weigh": axiom_weigh, "table": table})  # noqa: S307  our own
    assert f"taken for the value: the column {column}" in card.reasons
    assert card.n_seeds == len(table) // 2
    assert card.verdict == Verdict.POSITIVE
    assert card.arms == ("ours", "base")


def test_runs_whose_seeds_nobody_logged_are_told_so_and_stay_unpaired():
    table = [{name: cell for name, cell in row.items() if name != "params.seed"} for row in exported(of_mlflow)]
    with pytest.raises(WeighError, match="no column tells the seeds") as refused:
        axiom_weigh.weigh(table)
    (call,) = re.findall("`(.*)`", str(refused.value))
    card = eval(call, {"axiom_weigh": axiom_weigh, "table": table})  # noqa: S307  our own
    assert (card.verdict, card.is_weighed) == (Verdict.UNDECIDED, False)


def test_arms_that_were_named_without_their_seeds_say_which_column_looks_like_them():
    table = exported(lambda seed, arm, value: {"ziarno": seed, "metoda": arm, "wynik": value})
    words = {"value": "wynik", "by": "metoda", "of": ("ours", "base")}
    assert "add --seed ziarno" in axiom_weigh.weigh(table, **words).flags[0]
    assert not axiom_weigh.weigh([{**row, "ziarno": place} for place, row in enumerate(table)], **words).flags


def test_steps_of_one_run_are_taken_for_no_seeds():
    table = exported(lambda seed, arm, value: {"epoch": seed, "method": arm, "accuracy": value})
    with pytest.raises(WeighError, match="no column tells the seeds"):
        axiom_weigh.weigh(table)


def test_each_game_that_has_a_column_is_a_claim_of_its_own(tmp_path, monkeypatch, capsys):
    table = exported(
        lambda seed, arm, value: {"algo": arm, "seed": seed, "Pong": value, "Q*bert": 900 * value, "lr": 1}
    )
    with pytest.raises(WeighError, match=r"weigh_all\(table, value=\('Pong', 'Q\*bert'\), by='algo'"):
        axiom_weigh.weigh(table)
    file = tmp_path / "all games.csv"
    lines = [";".join(table[0]), *(";".join(map(str, row.values())).replace(".", ",") for row in table)]
    file.write_text("\n".join(lines), encoding="utf-8-sig")
    monkeypatch.setattr("sys.argv", ["axiom-weigh", str(file)])
    with pytest.raises(SystemExit):
        main()
    (command,) = re.findall("`(.*)`", capsys.readouterr().err)
    monkeypatch.setattr("sys.argv", shlex.split(command))
    with pytest.raises(SystemExit, match="0"):
        main()
    assert "2 claims: 2 have a verdict alone" in capsys.readouterr().out


@pytest.mark.parametrize(
    "table", [{"name": ["x", "y"]}, {"value": ["x", "y"], "note": ["a", "b"]}, {"accuracy": [1, 2]}]
)
def test_no_call_is_made_up_for_a_table_that_nothing_would_weigh(table):
    with pytest.raises(WeighError) as refused:
        axiom_weigh.weigh(table)
    assert "`" not in str(refused.value)
