"""What experiments cost each kind of host is kept as it was said, one row for each."""

import sqlite3

import pytest

from axiom.domain.costs import Cost, Fit, Voice
from axiom.store.experiments import costs, experiments
from axiom.store.experiments.costs import LearnedCost

VOICES = (Voice(host_id=1, tasks=3, log_ratio=-0.5), Voice(host_id=2, tasks=30, log_ratio=1.098612))
FIT = Fit(tasks=40, voices=VOICES)


def test_what_is_kept_comes_back_and_the_newest_replaces_it(ordered, now):
    experiments.add(ordered, name="other_sum", version=1, manifest="{}", now=now)

    def keep(experiment_id, host_class, fit, **cost) -> LearnedCost:
        learned = LearnedCost(host_class=host_class, fit=fit, cost=Cost(**cost))
        costs.keep(ordered, experiment_id, learned, now)
        return learned

    assert costs.one(ordered, 1, "x") == LearnedCost(host_class="x", fit=Fit(), cost=Cost())
    assert (costs.of_experiment(ordered, 1), costs.in_use(ordered)) == ([], {})
    first = keep(1, "x", FIT, factor=3.0, host_id=2)
    assert costs.one(ordered, 1, "x") == first
    newer = keep(1, "x", Fit(tasks=41, voices=FIT.voices[1:]), factor=10.0)
    assert costs.of_experiment(ordered, 1) == [newer]
    few, many, as_few = (keep(1, *more) for more in (("a", Fit(tasks=3)), ("b", Fit(tasks=50)), ("c", Fit(tasks=3))))
    assert costs.of_experiment(ordered, 1) == [many, newer, few, as_few]
    assert costs.one(ordered, 2, "x").fit == Fit()
    keep(2, "a", FIT, factor=0.1, host_id=1)
    assert costs.in_use(ordered) == {(1, "x"): newer.cost, (2, "a"): Cost(factor=0.1, host_id=1)}
    for factor in (0.0, 0.09, 10.1):
        with pytest.raises(sqlite3.IntegrityError, match="factor"):
            keep(1, "a", FIT, factor=factor)
