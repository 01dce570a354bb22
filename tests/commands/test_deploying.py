"""Work that is ordered for one host alone, or a probe for each of them."""

import pytest

from axiom.commands.experiments import DeployExperiment
from axiom.domain.fleet import Capacity, Platform
from axiom.errors import NotFound, Refused, WrongUse
from axiom.store.accounts import accounts
from axiom.store.hosts import hosts
from axiom.store.tasks import workunits


def _meet(lab, db, name: str = "first", memory_mb: int = 4_000) -> int:
    us = accounts.ourselves(db, lab.now)
    platform = Platform(system="linux", processor="x86_64", instructions="avx2")
    capacity = Capacity(cores=2, memory_mb=memory_mb)
    return hosts.meet(db, volunteer_id=us, name=name, platform=platform, capacity=capacity, now=lab.now)


def test_what_is_ordered_for_one_host_is_kept_for_it(door):
    host_id = door.gate.writer.run(lambda db: _meet(door.lab, db))
    answer = door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, host=host_id))
    ordered = door.look(workunits.workunits)
    assert {wanted.id: wanted.target_host_id for wanted in ordered} == dict.fromkeys(
        (answer["first"], answer["last"]), host_id
    )
    tasks = door.look(lambda db: db.select("SELECT target_host_id FROM task"))
    assert [row["target_host_id"] for row in tasks] == [host_id] * 2
    assert door.broken() == {}


def test_copies_on_demand_cost_as_many_times_as_much(door):
    once, thrice = (
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, copies=each)) for each in (None, 3)
    )
    assert (once["copies"], thrice["copies"]) == (1, 3)
    assert thrice["core_seconds"] == 3 * once["core_seconds"]
    assert [wanted.quorum for wanted in door.look(workunits.workunits)] == [3, 3, 1, 1]


def test_a_host_alone_cannot_have_copies(door):
    host_id = door.gate.writer.run(lambda db: _meet(door.lab, db))
    with pytest.raises(Refused, match="leave out the host, or the copies"):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=1, host=host_id, copies=2))
    assert door.look(workunits.workunits) == []


def test_nothing_is_ordered_for_a_host_that_is_not_there(door):
    with pytest.raises(NotFound, match="There is no host 9, so nothing was ordered"):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, host=9))
    assert door.look(workunits.workunits) == []


def test_a_probe_for_every_host_is_one_replicate_for_each_that_can_compute_it(door):
    names = {"first": 4_000, "second": 8_000, "small": 10}
    known = [door.gate.writer.run(lambda db, one=one: _meet(door.lab, db, *one)) for one in names.items()]
    answer = door.submit(DeployExperiment(experiment="tiny_sum", workunits=1, every_host=True))
    (why,) = answer["passed_over"]
    assert (answer["hosts"], answer["workunits"], answer["replicates_each"]) == (2, 2, 1)
    assert answer["passed_over"][why] == 1
    assert "MB of memory" in why
    ordered = door.look(workunits.workunits)
    assert sorted((one.target_host_id, one.replicates) for one in ordered) == [(known[0], (0,)), (known[1], (1,))]
    assert door.broken() == {}


def test_a_probe_for_every_host_needs_hosts_and_counts_against_the_day(door):
    probe = DeployExperiment(experiment="tiny_sum", workunits=4, every_host=True)
    with pytest.raises(Refused, match="No host that was heard from"):
        door.submit(probe)
    for number in range(3):
        door.gate.writer.run(lambda db, number=number: _meet(door.lab, db, f"host {number}"))
    with pytest.raises(Refused, match="10 of 10 left today"):
        door.submit(probe)  # four for each of three
    with pytest.raises(WrongUse, match="one host or for every host"):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=1, every_host=True, host=1))
    assert door.look(workunits.workunits) == []
