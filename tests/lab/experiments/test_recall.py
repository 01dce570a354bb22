"""A recall voids what a version concluded, for good; its results stay and stay paid. What was retired may go on."""

import pytest

from axiom.domain.work import TaskState
from axiom.errors import NotFound, Refused, Withdrawn
from axiom.lab.experiments.recall import recall, reopen_finding, reopen_version
from axiom.lab.experiments.withdraw import withdraw
from axiom.lab.planning.plan import decide
from axiom.store.experiments import experiments
from axiom.store.experiments.blast_radius import blast_radius
from axiom.store.registrations import registrations


def version(lab, number=1):
    return experiments.by_id(lab.db, number)


def recalled(lab, why="the loss was summed twice"):
    with lab.db.transaction():
        return recall(lab.db, version(lab), why, lab.now)


@pytest.fixture
def lab(rounds):
    """Two tasks of tiny_sum are valid and paid, one is out, one waits."""
    rounds.lab.deploy(workunits=4)
    rounds.compute(2)
    rounds.hold()
    rounds.lab.order(1)
    return rounds.lab


def test_the_blast_radius_is_everything_that_hangs_on_a_version(lab):
    found = blast_radius(lab.db, 1)
    assert (found.results, found.duplicates, found.registrations) == (4, 0, 1)
    assert (found.workunits["done"], found.tasks["valid"], found.tasks["sent"]) == (2, 2, 1)
    assert (found.hosts_out, found.volunteers_out, found.hosts, found.volunteers) == (1, 1, 1, 1)
    assert [(one["number"], one["estimand"], one["status"]) for one in found.findings] == [(1, "grows", "open")]


def test_results_and_credit_stay_and_nothing_more_is_sent(lab):
    awards = lab.db.select("SELECT * FROM award")
    results = lab.db.select("SELECT * FROM result")
    assert awards
    cancelled = recalled(lab)
    assert cancelled == blast_radius(lab.db, 1).workunits["cancelled"]
    assert version(lab).status == "recalled"
    assert lab.db.select("SELECT * FROM result") == results
    assert lab.db.select("SELECT * FROM award") == awards
    assert lab.ask(1).orders == ()
    assert registrations.statuses(lab.db, 1) == {1: ("recalled", "the loss was summed twice")}
    assert lab.broken() == {}


def test_what_is_out_comes_back_and_is_paid(rounds):
    rounds.lab.deploy(workunits=1)
    order = rounds.lab.order(1)
    recalled(rounds.lab)
    assert rounds.lab.report(order, rounds.lab.output(order)).state is TaskState.RETURNED
    rounds.lab.validate()
    rounds.lab.later(seconds=1)
    rounds.hold()
    (task,) = rounds.db.select("SELECT state, is_paid FROM task")
    assert (task["state"], task["is_paid"]) == ("valid", 1)
    assert rounds.broken() == {}


def test_the_next_session_says_so_once(rounds):
    rounds.hold()
    rounds.lab.later(seconds=1)
    recalled(rounds.lab)
    rounds.lab.later(seconds=1)
    rounds.hold()
    assert rounds.said("experiment.recalled") == [
        "tiny_sum@1 was recalled: its results stay and stay paid, and its findings have left the evidence."
    ]
    rounds.lab.later(seconds=1)
    rounds.hold()
    assert rounds.said("experiment.recalled") == []


def test_what_was_recalled_is_never_opened_again(lab):
    recalled(lab)
    with pytest.raises(Withdrawn, match="recalled already"):
        recalled(lab)
    with pytest.raises(Refused, match="never opened again"):
        reopen_version(lab.db, version(lab), "a test", lab.now)
    with pytest.raises(Refused, match="never opened again"):
        reopen_finding(lab.db, 1, "a test")
    assert not registrations.set_status(lab.db, 1, "open")
    assert not experiments.reopen(lab.db, 1)
    assert version(lab).status == "recalled"


def test_a_retired_version_goes_on_and_more_of_it_is_ordered(lab):
    with pytest.raises(Refused, match="is open"):
        reopen_version(lab.db, version(lab), "a test", lab.now)
    with lab.db.transaction():
        withdraw(lab.db, 1, "a test", lab.now)
    with lab.db.transaction():
        reopen_version(lab.db, version(lab), "a test", lab.now)
    assert version(lab).status == "open"
    lab.later(seconds=1)
    lab.deploy()
    lab.order(1)
    assert lab.broken() == {}


def test_a_version_that_gave_way_to_another_stays_closed(lab, prepared):
    lab.publish(prepared(version=2))
    with pytest.raises(Refused, match="gave way to version 2"):
        reopen_version(lab.db, version(lab), "a test", lab.now)


@pytest.mark.parametrize("status", ["suspended", "retired"])
def test_a_closed_finding_goes_on_with_a_reason(lab, status):
    registrations.set_status(lab.db, 1, status, "two seeds gave the same digits")
    assert reopen_finding(lab.db, 1, "it was one host, which is gone") == status
    assert registrations.statuses(lab.db, 1) == {1: ("open", "it was one host, which is gone")}
    with pytest.raises(Refused, match="is open"):
        reopen_finding(lab.db, 1, "a test")
    with pytest.raises(NotFound, match="no finding 9"):
        reopen_finding(lab.db, 9, "a test")


def test_nothing_is_ordered_of_a_suspended_finding(rounds):
    assert decide(rounds.db, rounds.policy, rounds.lab.now).allotments
    registrations.set_status(rounds.db, 1, "suspended", "a test")
    assert decide(rounds.db, rounds.policy, rounds.lab.now).allotments == ()
