"""Handing out work: what is meant for one goes to one, nobody repeats their own.

What was not tried goes to nobody, on any path, and a repaired bundle reaches what was ordered before. A host that
should have a smaller task than waits is given a part: no replicate is lost, none ordered twice.
"""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
import stored_work
from dispatch_calls import hand, split, tasks_of
from hypothesis import HealthCheck, settings
from hypothesis import given as given_any
from hypothesis import strategies as st
from scheduler_calls import Client, Exchange

from axiom.domain.preflights import Refusal
from axiom.domain.work import Exit, TaskState, WorkunitState
from axiom.laboratory.experiments import own_host_gates
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.tasks.commands import AbortTask, CancelWorkunits
from axiom.limits import tasks as limits
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.returns.transitioner import transit_many
from axiom.server.scheduler.reply_elements import REFERENCE_FLOPS
from axiom.signed.tickets import read_ticket
from axiom.store.engine import counters
from axiom.store.experiments import experiments
from axiom.store.findings import blocks
from axiom.store.hosts import hosts
from axiom.store.rounds import session_counts
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks import waiting_tasks, workunits


def host_of(lab, volunteer: str, name: str = "first", **capacity) -> int:
    return lab.host(name, volunteer=volunteer, **({"cores": 4, "memory_mb": 8_000} | capacity))


def fail(lab, given, host: int) -> None:
    assert lab.report(given.order, None, exit_status=Exit.CELL_FAILED, host=host).state is TaskState.FAILED


def test_nobody_gets_again_what_failed_with_them_while_there_is_somebody_else(working_lab):
    bea, again = host_of(working_lab, "Bea"), host_of(working_lab, "Bea", "second")
    (given,) = hand(working_lab, bea).granted
    fail(working_lab, given, bea)
    for host in (bea, again):
        refused = hand(working_lab, host)
        assert (refused.granted, refused.reason) == ((), "all waiting work is meant for other computers")
    assert tasks_of(hand(working_lab, 1)) == [2]


def test_whoever_is_alone_may_try_again_and_others_count_for_a_week_if_they_compute(working_lab):
    (given,) = hand(working_lab, 1).granted
    fail(working_lab, given, 1)
    (again,) = hand(working_lab, 1).granted
    fail(working_lab, again, 1)
    host_of(working_lab, "Bea")
    host_of(working_lab, "Cleo", cores=0)
    assert hand(working_lab, 1).granted == ()
    working_lab.later(days=6, hours=23)
    assert hand(working_lab, 1).granted == ()
    working_lab.later(hours=2)
    assert tasks_of(hand(working_lab, 1)) == [3]


@pytest.mark.parametrize(
    ("ourselves", "others", "gets"), [(1, False, [2]), (1, True, []), (0, False, []), (0, True, [])]
)
def test_a_check_goes_to_another_volunteer_or_to_ourselves_where_we_are_alone(working_lab, ourselves, others, gets):
    working_lab.deploy()
    dispatch = replace(working_lab.dispatch, ourselves=ourselves)
    hand(working_lab, 1, dispatch=dispatch)
    working_lab.db.execute("UPDATE workunit SET checks_task_id = 1 WHERE id = 2")
    if others:
        bea = host_of(working_lab, "Bea")
    assert tasks_of(hand(working_lab, 1, dispatch=dispatch)) == gets
    if others:
        assert tasks_of(hand(working_lab, bea, dispatch=dispatch)) == [2]


def test_what_a_volunteer_may_not_have_hides_nothing_that_waits_behind_it(working_lab):
    bea = host_of(working_lab, "Bea", cores=99, memory_mb=10**6)
    working_lab.deploy(workunits=400)
    hand(working_lab, bea)
    working_lab.db.execute("UPDATE workunit SET checks_task_id = 1 WHERE id BETWEEN 2 AND 390")
    behind: list[int] = []
    for _ in range(4):  # what is passed by is remembered, so that each question gets further
        behind += tasks_of(hand(working_lab, bea, 11))
    assert behind == list(range(391, 402))
    assert tasks_of(hand(working_lab, 1, 2)) == [2, 3]
    working_lab.later(hours=2)  # then it is looked at again from the beginning
    assert hand(working_lab, bea).granted == ()


