"""What experiments cost each kind of host is kept as it was said, one row for each."""

import sqlite3

import pytest

from axiom.domain.costs import Cost, Fit, Voice
from axiom.domain.fleet import Capacity, Platform
from axiom.store.accounts import accounts
from axiom.store.experiments import costs, experiments
from axiom.store.experiments.costs import LearnedCost
from axiom.store.hosts import hosts

FIT = Fit(
    tasks=40,
    voices=(Voice(host_id=1, tasks=3, log_ratio=-0.5), Voice(host_id=2, tasks=30, log_ratio=1.098612)),
)


@pytest.fixture
def stored(database, now):
    """Two experiments and two hosts."""
    for name in ("tiny_sum", "other_sum"):
        experiments.add(database, name=name, version=1, manifest="{}", now=now)
    ours = accounts.ourselves(database, now)
    for name in ("first", "second"):
        hosts.meet(
            database,
            volunteer_id=ours,
            name=name,
            platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
            capacity=Capacity(cores=1, memory_mb=1),
            now=now,
        )
    return database


def test_of_what_nobody_has_said_anything_what_is_declared_holds(stored):
    assert costs.one(stored, 1, "x") == LearnedCost(host_class="x", fit=Fit(), cost=Cost())
    assert (costs.of_experiment(stored, 1), costs.in_use(stored)) == ([], {})


def test_what_is_kept_comes_back_and_the_newest_replaces_it(stored, now):
    first = LearnedCost(host_class="x", fit=FIT, cost=Cost(factor=3.0, host_id=2))
    costs.keep(stored, 1, first, now)
    assert costs.one(stored, 1, "x") == first
    newer = LearnedCost(host_class="x", fit=Fit(tasks=41, voices=FIT.voices[1:]), cost=Cost(factor=2.0))
    costs.keep(stored, 1, newer, now)
    assert costs.of_experiment(stored, 1) == [newer]
    assert costs.one(stored, 2, "x").fit == Fit()


def test_the_kind_of_host_with_the_most_tasks_comes_first(stored, now):
    for host_class, tasks in (("a", 3), ("b", 50), ("c", 3)):
        costs.keep(stored, 1, LearnedCost(host_class=host_class, fit=Fit(tasks=tasks), cost=Cost()), now)
    assert [each.host_class for each in costs.of_experiment(stored, 1)] == ["b", "a", "c"]


def test_only_what_differs_from_the_declared_is_in_use(stored, now):
    costs.keep(stored, 1, LearnedCost(host_class="a", fit=FIT, cost=Cost(factor=3.0)), now)
    costs.keep(stored, 2, LearnedCost(host_class="a", fit=FIT, cost=Cost(factor=0.5, host_id=1)), now)
    costs.keep(stored, 2, LearnedCost(host_class="b", fit=FIT, cost=Cost()), now)
    assert costs.in_use(stored) == {(1, "a"): Cost(factor=3.0), (2, "a"): Cost(factor=0.5, host_id=1)}


@pytest.mark.parametrize("factor", [0.0, 0.09, 10.1])
def test_a_factor_beyond_belief_is_refused_by_the_database_itself(stored, now, factor):
    with pytest.raises(sqlite3.IntegrityError, match="factor"):
        costs.keep(stored, 1, LearnedCost(host_class="a", fit=FIT, cost=Cost(factor=factor)), now)
