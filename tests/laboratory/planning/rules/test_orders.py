"""A core to which nothing can be given is told which versions it waits for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from plan_candidates import candidate

from axiom.domain.estimands import Direction
from axiom.domain.fleet import Gpu
from axiom.domain.planning import Placement, PlanWishes, Purpose, Supply
from axiom.domain.registrations import Rule, StoppingRule
from axiom.domain.releases import Stage
from axiom.domain.work import WorkunitState
from axiom.errors import UnknownName, WrongUse
from axiom.laboratory.planning.rules.candidates import FIRST_IS_OUT, FirstReplicates, begin_one_design, first_replicates
from axiom.laboratory.planning.rules.fleet_classes import list_fleet_classes, share_busy_cores
from axiom.laboratory.planning.rules.operator_shares import parse_wishes, read_mix, read_priority
from axiom.laboratory.planning.rules.stopping import Aim, why_stopped
from axiom.laboratory.planning.rules.why_cores_wait import why_cores_wait
from axiom.rules.planning.cell_limits import allowed_seconds, most_seconds
from axiom_weigh.values import Grade, Verdict


def test_versions_that_are_let_out_are_waited_for_by_stage():
    asked = [
        candidate(1, stage=Stage.PILOT, pilot_missing=3),
        candidate(2, stage=Stage.PILOT, in_progress=3),
        candidate(2, stage=Stage.PILOT, in_progress=3, registration_id=9),  # the same version
        candidate(3, stage=Stage.WIDER, unsent=20),
    ]
    pilots, wider = why_cores_wait(asked).split("; ")
    assert pilots.startswith("2 versions in the pilot")
    assert wider.startswith("1 version in the wider pilot")
    assert "what is out of 2 versions" in why_cores_wait(
        [candidate(1, in_progress=2), candidate(2, fault=FIRST_IS_OUT)]
    )
    at_an_end = [candidate(1), candidate(2, stage=Stage.PAUSED), candidate(4, stage=Stage.WIDER)]
    assert (
        why_cores_wait([*at_an_end, candidate(3, stage=Stage.PILOT, pilot_missing=3, fault="its preflight failed")])
        == ""
    )


def test_cells_cost_at_most_what_stops_them_or_what_was_seen():
    assert most_seconds([0.001] * 1_000, 1.0) == 60_000.0  # to declare next to nothing makes nothing cheaper
    assert most_seconds([100.0, 0.001], 10.0) == 1_060.0  # hosts were seen to take more
    assert most_seconds([1.0, 40.0]) == 260.0
    assert [allowed_seconds(seconds, is_on_gpu=True) for seconds in (1.0, 40.0)] == [600.0, 2_000.0]


BUNDLED = datetime(2026, 3, 2, tzinfo=UTC)
LATER, BEFORE = BUNDLED + timedelta(hours=1), BUNDLED - timedelta(hours=1)
UNTRIED, FREE, OUT = FirstReplicates(is_untried=True), FirstReplicates(), FirstReplicates(fault=FIRST_IS_OUT)
FAILED = FirstReplicates(fault="it failed")


def test_new_designs_of_a_version_are_begun_one_after_the_other():
    ends = {WorkunitState.OPEN: OUT, WorkunitState.DONE: FREE, WorkunitState.CANCELLED: UNTRIED}
    assert {state: first_replicates([(state, LATER)], BUNDLED) for state in ends} == ends
    assert first_replicates([], BUNDLED) == UNTRIED
    assert first_replicates([(WorkunitState.FAILED, LATER)], BUNDLED).fault
    assert first_replicates([(WorkunitState.FAILED, BEFORE)], BUNDLED) == UNTRIED  # the code was mended since
    first, second = begin_one_design([UNTRIED, UNTRIED])
    assert first == UNTRIED
    assert not second.is_untried
    assert second.fault
    assert not begin_one_design([UNTRIED, OUT])[0].is_untried
    assert begin_one_design([FREE, UNTRIED]) == [FREE, UNTRIED]
    held_up = FirstReplicates(fault="of another design: it failed")
    assert begin_one_design([FREE, FAILED, UNTRIED]) == [FREE, FAILED, held_up]


WIDE = Aim(verdict=Verdict.POSITIVE, grade=Grade.STRONG, estimate=1.0, low=0.2, high=1.8, smallest=0.1, seeds=40)
NARROW = replace(WIDE, low=0.9, high=1.1)
OPEN = replace(WIDE, verdict=Verdict.UNDECIDED, grade=Grade.AWAITING, low=-1.0)


@pytest.mark.parametrize(
    ("rule", "aims", "has_ended"),
    [
        (Rule.SETTLED, (NARROW,), True),
        (Rule.SETTLED, (replace(NARROW, seeds=31),), False),
        (Rule.SETTLED, (OPEN,), False),
        (Rule.UNTIL_GRADE, (replace(WIDE, grade=Grade.DEFINITIVE),), True),
        (Rule.UNTIL_GRADE, (replace(WIDE, grade=Grade.DEFINITIVE), WIDE), False),
        (Rule.UNTIL_GRADE, (replace(WIDE, expects=Direction.LESS),), True),  # an effect against the claim
        (Rule.UNTIL_GRADE, (replace(WIDE, verdict=Verdict.ABSENT),), True),
        (Rule.UNTIL_GRADE, (replace(WIDE, verdict=Verdict.ABSENT, grade=Grade.MODERATE),), False),
        (Rule.FIXED, (NARROW, replace(WIDE, grade=Grade.DEFINITIVE)), False),
    ],
)
def test_what_its_findings_say_ends_it(rule, aims, has_ended):
    assert bool(why_stopped(StoppingRule(rule=rule, replicates=256), aims, replicates=40, block=8)) is has_ended


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_a_number_of_replicates_and_ends_with_a_whole_block(rule):
    for replicates, has_ended in ((15, False), (16, True), (17, False), (24, True)):
        assert (
            bool(why_stopped(StoppingRule(rule=rule, replicates=16), (OPEN,), replicates=replicates, block=8))
            is has_ended
        )
    assert "48 replicates" in StoppingRule(rule=rule, replicates=48).sentence


KNOWN = ("grokking_dynamics", "double_descent")


def test_shares_and_orders_are_read_by_purpose_or_experiment():
    shares = read_mix(" new = 50 % ; double_descent=12.5,fill=20", KNOWN)
    assert shares == (("new", 50.0), ("double_descent", 12.5), ("fill", 20.0))
    assert read_priority("pilots,new,grokking_dynamics,fill", KNOWN) == ("pilots", "new", "grokking_dynamics", "fill")
    # where no experiment is known any word may be one
    assert parse_wishes("anything=10", "anything", ()) == PlanWishes(mix=(("anything", 10.0),), priority=("anything",))


@pytest.mark.parametrize(
    ("mix", "priority", "fact"),
    [
        ("new=60,fill=50", "", "60 + 50"),
        ("new", "", "'new' has no number"),
        ("new=much", "", "'new=much'"),
        ("new=nan", "", "'new=nan'"),
        ("new=1,new=2", "", "new twice"),
        ("", "new,fill,new", "new twice"),
        ("", "new>fill, fill>new", "fill twice"),
    ],
)
def test_what_cannot_be_is_refused_by_name(mix, priority, fact):
    with pytest.raises(WrongUse, match=fact.replace("+", r"\+")):
        parse_wishes(mix, priority, KNOWN)


@pytest.mark.parametrize(("mix", "priority"), [("nwe=50", ""), ("", "nwe,fill"), ("", "nwe > fill"), ("=50", "")])
def test_a_word_that_nothing_has_is_refused_with_the_nearest(mix, priority):
    with pytest.raises(UnknownName, match="new"):
        parse_wishes(mix, priority, KNOWN)


def test_an_order_of_all_purposes_is_kept_as_a_list_and_as_a_chain():
    order = tuple(purpose.value for purpose in Purpose)
    assert read_priority(",".join(order), KNOWN) == order == read_priority(" > ".join(order), KNOWN)


def host(number, cores=8, **besides):
    named = {"host_id": number, "name": f"h{number}", "volunteer": "v", "memory_mb": 1_000, "cores": cores}
    return Supply(**(named | besides))


def placed(number, tasks, *, idle=0, gpu_tasks=0, reason=""):
    facts = {"name": f"h{number}", "cores": 8, "memory_mb": 0, "idle_cores": idle, "tasks": tuple(tasks.items())}
    return Placement(host_id=number, gpu_tasks=gpu_tasks, reason=reason, **facts)


def test_equal_hosts_stand_together_the_largest_first_and_are_added_up():
    gpu = (Gpu(kind="NVIDIA", count=2, memory_mb=0),)
    found = list_fleet_classes([host(1, 2), host(2), host(3, gpus=gpu), host(4, memory_mb=500)], [], {})
    assert [(one.cores, one.gpus, one.hosts, one.memory_mb) for one in found] == [
        (8, 2, 1, 1_000),
        (8, 0, 2, 500),
        (2, 0, 1, 1_000),
    ]
    hosts = [host(1), host(2), host(3), host(4, obstacle="it is asleep")]
    placements = [placed(1, {"a": 5, "b": 3}, gpu_tasks=1), placed(2, {"b": 4}, idle=4, reason="no memory")]
    (one,) = list_fleet_classes(hosts, [*placements, placed(3, {}, idle=8, reason="no memory")], {})
    assert one.planned == (("b", 7), ("a", 5))
    assert (one.gpu_tasks, one.idle_cores) == (1, 20)
    assert one.reasons == (("no memory", 2), ("it is asleep", 1))


def test_cores_are_counted_and_not_the_tasks_that_wait_beside_them():
    assert share_busy_cores({"a": 1, "b": 1, "c": 1}, 2) == {"a": 1, "b": 1}
    assert [share_busy_cores({"a": 100, "b": 1}, cores) for cores in (4, 0)] == [{"a": 4}, {}]