def test_what_is_known_follows_what_is_published_and_retired_and_not_what_was_undone(working_lab, prepared):
    known = DispatchCache()
    known.refresh(working_lab.db)
    before = known.experiments
    known.refresh(working_lab.db)
    assert known.experiments is before
    assert (before[1].name, before[1].status, before[1].is_ready) == ("tiny_sum", "open", True)
    working_lab.publish(prepared(top="REPAIRED = True"))
    known.refresh(working_lab.db)
    assert known.experiments[1].bundle.digest == prepared(top="REPAIRED = True").digest
    experiments.renew_seal(working_lab.db, 2, "newer", working_lab.now)
    known.refresh(working_lab.db)
    assert known.experiments[1].bundle.seal == "newer"
    working_lab.publish(prepared(version=2))
    for number in (1, 2):
        experiments.reopen_experiment(working_lab.db, number)
    known = working_lab.known

    def retire(number: int, *, fails: bool) -> None:
        with working_lab.db.transaction():
            retire_version(working_lab.db, number, "retired", working_lab.now)
            known.refresh(working_lab.db)
            assert not known.experiments[number].is_ready
            if fails:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        retire(1, fails=True)
    retire(2, fails=False)
    assert [known.experiments[number].is_ready for number in (1, 2)] == [True, False]


QUESTIONS = sorted(name for name, sql in vars(waiting_tasks).items() if isinstance(sql, str) and "SELECT" in sql)


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_of_dispatch_reads_all_tasks(small_lab, name):
    names = ("host_id", "experiment_id", "after", "limit", "id", "workunit_id", "volunteer_id", "since", "cause")
    plan = small_lab.db.select(f"EXPLAIN QUERY PLAN {vars(waiting_tasks)[name]}", **dict.fromkeys(names, 1))
    read = {row["detail"].split()[1] for row in plan if row["detail"].startswith("SCAN")}
    assert read <= {"CONSTANT", "host"}


WAITS = "tiny_sum waits for its preflight, before which it goes to no volunteer"
NEVER_SEEN = "ab" * 32


@pytest.fixture
def untried(small_lab, prepared):
    """tiny_sum is published and not tried, two workunits are ordered; host 1 is the laboratory's own, host 2 Ann's."""
    small_lab.publish(prepared(), is_tried=False)
    small_lab.deploy(workunits=2)
    assert (small_lab.host(), small_lab.host(volunteer="Ann")) == (1, 2)
    return small_lab


FAILED = {"passed": False, "reason": "G2, sandboxed run: the computing process is lost"}


@pytest.mark.parametrize("failed", [None, FAILED], ids=["not tried", "failed"])
def test_nothing_of_it_goes_to_a_volunteer_who_is_told_why(untried, prepared, failed):
    if failed:
        untried.say_tried(prepared().digest, **failed)
    handed = hand(untried, 2)
    assert (handed.granted, handed.reason) == ((), WAITS)
    assert hosts.find_host(untried.db, 2).why_no_work == WAITS
    assert hand(untried, 1).granted[0].bundle == prepared().digest  # the laboratory's own host computes it all the same
    untried.say_tried(prepared().digest)
    (given,) = hand(untried, 2).granted
    assert (given.bundle, hosts.find_host(untried.db, 2).why_no_work) == (prepared().digest, "")


def forget(db, *, ours: bool = True) -> None:
    """No preflight was ever recorded, or none but those of our own hosts; who keeps experiments at hand notices."""
    db.execute("DELETE FROM preflight WHERE ours_only <= :ours", ours=int(ours))
    counters.add_to_counter(db, "experiment", 0, "changed", 1)


def test_a_bundle_that_was_never_seen_is_given_to_nobody(untried, prepared):
    """Even if whoever hands out work were made to believe in it."""
    untried.known.refresh(untried.db)
    for mapping in (untried.known.experiments, untried.known.ours, untried.known.tried):
        bundle = experiments.find_bundle(untried.db, prepared().digest)
        mapping[1] = replace(untried.known.experiments[1], bundle=replace(bundle, digest=NEVER_SEEN))
    for host in (1, 2):
        with pytest.raises(LookupError, match="preflight"):
            hand(untried, host)
    assert task_store.list_tasks_at_host(untried.db, 1) == task_store.list_tasks_at_host(untried.db, 2) == []


