"""What is withdrawn is never made again; a recall voids what a version concluded; what was retired may go on."""

from collections import Counter

import pytest

from axiom.commands.work import CancelWorkunits
from axiom.domain.work import TaskState
from axiom.errors import NotFound, Refused, Withdrawn
from axiom.lab.experiments import withdraw as withdrawing
from axiom.lab.experiments.recall import recall, reopen_finding, reopen_version
from axiom.lab.experiments.withdraw import withdraw
from axiom.lab.planning.plan import decide
from axiom.server.scheduler.held_tasks import to_give_up
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


def test_results_and_credit_stay_nothing_more_is_sent_and_it_is_never_opened_again(lab):
    radius = blast_radius(lab.db, 1)
    assert (radius.results, radius.duplicates, radius.registrations) == (4, 0, 1)
    assert (radius.workunits["done"], radius.tasks["valid"], radius.tasks["sent"]) == (2, 2, 1)
    assert (radius.hosts_out, radius.volunteers_out, radius.hosts, radius.volunteers) == (1, 1, 1, 1)
    named = [(finding["number"], finding["estimand"], finding["status"]) for finding in radius.findings]
    assert named == [(1, "grows", "open")]
    awards, results = lab.db.select("SELECT * FROM award"), lab.db.select("SELECT * FROM result")
    assert awards
    cancelled = recalled(lab)
    assert cancelled == blast_radius(lab.db, 1).workunits["cancelled"]
    assert version(lab).status == "recalled"
    assert lab.db.select("SELECT * FROM result") == results
    assert lab.db.select("SELECT * FROM award") == awards
    assert lab.ask(1).orders == ()
    assert registrations.statuses(lab.db, 1) == {1: ("recalled", "the loss was summed twice")}
    assert lab.broken() == {}
    for again, error in (
        (lambda: recalled(lab), Withdrawn),
        (lambda: reopen_version(lab.db, version(lab), "a test", lab.now), Refused),
        (lambda: reopen_finding(lab.db, 1, "a test"), Refused),
    ):
        with pytest.raises(error):
            again()
    assert not registrations.set_status(lab.db, 1, "open")
    assert not experiments.reopen(lab.db, 1)
    assert version(lab).status == "recalled"


def test_what_is_out_comes_back_and_is_paid_and_a_session_says_so_once(rounds):
    rounds.lab.deploy(workunits=1)
    order = rounds.lab.order(1)
    recalled(rounds.lab)
    assert rounds.lab.report(order, rounds.lab.output(order)).state is TaskState.RETURNED
    rounds.lab.validate()
    for told in (1, 0):
        rounds.lab.later(seconds=1)
        rounds.hold()
        assert rounds.kinds().count("experiment.recalled") == told
    (task,) = rounds.db.select("SELECT state, is_paid FROM task")
    assert (task["state"], task["is_paid"]) == ("valid", 1)
    assert rounds.broken() == {}


def test_a_retired_version_goes_on_unless_it_gave_way_to_another(lab, prepared):
    with pytest.raises(Refused):  # it is open
        reopen_version(lab.db, version(lab), "a test", lab.now)
    with lab.db.transaction():
        withdraw(lab.db, 1, "a test", lab.now)
    with lab.db.transaction():
        reopen_version(lab.db, version(lab), "a test", lab.now)
    assert version(lab).status == "open"
    lab.later(seconds=1)
    lab.deploy()
    lab.order(1)
    lab.publish(prepared(version=2))
    with pytest.raises(Refused):
        reopen_version(lab.db, version(lab), "a test", lab.now)
    assert lab.broken() == {}


@pytest.mark.parametrize("status", ["suspended", "retired"])
def test_a_closed_finding_goes_on_with_a_reason_and_nothing_is_ordered_of_it_before(rounds, status):
    assert decide(rounds.db, rounds.policy, rounds.lab.now).allotments
    registrations.set_status(rounds.db, 1, status, "two seeds gave the same digits")
    assert decide(rounds.db, rounds.policy, rounds.lab.now).allotments == ()
    assert reopen_finding(rounds.db, 1, "it was one host, which is gone") == status
    assert registrations.statuses(rounds.db, 1) == {1: ("open", "it was one host, which is gone")}
    with pytest.raises(Refused):
        reopen_finding(rounds.db, 1, "a test")
    with pytest.raises(NotFound):
        reopen_finding(rounds.db, 9, "a test")


def states(lab, table: str = "task") -> Counter:
    return Counter(row["state"] for row in lab.db.select(f"SELECT state FROM {table}"))  # noqa: S608  our own tables


@pytest.fixture
def out(rounds):
    """Twenty workunits: one task is valid, two are out, one has failed and waits for its second try."""
    lab = rounds.lab
    lab.deploy(workunits=20)
    rounds.compute(1)
    rounds.compute(1, by=lambda _order: None)
    return [lab.order(1), lab.order(1)]


def test_what_waits_is_cancelled_in_slices_and_nothing_is_made_again(rounds, out, monkeypatch):
    monkeypatch.setattr(withdrawing, "_SLICE", 3)
    lab = rounds.lab
    with lab.db.transaction():
        assert withdraw(lab.db, 1, "not wanted", lab.now) == 19
    assert states(lab, "workunit") == {"done": 1, "cancelled": 19}
    assert states(lab) == {"valid": 1, "failed": 1, "aborted": 17, "sent": 2}
    made = len(lab.db.select("SELECT id FROM task"))
    assert not lab.ask(1, holding=tuple(order.task for order in out), wanted=9).orders
    lab.later(hours=1)
    lab.report(out[0], None, exit_status=10)
    lab.later(days=30)
    lab.sweep()
    assert states(lab) == {"valid": 1, "failed": 2, "aborted": 17, "expired": 1}
    assert len(lab.db.select("SELECT id FROM task")) == made
    assert rounds.broken() == {}


def test_what_is_out_is_given_up_at_once_when_its_host_calls_and_kept_and_paid_when_it_comes_all_the_same(rounds, out):
    lab = rounds.lab
    with lab.db.transaction():
        withdraw(lab.db, 1, "not wanted", lab.now)
    name = f"tiny_sum-1-w{out[0].task}-t{out[0].task}_0"
    assert to_give_up(lab.db, 1, {name: out[0].task}) == ((name,), ())
    lab.report(out[0], lab.output(out[0]))
    lab.validate()
    assert states(lab)["valid"] == 2
    assert rounds.broken() == {}


@pytest.mark.usefixtures("out")
def test_a_command_cancels_many_at_once_and_says_which_were_closed_before(rounds):
    lab = rounds.lab
    ids = [row["id"] for row in lab.db.select("SELECT id FROM workunit ORDER BY id")]
    command = CancelWorkunits(workunits=[ids[0], *ids[:5], ids[1]], reason="not wanted")
    with lab.db.transaction():
        answer = command.apply(lab.db, None, None, lab.now)
    assert (answer["closed_before"], answer["cancelled"]) == ([ids[0]], ids[1:5])
    assert states(lab, "workunit") == {"done": 1, "cancelled": 4, "open": 15}
    with pytest.raises(NotFound):
        CancelWorkunits(workunits=[ids[7], 999]).apply(lab.db, None, None, lab.now)
    assert states(lab, "workunit")["open"] == 15
