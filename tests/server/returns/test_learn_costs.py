"""Where an experiment is dearer than declared, hosts of that kind are told so and get fewer cells of it."""

import pytest
from dispatch_calls import hand

from axiom.domain.costs import Cost, CostFit
from axiom.domain.fleet import Standing
from axiom.domain.work import TaskState
from axiom.rules.hosts.learned_costs import class_of_host
from axiom.signed.tickets import parse_own_ticket
from axiom.store.experiments import costs
from axiom.store.experiments.costs import LearnedCost
from axiom.store.hosts import hosts as host_store
from axiom.store.tasks import tasks as task_store


def compute(lab, host: int, seconds: float, *, at_speed: float | None = 1.0) -> None:
    """One task of a host, whose speed everything else that it computes has told, takes so long and is valid."""
    order = lab.order(host)
    if at_speed is not None:
        host_store.set_standing(lab.db, host, Standing(valid_in_row=1), speed=at_speed)
    lab.report(order, lab.output(order), cpu_seconds=seconds, elapsed_seconds=seconds)
    lab.validate()
    assert task_store.find_task(lab.db, order.task).state is TaskState.VALID


def given(lab, host: int, seconds: float):
    host_store.set_standing(lab.db, host, Standing(valid_in_row=1), speed=1.0)
    return hand(lab, host, 0, holding=(), seconds=seconds).granted


def say(lab, host_class: str, cost: Cost) -> None:
    costs.store_learned_cost(lab.db, 1, LearnedCost(host_class=host_class, fit=CostFit(tasks=9), cost=cost), lab.now)
    lab.later(minutes=2)  # what is at hand of it is a minute old at most


def test_a_kind_of_host_on_which_it_is_dear_gets_fewer_cells_within_the_limits(small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.deploy(workunits=80)
    slower, quicker = (small_lab.host(kind, cores=8, instructions=kind) for kind in ("avx2", "avx512"))
    say(small_lab, "linux-x86_64-avx2", Cost(factor=3.0))
    dear, cheap = given(small_lab, slower, 90.0), given(small_lab, quicker, 90.0)
    assert (len(dear), len(cheap)) == (15, 45)
    assert [{(task.seconds, task.declared_seconds) for task in tasks} for tasks in (dear, cheap)] == [
        {(6.0, 2.0)},
        {(2.0, 2.0)},
    ]
    limits = [parse_own_ticket(handed[0].order.ticket).cell_seconds for handed in (dear, cheap)]
    assert limits == [(60.0, 60.0)] * 2


def test_what_was_said_stays_with_the_verdict_and_a_slower_kind_does_not_look_slow(working_lab):
    working_lab.deploy(workunits=2)
    compute(working_lab, 1, 6.0, at_speed=None)
    assert costs.list_learned_costs(working_lab.db, 1) == [], "a host's first task tells its speed and nothing else"
    compute(working_lab, 1, 6.0)
    (kept,) = costs.list_learned_costs(working_lab.db, 1)
    assert kept.host_class == "linux-x86_64-avx2"
    assert kept.fit.tasks == 1
    assert kept.cost == Cost()
    assert kept.fit.voices[0].log_ratio > 0.5
    order = working_lab.order(1)
    working_lab.report(order, b"nothing of the kind")
    working_lab.validate()
    assert costs.list_learned_costs(working_lab.db, 1) == [kept]
    working_lab.deploy(workunits=2)
    say(working_lab, "linux-x86_64-avx2", Cost(factor=3.0))
    compute(working_lab, 1, 6.0)
    assert host_store.find_host(working_lab.db, 1).speed == pytest.approx(1.0)
    say(working_lab, "linux-x86_64-avx2", Cost())
    compute(working_lab, 1, 6.0)
    assert host_store.find_host(working_lab.db, 1).speed < 0.9


def test_what_rests_on_a_host_touches_no_other_and_is_expected_of_what_is_sent_again(working_lab):
    working_lab.deploy(workunits=9)
    other = working_lab.host("second")
    say(working_lab, "linux-x86_64-avx2", Cost(factor=3.0, host_id=1))
    (first,), (others,) = (given(working_lab, host, 1.0) for host in (1, other))
    assert (first.seconds, others.seconds) == (6.0, 2.0)
    (again,) = hand(working_lab, 1, holding=()).lost
    assert (again.seconds, again.declared_seconds) == (first.seconds, first.declared_seconds) == (6.0, 2.0)


@pytest.mark.parametrize("factor", [0.1, 3.0])
def test_a_client_is_told_what_to_expect_and_never_a_tighter_limit(exchange, attic, factor):
    number = exchange.call(attic).host

    def say_so(db) -> None:
        kind = class_of_host(host_store.find_host(db, number))
        costs.store_learned_cost(
            db, 1, LearnedCost(host_class=kind, fit=CostFit(tasks=9), cost=Cost(factor=factor)), exchange.lab.now
        )

    exchange.writer.run(say_so)
    exchange.lab.later(minutes=2)
    (handed,) = exchange.call(attic, ask=1.0).tasks.values()
    estimate, bound = (float(handed.workunit.findtext(name)) for name in ("rsc_fpops_est", "rsc_fpops_bound"))
    assert estimate == pytest.approx(factor * 2.0 * 4e9, rel=1e-3)
    assert bound >= 10 * max(1.0, factor) * 2.0 * 4e9 * 0.999