def test_until_a_repair_is_tried_volunteers_get_the_bundle_that_was(untried, prepared):
    first, repaired = prepared(), prepared(top="# repaired")
    untried.say_tried(first.digest)
    untried.publish(repaired, is_tried=False)
    untried.deploy(workunits=6)
    serials = {first.digest: 1, repaired.digest: 2}

    def bundles() -> list[str]:
        """What hosts 2 and 1 are given next, each order wholly of one bundle."""
        handed = [hand(untried, host).granted[0] for host in (2, 1)]
        for given in handed:
            ticket = read_ticket(given.order.ticket, trust=untried.keys.trust, now=untried.now)
            stored = task_store.find_task(untried.db, given.task).bundle_digest
            assert given.bundle == given.order.bundle == ticket.bundle == stored
            assert ticket.serial == serials[given.bundle]
            assert given.seal == experiments.find_bundle(untried.db, given.bundle).seal
        return [given.bundle for given in handed]

    assert bundles() == [first.digest, repaired.digest]
    untried.say_tried(repaired.digest, **FAILED)
    assert bundles() == [first.digest, repaired.digest]
    untried.say_tried(repaired.digest)
    assert bundles() == [repaired.digest] * 2


def test_what_was_lost_is_sent_again_only_where_its_bundle_was_tried(untried, prepared):
    untried.say_tried(prepared().digest)
    untried.later(minutes=1)
    assert hand(untried, 1).granted
    (given,) = hand(untried, 2).granted
    assert untried.broken() == {}
    problems = [f"task {task} is out, and its bundle has not passed what its host demands" for task in (1, 2)]
    forget(untried.db, ours=False)
    assert untried.broken() == {"I14": problems[1:]}
    forget(untried.db)
    assert untried.broken() == {"I14": problems}
    assert hand(untried, 2, holding=()).lost == ()
    untried.say_tried(prepared().digest)
    assert [task.order for task in hand(untried, 2, holding=()).lost] == [given.order]


NOBODY = "tiny_sum passed not even the gates of the laboratory's own computers, before which it goes to nobody"


def test_our_own_host_gets_nothing_without_a_row_and_is_told_why(untried, prepared):
    forget(untried.db)
    for host in (1, 2):
        handed = hand(untried, host)
        assert (handed.granted, handed.reason) == ((), NOBODY)
        assert hosts.find_host(untried.db, host).why_no_work == NOBODY
    assert untried.ask(1) == ()
    untried.publish(prepared(), is_tried=False)  # the same file again, which is looked at now
    (given,) = hand(untried, 1).granted
    assert given.bundle == prepared().digest
    forget(untried.db)
    assert hand(untried, 1, holding=()).lost == ()
    own_host_gates.record_own_host_gates(untried.db, given.bundle, (), untried.now)
    assert [task.order for task in hand(untried, 1, holding=()).lost] == [given.order]


def test_our_own_hosts_keep_the_bundle_before_one_that_reads_as_no_experiment(untried, prepared):
    first, repaired = prepared(), prepared(top="# repaired")
    unread = (Refusal(gate="G0", line=3, sentence="The file must say so."),)
    untried.publish(replace(repaired, refusals=unread), is_tried=False)
    assert [task.bundle for task in hand(untried, 1).granted] == [first.digest]
    own_host_gates.record_own_host_gates(untried.db, repaired.digest, (), untried.now)
    assert [task.bundle for task in hand(untried, 1).granted] == [repaired.digest]


@pytest.mark.parametrize("host", [1, 2])
def test_a_bundle_whose_seal_has_run_out_waits_until_it_is_sealed_again(small_lab, prepared, host):
    good_for = timedelta(days=30)
    small_lab.publish(prepared(), good_for)
    small_lab.deploy(workunits=4)
    assert (small_lab.host(), small_lab.host(volunteer="Ann")) == (1, 2)
    small_lab.later(days=30, microseconds=-1)
    assert len(hand(small_lab, host).granted) == 1
    small_lab.later(microseconds=1)
    handed = hand(small_lab, host)
    assert handed.granted == ()
    assert "seal" in handed.reason
    assert hosts.find_host(small_lab.db, host).why_no_work == handed.reason
    assert small_lab.publish(prepared(), good_for).change == "renewed"
    assert [task.bundle for task in hand(small_lab, host).granted] == [prepared().digest]


