"""An error that lacks a column tells the whole call, and that call works."""

import re

import pytest

import axiom_weigh
from axiom_weigh.errors import WeighError

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


@pytest.mark.parametrize(
    "table", [{"name": ["x", "y"]}, {"value": ["x", "y"], "note": ["a", "b"]}, {"accuracy": [1, 2]}]
)
def test_no_call_is_made_up_for_a_table_that_nothing_would_weigh(table):
    with pytest.raises(WeighError) as refused:
        axiom_weigh.weigh(table)
    assert "`" not in str(refused.value)
