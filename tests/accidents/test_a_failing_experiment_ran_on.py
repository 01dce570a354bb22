"""An experiment of which 92.2 % failed ran on until somebody saw it, and 120 tasks were cancelled by hand."""

from itertools import count as numbers

import pytest

from axiom.laboratory.experiments import breaker
from axiom.laboratory.rounds.steps.failures import count_failures
from axiom.store.experiments import experiments

MOST = 20  # tasks after which it must be over
ORDERED = 258  # workunits, as were then in progress and withdrawn
ONE_IN = 13  # is well: 92.3 % fail


def test_what_fails_in_most_tasks_is_stopped_after_few(bench):
    """By the job that looks every ten seconds, while hosts go on to ask."""
    bench.lab.deploy(workunits=ORDERED, max_failures=50)
    number, spent = numbers(), []

    def mostly_fails(order) -> bytes | None:
        return None if next(number) % ONE_IN else bench.lab.output(order)

    for _ in range(2 * MOST):
        spent += bench.compute(3, mostly_fails, hosts=(1, 2, 3))
        with bench.db.transaction():
            count_failures(bench.db, bench.lab.now)
            breaker.stop_broken(bench.db, bench.lab.now, bench.lab.now)
    assert len(spent) <= MOST, f"{len(spent)} tasks were computed"
    version = experiments.find_experiment(bench.db, 1)
    assert version.status == "retired"
    assert version.why.endswith("more than 10 % may not")
    assert bench.amount("SELECT count(*) AS n FROM task WHERE state IN ('unsent', 'sent')") == 0
    assert bench.lab.broken() == {}


def test_the_old_way_went_on_until_somebody_saw_it(bench, monkeypatch):
    monkeypatch.setattr(breaker, "find_failing_versions", lambda _db: [])
    with pytest.raises(AssertionError, match="120 tasks were computed"):
        test_what_fails_in_most_tasks_is_stopped_after_few(bench)
