"""May a bundle go to volunteers, may more of it be ordered, and which one is tried next: tables of cases."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.preflight import Untried, choose, judge, may_order
from axiom.domain.preflights import Attempt, Circumstances, Demands, Tried
from axiom.domain.work import Outcome

DEMANDS = Demands(configs=({"size": 1}, {"size": 2}, {"size": 3}), allowed_seconds=(60.0, 60.0, 90.0))
MEND = ". Mend the file and publish it again; the repaired bundle is tried anew."


def tried(config: int, **changes) -> Tried:
    return replace(Tried(config=config, outcome=Outcome.OK, digest=f"{config:064x}", cpu_seconds=1.0), **changes)


def attempt(**changes) -> Attempt:
    sound = Attempt(
        bundle="ab" * 32,
        gates="twice-1",
        platform="linux-x86_64-avx2",
        seed=7,
        first=(tried(0), tried(1), tried(2)),
        again=(tried(2), tried(1), tried(0)),
    )
    return replace(sound, **changes)


def test_a_bundle_whose_configs_all_end_well_and_twice_the_same_passes():
    judged = judge(attempt(), DEMANDS)
    assert judged.passed
    assert judged.reason == "3 configs, each finite, within its time and memory, and twice the same in every bit"
    one = judge(attempt(first=(tried(0),), again=(tried(0),)), Demands(configs=({"a": 1},), allowed_seconds=(9.0,)))
    assert one.reason.startswith("1 config, each finite")


FAULTS = [
    (
        {"first": (tried(0), tried(1, outcome=Outcome.FAILED, error="ValueError at axiom/catalogue/tiny_sum.py:9"))},
        f"config 1 (size 2) raises ValueError at axiom/catalogue/tiny_sum.py:9{MEND}",
    ),
    (
        {"first": (tried(2, outcome=Outcome.DIVERGED, missing=("loss", "norm")),)},
        "config 2 (size 3) is not finite: loss and norm left the real numbers, and a measure that may be missing is "
        f"None{MEND}",
    ),
    (
        {"first": (tried(2, outcome=Outcome.LATE),)},
        f"config 2 (size 3) took longer than the 90 s that a host allows it by what it declares{MEND}",
    ),
    (
        {"first": (tried(0, cpu_seconds=61.0), tried(1), tried(2))},
        f"config 0 (size 1) took 61 s of a processor, and 60 s are allowed{MEND}",
    ),
    (
        {"again": (tried(2), tried(1, outcome=Outcome.FAILED, error="KeyError at a.py:1"))},
        f"computed again in a fresh process, config 1 (size 2) raises KeyError at a.py:1{MEND}",
    ),
    (
        {"again": (tried(2, digest="0" * 64), tried(1), tried(0))},
        "config 2 (size 3) computed again with the same seed in a fresh process gives other numbers: something besides "
        f"config and seed enters (the clock, a set's order, a global generator){MEND}",
    ),
    (
        {"first": (tried(0),), "again": (), "fault": "config 1 (size 2): it held too much"},
        "config 1 (size 2): it held too much",
    ),
    ({"again": (tried(2), tried(1))}, "only 2 of 3 configs were computed twice. Start the preflight again."),
    ({"first": (), "again": ()}, "only 0 of 3 configs were computed twice. Start the preflight again."),
    ({"first": (tried(0), tried(1), tried(7))}, f"config 7 is none of the 3 of the sweep{MEND}"),
]


@pytest.mark.parametrize(("changes", "reason"), FAULTS)
def test_one_that_does_not_is_refused_with_what_is_wrong_and_what_to_do(changes, reason):
    judged = judge(attempt(**changes), DEMANDS)
    assert (judged.passed, judged.reason) == (False, reason)


@given(
    st.lists(st.integers(0, 2), max_size=6),
    st.lists(st.integers(0, 2), max_size=6),
)
def test_nothing_passes_unless_every_config_is_there_twice(first, again):
    facts = attempt(first=tuple(map(tried, first)), again=tuple(map(tried, again)))
    assert judge(facts, DEMANDS).passed == (set(first) == set(again) == {0, 1, 2})


@pytest.mark.parametrize(
    ("newest", "is_offered", "is_for_volunteer", "allowed", "reason"),
    [
        (True, True, True, True, "any host may have it"),
        (True, True, False, True, "any host may have it"),
        (None, True, True, True, "any host may have it"),
        (None, False, False, True, "it waits for its preflight; until then only the laboratory's own hosts get it"),
        (None, False, True, False, "it waits for its preflight, before which it goes to no volunteer"),
        (False, True, False, False, "its preflight failed"),
        (False, False, True, False, "its preflight failed"),
    ],
)
def test_what_may_be_ordered(newest, is_offered, is_for_volunteer, allowed, reason):
    said = may_order(newest, is_offered=is_offered, is_for_volunteer=is_for_volunteer)
    assert (said.passed, said.reason) == (allowed, reason)


LIGHT = Untried(bundle="aa", name="light", seconds=1.0)
HEAVY = Untried(bundle="bb", name="heavy", seconds=9.0)


@pytest.mark.parametrize(
    ("waiting", "volunteers", "evidence", "computes", "bundle", "why"),
    [
        ((), True, True, True, None, "no bundle waits for its preflight"),
        ((HEAVY, LIGHT), True, False, True, "aa", "volunteers get nothing of it before"),
        ((HEAVY,), False, True, True, "bb", "the laboratory has its first answers"),
        ((HEAVY,), False, False, False, "bb", "nothing of the laboratory's own is held up by it"),
        ((LIGHT,), False, False, True, None, "the laboratory's own first answers come before"),
    ],
)
def test_the_cheapest_is_tried_first_and_not_while_it_would_hold_up_the_first_answers(
    waiting, volunteers, evidence, computes, bundle, why
):
    stands = Circumstances(has_volunteers=volunteers, has_evidence=evidence, computes_itself=computes)
    chosen = choose(waiting, stands)
    assert chosen.bundle == bundle
    assert why in chosen.reason
