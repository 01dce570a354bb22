"""A host that should have a smaller task than waits is given a part: no replicate is lost, none ordered twice."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scheduler_calls import Client, Exchange

from axiom.decisions.planning.task_size import MANY_SECONDS
from axiom.domain.work import Exit, TaskState, WorkunitState
from axiom.lab.experiments.withdraw import withdraw
from axiom.server.dispatch.dispatch import hand_out
from axiom.server.dispatch.types import WorkRequest
from axiom.server.scheduler.reply import REFERENCE_FLOPS
from axiom.signed.tickets import read_ticket
from axiom.store.evidence import blocks
from axiom.store.hosts import hosts as host_store
from axiom.store.sessions import session_counts
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks import workunits

CELL_SECONDS = 2.0  # of a replicate of the tiny experiment: two configs of a second each


@pytest.fixture
def lab(small_lab, prepared):
    """A laboratory for volunteers, whose blocks are of 32, so that a fair share is 8; host 1 is its own."""
    small_lab.publish(prepared(), has_address=True)
    assert small_lab.host() == 1
    return small_lab


def meet(lab, name: str, volunteer: str = "Bob", *, cores: int = 4, speed: float | None = None) -> int:
    made = lab.host(name, cores=cores, memory_mb=64_000, volunteer=volunteer)
    if speed is not None:
        with lab.db.transaction():
            host_store.set_standing(lab.db, made, host_store.host(lab.db, made).standing, speed=speed)
    return made


def hand(lab, host: int, *, seconds: float = 0.0, tasks: int = 1, holding=None):
    kept = frozenset(task.id for task in workunits.held(lab.db, host)) if holding is None else frozenset(holding)
    asked = WorkRequest(seconds=seconds, instances=tasks, most=64, holding=kept)
    with lab.db.transaction():
        return hand_out(lab.db, lab.dispatch, lab.known, host_store.host(lab.db, host), asked, lab.now)


def numbers(lab, given) -> tuple[int, ...]:
    return read_ticket(given.order.ticket, trust=lab.keys.trust, now=lab.now).replicates


def sizes(lab, handed) -> list[int]:
    return [len(numbers(lab, task)) for task in handed.given]


def waiting(lab) -> list[int]:
    return [
        len(workunits.workunit(lab.db, task.workunit_id).replicates) for task in workunits.tasks(lab.db, state="unsent")
    ]


def test_a_hosts_first_task_takes_ten_seconds_and_the_next_its_share_of_a_block(lab):
    lab.deploy(replicates_each=24)
    bob = meet(lab, "bob", speed=1.0)
    (first,) = hand(lab, bob).given
    assert (first.declared_seconds, numbers(lab, first)) == (10.0, tuple(range(5)))
    (second,) = hand(lab, bob).given
    assert numbers(lab, second) == tuple(range(5, 13))
    (third,) = hand(lab, bob).given
    assert numbers(lab, third) == tuple(range(13, 24))  # three more than a quarter of a block: it is left whole
    assert hand(lab, bob).given == ()
    assert lab.broken() == {}


def test_the_size_follows_the_speed_and_the_cores_of_the_host(lab):
    lab.deploy(replicates_each=64)
    fast, slow, unmeasured = meet(lab, "fast", speed=1.4), meet(lab, "slow", speed=0.4), meet(lab, "unmeasured")
    lab.db.execute("UPDATE host SET flops = :flops WHERE id = :id", flops=1.2 * REFERENCE_FLOPS, id=unmeasured)
    handed = [sizes(lab, hand(lab, host)) for host in (fast, slow, unmeasured)]
    assert handed == [[7], [2], [6]]  # 14 and 4 reference seconds, and as fast as its client says
    large = meet(lab, "large", cores=100, speed=0.2)
    assert [sizes(lab, hand(lab, large)) for _ in range(2)] == [[1], [MANY_SECONDS * 0.2 / CELL_SECONDS]]
    assert lab.broken() == {}


def test_the_laboratorys_own_cores_get_tasks_of_seconds(lab):
    lab.deploy(workunits=2, replicates_each=40)
    assert task_store.waiting_replicates(lab.db) == {(1, 1): 80}
    assert [sizes(lab, hand(lab, 1)) for _ in range(3)] == [[4]] * 3
    assert sorted(waiting(lab)) == [28, 40]
    assert task_store.waiting_replicates(lab.db) == {(1, 1): 68}
    assert [row["workunits"] for row in session_counts.ordered(lab.db, 0)] == [2], "a session tells of no parts"
    assert lab.broken() == {}


def test_what_is_left_keeps_its_number_and_a_part_that_fails_is_sent_again_as_it_was(lab):
    first, second = lab.deploy(workunits=2, replicates_each=12)
    part, left = hand(lab, 1, tasks=2).given
    assert part.workunit not in {first, second}
    made = workunits.workunit(lab.db, part.workunit)
    assert (made.split_from, made.replicates) == (first, tuple(range(4)))
    assert made.created_at == workunits.workunit(lab.db, first).created_at
    assert (left.workunit, numbers(lab, left)) == (first, tuple(range(4, 12)))
    assert task_store.parts_of(lab.db, first) == [part.workunit]
    assert lab.report(part.order, None, exit_status=Exit.CELL_FAILED).state is TaskState.FAILED
    bob = meet(lab, "bob", speed=0.1)  # who would have had one replicate of a fresh one
    again = {task.workunit: numbers(lab, task) for task in hand(lab, bob, tasks=64).given}
    assert again[part.workunit] == numbers(lab, part)
    assert lab.broken() == {}


def test_each_part_of_what_is_wanted_in_copies_goes_to_as_many_volunteers(lab):
    """The first host's speed decides how large the copies are: they are made when it takes the first."""
    (whole,) = lab.deploy(replicates_each=12, copies=2)
    bob, eve, ben = meet(lab, "bob", speed=1.0), meet(lab, "eve", "Eve", speed=0.1), meet(lab, "ben", speed=1.0)
    (part,) = hand(lab, bob).given
    assert part.workunit != whole
    assert len(numbers(lab, part)) < 12
    assert {other.workunit for other in hand(lab, ben, tasks=1).given}.isdisjoint({part.workunit})
    theirs = {other.workunit: numbers(lab, other) for other in hand(lab, eve, tasks=9).given}
    assert theirs[part.workunit] == numbers(lab, part)
    assert {tuple(task.ordinal for task in workunits.tasks_of(lab.db, other)) for other in theirs} <= {(0,), (0, 1)}
    assert lab.broken() == {}


