"""The public tests of honesty: strategies that fool a t-test do not fool cards, and cards see what is there."""

from types import SimpleNamespace

import numpy as np
import pytest
from public_honesty import CARDS, TESTS, Scientist, play
from scipy import stats


def best_of_many(effect: float) -> SimpleNamespace:
    """A strategy as the public ones are: it tests eight outcomes and reports the first that is below alpha."""

    def strategy(dice, alpha):
        arms = [(dice.normal(size=40) + effect, dice.normal(size=40)) for _ in range(8)]
        ps = [simulate.stats.ttest_ind(ours, base, equal_var=True).pvalue for ours, base in arms]
        return ps[0], next((p for p in ps if p < alpha), ps[0]), len(ps)

    simulate = SimpleNamespace(stats=stats, _ols_p=None, STRATEGIES={"best": strategy})
    return simulate


def test_where_the_best_of_many_fools_a_t_test_all_cards_together_see_what_is_there():
    analyses, rates = play("best", best_of_many(0.0), 12, 2)
    assert (analyses, rates[CARDS[1]].times) == (8, 0)
    assert rates[TESTS[1]].times > 2
    assert play("best", best_of_many(1.5), 2, 1)[1][CARDS[1]].times == 2


@pytest.mark.parametrize("by", ["t-test", *CARDS])
def test_who_judges_a_world_sees_the_effect_without_being_told_of_it(by):
    dice = np.random.default_rng(3)
    x, noise = dice.permutation(np.linspace(-1, 1, 120)), dice.normal(size=120)
    candidates = [SimpleNamespace(name=str(power), transform=lambda at, power=power: at**power) for power in (1, 2, 3)]
    answers = [
        Scientist(by, {}).evaluate_trial(candidates=candidates, x=x, y=y, signal=signal, seed=1, alpha=0.05)
        for y in (3 * x + noise, noise)
        for signal in (True, False)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["accepted"]
    assert answers[2] == answers[3]
    assert not answers[2]["accepted"]
