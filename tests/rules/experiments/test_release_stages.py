"""How far a version is let out: three tasks, one fiftieth of the cores, all; and what each host may have."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.releases import Endings, Fleet, SentTasks, Stage
from axiom.domain.work import TaskState
from axiom.limits import experiments as experiment_limits
from axiom.rules.experiments.counted_endings import sum_release_tasks
from axiom.rules.experiments.release_stages import ReleaseRecord, compute_rollout_quota, decide_rollout

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
LINUX, WINDOWS = "linux-x86_64-avx2", "windows-x86_64-avx2"
ALONE = Fleet(hosts=1, is_alone=True)
FLEET = Fleet(volunteers=20, hosts=83, cores=4_000)
LOST = {(7, LINUX): 9}


def facts(well: int = 0, badly: int = 0, *, theirs: bool = True, **more) -> ReleaseRecord:
    """Valid tasks each of another volunteer, and failed ones likewise."""
    came = {(n, LINUX): Endings(well=1, is_proven=True, platform=LINUX) for n in range(10, 10 + well)}
    came |= {(n, LINUX): Endings(badly=1, raised=1, is_proven=True, platform=LINUX) for n in range(500, 500 + badly)}
    count = {"theirs_well": well, "theirs_badly": badly} if theirs else {}
    return ReleaseRecord(by_source=came, **count | more)


@pytest.mark.parametrize(
    ("found", "fleet", "stage", "fact"),
    [
        (facts(2, out=1), FLEET, Stage.PILOT, "2 of 3 valid tasks, and 1 is"),
        (facts(2, 1), FLEET, Stage.PILOT, "2 of 3 valid tasks"),  # one failure says little
        (facts(3), FLEET, Stage.WIDER, "3 of the 20"),
        (facts(3, theirs=False), ALONE, Stage.WIDER, "3 of its tasks"),
        (facts(900, theirs=False), FLEET, Stage.WIDER, "0 of the 20"),  # our own say nothing of theirs
        (facts(20, 2), FLEET, Stage.OPEN, "of 22 tasks of volunteers 2 failed"),
        (facts(27, 3), FLEET, Stage.OPEN, "of 30 tasks of volunteers 3 failed"),
        (facts(26, 3), FLEET, Stage.WIDER, "26 of the 27"),
        (facts(0, 2), FLEET, Stage.PAUSED, "2 of 2 tasks failed at 2 volunteers"),
        (facts(lost=LOST), ALONE, Stage.PAUSED, "first 9 tasks"),
        (facts(1, lost=LOST), ALONE, Stage.PILOT, "1 of 3"),
        (facts(lost=LOST), FLEET, Stage.PILOT, "no more to 1 volunteer"),
        (facts(lost=LOST | {(8, LINUX): 1}), FLEET, Stage.PAUSED, "first 10 tasks"),
    ],
)
def test_the_stage_follows_from_what_came_back(found, fleet, stage, fact):
    let = decide_rollout(found, fleet)
    assert let.stage is stage
    assert fact in let.reason


def test_what_was_reached_is_lost_by_a_halt_and_held_back_on_one_platform_alone():
    assert decide_rollout(facts(), FLEET, Stage.WIDER).stage is Stage.WIDER
    assert decide_rollout(facts(0, 2), FLEET, Stage.WIDER).stage is Stage.PAUSED
    assert [stage for stage in Stage if stage.takes_blocks] == [Stage.WIDER, Stage.OPEN]
    fine = {(n, LINUX): Endings(well=1, is_proven=True, platform=LINUX) for n in range(5)}
    bad = {(n, WINDOWS): Endings(badly=1, raised=1, is_proven=True, platform=WINDOWS) for n in (20, 21, 22)}
    let = decide_rollout(ReleaseRecord(by_source=fine | bad, theirs_well=5, theirs_badly=3), FLEET)
    assert let.stage is Stage.WIDER
    assert list(let.held_back) == [WINDOWS]
    everywhere = bad | {(30, LINUX): Endings(badly=1, raised=1, is_proven=True, platform=LINUX)}
    assert decide_rollout(ReleaseRecord(by_source=everywhere), FLEET).stage is Stage.PAUSED


def left(record: ReleaseRecord, fleet: Fleet = FLEET, volunteer: int = 7, **asking) -> int | None:
    asking = {"place": (volunteer, LINUX), "is_ours": False, "now": NOW} | asking
    return compute_rollout_quota(record, fleet, decide_rollout(record, fleet), **asking).most


@pytest.mark.parametrize(
    ("found", "is_ours", "most"),
    [
        (facts(), True, 3),
        (facts(), False, 1),  # each at another volunteer
        (facts(out=3), False, 0),
        (facts(3, theirs=False), True, None),  # our own need no more than that
        (facts(3, theirs=False), False, 1),
        (facts(3, theirs=False, theirs_out=3), False, 0),
        (facts(4, theirs_out=75), False, 1),
        (facts(4, theirs_out=76), False, 0),
        (facts(0, 2), True, 0),
    ],
)
def test_how_many_a_host_may_have(found, is_ours, most):
    assert left(found, is_ours=is_ours) == most


def test_a_volunteer_gets_another_task_of_a_pilot_only_when_nobody_else_came():
    had = facts(1, by_volunteer={7: 1}, latest=NOW)
    assert [left(had), left(had, volunteer=8), left(had, now=NOW + timedelta(minutes=11))] == [0, 1, 2]
    assert left(had, fleet=replace(FLEET, volunteers=1)) == 2


def test_a_wider_pilot_grows_with_the_fleet_and_with_what_failed():
    sizes = [left(facts(4), fleet=replace(FLEET, volunteers=1, cores=cores)) for cores in (0, 500, 2_330, 240_000)]
    assert sizes == [20 - 4, 20 - 4, 47 - 4, 100 - 4]
    assert left(facts(12, 3), fleet=replace(FLEET, volunteers=1, cores=0)) == 27 - 12


def sent(state: TaskState, amount: int = 1, *, host: int = 5, is_ours=False, cause="", silent=0, **more):
    facts = {"platform": LINUX, "is_proven": False, "latest": NOW, "is_ours": is_ours, "volunteer": host} | more
    return SentTasks(host=host, state=state, cause=cause, amount=amount, silent=silent, **facts)


def test_facts_are_added_up_from_what_was_sent():
    rows = [
        sent(TaskState.VALID, 2),
        sent(TaskState.SENT, 3, silent=1),
        sent(TaskState.FAILED, cause="cell-failed"),
        sent(TaskState.FAILED, cause="no-room"),  # the host's own trouble
        sent(TaskState.EXPIRED),
        sent(TaskState.FAILED, cause="bad-bundle"),  # a host that has seen a newer one begins no task of it
        sent(TaskState.ABORTED, cause="aborted-by-laboratory"),
        sent(TaskState.FAILED, host=6, volunteer=5, cause="cell-failed"),
        sent(TaskState.VALID, host=9, is_ours=True),
        sent(TaskState.RETURNED, host=9, is_ours=True),
    ]
    found, alone = sum_release_tasks(rows, counts_hosts=False), sum_release_tasks(rows, counts_hosts=True)
    of_host = Endings(well=2, badly=1, raised=1, is_proven=True, platform=LINUX)
    assert (alone.by_source[5, LINUX], len(alone.by_source)) == (of_host, 3)
    assert found.by_source == {(5, LINUX): replace(of_host, badly=2, raised=2), (9, LINUX): alone.by_source[9, LINUX]}
    assert (found.out, found.theirs_out, found.theirs_well, found.theirs_badly) == (3, 2, 2, 2)
    assert (found.by_volunteer, found.lost) == ({5: 11, 9: 2}, {(5, LINUX): 3})


EVENTS = st.lists(st.tuples(st.integers(0, 11), st.sampled_from(["ask", "well", "badly", "silent"])), max_size=120)


@settings(max_examples=40)
@given(events=EVENTS, cores=st.integers(1, 2_000))
def test_in_whatever_order_hosts_ask_and_report_no_more_is_out_than_the_stage_allows(events, cores):
    fleet = Fleet(volunteers=12, hosts=12, cores=cores)
    out, well, badly, now = {}, {}, {}, NOW
    for host, what in events:
        now += timedelta(minutes=1)
        if what == "silent":
            now += experiment_limits.RELEASE_TASK_OUT_FOR
        elif what == "ask":
            rows = [*_rows(out, TaskState.SENT, now), *_rows(well, TaskState.VALID, now)]
            rows += _rows(badly, TaskState.FAILED, now)
            found = sum_release_tasks(rows, counts_hosts=False)
            let = decide_rollout(found, fleet)
            most = compute_rollout_quota(found, fleet, let, place=(host, LINUX), is_ours=False, now=now).most
            given = 40 if most is None else min(40, most)
            out.setdefault(host, []).extend([now] * given)
            waited_for = sum(
                now - each <= experiment_limits.RELEASE_TASK_OUT_FOR for times in out.values() for each in times
            )
            limits = {Stage.PAUSED: 0, Stage.PILOT: 3, Stage.WIDER: max(20, cores // 50 + 1, 9 * sum(badly.values()))}
            if given and let.stage in limits:
                assert waited_for <= limits[let.stage]
        elif out.get(host):
            out[host].pop()
            ended = well if what == "well" else badly
            ended[host] = ended.get(host, 0) + 1


def _rows(held, state: TaskState, now: datetime):
    for host, had in held.items():
        times = had if isinstance(had, list) else [now] * had
        if times:
            silent = (
                sum(now - each > experiment_limits.RELEASE_TASK_OUT_FOR for each in times)
                if state is TaskState.SENT
                else 0
            )
            yield sent(state, len(times), host=host, silent=silent, cause="cell-failed" * (state is TaskState.FAILED))
