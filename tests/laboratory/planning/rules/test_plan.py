"""What is ordered next: pilots first, whole blocks, the cheapest answer before the dearest, and an end to it."""

import math
from collections import Counter
from dataclasses import replace

import plan_candidates
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.planning import Need, Supply
from axiom.domain.registrations import Rule, StoppingRule
from axiom.domain.releases import Stage
from axiom.laboratory.planning.rules.new_designs import FIRST_IS_OUT
from axiom.laboratory.planning.rules.plan import Candidate, plan_orders
from axiom.laboratory.planning.rules.stopping import Aim
from axiom.limits import registrations as limits
from axiom.rules.planning.task_size import UsualHosts
from axiom_weigh.values import Grade, Verdict

OPEN_QUESTION = plan_candidates.NEW
SETTLED = Aim(verdict=Verdict.POSITIVE, grade=Grade.STRONG, estimate=1.0, low=0.9, high=1.1, smallest=0.05, seeds=32)
USUAL = {"replicate_seconds": 2.0, "issued": 8, "weighed": None, "block": 8, "stopping": StoppingRule(replicates=256)}


def candidate(experiment_id: int, **facts) -> Candidate:
    aims = facts.pop("aims", (OPEN_QUESTION,))
    return replace(plan_candidates.candidate(experiment_id, **USUAL | facts), aims=aims)


def pilot(experiment_id: int, **facts) -> Candidate:
    facts = {"stage": Stage.PILOT, "stage_reason": "3 are not back", "issued": 0} | facts
    return candidate(experiment_id, **({"pilot_missing": max(0, 3 - facts["issued"])} | facts))


def planned(*candidates: Candidate, cores: int = 2, per_core: int = 3, task_seconds: float = 8.0):
    return plan_orders(candidates, cores=cores, per_core=per_core, task_seconds=task_seconds)


def orders(found) -> list[tuple[int, int, int]]:
    return [(one.experiment_id, one.workunits, one.replicates_each) for one in found.allotments]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"aims": ()}, "nothing is concluded from it"),
        ({"stage": Stage.PAUSED, "stage_reason": "1 tasks failed in the pilot"}, "1 tasks failed in the pilot"),
        ({"stage": Stage.PILOT, "stage_reason": "3 are not back", "issued": 3}, "3 are not back"),
        ({"aims": (SETTLED,)}, "all its findings are settled: decided and narrow enough after 32 seeds"),
        ({"unsent": 3}, "12 s on each of 2 cores waits"),
    ],
)
def test_an_experiment_is_left_alone_for_a_reason(facts, reason):
    found = planned(candidate(1, **facts))
    assert found.allotments == ()
    (skipped,) = found.skipped
    assert (skipped.experiment_id, skipped.name) == (1, "experiment_1")
    assert reason in skipped.reason


def test_a_plan_comes_to_an_end_and_orders_nothing_without_a_core():
    assert planned(candidate(1), pilot(2), cores=0).allotments == ()
    one = candidate(1, issued=0, replicate_seconds=0.5)
    for _ in range(100):
        found = planned(one)
        one = replace(one, issued=one.issued + sum(each.workunits * each.replicates_each for each in found.allotments))
    assert one.issued == limits.REPLICATES


def test_pilots_of_three_tasks_come_the_cheapest_first_while_cores_are_idle():
    asked = pilot(1, replicate_seconds=30.0), pilot(2), pilot(3, issued=3), pilot(4, issued=1, unsent=1)
    found = planned(*asked, cores=3)
    assert orders(found) == [(2, 3, 1), (4, 2, 1), (1, 3, 1)]
    assert "pilot of experiment_2" in found.allotments[0].reason
    assert [one.experiment_id for one in found.skipped] == [3]
    asked = [pilot(number, replicate_seconds=float(number)) for number in (4, 3, 2, 1)]
    found = planned(*asked)
    assert orders(found) == [(1, 3, 1), (2, 3, 1)]
    assert ["24 s on each of 2 cores" in one.reason for one in found.skipped] == [True] * 2
    on_their_way = [pilot(number, issued=3, unsent=3) for number in (1, 2)]
    assert orders(planned(*on_their_way, pilot(3))) == []
    assert orders(planned(on_their_way[0], pilot(3))) == [(3, 3, 1)]


