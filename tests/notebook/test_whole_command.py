"""An error that lacks a column tells the whole call, and that call works."""

import re

import pytest

import axiom
from axiom.errors import AxiomError

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
        (RUNS, {}, "axiom.weigh(table, value='accuracy', by='method', of=('ours', 'base'))"),
        (RUNS, {"by": "method"}, "axiom.weigh(table, value='accuracy', by='method', of=('ours', 'base'))"),
        (
            {name: cells for name, cells in RUNS.items() if name != "seed"},
            {},
            "axiom.weigh(table, value='accuracy', by='method', of=('ours', 'base'))",
        ),
        (OF_WANDB, {}, "axiom.weigh(table, value='summary.loss', by='config.lr', of=('0.1', '0.01'))"),
        ({"rep": [1, 2], "ours": [0.9, 0.8], "old": [1, 2]}, {}, "axiom.weigh(table, seed='rep', of=('ours', 'old'))"),
        (
            {"run": [1, 2], "x_acc": ["91 %", "92 %"]},
            {},
            "axiom.weigh(table, value='x_acc', seed='run', estimand='level', null=M)",
        ),
    ],
)
def test_the_whole_call_is_told_and_works(table, words, call):
    with pytest.raises(AxiomError) as refused:
        axiom.weigh(table, **words)
    assert re.findall("`(.*)`", str(refused.value)) == [call]
    card = eval(call, {"axiom": axiom, "table": table, "M": 90})  # noqa: S307  our own
    assert card.estimate is not None or card.one_look is not None


def test_arms_that_nobody_named_are_told_with_the_call_that_compares_them():
    card = axiom.weigh(RUNS, value="accuracy")
    assert "`axiom.weigh(table, value='accuracy', by='method', of=('ours', 'base'))`" in card.flags[0]
    assert not any("`" in flag for flag in axiom.weigh({"seed": [1, 1], "value": [1, 1], "note": ["x", "x"]}).flags)


@pytest.mark.parametrize(
    "table", [{"name": ["x", "y"]}, {"value": ["x", "y"], "note": ["a", "b"]}, {"accuracy": [1, 2]}]
)
def test_no_call_is_made_up_for_a_table_that_nothing_would_weigh(table):
    with pytest.raises(AxiomError) as refused:
        axiom.weigh(table)
    assert "`" not in str(refused.value)
