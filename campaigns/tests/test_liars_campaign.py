"""The campaign of liars: whatever a host says of its time by the protocol, it gets what an honest one gets."""

import liars
import pytest
from error_rates.wrong_hosts import FAULTS, RULES, costs, detection, found_by
from liars import HONEST, LIES, Course, Done, gain_by_picking, gains, play

ROUNDS = 16  # in fewer, some experiment may pass somebody by
TOLD = {lie.name: lie for lie in LIES}


@pytest.fixture(scope="module")
def honest(tmp_path_factory) -> Course:
    return play(HONEST, tmp_path_factory.mktemp("honest") / "lab", rounds=ROUNDS)


@pytest.mark.parametrize(
    "name",
    [
        "keeps each task for ten minutes and says so",
        "the same, with a benchmark 100 times too slow",
        "computes nothing, says that all was late",
    ],
)
def test_a_lie_gains_nothing(honest, name, tmp_path):
    assert gains(honest, play(TOLD[name], tmp_path / "lab", rounds=ROUNDS)) == pytest.approx((1.0, 1.0), rel=0.05)


def test_who_says_that_our_code_raised_is_paid_for_three_tasks_on_all_hosts_together(tmp_path):
    lie = liars.Lie(name="raised", never=liars.Outcome.FAILED, kept=600.0, at_least=650.0, hosts=4)
    course = play(lie, tmp_path / "lab", rounds=ROUNDS)
    of_each = {name: [done for done in course.done if done.experiment == name] for name in liars.EXPERIMENTS}
    assert {name: sum(done.task in course.paid for done in tasks) for name, tasks in of_each.items()} == {
        name: min(3, len(tasks)) for name, tasks in of_each.items()
    }
    assert max(map(len, of_each.values())) > 3


def done(task: int, experiment: str, declared: float, computed: float) -> Done:
    return Done(task=task, experiment=experiment, declared=declared, computed=computed)


def test_a_gain_is_for_as_many_declared_seconds_or_for_as_much_computing():
    both = [done(1, "fair", 100.0, 100.0), done(2, "dear", 100.0, 20.0)]
    honest = Course(done=both * 2, paid={1: 1_000, 2: 1_000})
    assert gains(honest, Course(done=[*both[::-1], both[0]], paid={1: 1_000, 2: 3_000})) == (3.0, 1.0)
    assert gain_by_picking(honest, Course(done=both[1:], paid={2: 1_000})) == pytest.approx((3.0, 3.0))


def test_who_is_wrong_from_the_start_is_noticed_sooner_than_by_one_task_in_ten():
    before, now = (detection(rule, seed=2, rounds=150, honest=36) for rule in RULES.values())
    first = FAULTS[0].name
    assert found_by(now.gave_away[first], 3) > found_by(before.gave_away[first], 3) + 0.2
    assert before.accused == now.accused == 0


def test_known_hosts_cost_less_than_one_task_in_ten_of_a_version_they_compute_much():
    before, now = (costs(rule, versions=2, seed=2, hosts=20, rounds=200)[1] for rule in RULES.values())
    assert now < 0.8 * before