def test_the_first_block_comes_before_further_pilots_and_new_configs_are_tried_once():
    found = planned(candidate(1, issued=3), pilot(2), pilot(3), pilot(4))
    assert orders(found) == [(1, 2, 2), (1, 1, 1), (2, 3, 1)]
    others = pilot(2), pilot(3), pilot(4)
    found = planned(candidate(1, issued=8), *others, cores=4)
    assert orders(found) == [(2, 3, 1), (1, 4, 2), (1, 4, 2), (1, 4, 2)]
    on_its_way = pilot(2, issued=3, unsent=3)
    assert orders(planned(candidate(1, issued=8), on_its_way, pilot(3), cores=4)) == [(1, 4, 2)] * 3
    assert orders(planned(candidate(1, is_untried=True))) == [(1, 1, 1)]
    assert orders(planned(candidate(1, issued=1, fault=FIRST_IS_OUT))) == []
    assert sum(workunits * each for _, workunits, each in orders(planned(candidate(1, issued=1)))) % 8 == 7


def test_once_a_pilot_is_passed_a_map_has_the_next_one_unless_a_map_is_begun():
    drawn = pilot(4, replicate_seconds=30.0, is_map=True)
    others = pilot(2), pilot(3), pilot(5, replicate_seconds=40.0, is_map=True)
    first = candidate(1, issued=3)
    assert orders(planned(*others, drawn, cores=1))[0] == (2, 3, 1)
    assert orders(planned(first, *others, drawn))[-1] == (4, 3, 1)
    assert orders(planned(first, *others, replace(drawn, issued=3, pilot_missing=0)))[-1] == (2, 3, 1)


@pytest.mark.parametrize("usual", [None, UsualHosts(speed=1.0)])
def test_a_volunteer_s_computer_gets_no_pilots_of_everything_before_the_first_block(usual):
    asked = [pilot(number, replicate_seconds=float(number)) for number in range(1, 58)]
    at_first = plan_orders(asked, cores=4, per_core=3, task_seconds=8.0, usual=usual)
    assert orders(at_first) == [(number, 3, 1) for number in range(1, 5)]  # as many tasks as each core is kept waiting
    waiting = [replace(one, issued=3, pilot_missing=0, unsent=3) for one in asked[1:4]]
    passed = plan_orders(
        [candidate(1, issued=3), *waiting, *asked[4:]], cores=4, per_core=3, task_seconds=8.0, usual=usual
    )
    assert {one.experiment_id for one in passed.allotments[:2]} == {1}
    assert sum(one.purpose == "pilots" for one in passed.allotments) <= 1


@pytest.mark.parametrize(
    ("facts", "cores", "allotted"),
    [
        ({"issued": 3}, 2, [(1, 2, 2), (1, 1, 1), (1, 2, 4), (1, 2, 4)]),  # five are missing, then whole blocks
        ({"issued": 0, "replicate_seconds": 20.0}, 2, [(1, 8, 1)]),
        ({"issued": 0, "replicate_seconds": 0.01}, 2, [(1, 2, 4)] * 3),  # not one task of eight
        ({"issued": 0, "replicate_seconds": 3.0}, 2, [(1, 2, 3), (1, 1, 2)] * 2),
        ({"issued": 240}, 2, [(1, 2, 4)] * 2),  # as far as it goes
        ({"issued": 260, "block": 24}, 2, [(1, 2, 2)]),  # begun blocks are finished
    ],
)
def test_blocks_are_ordered_whole_until_enough_waits(facts, cores, allotted):
    assert orders(planned(candidate(1, **facts), cores=cores)) == allotted


