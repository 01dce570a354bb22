"""What may be registered later of a version, and how the last block closes of what is amended."""

import json

import pytest
from planted_effects import SAID, WIDER

from axiom.domain.registrations import Stopping
from axiom.errors import Refused
from axiom.lab.registrations.register import amend, register_cohort, register_further
from axiom.store.evidence import evidence
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum is published, with a factor that its claim leaves open, and nothing of it is ordered."""
    small_lab.publish(prepared(has_shift=True))
    small_lab.host()
    return small_lab


def add_design(lab, points, name="wide"):
    with lab.db.transaction():
        version = experiments.by_id(lab.db, 1)
        return register_further(lab.db, version, name, points, stopping=Stopping(), why="a test", now=lab.now)


def put_otherwise(lab):
    with lab.db.transaction():
        changes, words = {"null": 0.5}, {"prediction": SAID, "forecaster": "Ada", "why": "it looked so"}
        return amend(lab.db, 1, changes, **words, now=lab.now)


def bodies(lab) -> list[str]:
    return [one.body for one in registrations.registrations(lab.db, 1)]


def test_configs_that_the_claim_has_been_concluded_from_are_no_further_design(lab):
    for sizes in ((1, 2), (2, 1), (1, 2, 9)):
        with pytest.raises(Refused):
            add_design(lab, [({"size": size, "shift": 0}, 1.0) for size in sizes])
    add_design(lab, WIDER)
    with pytest.raises(Refused):
        add_design(lab, [*WIDER, ({"size": 9, "shift": 0}, 1.0)], "wide again")
    assert len(bodies(lab)) == 2


def registered_as(lab, **changes):
    """The first registration says this of its estimand."""
    body = json.loads(bodies(lab)[0])
    body["estimands"] = [{**body["estimands"][0], **changes}]
    lab.db.execute("UPDATE registration SET body = :body", body=json.dumps(body))


def test_a_further_design_keeps_the_promise_of_evenly_spaced_arms(lab):
    registered_as(lab, kind="slope", across="size", between=[], exchangeable=True)
    uneven = [({"size": size, "shift": 0}, 1.0) for size in (1, 2, 9)]
    with pytest.raises(Refused):
        add_design(lab, uneven)
    assert len(bodies(lab)) == 1
    add_design(lab, [({"size": size, "shift": 0}, 1.0) for size in (1, 3, 9)])


def test_nothing_further_is_registered_of_time_outs_that_would_speak_for_an_effect(lab):
    registered_as(lab, censored=1.0)
    for register in (
        lambda: add_design(lab, WIDER),
        lambda: register_cohort(lab.db, 1, stopping=Stopping(), why="a test", now=lab.now),
        lambda: put_otherwise(lab),
    ):
        with pytest.raises(Refused):
            register()
    assert len(bodies(lab)) == 1


@pytest.fixture
def weighing(lab, rounds_of):
    """Sessions that order nothing by themselves, with the first block of finding 1 weighed."""
    rounds = rounds_of(lab, per_core=0)
    rounds.fill_block()
    rounds.hold()
    return rounds


def test_what_is_amended_closes_its_last_block_once_nothing_of_it_is_out(weighing):
    def weighed():
        return {number: (line.blocks, line.seeds) for number, line in evidence.newest(weighing.db).items()}

    weighing.lab.deploy(workunits=3)
    weighing.compute(2)
    put_otherwise(weighing.lab)
    weighing.lab.later(seconds=1)
    weighing.hold()
    assert weighed() == {1: (1, 8)}
    weighing.compute()
    weighing.hold()
    assert weighed() == {1: (2, 11)}
    assert weighing.broken() == {}
