"""What was not tried goes to nobody, on any path; and a repaired bundle reaches what was ordered before."""

from dataclasses import replace
from datetime import timedelta

import pytest
from scheduler_calls import Client

from axiom.decisions.tasks.assignment import Allowance
from axiom.domain.fleet import Capacity, Platform
from axiom.domain.preflights import Refusal
from axiom.lab.experiments import quick_gates
from axiom.server.dispatch.dispatch import hand_out
from axiom.server.dispatch.types import WorkRequest
from axiom.signed.tickets import parse, read_ticket
from axiom.store.accounts import accounts
from axiom.store.engine import counters
from axiom.store.experiments import experiments
from axiom.store.hosts import hosts as host_store
from axiom.store.tasks import workunits

WAITS = "tiny_sum waits for its preflight, before which it goes to no volunteer"
MANY = Allowance(deadline=None, tasks_per_core=1_000, daily_per_core=None, heeds_standing=False)
NEVER_SEEN = "ab" * 32


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum is published and not tried, two workunits are ordered; host 1 is the laboratory's own, host 2 Ann's."""
    small_lab.publish(prepared(), is_tried=False)
    small_lab.deploy(workunits=2)
    assert small_lab.host() == 1
    assert host_of_ann(small_lab) == 2
    return small_lab


def host_of_ann(lab, name: str = "first") -> int:
    with lab.db.transaction():
        row = lab.db.one("SELECT id FROM volunteer WHERE name = 'Ann'")
        ann = (
            row["id"]
            if row
            else accounts.create(lab.db, name="Ann", email="ann@example.org", password="", cross_id="c", now=lab.now)
        )
        return host_store.meet(
            lab.db,
            volunteer_id=ann,
            name=name,
            platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
            capacity=Capacity(cores=2, memory_mb=4_000),
            now=lab.now,
        )


def hand(lab, host: int, tasks: int = 1, *, allowance: Allowance | None = None, holding=None):
    kept = frozenset(task.id for task in workunits.held(lab.db, host)) if holding is None else frozenset(holding)
    asked = WorkRequest(seconds=0.0, instances=tasks, most=tasks, holding=kept)
    with lab.db.transaction():
        found = host_store.host(lab.db, host)
        return hand_out(lab.db, lab.dispatch, lab.known, found, asked, lab.now, allowance=allowance)


FAILED = {"passed": False, "reason": "G2, sandboxed run: the computing process is lost"}


def try_out(lab, made, **how) -> None:
    """Its preflight, or one that ended otherwise."""
    lab.say_tried(made.digest, **how)


@pytest.mark.parametrize("failed", [None, FAILED], ids=["not tried", "failed"])
def test_nothing_of_it_goes_to_a_volunteer_who_is_told_why(lab, prepared, failed):
    if failed:
        try_out(lab, prepared(), **failed)
    handed = hand(lab, 2)
    assert (handed.given, handed.reason) == ((), WAITS)
    assert host_store.host(lab.db, 2).why_no_work == WAITS
    assert hand(lab, 1).given[0].bundle == prepared().digest  # the laboratory's own host computes it all the same
    try_out(lab, prepared())
    (given,) = hand(lab, 2).given
    assert given.bundle == prepared().digest
    assert host_store.host(lab.db, 2).why_no_work == ""


def test_the_same_holds_for_what_is_meant_for_a_volunteer_s_host_alone(lab, prepared):
    with lab.db.transaction():
        workunits.order_many(
            lab.db,
            experiment_id=1,
            registration_id=1,
            replicates=[[5]],
            configs=[0, 1],
            max_failures=3,
            now=lab.now,
            target_host_id=2,
        )
    assert hand(lab, 2, 3).given == ()
    try_out(lab, prepared())
    assert [task.workunit for task in hand(lab, 2).given] == [3]


def test_a_volunteer_s_host_at_the_desk_of_our_own_engines_gets_nothing_either(lab, prepared):
    refused = lab.ask(2)
    assert (refused.orders, refused.reason) == ((), WAITS)
    assert [order.bundle for order in lab.ask(1).orders] == [prepared().digest]


def test_the_scheduler_tells_a_client_so(exchange, ann):
    exchange.do(lambda db: forget(db, ours=False))
    client = Client(ann.key)
    heard = exchange.call(client, ask=10.0)
    assert heard.tasks == {}
    assert any(WAITS in words for _, words in heard.words)


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
    try_out(lab, first)
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
    try_out(lab, repaired, **FAILED)
    assert bundles() == [first.digest, repaired.digest]
    try_out(lab, repaired)
    assert bundles() == [repaired.digest] * 2


def test_what_was_lost_is_sent_again_only_where_its_bundle_was_tried(lab, prepared):
    try_out(lab, prepared())
    (given,) = hand(lab, 2).given
    forget(lab.db)  # as if it had been sent before anybody asked for one
    assert hand(lab, 2, holding=()).lost == ()
    try_out(lab, prepared())
    assert [task.order for task in hand(lab, 2, holding=()).lost] == [given.order]


def test_the_promise_is_looked_after_too(lab, prepared):
    try_out(lab, prepared())
    lab.later(minutes=1)
    assert hand(lab, 1).given
    assert hand(lab, 2).given
    assert lab.broken() == {}
    forget(lab.db, ours=False)
    assert lab.broken() == {"I14": ["task 2 is out, and its bundle has not passed what its host demands"]}
    forget(lab.db)
    assert lab.broken() == {
        "I14": [f"task {task} is out, and its bundle has not passed what its host demands" for task in (1, 2)]
    }


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


def test_what_waits_starts_with_the_repaired_bundle_and_what_has_begun_does_not(small_lab, prepared):
    lab, first, repaired = small_lab, prepared(), prepared(top="# repaired")
    lab.publish(first)
    assert lab.host() == 1  # ours; all others are Ann's
    lab.deploy(workunits=100)
    hosts = [host_of_ann(lab, f"host {number}") for number in range(10)]
    begun = [task for host in hosts[:3] for task in hand(lab, host, 10, allowance=MANY).given]
    order = begun[0].order
    lab.report(order, lab.output(order))
    lab.validate()
    lab.publish(repaired, is_tried=False)
    begun += hand(lab, hosts[3], 10, allowance=MANY).given  # published, not tried yet
    lab.later(minutes=1)
    try_out(lab, repaired)
    later = [task for host in hosts[4:] for task in hand(lab, host, 10, allowance=MANY).given]
    assert [(len(tasks), {task.bundle for task in tasks}) for tasks in (begun, later)] == [
        (40, {first.digest}),
        (60, {repaired.digest}),
    ]
    rows = lab.db.select("SELECT ticket, bundle_digest FROM task WHERE ticket IS NOT NULL")
    assert all(parse(row["ticket"]).bundle == row["bundle_digest"] for row in rows)
    assert workunits.task(lab.db, order.task).bundle_digest == first.digest
    assert lab.db.one("SELECT count(*) AS n FROM result WHERE task_id = :id", id=order.task)["n"] == 2


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