def test_the_first_block_is_the_cheapest_experiment_s_and_what_is_begun_is_finished():
    found = planned(
        candidate(1, issued=0, replicate_seconds=90.0, aims=(OPEN_QUESTION,) * 99),
        candidate(2, issued=0, replicate_seconds=30.0),
    )
    assert orders(found) == [(2, 8, 1)]
    assert "the first block of all" in found.allotments[0].reason
    assert "others come first" in found.skipped[0].reason
    found = planned(candidate(1, issued=16, replicate_seconds=0.1), candidate(2, issued=11, replicate_seconds=50.0))
    assert orders(found)[0] == (2, 5, 1)
    assert "completes block 1 of experiment_2" in found.allotments[0].reason


def aim(**facts) -> Aim:
    return replace(SETTLED, **facts)


@pytest.mark.parametrize(
    ("first", "second", "better"),
    [
        ({"replicate_seconds": 8.0}, {"replicate_seconds": 9.0}, 1),
        ({"aims": (SETTLED, OPEN_QUESTION)}, {"aims": (OPEN_QUESTION, OPEN_QUESTION)}, 2),
        ({"aims": (aim(seeds=8),)}, {"aims": (OPEN_QUESTION,)}, 2),  # narrow already, only early
        ({"aims": (aim(seeds=8),)}, {"aims": (aim(seeds=8),) * 2}, 2),  # even then, two are more than one
        ({"aims": (aim(low=0.74),)}, {"aims": (aim(low=0.3),)}, 2),  # the wider, where little is left of the other
        ({}, {}, 1),
    ],
)
def test_then_comes_what_is_least_decided_for_its_cost(first, second, better):
    facts = {"replicate_seconds": 10.0}
    found = planned(candidate(1, **(facts | first)), candidate(2, **(facts | second)))
    assert found.allotments[0].experiment_id == better


@pytest.mark.parametrize(
    ("standing", "is_settled"),
    [
        ({}, True),
        ({"seeds": 31}, False),
        ({"verdict": Verdict.ABSENT, "estimate": 0.0, "low": -0.04, "high": 0.04}, True),
        ({"verdict": Verdict.ABSENT, "estimate": 0.0, "low": -0.04, "high": 0.06}, False),
        ({"low": 0.76, "high": 1.24}, True),  # a quarter of the estimate
        ({"low": 0.75}, False),
        ({"high": 1.25}, False),
        ({"low": 0.75, "smallest": 0.3}, True),
        ({"low": None}, False),
        ({"high": None}, False),
        ({"estimate": None}, False),
    ],
)
def test_a_finding_is_settled_when_it_is_decided_narrow_and_not_young(standing, is_settled):
    assert (planned(candidate(1, aims=(aim(**standing),))).allotments == ()) == is_settled
    assert planned(candidate(1, aims=(SETTLED, OPEN_QUESTION))).allotments  # one open question keeps it going


NUMBERS = st.one_of(st.none(), st.floats(-2.0, 2.0))
AIMS = st.builds(
    Aim,
    verdict=st.sampled_from(Verdict),
    grade=st.sampled_from(Grade),
    estimate=NUMBERS,
    low=NUMBERS,
    high=NUMBERS,
    smallest=st.floats(0.0, 1.0),
    seeds=st.integers(0, 300),
)
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        experiment_id=st.integers(1, 9),
        name=st.just("experiment"),
        stage=st.sampled_from(Stage),
        stage_reason=st.just("so it stands"),
        replicate_seconds=st.floats(0.0, 5_000.0),
        issued=st.integers(0, 300),
        unsent=st.integers(0, 20),
        in_progress=st.integers(0, 20),
        aims=st.lists(AIMS, max_size=3).map(tuple),
        block=st.sampled_from([1, 8, 16, 24]),
    ),
    max_size=5,
    unique_by=lambda one: one.experiment_id,
)


