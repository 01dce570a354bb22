"""What is withdrawn or cancelled is never made again, whoever asks and whatever time passes."""

from collections import Counter

import pytest

from axiom.commands.work import CancelWorkunits
from axiom.errors import NotFound
from axiom.lab.experiments import withdraw as withdrawing
from axiom.lab.experiments.withdraw import withdraw
from axiom.server.scheduler.held_tasks import to_give_up


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