CELL_SECONDS = 2.0  # of a replicate of the tiny experiment: two configs of a second each


@pytest.fixture
def cut(small_lab, prepared):
    """A laboratory for volunteers, whose blocks are of 32, so that a fair share is 8; host 1 is its own."""
    small_lab.publish(prepared(), has_address=True)
    assert small_lab.host() == 1
    return small_lab


def meet(lab, name: str, volunteer: str = "Bob", *, cores: int = 4, speed: float | None = None) -> int:
    made = lab.host(name, cores=cores, memory_mb=64_000, volunteer=volunteer)
    if speed is not None:
        hosts.set_standing(lab.db, made, hosts.find_host(lab.db, made).standing, speed=speed)
    return made


def numbers(lab, given) -> tuple[int, ...]:
    return read_ticket(given.order.ticket, trust=lab.keys.trust, now=lab.now).replicates


def sizes(lab, handed) -> list[int]:
    return [len(numbers(lab, task)) for task in handed.granted]


def close(lab, *wanted: int) -> None:
    with lab.db.transaction():
        workunits.request_aborts(lab.db, wanted, "closed before")
        transit_many(lab.db, wanted, lab.now)


def unsent(lab) -> list[int]:
    return [
        len(workunits.find_workunit(lab.db, task.workunit_id).replicates)
        for task in stored_work.tasks(lab.db, state="unsent")
    ]


def test_a_first_task_takes_ten_seconds_and_the_next_a_share_by_speed_and_cores(cut):
    cut.deploy(replicates_each=24)
    bob = meet(cut, "bob", speed=1.0)
    (first,) = hand(cut, bob).granted
    assert (first.declared_seconds, numbers(cut, first)) == (10.0, tuple(range(5)))
    (second,) = hand(cut, bob).granted
    assert numbers(cut, second) == tuple(range(5, 13))
    (third,) = hand(cut, bob).granted
    assert numbers(cut, third) == tuple(range(13, 24))  # three more than a quarter of a block: it is left whole
    assert hand(cut, bob).granted == ()
    assert cut.broken() == {}
    cut.deploy(replicates_each=64)
    fast, slow, unmeasured = meet(cut, "fast", speed=1.4), meet(cut, "slow", speed=0.4), meet(cut, "unmeasured")
    cut.db.execute("UPDATE host SET flops = :flops WHERE id = :id", flops=1.2 * REFERENCE_FLOPS, id=unmeasured)
    handed = [sizes(cut, hand(cut, host)) for host in (fast, slow, unmeasured)]
    assert handed == [[7], [2], [6]]  # 14 and 4 reference seconds, and as fast as its client says
    large = meet(cut, "large", cores=100, speed=0.2)
    assert [sizes(cut, hand(cut, large)) for _ in range(2)] == [[1], [limits.MANY_CORES_SECONDS * 0.2 / CELL_SECONDS]]
    assert cut.broken() == {}


def test_our_own_cores_get_tasks_of_seconds_and_a_lost_replicate_breaks_a_promise(cut):
    cut.deploy(workunits=2, replicates_each=40)
    assert workunits.count_waiting_replicates(cut.db) == {(1, 1): 80}
    assert [sizes(cut, hand(cut, 1)) for _ in range(3)] == [[4]] * 3
    assert (sorted(unsent(cut)), workunits.count_waiting_replicates(cut.db)) == ([28, 40], {(1, 1): 68})
    assert [row["workunits"] for row in session_counts.list_new_orders(cut.db, 0)] == [2], "a session tells of no parts"
    assert cut.broken() == {}
    for change, problem in (
        ("replicates = '[0, 1, 2]'", "replicate 3 was issued, and no workunit orders it"),
        ("replicates = '[0, 1, 2, 3, 4]'", "replicate 4 is in two parts of workunit 1"),
        ("replicates = '[0, 1, 2, 3]', configs = '[1]'", "workunit 3 is a part of 1 and orders other cells"),
    ):
        cut.db.execute(f"UPDATE workunit SET {change} WHERE id = 3")  # noqa: S608  our own words
        assert problem in cut.broken()["I6"]