@settings(max_examples=60)
@given(candidates=CANDIDATES, cores=st.integers(0, 12), per_core=st.integers(1, 4))
def test_a_plan_orders_whole_blocks_within_its_limits_and_says_why_of_everything(candidates, cores, per_core):
    found = planned(*candidates, cores=cores, per_core=per_core)
    ordered, left = {one.experiment_id for one in found.allotments}, {one.experiment_id for one in found.skipped}
    assert not ordered & left
    assert ordered | left == {one.experiment_id for one in candidates}
    assert all(one.reason for one in (*found.allotments, *found.skipped, found))
    standing = {one.experiment_id: one for one in candidates}
    for one in found.allotments:
        asked = standing[one.experiment_id]
        assert (asked.stage is not Stage.PAUSED, bool(asked.aims), one.workunits >= 1) == (True,) * 3
        assert 1 <= one.replicates_each <= max(1, math.ceil(asked.block / cores))
        assert one.workunits * one.replicates_each <= max(3, asked.block)
    for number, more in given_to(found, "experiment_id").items():
        asked = standing[number]
        whole = asked.block if asked.stage.takes_blocks else 3
        assert (asked.issued + more) % whole == 0
    assert 0 <= found.idle_cores <= cores


@settings(max_examples=30)
@given(candidates=CANDIDATES, cores=st.integers(1, 6), order=st.randoms(use_true_random=False))
def test_a_plan_does_not_depend_on_the_order_in_which_experiments_are_named(candidates, cores, order):
    shuffled = list(candidates)
    order.shuffle(shuffled)
    assert planned(*shuffled, cores=cores) == planned(*candidates, cores=cores)


def designs(*issued: int) -> list[Candidate]:
    """The registrations of one version, with so many replicates each."""
    whole = sum(issued)
    return [
        candidate(1, registration_id=number, design=f"registration {number}", issued=one, issued_besides=whole - one)
        for number, one in enumerate(issued, start=1)
    ]


def given_to(found, by: str = "registration_id") -> Counter:
    """How many replicates each registration or version gets."""
    amounts = Counter()
    for allotment in found.allotments:
        amounts[getattr(allotment, by)] += allotment.workunits * allotment.replicates_each
    return amounts


def test_the_registrations_of_a_version_take_turns_and_share_what_one_would_get():
    cheap, dear = designs(8, 8)
    found = planned(cheap, replace(dear, replicate_seconds=20.0), cores=4, per_core=10, task_seconds=2.0)
    amounts = given_to(found)
    assert abs(amounts[1] - amounts[2]) <= 8
    assert min(amounts.values()) > 0
    found = planned(*designs(64, 0), cores=2, per_core=8, task_seconds=2.0)
    assert given_to(found).keys() == {2}
    assert all(one.registration_id == 2 for one in found.allotments)
    first, second = designs(16, 8)
    first = replace(first, stopping=StoppingRule(rule=Rule.FIXED, replicates=16))
    found = planned(first, second)
    assert given_to(found).keys() == {2}
    (left,) = found.skipped
    assert left.reason == "registration 1: 16 replicates are ordered, and 16 are as far as one design goes"
    found = planned(*designs(8, 8), candidate(2, issued=16), cores=8, per_core=12, task_seconds=2.0)
    amounts = given_to(found, "experiment_id")
    assert amounts.total() >= 64
    assert abs(amounts[1] - amounts[2]) <= 8


def test_what_fills_the_hosts_that_can_take_it_is_not_said_to_wait_for_others():
    large, small = (
        Supply(host_id=number, name=f"host {number}", volunteer="", cores=8, memory_mb=memory, is_ours=True)
        for number, memory in ((1, 4_000), (2, 1_000))
    )
    heavy = candidate(1, need=Need(memory_mb=2_000), unsent=50)
    found = plan_orders([heavy, candidate(2, aims=())], supplies=(large, small), cores=16, per_core=3, task_seconds=8.0)
    assert "2 tasks of it" in found.skipped[0].reason