def test_parts_hide_no_older_workunit_and_are_withdrawn_with_theirs(lab):
    lab.deploy(replicates_each=30)
    bob = meet(lab, "bob", speed=1.0)
    lab.deploy(workunits=50)
    (part,) = hand(lab, bob).given  # numbers 0 to 4, in the newest workunit
    assert set(blocks.ordered(lab.db, 1, 5)) == set(range(5, 80))
    with lab.db.transaction():
        withdraw(lab.db, 1, "retired", lab.now)
    states = [workunits.workunit(lab.db, number).state for number in (1, part.workunit)]
    assert states == [WorkunitState.CANCELLED] * 2
    assert lab.broken() == {}


def test_a_lost_or_doubled_replicate_breaks_a_promise(lab):
    lab.deploy(replicates_each=40)
    (part,) = hand(lab, 1).given
    lab.db.execute("UPDATE workunit SET replicates = '[0, 1, 2]' WHERE id = :id", id=part.workunit)
    assert lab.broken()["I6"] == ["replicate 3 was issued, and no workunit orders it"]
    lab.db.execute("UPDATE workunit SET replicates = '[0, 1, 2, 3, 4]' WHERE id = :id", id=part.workunit)
    assert lab.broken()["I6"] == ["replicate 4 is in two parts of workunit 1"]
    lab.db.execute("UPDATE workunit SET replicates = '[0, 1, 2, 3]', configs = '[1]' WHERE id = :id", id=part.workunit)
    assert "workunit 2 is a part of 1 and orders other cells" in lab.broken()["I6"]


@pytest.mark.parametrize("is_part_first", [True, False])
def test_what_a_restored_laboratory_forgot_comes_back_with_its_replicates(lab, secrets, is_part_first):
    lab.deploy(replicates_each=12)
    restored, *both = _forget_what_was_cut(lab, secrets)
    for client, task in both if is_part_first else both[::-1]:
        assert restored.call(client, restored.upload(task)).credit > 0
        assert restored.broken() == {}
    cells, twice = _results(restored)
    assert (cells, twice if is_part_first else 0) == ([1] * 24, 0)
    assert restored.do(lambda db: workunits.tasks(db, state="unsent")) == [] or not is_part_first
    restored.close()


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whoever_asks_in_whatever_order_every_replicate_is_computed_once(new_lab, prepared, tmp_path_factory, data):
    lab = new_lab(tmp_path_factory.mktemp("cut") / "lab")
    lab.publish(prepared(), has_address=True)
    lab.host()
    speeds = data.draw(st.lists(st.sampled_from([0.05, 0.5, 1.0, 7.0]), min_size=1, max_size=4))
    hosts = [1, *(meet(lab, f"host {number}", f"V{number}", speed=speed) for number, speed in enumerate(speeds))]
    groups = data.draw(st.lists(st.integers(1, 64), min_size=1, max_size=4))
    for number in groups:
        lab.deploy(replicates_each=number)
    chance, out = random.Random(data.draw(st.integers(0, 2**16))), []
    for _ in range(2_000):
        if not waiting(lab) and not out:
            break
        out += hand(lab, chance.choice(hosts), tasks=chance.randint(1, 6)).given
        if out and chance.random() < 0.7:
            done = out.pop(chance.randrange(len(out)))
            if chance.random() < 0.1 and _may_be_given_up(lab, done):
                lab.report(done.order, None, exit_status=Exit.ABORTED_BY_USER)
            else:
                lab.report(done.order, lab.output(done.order))
                lab.validate()
        assert lab.broken() == {}
    assert (waiting(lab), out) == ([], [])
    rows = lab.db.select("SELECT replicate, config FROM result ORDER BY replicate, config")
    wanted = [(number, config) for number in range(sum(groups)) for config in (0, 1)]
    assert [(row["replicate"], row["config"]) for row in rows] == wanted
    lab.db.close()


def _may_be_given_up(lab, given) -> bool:
    """Is somebody left who may have it then?"""
    is_check = workunits.workunit(lab.db, given.workunit).checks_task_id is not None
    return not is_check and not workunits.task(lab.db, given.task).ordinal


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


def _results(exchange) -> tuple[list[int], int]:
    """How often each cell has a result, and how many were computed twice."""
    cells = exchange.do(lambda db: db.select("SELECT count(*) AS n FROM result GROUP BY replicate, config"))
    twice = exchange.do(lambda db: db.one("SELECT count(*) AS n FROM duplicate"))
    return [row["n"] for row in cells], twice["n"]