def test_what_is_left_keeps_its_number_and_a_part_that_fails_is_sent_again_as_it_was(cut):
    first, second = cut.deploy(workunits=2, replicates_each=12)
    part, left = hand(cut, 1, tasks=2).granted
    assert part.workunit not in {first, second}
    made = workunits.find_workunit(cut.db, part.workunit)
    assert (made.split_from, made.replicates) == (first, tuple(range(4)))
    assert made.created_at == workunits.find_workunit(cut.db, first).created_at
    assert (left.workunit, numbers(cut, left)) == (first, tuple(range(4, 12)))
    assert workunits.list_workunit_parts(cut.db, first) == [part.workunit]
    assert cut.report(part.order, None, exit_status=Exit.CELL_FAILED).state is TaskState.FAILED
    bob = meet(cut, "bob", speed=0.1)  # who would have had one replicate of a fresh one
    again = {task.workunit: numbers(cut, task) for task in hand(cut, bob, tasks=64).granted}
    assert again[part.workunit] == numbers(cut, part)
    assert cut.broken() == {}


def test_each_part_of_what_is_wanted_in_copies_goes_to_as_many_volunteers(cut):
    """The first host's speed decides how large the copies are: they are made when it takes the first."""
    (whole,) = cut.deploy(replicates_each=12, copies=2)
    bob, eve, ben = meet(cut, "bob", speed=1.0), meet(cut, "eve", "Eve", speed=0.1), meet(cut, "ben", speed=1.0)
    (part,) = hand(cut, bob).granted
    assert part.workunit != whole
    assert len(numbers(cut, part)) < 12
    assert {other.workunit for other in hand(cut, ben, tasks=1).granted}.isdisjoint({part.workunit})
    theirs = {other.workunit: numbers(cut, other) for other in hand(cut, eve, tasks=9).granted}
    assert theirs[part.workunit] == numbers(cut, part)
    assert {tuple(task.ordinal for task in task_store.list_workunit_tasks(cut.db, other)) for other in theirs} <= {
        (0,),
        (0, 1),
    }
    assert cut.broken() == {}


def test_parts_hide_no_older_workunit_and_are_withdrawn_with_theirs(cut):
    cut.deploy(replicates_each=30)
    bob = meet(cut, "bob", speed=1.0)
    cut.deploy(workunits=50)
    (part,) = hand(cut, bob).granted  # numbers 0 to 4, in the newest workunit
    assert set(blocks.list_ordered_replicates(cut.db, 1, 5)) == set(range(5, 80))
    retire_version(cut.db, 1, "retired", cut.now)
    states = [workunits.find_workunit(cut.db, number).state for number in (1, part.workunit)]
    assert states == [WorkunitState.CANCELLED] * 2
    assert cut.broken() == {}


@pytest.mark.parametrize("is_whole_closed", [False, True])
def test_a_workunit_is_cancelled_with_its_parts_and_theirs(cut, is_whole_closed):
    whole, other = cut.deploy(workunits=2, replicates_each=12)
    part, closed = split(cut, whole, 4, 2)
    (of_part,), (of_closed,) = split(cut, part, 1), split(cut, closed, 1)
    close(cut, *[closed, whole][: 1 + is_whole_closed])
    command = CancelWorkunits(workunits=[whole, part])
    assert command.request(cut.db).aborts == 4
    answer = command.apply(cut.db, None, None, cut.now)
    open_before = [part, of_part, of_closed] if is_whole_closed else [whole, part, of_part, of_closed]
    assert answer == {"cancelled": open_before, "closed_before": [whole] if is_whole_closed else []}
    states = {workunit.id: workunit.state for workunit in stored_work.workunits(cut.db)}
    assert {number for number, state in states.items() if state is WorkunitState.OPEN} == {other}
    assert CancelWorkunits(workunits=[whole]).request(cut.db).aborts == 1
    assert cut.broken() == {}


