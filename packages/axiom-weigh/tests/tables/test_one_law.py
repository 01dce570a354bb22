"""Values whose law depends on a column by which arms are paired, or on their place, get no verdict."""

import numpy as np
import pytest

import axiom_weigh
from axiom_weigh.tables.one_law import law_by_place
from axiom_weigh.values import Grade, Verdict

CHANCE = np.random.default_rng(1)
LAWS = {
    "one law": lambda n: CHANCE.normal(size=n),
    "a longer tail": lambda n: CHANCE.standard_t(2, n),
    "ties": lambda n: CHANCE.integers(-2, 3, n).astype(float),
    "many zeros": lambda n: np.where(CHANCE.random(n) < 0.8, 0.0, CHANCE.normal(size=n)),
}
OTHERWISE = {
    "elsewhere": lambda n: 2.0 + CHANCE.normal(size=n),
    "wider": lambda n: 5.0 * CHANCE.normal(size=n),
    "a tail on one side": lambda n: CHANCE.gamma(0.3, size=n) - 0.1476,
}


def paired(values, pair=("seed", "dataset"), **words):
    runs = [
        {"seed": place // 2, pair[1]: "ab"[place % 2], "arm": arm, "value": value * (arm == "ours")}
        for place, value in enumerate(values)
        for arm in ("ours", "base")
    ]
    return axiom_weigh.weigh(runs, by="arm", of=("ours", "base"), pair=pair, **words)


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_law_that_differs_between_data_sets_is_named_and_gets_no_verdict(name):
    values = np.column_stack([CHANCE.normal(size=100), OTHERWISE[name](100)]).ravel().tolist()
    card = paired(values)
    assert (card.verdict, card.grade, card.interval) == (Verdict.UNDECIDED, Grade.AWAITING, (None, None))
    assert any("the column dataset" in text for text in card.reasons)
    assert any("under the name design" in text for text in card.needs)
    assert paired(values, pair=("seed", "design")).is_weighed


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_law_that_alternates_or_changes_on_the_way_is_named(name):
    first, second = CHANCE.normal(size=100), OTHERWISE[name](100)
    for values in (np.column_stack([first, second]).ravel(), np.append(first, second)):
        assert law_by_place(values.tolist(), [""] * 200, {}) is not None


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("seeds", [0, 1, 7, 24, 100])
def test_values_of_one_law_are_seldom_doubted(name, seeds):
    columns = {"the column dataset": [place % 3 for place in range(seeds)]}
    doubts = [law_by_place(LAWS[name](seeds).tolist(), [""] * seeds, columns) for _ in range(20)]
    assert sum(doubt is not None for doubt in doubts) <= 1
