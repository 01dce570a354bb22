"""Whose turn it is: an operator's order and shares, worth, the floor, what only one host can take."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_candidates import DECIDED, ENDED, NEW, OPEN, candidate, host, new, planned

from axiom.domain.fleet import Gpu
from axiom.domain.planning import Need, PlanWishes, Purpose
from axiom.domain.registrations import Rule, StoppingRule
from axiom.domain.releases import Stage
from axiom.laboratory.planning.rules.filled_hosts import fill_hosts
from axiom.laboratory.planning.rules.next_block import BlockOffer, choose_first_block, has_no_block
from axiom.laboratory.planning.rules.plan import plan_orders
from axiom.laboratory.planning.rules.preview import compose_preview
from axiom.laboratory.planning.rules.value_of_information import compute_worths
from axiom.laboratory.planning.rules.waiting_work import list_waiting_work


def shares(found, by: str = "purpose") -> dict:
    seconds: Counter = Counter()
    for one in found.allotments:
        seconds[getattr(one, by)] += one.core_seconds
    return {what: amount / seconds.total() for what, amount in seconds.items()}


def test_most_goes_where_most_is_told_for_its_cost():
    cheap, dear = candidate(1), candidate(2, replicate_seconds=24.0)
    found = planned(dear, cheap, cores=4)
    assert [one.experiment_id for one in found.allotments] == [1]
    assert "most is told there for its cost" in found.allotments[0].reason
    dull = [candidate(number, replace(OPEN, weight=0.01)) for number in range(2, 5)]
    assert shares(planned(candidate(1), *dull, floor=0.0), "experiment_id")[1] > 0.45


def test_what_a_person_approved_comes_first_whatever_it_tells_for_its_cost():
    cheap, approved = candidate(1), candidate(2, DECIDED, replicate_seconds=24.0, is_approved=True)
    wishes = PlanWishes(mix=(("experiment_1", 90.0),), priority=("experiment_1",))
    (first, *_) = planned(approved, cheap, cores=4, wishes=wishes).allotments
    assert first.experiment_id == 2
    assert "a person asked for or approved" in first.reason
    young = planned(new(1), new(2, replicate_seconds=24.0, is_approved=True), cores=4)
    assert young.allotments[0].experiment_id == 2, "also before the first block of all"
    pilots = [candidate(number, stage=Stage.PILOT, pilot_missing=3, is_approved=number == 2) for number in (1, 2)]
    assert planned(*pilots, cores=4).allotments[0].experiment_id == 2


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ([new(1, replicate_seconds=9.0), new(2)], 2),
        ([new(1), new(2)], 1),
        ([new(1), new(2, is_approved=True)], None),
        ([], None),
    ],
)
def test_the_cheapest_has_the_first_block_of_all_unless_a_person_approved_any(asked, first):
    offers = [BlockOffer(candidate=of, purpose=Purpose.NEW, per_core_hour=float(of.experiment_id)) for of in asked]
    chosen = choose_first_block(offers)
    assert (chosen.offer.candidate.experiment_id if chosen else None) == first


def test_no_block_is_there_until_one_is_ordered_whole_and_a_pilot_is_none():
    pilot = candidate(3, issued=99, stage=Stage.PILOT)
    assert has_no_block([new(1), candidate(2, issued=15), pilot])
    assert not has_no_block([new(1), candidate(2, issued=16), pilot])


def test_what_people_asked_for_is_a_line_of_the_plan_until_it_is_ordered():
    fixed = StoppingRule(rule=Rule.FIXED, replicates=100)
    asked = [candidate(1), candidate(2, is_approved=True, stopping=fixed), candidate(3, is_approved=True, issued=8)]
    goals = compose_preview(asked, [], plan_orders(asked, cores=0, per_core=1, task_seconds=8.0)).goals
    assert [(goal.name, goal.ordered, goal.replicates) for goal in goals] == [
        ("experiment_2", 32, 100),
        ("experiment_3", 8, 32),
    ]
    assert goals[0].core_seconds == pytest.approx(68 * 8.0)


def test_a_mix_is_kept_by_purpose_and_by_experiment_also_where_something_comes_first():
    asked = [
        *[new(number) for number in (1, 2)],
        *[candidate(number, DECIDED, replicate_seconds=16.0) for number in (3, 4)],
        *[candidate(number, replicate_seconds=24.0) for number in (5, 6)],
    ]
    found = planned(*asked, wishes=PlanWishes(mix=(("new", 50.0), ("nearest", 30.0), ("fill", 20.0))))
    told = shares(found)
    purposes = (Purpose.NEW, Purpose.NEAREST, Purpose.FILL)
    assert [told[purpose] for purpose in purposes] == pytest.approx([0.5, 0.3, 0.2], abs=0.04)
    named = planned(*asked, wishes=PlanWishes(mix=(("experiment_6", 70.0),)))
    assert shares(named, "experiment_id")[6] == pytest.approx(0.7, abs=0.04)
    found = planned(candidate(1), wishes=PlanWishes(mix=(("new", 90.0), ("negatives", 10.0))))
    assert shares(found) == {Purpose.FILL: 1.0}
    asked = [new(1), candidate(2, DECIDED), candidate(3)]
    found = planned(*asked, wishes=PlanWishes(mix=(("new", 50.0), ("fill", 50.0)), priority=("new", "fill")), floor=0.0)
    assert shares(found)[Purpose.NEW] == pytest.approx(0.5, abs=0.04)
    within = planned(*asked, new(4), wishes=PlanWishes(mix=(("new", 50.0),), priority=("experiment_4",)), floor=0.0)
    assert 1 not in shares(within, "experiment_id")
    assert any("experiment_4 comes first" in one.reason for one in within.allotments)


def test_priorities_come_before_worth_in_the_order_in_which_they_are_named():
    cheap, near, first = candidate(1), candidate(2, DECIDED, replicate_seconds=800.0), new(3, replicate_seconds=900.0)
    found = planned(cheap, near, first, wishes=PlanWishes(priority=("new", "nearest", "fill")), cores=40)
    order = list(dict.fromkeys(one.experiment_id for one in found.allotments))
    assert order == [3]
    named = planned(cheap, near, first, wishes=PlanWishes(priority=("experiment_2", "new")), cores=40)
    assert named.allotments[0].experiment_id == 2


def test_below_the_floor_nothing_is_ordered_but_what_is_begun_or_was_promised():
    far = candidate(1, replace(OPEN, more=(500_000, None)), replicate_seconds=3_000.0)
    found = planned(far)
    assert found.allotments == ()
    assert found.skipped[0].is_below_floor
    assert planned(far, floor=0.0).allotments != ()
    begun = candidate(1, issued=37)
    assert [one.workunits * one.replicates_each for one in planned(begun, floor=1e9, cores=1).allotments] == [11]
    fixed = StoppingRule(rule=Rule.FIXED, replicates=64)
    assert planned(candidate(1, stopping=fixed), floor=1e9).allotments


def test_each_kind_of_host_has_work_that_it_can_take():
    hosts = [host(1, cores=16), *[host(number, memory_mb=4_000) for number in range(2, 9)]]
    heavy = candidate(1, need=Need(memory_mb=16_000))
    light = candidate(2, need=Need(memory_mb=450), replicate_seconds=1_000.0)
    found = planned(heavy, light, cores=72, supplies=hosts)
    filling = fill_hosts(hosts, list_waiting_work([heavy, light], found.allotments, hosts))
    assert [one.left.cores for one in filling.hosts] == [0] * 8
    assert {key[0] for at in filling.hosts if at.supply.host_id != 1 for key in at.tasks} == {2}


def test_what_few_or_no_hosts_can_take_keeps_no_core_idle():
    found = planned(candidate(1, need=Need(memory_mb=99_000)), candidate(2), supplies=[host(1), host(2)], cores=16)
    (left,) = found.skipped
    assert "host-1" in left.reason
    assert "99000 MB of memory, and 64000" in left.reason
    nobody = planned(candidate(1), supplies=[host(1, obstacle="it is on holiday")], cores=0)
    assert nobody.skipped[0].reason == "no host has a core at the moment"
    hosts = [host(1), host(2, memory_mb=4_000)]
    heavy = candidate(1, need=Need(memory_mb=16_000), unsent=500, **ENDED)
    found = planned(heavy, candidate(2, need=Need(memory_mb=400)), supplies=hosts, cores=16)
    assert "most is told there for its cost" in found.allotments[0].reason
    two_long_tasks = candidate(1, unsent=2, waiting_seconds=6_000.0, **ENDED)
    assert planned(two_long_tasks, candidate(2), cores=4).allotments == ()  # half of what should wait
    found = planned(two_long_tasks, candidate(2), cores=4, supplies=[host(1, cores=4)])
    assert [one.experiment_id for one in found.allotments] == [2]
    assert "2 cores would be idle" in found.allotments[0].reason


@pytest.mark.parametrize("mix", [(("new", 50.0), ("experiment_1", 30.0)), (("experiment_1", 30.0), ("new", 50.0))])
def test_an_experiment_with_a_share_of_its_own_has_none_of_its_purpose_s(mix):
    found = planned(new(1), new(2), candidate(3), wishes=PlanWishes(mix=mix), floor=0.0)
    told = shares(found, "experiment_id")
    assert [told[number] for number in (1, 2, 3)] == pytest.approx([0.3, 0.5, 0.2], abs=0.04)


def test_a_preview_says_where_it_goes_and_what_the_next_blocks_are_worth():
    hosts = [host(1, speed=2.0), host(2), host(3, obstacle="it is on holiday")]
    asked = [candidate(1, issued=48, in_progress=4), new(2)]
    found = compose_preview(asked, hosts, plan_orders(asked, cores=16, per_core=1, task_seconds=8.0, supplies=hosts))
    assert {one.host_id for one in found.placements} == {1, 2, 3}
    assert sum(one.idle_cores for one in found.placements) == 0
    assert [one.experiment_id for one in found.worths] == [2, 1]
    assert (found.above.designs, found.above.below) == (2, 0)


def test_cores_rest_rather_than_compute_what_is_worth_less_than_the_floor():
    asked, hosts = [candidate(1), candidate(2)], [host(1)]
    orders = plan_orders(asked, cores=8, per_core=1, task_seconds=8.0, supplies=hosts, floor=1e9)
    found = compose_preview(asked, hosts, orders, floor=1e9)
    (placement,) = found.placements
    assert (orders.allotments, placement.idle_cores) == ((), 8)
    assert "of 2 designs nothing more is worth the floor" in placement.reason
    assert (found.above.core_seconds, found.above.below) == (0.0, 2)


SUPPLIES = st.lists(
    st.builds(
        host,
        number=st.integers(1, 99),
        cores=st.integers(1, 40),
        memory_mb=st.integers(200, 60_000),
        is_ours=st.booleans(),
        is_avx=st.booleans(),
        gpus=st.sampled_from([(), (Gpu(kind="NVIDIA", count=2, memory_mb=16_000),)]),
        busy_cores=st.integers(0, 10),
        used_memory_mb=st.integers(0, 2_000),
        most_tasks=st.sampled_from([None, None, 0, 3]),
        in_hand_seconds=st.sampled_from([0.0, 1e6]),
        obstacle=st.sampled_from(["", "", "", "it is on holiday"]),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one.host_id,
)
NEEDS = [Need(memory_mb=400), Need(memory_mb=16_000), Need(memory_mb=500, avx=True), Need(memory_mb=900, gpu=True)]
NEEDS += [Need(memory_mb=500, on_gpu=Need(memory_mb=4_500, gpu=True))]
ASKED = st.lists(
    st.builds(
        candidate,
        st.integers(1, 99),
        st.sampled_from([NEW, OPEN, DECIDED]),
        need=st.sampled_from(NEEDS),
        replicate_seconds=st.sampled_from([0.5, 20.0, 3_000.0]),
        issued=st.sampled_from([32, 37, 48]),
        unsent=st.integers(0, 30),
        stage=st.sampled_from([Stage.OPEN, Stage.OPEN, Stage.PILOT, Stage.PAUSED]),
        pilot_missing=st.just(3),
        stopping=st.sampled_from([StoppingRule(replicates=256), StoppingRule(replicates=5_000)]),
    ),
    max_size=5,
    unique_by=lambda one: one.experiment_id,
)


@given(
    asked=ASKED,
    hosts=SUPPLIES,
    mix=st.sampled_from([(), (("new", 50.0), ("fill", 20.0))]),
    priority=st.sampled_from([(), ("fill", "new")]),
)
@settings(max_examples=60)
def test_no_core_stays_idle_that_could_compute_what_may_be_ordered(asked, hosts, mix, priority):
    wanted = {"wishes": PlanWishes(mix=mix, priority=priority)}
    found = planned(*asked, cores=sum(one.cores for one in hosts), supplies=hosts, deadline_seconds=172_800.0, **wanted)
    filling = fill_hosts(hosts, list_waiting_work(asked, found.allotments, hosts), deadline=172_800.0)
    more = Counter(one.experiment_id for one in found.allotments for _ in range(one.workunits * one.replicates_each))
    after = [replace(one, issued=one.issued + more[one.experiment_id]) for one in asked]
    open_ones = [one for one in after if one.stage is Stage.OPEN and one.issued < one.stopping.replicates]
    worth_it = {each.experiment_id for each in compute_worths(after) if each.bits}
    below = {one.experiment_id for one in found.skipped if one.is_below_floor}
    for at in filling.hosts:
        for one in open_ones:
            is_wanted = one.experiment_id in worth_it - below and one.replicate_seconds < 1_000.0
            assert not (is_wanted and at.room(one.need, 16 * one.costs, 172_800.0))
