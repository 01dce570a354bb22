"""Values whose law depends on their place get no verdict, and each data set has its own law."""

import numpy as np
import pytest

import axiom_weigh
from axiom_weigh.tables.one_law import law_by_place
from axiom_weigh.values import Verdict

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


@pytest.fixture(autouse=True)
def _own_chance(request):
    """Each test draws its own values, in whatever order they are run."""
    CHANCE.bit_generator.state = np.random.default_rng(list(request.node.name.encode())).bit_generator.state


def paired(values):
    runs = [
        {"seed": place // 2, "dataset": "ab"[place % 2], "arm": arm, "value": value * (arm == "ours")}
        for place, value in enumerate(values)
        for arm in ("ours", "base")
    ]
    return axiom_weigh.weigh(runs, by="arm", of=("ours", "base"), pair=("seed", "dataset"))


@pytest.mark.parametrize("tail", [1.0, -1.0])
def test_where_data_sets_have_laws_of_their_own_an_effect_is_seldom_made_of_nothing(tail):
    """Both have a typical value of 0. Means of one value of each lie above 0 more often than below it."""
    tables = [np.column_stack([CHANCE.normal(size=50), tail * OTHERWISE["a tail on one side"](50)]) for _ in range(60)]
    cards = [paired(table.ravel().tolist()) for table in tables]
    assert {part.name for part in cards[0].card.strata if part.by == "design"} == {"a", "b"}
    assert sum(card.verdict in (Verdict.POSITIVE, Verdict.NEGATIVE) for card in cards) <= 3 + 5


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_law_that_alternates_or_changes_on_the_way_is_named(name):
    first, second = CHANCE.normal(size=100), OTHERWISE[name](100)
    for values in (np.column_stack([first, second]).ravel(), np.append(first, second)):
        assert law_by_place(values.tolist(), [""] * 200) is not None


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("seeds", [0, 1, 7, 24, 100])
def test_values_of_one_law_are_seldom_doubted(name, seeds):
    doubts = [law_by_place(LAWS[name](seeds).tolist(), [""] * seeds) for _ in range(20)]
    assert sum(doubt is not None for doubt in doubts) <= 1