@pytest.mark.parametrize("again", [True, False])
def test_an_aborted_task_gives_up_the_parts_of_its_workunit_unless_again(cut, again):
    (whole,) = cut.deploy(replicates_each=12)
    (part,) = split(cut, whole, 4)
    (of_part,) = split(cut, part, 1)
    bob = meet(cut, "bob", speed=9.0)
    (task,) = (task.task for task in hand(cut, bob, tasks=9).granted if task.workunit == whole)
    command = AbortTask(task=task, again=again)
    parts = [] if again else [part, of_part]
    assert command.request(cut.db).aborts == 1 + len(parts)
    answer = command.apply(cut.db, None, None, cut.now)
    assert (answer["again"], answer["parts"]) == (again, parts)
    assert {workunit.state for workunit in stored_work.workunits(cut.db)} == {"open" if again else "cancelled"}
    assert cut.broken() == {}


@pytest.mark.parametrize("is_part_first", [True, False])
def test_what_a_restored_laboratory_forgot_comes_back_with_its_replicates(cut, secrets, is_part_first):
    cut.deploy(replicates_each=12)
    restored, *both = _forget_what_was_cut(cut, secrets)
    for client, task in both if is_part_first else both[::-1]:
        assert restored.call(client, restored.upload(task)).credit > 0
        assert restored.broken() == {}
    cells = restored.do(lambda db: db.select("SELECT count(*) AS n FROM result GROUP BY replicate, config"))
    twice = restored.do(lambda db: db.row("SELECT count(*) AS n FROM duplicate"))
    assert ([row["n"] for row in cells], twice["n"] if is_part_first else 0) == ([1] * 24, 0)
    assert restored.do(lambda db: stored_work.tasks(db, state="unsent")) == [] or not is_part_first
    restored.close()


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given_any(st.data())
def test_whoever_asks_in_whatever_order_every_replicate_is_computed_once(new_lab, prepared, tmp_path_factory, data):
    cut = new_lab(tmp_path_factory.mktemp("cut") / "lab")
    cut.publish(prepared(), has_address=True)
    cut.host()
    speeds = data.draw(st.lists(st.sampled_from([0.05, 0.5, 1.0, 7.0]), min_size=1, max_size=4))
    hosts = [1, *(meet(cut, f"host {number}", f"V{number}", speed=speed) for number, speed in enumerate(speeds))]
    groups = data.draw(st.lists(st.integers(1, 64), min_size=1, max_size=4))
    for number in groups:
        cut.deploy(replicates_each=number)
    chance, out = random.Random(data.draw(st.integers(0, 2**16))), []
    for _ in range(2_000):
        if not unsent(cut) and not out:
            break
        out += hand(cut, chance.choice(hosts), tasks=chance.randint(1, 6)).granted
        if out and chance.random() < 0.7:
            done = out.pop(chance.randrange(len(out)))
            order = workunits.find_workunit(cut.db, done.workunit)
            is_first = order.checks_task_id is None and not task_store.find_task(cut.db, done.task).ordinal
            if chance.random() < 0.1 and is_first:  # else nobody might be left who may have it
                cut.report(done.order, None, exit_status=Exit.ABORTED_BY_USER)
            else:
                cut.report(done.order, cut.output(done.order))
                cut.validate()
        assert cut.broken() == {}
    assert (unsent(cut), out) == ([], [])
    rows = cut.db.select("SELECT replicate, config FROM result ORDER BY replicate, config")
    wanted = [(number, config) for number in range(sum(groups)) for config in (0, 1)]
    assert [(row["replicate"], row["config"]) for row in rows] == wanted
    cut.db.close()


def _forget_what_was_cut(lab, secrets):
    """A laboratory of before it gave Ann's computer a part and Bob's the rest, which both come back with theirs."""
    before = Exchange(lab, secrets)
    ann, bob = (Client(before.join(name).key, cpid=str(each) * 32) for each, name in enumerate(("Ann", "Bob"), 1))
    for client in (ann, bob):
        before.call(client)
    before.close()
    backup = lab.folder.database.read_bytes()
    lost = Exchange(lab, secrets)
    (part,) = lost.call(ann, ask=1.0).tasks.values()
    lost.do(lambda db: db.execute("UPDATE host SET quota_day = 1"))  # so that Bob's is not its first
    (left,) = lost.call(bob, ask=1.0).tasks.values()
    lost.close()
    assert sorted((*numbers(lab, part), *numbers(lab, left))) == list(range(12))
    lab.folder.database.write_bytes(backup)
    return Exchange(lab, secrets), (ann, part), (bob, left)
