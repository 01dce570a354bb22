"""Tasks tell what an experiment costs a kind of host: all of them together, and no single host alone."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.costs import Cost, CostFit
from axiom.domain.fleet import Capacity, Gpu, Host, Platform
from axiom.limits import hosts as limits
from axiom.rules.hosts import learned_costs
from axiom.rules.hosts.speed import learn_host_speed
from axiom.store.engine.database import from_microseconds

RATIOS = st.floats(min_value=1e-3, max_value=1e3)
CARD = Gpu(kind="NVIDIA", count=1, memory_mb=8, model="X <b>12</b>")
SAID = st.lists(st.tuples(st.integers(1, 4), RATIOS), max_size=40)


def heard(said, fit: CostFit | None = None) -> CostFit:
    """The fit after tasks of so many hosts took so many times what was expected."""
    fit = fit or CostFit()
    for host_id, ratio in said:
        after = learned_costs.refit_cost(fit, host_id=host_id, cells=4, expected_seconds=1e4, spent_seconds=1e4 * ratio)
        assert after.reason
        fit = after.fit
    return fit


def factor(said) -> float:
    return learned_costs.cost_of_fit(heard(said)).cost.factor


def host(*gpus: Gpu) -> Host:
    platform = Platform(system="linux", processor="x86_64", instructions="avx2")
    described = {
        "id": 1,
        "volunteer_id": 1,
        "name": "first",
        "created_at": from_microseconds(0),
        "seen_at": from_microseconds(0),
    }
    return Host(platform=platform, capacity=Capacity(cores=4, memory_mb=1_000, gpus=gpus), **described)


@pytest.mark.parametrize(
    ("gpus", "gpu", "kind"),
    [
        ((), "", "linux-x86_64-avx2"),
        ((), "NVIDIA", "linux-x86_64-nvidia"),  # it had one when the task was sent
        ((CARD,), "NVIDIA", "linux-x86_64-nvidia-x-b-12-b"),
        ((Gpu(kind="ATI", count=1, memory_mb=8, model="x" * 90), CARD), "ATI", f"linux-x86_64-ati-{'x' * 36}"),
    ],
)
def test_a_kind_of_host_is_what_a_task_computes_on(gpus, gpu, kind):
    assert learned_costs.class_of_host(host(*gpus), gpu) == kind


@pytest.mark.parametrize(
    ("cells", "expected", "spent"),
    [(4, 0.0, 60.0), (4, math.nan, 60.0), (4, 60.0, 0.9), (4, 60.0, math.inf), (4, 60.0, math.nan), (1, 60.0, 60.0)],
)
def test_what_says_nothing_changes_nothing(cells, expected, spent):
    for before in (CostFit(), heard([(1, 2.0), (2, 0.5)])):
        after = learned_costs.refit_cost(before, host_id=1, cells=cells, expected_seconds=expected, spent_seconds=spent)
        assert after.fit == before
        assert after.reason


@pytest.mark.parametrize(
    ("said", "cost", "amounts"),
    [
        ([(1, 3.0)], Cost(), "1 task of the 5"),
        ([(1, 3.0), (2, 3.0)] * 2, Cost(), "4 tasks of the 5"),
        ([(7, 1.0)] * 5, Cost(factor=1.0, host_id=7), "1.00 times what is declared, by 5 tasks of a single host"),
        ([(7, 1.0), (8, 1.0)] * 3, Cost(factor=1.0), "by 6 tasks of 2 hosts"),
    ],
)
def test_what_is_declared_holds_until_enough_tasks_say_something_else(said, cost, amounts):
    weighed = learned_costs.cost_of_fit(heard(said))
    assert weighed.cost == cost
    assert amounts in weighed.reason


def test_what_rests_on_one_host_holds_for_it_alone():
    alone = learned_costs.cost_of_fit(heard([(7, 3.0)] * 9)).cost
    assert alone.factor_for(7) > 2.0
    assert alone.factor_for(8) == 1.0
    together = learned_costs.cost_of_fit(heard([(7, 3.0), (8, 3.0)] * 9)).cost
    assert together.factor_for(7) == together.factor_for(9) > 2.5


@pytest.mark.parametrize("hosts", [1, 5, 30])
@pytest.mark.parametrize("truth", [0.3, 2.0])
def test_thirty_tasks_find_the_factor_within_a_tenth(hosts, truth):
    """In the median over many laboratories; in nine of ten of them it is within a fifth."""
    off = []
    for seed in range(60):
        noise = random.Random(seed)
        said = [(each % hosts, truth * math.exp(noise.gauss(0.0, 0.2))) for each in range(30)]
        off.append(abs(factor(said) / truth - 1))
    assert sorted(off)[30] < 0.1
    assert sorted(off)[54] < 0.2


@settings(max_examples=30)
@given(said=SAID, place=st.integers(0, 39), more=st.floats(1.0, 100.0))
def test_a_task_that_took_longer_never_makes_it_cheaper(said, place, more):
    longer = [(one, ratio * more if at == place else ratio) for at, (one, ratio) in enumerate(said)]
    assert factor(longer) >= factor(said) - 1e-9


@settings(max_examples=40)
@given(
    others=st.integers(1, 6),
    tasks=st.integers(1, 30),
    lies=st.lists(RATIOS, min_size=1, max_size=40) | st.builds(lambda lie, n: [lie] * n, RATIOS, st.integers(1, 60)),
)
def test_no_single_host_turns_what_the_others_say(others, tasks, lies):
    honest = [(each, 1.0) for each in range(others)] * tasks
    assert abs(math.log(factor([*honest, *((99, lie) for lie in lies)]))) <= learned_costs.APART + 1e-9


@settings(max_examples=40)
@given(words=st.lists(st.sampled_from([0.3, 0.5, 1.0, 1.7, 3.0]), min_size=2, max_size=6), tasks=st.integers(1, 30))
def test_faster_and_slower_are_weighed_alike_within_bounds(words, tasks):
    said = [(each, word) for each, word in enumerate(words)] * tasks
    assert learned_costs.LEAST <= factor(said) <= learned_costs.MOST
    assert factor([(each, 1.0 / word) for each, word in said]) == pytest.approx(1.0 / factor(said))


@settings(max_examples=20)
@given(tasks=st.integers(5, 40), suspended=st.floats(10.0, 1e3))
def test_one_task_during_which_a_laptop_slept_hardly_counts(tasks, suspended):
    said = [(each % 3, 1.0) for each in range(3 * tasks)]
    assert factor([*said, (0, suspended)]) < 1.1
    assert factor([(0, 1.0)] * tasks + [(0, suspended)]) < 1.2


def test_who_was_silent_for_longest_makes_room():
    fit = heard([(each, 1.0) for each in range(limits.COST_HOSTS)] + [(0, 1.0), (100, 1.0)])
    remembered = [voice.host_id for voice in fit.voices]
    assert remembered == [*range(2, limits.COST_HOSTS), 0, 100]
    assert fit.tasks == limits.COST_HOSTS + 2
    assert f"{fit.tasks} tasks of {limits.COST_HOSTS} or more" in learned_costs.cost_of_fit(fit).reason
    fit = heard([(7, 1.0)] * limits.COST_TASKS)
    told = {
        "hosts": "linux-x86_64-avx2",
        "tasks": 5,
        "factor": 1.0,
        "only_host": 7,
        "reason": learned_costs.cost_of_fit(fit).reason,
    }
    assert learned_costs.describe_cost_fit("linux-x86_64-avx2", fit) == told


@pytest.mark.parametrize(("truth", "hosts"), [({"even": 1.0, "dear": 3.0}, 1), ({"even": 1.0, "dear": 9.0}, 3)])
def test_speed_and_cost_are_learned_together_until_what_is_expected_is_what_is_spent(hosts, truth):
    noise, speeds = random.Random(7), dict.fromkeys(range(hosts))
    fits, known, off = dict.fromkeys(truth, CostFit()), dict.fromkeys(truth, Cost()), []
    for turn in range(400):
        for host_id in speeds:
            name = noise.choice(list(truth))
            spent = 600.0 * truth[name] / (1.0 + host_id) * math.exp(noise.gauss(0.0, 0.2))
            speed, declared = speeds[host_id], 600.0 * known[name].factor_for(host_id)
            if speed is not None:
                off += [math.log(spent / (declared / speed))] if turn >= 100 else []
                after = learned_costs.refit_cost(
                    fits[name], host_id=host_id, cells=4, expected_seconds=600.0 / speed, spent_seconds=spent
                )
                fits[name], known[name] = after.fit, learned_costs.cost_of_fit(after.fit).cost
            speeds[host_id] = learn_host_speed(speed, expected_seconds=declared, elapsed_seconds=spent)
    assert abs(sum(off) / len(off)) < 0.02
    assert math.sqrt(sum(each**2 for each in off) / len(off)) < 0.23, "no more than the noise of 0.2"
