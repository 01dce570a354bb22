"""A task is worth its work, whatever its host says of its time; without proof, no more than was computed of it."""

import math
from dataclasses import replace

import pytest

from axiom.decisions.credit.tariffs import PRESETS
from axiom.domain.costs import Cost, Fit, Voice
from axiom.domain.work import Outcome
from axiom.lab.credit.pay import Paying
from axiom.lab.credit.reprice import replay
from axiom.store.experiments import costs
from axiom.store.experiments.costs import LearnedCost


def pay(rounds, paying: Paying | None = None) -> None:
    """What the server's job does in one work."""
    with rounds.db.transaction(), rounds.db.savepoint():
        (paying or Paying()).pay(rounds.db, rounds.lab.now)


@pytest.fixture
def two_hosts(rounds):
    """Host 2 of Ben is honest, and host 3 of Cleo may say anything; each gets a task of four core-seconds."""
    for name in ("Ben", "Cleo"):
        rounds.lab.host(f"of {name}", volunteer=name)
    rounds.lab.deploy(workunits=2, replicates_each=2)
    return rounds


def say(rounds, host: int, seconds: float) -> None:
    """The host says that its tasks took so long."""
    rounds.db.execute(
        "UPDATE task SET cpu_seconds = :seconds, elapsed_seconds = :seconds WHERE host_id = :host",
        seconds=seconds,
        host=host,
    )


def bring(rounds, host: int, *, minutes: float = 0.0, **answers: object) -> None:
    """A task of a host, which keeps it for so long."""
    order = rounds.lab.order(host)
    rounds.lab.later(minutes=minutes)
    rounds.lab.report(order, rounds.lab.output(order, **answers))
    rounds.lab.validate()


def amounts(rounds) -> list[int]:
    return [row["amount"] for row in rounds.stored("award")["award"]]


@pytest.mark.parametrize(("seconds", "minutes"), [(1e9, 60 * 24 * 3), (0.02, 0), (-5.0, 10)])
def test_a_task_is_worth_the_same_whatever_its_host_says_of_its_time(two_hosts, seconds, minutes):
    """Seen from outside: 0.02 core-seconds, kept for ten minutes and reported as 650 seconds, got 6.5 credits."""
    bring(two_hosts, 2)
    bring(two_hosts, 3, minutes=minutes)
    say(two_hosts, 3, seconds)
    pay(two_hosts)
    assert amounts(two_hosts) == [40, 40]
    assert two_hosts.broken() == {}


def test_a_task_whose_host_stopped_a_cell_is_paid_for_no_longer_than_it_was_computed(two_hosts):
    """Nobody can show whether a late cell was computed at all, so it is paid as other work without proof."""
    for host in (2, 3):
        bring(two_hosts, host, outcome=Outcome.LATE, measures=None)
    say(two_hosts, 2, 30.0)
    pay(two_hosts)
    assert amounts(two_hosts) == [40, 5]


def test_what_fails_by_our_doing_is_paid_as_far_as_it_was_computed_and_never_beyond_its_worth(two_hosts):
    two_hosts.lab.later(hours=1)
    for host in (2, 3):
        two_hosts.lab.report(two_hosts.lab.order(host), None, exit_status=10)
    say(two_hosts, 3, 50.0)
    two_hosts.hold()
    assert [(row["host_id"], row["reason"], row["amount"]) for row in two_hosts.stored("award")["award"]] == [
        (2, "broken", 5),
        (3, "broken", 40),
    ]


def test_a_result_is_paid_whose_host_reported_no_time_and_a_failure_is_not(two_hosts):
    """SQLite keeps a time that is no number as nothing at all."""
    bring(two_hosts, 2)
    two_hosts.lab.report(two_hosts.lab.order(3), None, exit_status=10)
    two_hosts.db.execute("UPDATE task SET cpu_seconds = NULL, elapsed_seconds = NULL")
    two_hosts.hold()
    assert amounts(two_hosts) == [40]
    assert two_hosts.broken() == {}


def test_a_tier_of_a_tariff_of_today_is_of_the_work_and_of_an_old_one_by_the_clock(two_hosts):
    """What an old table paid, it pays again: its row says nothing of whose clock counts."""
    for host in (2, 3):
        bring(two_hosts, host, minutes=60)
    say(two_hosts, 3, 1_300.0)
    for tariff, paid in ((PRESETS["S4"], [15_000, 100_000]), (replace(PRESETS["S4"], by_clock=False), [15_000] * 2)):
        found = replay(two_hosts.db, tariff, two_hosts.lab.now)
        assert [found.totals.by_host[host] for host in (2, 3)] == paid


CORE, CARD = "linux-x86_64-avx2", "linux-x86_64-nvidia-a-card"


def voices(rounds, variant, ratio: float, *volunteers: str, of: str = CORE) -> None:
    """One host each of these volunteers says how many times as declared experiment 1 takes, and that two others do."""
    hosts = [rounds.lab.host(f"of {name}", volunteer=name) for name in volunteers]
    for name in ("a_sum", "b_sum"):
        rounds.lab.publish(variant(name, asks=False))
    for experiment, times in ((1, ratio), (2, 1.0), (3, 1.0)):
        said = tuple(Voice(host_id=host, tasks=5, log_ratio=math.log(times)) for host in hosts)
        kept = LearnedCost(host_class=of, fit=Fit(tasks=5 * len(said), voices=said), cost=Cost())
        with rounds.db.transaction():
            costs.keep(rounds.db, experiment, kept, rounds.lab.now)


@pytest.mark.parametrize(
    ("ratio", "volunteers", "of", "amount"),
    [
        (0.2, ("Ben", "Cleo", "Dan"), CORE, 12),
        (0.2, ("Ben", "Cleo"), CORE, 40),
        (0.9, ("Ben", "Cleo", "Dan"), CORE, 40),
        (9.0, ("Ben", "Cleo", "Dan"), CORE, 40),
        (0.2, ("Ben", "Cleo", "Dan"), CARD, 40),
    ],
)
def test_what_is_declared_too_dear_is_paid_for_less_once_three_volunteers_say_so_of_their_cores(
    two_hosts, variant, ratio, volunteers, of, amount
):
    voices(two_hosts, variant, ratio, *volunteers, of=of)
    bring(two_hosts, 2)
    pay(two_hosts)
    assert amounts(two_hosts) == [amount]
    (award,) = two_hosts.stored("award")["award"]
    assert ("4.0 are declared, and 3 volunteers" in award["because"]) == (amount < 40)


def test_what_volunteers_say_of_the_cost_is_looked_up_once_a_minute(rounds, variant):
    rounds.lab.deploy(workunits=3)
    paying = Paying()
    for seconds in (0, 30, 60):
        rounds.lab.later(seconds=seconds)
        bring(rounds, 1)
        pay(rounds, paying)
        voices(rounds, variant, 0.2, "Ben", "Cleo", "Dan")
    assert amounts(rounds) == [20, 20, 6]
