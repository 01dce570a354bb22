"""What was not tried goes to nobody, on any path; and a repaired bundle reaches what was ordered before."""

from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.decisions.tasks.assignment import Allowance
from axiom.domain.preflights import Refusal
from axiom.lab.experiments import quick_gates
from axiom.server.dispatch.dispatch import hand_out
from axiom.server.dispatch.types import WorkRequest
from axiom.signed.tickets import read_ticket
from axiom.store.engine import counters
from axiom.store.experiments import experiments
from axiom.store.hosts import hosts as host_store
from axiom.store.tasks import workunits

WAITS = "tiny_sum waits for its preflight, before which it goes to no volunteer"
NEVER_SEEN = "ab" * 32


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum is published and not tried, two workunits are ordered; host 1 is the laboratory's own, host 2 Ann's."""
    small_lab.publish(prepared(), is_tried=False)
    small_lab.deploy(workunits=2)
    assert small_lab.host() == 1
    assert small_lab.host(volunteer="Ann") == 2
    return small_lab


def hand(lab, host: int, tasks: int = 1, *, allowance: Allowance | None = None, holding=None):
    kept = frozenset(task.id for task in workunits.held(lab.db, host)) if holding is None else frozenset(holding)
    asked = WorkRequest(seconds=0.0, instances=tasks, most=tasks, holding=kept)
    with lab.db.transaction():
        found = host_store.host(lab.db, host)
        return hand_out(lab.db, lab.dispatch, lab.known, found, asked, lab.now, allowance=allowance)


FAILED = {"passed": False, "reason": "G2, sandboxed run: the computing process is lost"}


@pytest.mark.parametrize("failed", [None, FAILED], ids=["not tried", "failed"])
def test_nothing_of_it_goes_to_a_volunteer_who_is_told_why(lab, prepared, failed):
    if failed:
        lab.say_tried(prepared().digest, **failed)
    handed = hand(lab, 2)
    assert (handed.given, handed.reason) == ((), WAITS)
    assert host_store.host(lab.db, 2).why_no_work == WAITS
    assert hand(lab, 1).given[0].bundle == prepared().digest  # the laboratory's own host computes it all the same
    lab.say_tried(prepared().digest)
    (given,) = hand(lab, 2).given
    assert given.bundle == prepared().digest
    assert host_store.host(lab.db, 2).why_no_work == ""


def forget(db, *, ours: bool = True) -> None:
    """No preflight was ever recorded, or none but those of our own hosts; who keeps experiments at hand notices."""
    db.execute("DELETE FROM preflight WHERE ours_only <= :ours", ours=int(ours))
    counters.add(db, "experiment", 0, "changed", 1)


def test_a_bundle_that_was_never_seen_is_given_to_nobody(lab, prepared):
    """Even if whoever hands out work were made to believe in it."""
    lab.known.look(lab.db)
    for mapping in (lab.known.experiments, lab.known.ours, lab.known.tried):
        bundle = experiments.bundle(lab.db, prepared().digest)
        mapping[1] = replace(lab.known.experiments[1], bundle=replace(bundle, digest=NEVER_SEEN))
    for host in (1, 2):
        with pytest.raises(LookupError, match="preflight"):
            hand(lab, host)
    assert workunits.held(lab.db, 1) == workunits.held(lab.db, 2) == []


def test_until_a_repair_is_tried_volunteers_get_the_bundle_that_was(lab, prepared):
    first, repaired = prepared(), prepared(top="# repaired")
    lab.say_tried(first.digest)
    lab.publish(repaired, is_tried=False)
    lab.deploy(workunits=6)
    serials = {first.digest: 1, repaired.digest: 2}

    def bundles() -> list[str]:
        """What hosts 2 and 1 are given next, each order wholly of one bundle."""
        handed = [hand(lab, host).given[0] for host in (2, 1)]
        for given in handed:
            ticket = read_ticket(given.order.ticket, trust=lab.keys.trust, now=lab.now)
            stored = workunits.task(lab.db, given.task).bundle_digest
            assert given.bundle == given.order.bundle == ticket.bundle == stored
            assert ticket.serial == serials[given.bundle]
            assert given.seal == experiments.bundle(lab.db, given.bundle).seal
        return [given.bundle for given in handed]

    assert bundles() == [first.digest, repaired.digest]
    lab.say_tried(repaired.digest, **FAILED)
    assert bundles() == [first.digest, repaired.digest]
    lab.say_tried(repaired.digest)
    assert bundles() == [repaired.digest] * 2


def test_what_was_lost_is_sent_again_only_where_its_bundle_was_tried(lab, prepared):
    lab.say_tried(prepared().digest)
    (given,) = hand(lab, 2).given
    forget(lab.db)  # as if it had been sent before anybody asked for one
    assert hand(lab, 2, holding=()).lost == ()
    lab.say_tried(prepared().digest)
    assert [task.order for task in hand(lab, 2, holding=()).lost] == [given.order]


def test_the_promise_is_looked_after_too(lab, prepared):
    lab.say_tried(prepared().digest)
    lab.later(minutes=1)
    assert hand(lab, 1).given
    assert hand(lab, 2).given
    assert lab.broken() == {}
    problems = [f"task {task} is out, and its bundle has not passed what its host demands" for task in (1, 2)]
    forget(lab.db, ours=False)
    assert lab.broken() == {"I14": problems[1:]}
    forget(lab.db)
    assert lab.broken() == {"I14": problems}


NOBODY = "tiny_sum passed not even the gates of the laboratory's own computers, before which it goes to nobody"


def test_our_own_host_gets_nothing_without_a_row_and_is_told_why(lab, prepared):
    forget(lab.db)
    for host in (1, 2):
        handed = hand(lab, host)
        assert (handed.given, handed.reason) == ((), NOBODY)
        assert host_store.host(lab.db, host).why_no_work == NOBODY
    assert lab.ask(1).orders == ()
    lab.publish(prepared(), is_tried=False)  # the same file again, which is looked at now
    (given,) = hand(lab, 1).given
    assert given.bundle == prepared().digest
    forget(lab.db)
    assert hand(lab, 1, holding=()).lost == ()
    with lab.db.transaction():
        quick_gates.keep_row(lab.db, given.bundle, (), lab.now)
    assert [task.order for task in hand(lab, 1, holding=()).lost] == [given.order]


def test_our_own_hosts_keep_the_bundle_before_one_that_does_not_read_as_an_experiment(lab, prepared):
    first, repaired = prepared(), prepared(top="# repaired")
    unread = (Refusal(gate="G0", line=3, sentence="The file must say so."),)
    lab.publish(replace(repaired, refusals=unread), is_tried=False)
    assert [task.bundle for task in hand(lab, 1).given] == [first.digest]
    with lab.db.transaction():
        quick_gates.keep_row(lab.db, repaired.digest, (), lab.now)
    assert [task.bundle for task in hand(lab, 1).given] == [repaired.digest]


@pytest.mark.parametrize("host", [1, 2])
def test_a_bundle_whose_seal_has_run_out_waits_until_it_is_sealed_again(small_lab, prepared, host):
    good_for = timedelta(days=30)
    small_lab.publish(prepared(), good_for)
    small_lab.deploy(workunits=4)
    assert (small_lab.host(), small_lab.host(volunteer="Ann")) == (1, 2)
    small_lab.later(days=30, microseconds=-1)
    assert len(hand(small_lab, host).given) == 1
    small_lab.later(microseconds=1)
    handed = hand(small_lab, host)
    assert (handed.given, "seal" in handed.reason) == ((), True)
    assert host_store.host(small_lab.db, host).why_no_work == handed.reason
    assert small_lab.publish(prepared(), good_for).change == "renewed"
    assert [task.bundle for task in hand(small_lab, host).given] == [prepared().digest]
