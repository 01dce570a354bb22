"""Only sound values count, of different computations, once a seed; everything left out is named."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.evidence.closed_blocks import ReplicateProgress, form_blocks, list_closed_blocks
from axiom_weigh.evidence.counted_values import select_sound_values
from axiom_weigh.evidence.leave_one_out import without_each
from axiom_weigh.evidence.verdict import reach_conclusion
from axiom_weigh.values import COARSE, EVERY_NUMBER, Cohort, Force, Home, Kind, Observation, Outcome, Verdict


def asked(kind: Kind = Kind.CONTRAST, **more):
    return pose_question({"kind": kind.value, "null": 0.0, "smallest": 0.1, "bounds": None, **more})


def seen(*values, **more) -> list[Observation]:
    return [Observation(replicate=number, value=value, **more) for number, value in enumerate(values)]


def values(checked) -> list:
    return [observation.value for observation in checked.counted]


FINE = 0.123456789012345


@pytest.mark.parametrize(
    ("question", "value", "why"),
    [
        (asked(), math.nan, "not a finite number"),
        (asked(bounds=[-1, 1]), 1.5, "beyond the bounds that were declared"),
        (asked(Kind.PROPORTION, null=0.5), 0.3, "neither 0 nor 1"),
    ],
)
def test_what_cannot_be_a_value_is_missing_and_raises_an_alarm(question, value, why):
    checked = select_sound_values(question, seen(1.0, value), 1)
    assert values(checked) == [1.0, None]
    assert checked.counted[1].why_missing == why
    (alarm,) = checked.alarms
    assert (alarm.kind, alarm.force) == ("bounds", Force.HOLDS_BACK)
    assert why in alarm.text
    assert any(f"1 × {why}" in reason for reason in checked.reasons)
    for bound in (0.0, 1.0):
        assert values(select_sound_values(asked(Kind.PROPORTION, null=0.5), seen(bound), 1)) == [bound]
        assert values(select_sound_values(asked(bounds=[0, 1]), seen(bound), 1)) == [bound]


def test_a_time_out_counts_as_what_was_registered_for_it_and_nothing_else_does():
    ends = zip(seen(None, None, None), (Outcome.LATE, Outcome.DIVERGED, None), strict=True)
    late = [replace(observation, outcome=outcome) for observation, outcome in ends]
    assert values(select_sound_values(asked(), late, 1)) == [None, None, None]
    checked = select_sound_values(asked(Kind.LEVEL, censored=0.25), late, 1)
    assert values(checked) == [0.25, None, None]
    beyond = asked(Kind.LEVEL, censored=3.0, bounds=[0, 1])
    assert values(select_sound_values(beyond, late, 1))[0] is None  # not even that is sound


def test_of_many_copies_one_counts_the_others_are_missing_and_their_hosts_are_named():
    copies = [Observation(replicate=number, value=FINE, hosts=(number % 3,)) for number in range(240)]
    checked = select_sound_values(asked(), copies, 30)
    assert (values(checked).count(None), len(checked.copied)) == (239, 239)
    (alarm,) = checked.alarms
    assert (alarm.kind, alarm.force, alarm.hosts) == ("clones", Force.SUSPENDS, (0, 1, 2))
    assert "replicates 0, 1, 2 and 237 more" in alarm.text
    same = [Observation(replicate=number, value=float(number), fingerprint="14.0:a") for number in range(3)]
    assert values(select_sound_values(asked(), same, 1)) == [0.0, None, None]


def test_equal_values_of_other_computations_and_a_seed_elsewhere_are_no_copies():
    different = [replace(observation, fingerprint=f"14.0:{observation.replicate}") for observation in seen(*[FINE] * 9)]
    coarse, few = seen(*[FINE] * 9, fingerprint=COARSE), seen(*[0.25] * 9)  # few values to choose from
    for rows in (different, coarse, few, seen(None, None)):
        assert len(select_sound_values(asked(), rows, 1).copied) == 0
    again = [Observation(replicate=1, value=FINE, hosts=(host,)) for host in (1, 2, 3)]
    checked = select_sound_values(asked(), again, 1)
    assert values(checked) == [FINE]
    assert len(checked.copied) == 0
    assert checked.alarms == ()
    rows = [Observation(replicate=number, value=value) for number, value in ((1, None), (0, 1.0), (1, 2.0), (1, 9.0))]
    checked = select_sound_values(asked(), rows, 1)
    assert [(observation.replicate, observation.value) for observation in checked.counted] == [(1, 2.0), (0, 1.0)]


def test_bounds_that_a_value_has_refuted_are_no_bounds_of_what_is_missing():
    asked_within = asked(bounds=[-1, 1])
    assert select_sound_values(asked_within, seen(0.5, None), 1).question == asked_within
    assert select_sound_values(asked_within, seen(0.5, 1.5, None), 1).question.bounds is None
    repeated = [Observation(replicate=0, value=1.5), Observation(replicate=0, value=0.5)]
    checked = select_sound_values(asked_within, repeated, 1)
    assert checked.question.bounds is None  # though another value of the seed counts
    older = seen(1.5, cohort=Cohort.EXPLORATORY)
    assert select_sound_values(asked_within, older, 1).question == asked_within
    event = asked(Kind.PROPORTION, null=0.5)
    assert select_sound_values(event, seen(2.0), 1).question == event


LATE = [replace(observation, value=None, outcome=Outcome.LATE) for observation in seen(*[1.0] * 9)]


@pytest.mark.parametrize(
    ("rows", "question", "words"),
    [
        (seen(*[0.0625] * 8, fingerprint="coarse:a"), asked(), "8 seeds gave the very same numbers"),
        (seen(*[0.0625] * 8, fingerprint=COARSE), asked(), ""),  # of which rows are not known
        ([*seen(*[0.5] * 8, design="a", fingerprint="coarse:a"), *seen(0.5, design="b")], asked(), "8 seeds"),
        (
            [replace(observation, fingerprint=f"coarse:{observation.replicate}") for observation in seen(*[1.0] * 9)],
            asked(),
            "",
        ),
        (LATE, asked(Kind.LEVEL, censored=0.0), ""),
    ],
)
def test_a_design_in_which_nothing_differs_is_held_back_even_with_coarse_numbers(rows, question, words):
    numbered = [replace(observation, replicate=place) for place, observation in enumerate(rows)]
    checked = select_sound_values(question, numbered, 1)
    assert len(checked.copied) == 0
    assert [(alarm.kind, alarm.force) for alarm in checked.alarms] == (
        [("constant", Force.HOLDS_BACK)] if words else []
    )
    assert all(alarm.text.startswith(words) for alarm in checked.alarms)


ROWS = st.lists(
    st.builds(
        Observation,
        replicate=st.integers(0, 5),
        value=st.none() | st.sampled_from([math.nan, 0.5, FINE]) | st.floats(-2, 2),
        outcome=st.none() | st.sampled_from(Outcome),
        cohort=st.sampled_from(Cohort),
    ),
    max_size=12,
)


@given(rows=ROWS)
def test_a_seed_is_never_counted_twice_and_nothing_is_invented(rows):
    checked = select_sound_values(asked(bounds=[-1, 1]), rows, 1)
    numbers = [observation.replicate for observation in checked.counted]
    assert len(numbers) == len(set(numbers))
    given_values = {observation.value for observation in rows if observation.cohort is Cohort.CONFIRMATORY}
    assert {observation.value for observation in checked.counted if observation.value is not None} <= given_values
    assert all(-1 <= observation.value <= 1 for observation in checked.counted if observation.value is not None)
    assert len(checked.counted) == len(
        {observation.replicate for observation in rows if observation.cohort is Cohort.CONFIRMATORY}
    )
    assert len(checked.copied) <= sum(observation.value is None for observation in checked.counted)


@pytest.mark.parametrize(
    ("rows", "is_said"),
    [
        ([0.3 + number * 1e-9 for number in range(8)], True),
        ([0.3 + number * 3e-7 for number in range(8)], True),  # one draw with noise of 1e-6
        ([0.3 + number * 1e-5 for number in range(8)], False),
        ([0.3 + number * 1e-9 for number in range(7)], False),
        ([0.0] * 8, False),  # counts may be the same for all seeds
    ],
)
@pytest.mark.parametrize(
    ("kind", "alarm", "copied"),
    [(Kind.CONTRAST, ("clones", Force.SUSPENDS), 7), (Kind.LEVEL, ("steady", Force.HOLDS_BACK), 0)],
)
def test_a_value_that_hardly_varies_though_computations_differ_is_said(rows, is_said, kind, alarm, copied):
    """Of a difference it is one draw with noise, and nothing is concluded; a level may be nearly a constant."""
    observed = [replace(observation, fingerprint=f"fine:{observation.replicate}") for observation in seen(*rows)]
    checked = select_sound_values(asked(kind), observed, 1)
    assert [(alarm.kind, alarm.force) for alarm in checked.alarms] == [alarm] * is_said
    assert len(checked.copied) == copied * is_said


@pytest.mark.parametrize(("repeated", "seeds", "is_said"), [(2, 8, True), (1, 8, False), (2, 64, False)])
@pytest.mark.parametrize(
    ("what", "kind", "force"), [(EVERY_NUMBER, "clones", Force.SUSPENDS), ("accuracy", "repeats", Force.TELLS)]
)
def test_seeds_that_give_numbers_of_others_at_single_configs_are_said(what, kind, force, repeated, seeds, is_said):
    rows = seen(*[number / 7 for number in range(seeds)])
    observed = [
        replace(observation, repeats=f"{what} of replicate 0 with width 4" if observation.replicate < repeated else "")
        for observation in rows
    ]
    checked = select_sound_values(asked(bounds=None), observed, 1)
    assert {alarm.kind: alarm.force for alarm in checked.alarms} == ({kind: force} if is_said else {})
    assert len(checked.copied) == (repeated if is_said and what == EVERY_NUMBER else 0)


def back(*counts: int, over: tuple[int, ...] = ()) -> list[ReplicateProgress]:
    return [
        ReplicateProgress(number=number, cells=3, back=count, over=number in over)
        for number, count in enumerate(counts)
    ]


@pytest.mark.parametrize(
    ("returned", "closed", "amounts"),
    [
        (back(3, 3), [True], "all 2 "),
        (back(3, 2), [False], "1 of 2 "),
        (back(3, 2, over=(1,)), [True], "and of 1 "),
        (back(3), [False], "1 of 2 "),
        (back(0, 3, 3, 3), [False, True], "1 of 2 "),
        ([], [], None),
    ],
)
def test_a_block_is_closed_when_nothing_more_of_it_will_come(returned, closed, amounts):
    closing = form_blocks(returned, 2)
    assert [block.closed for block in closing] == closed
    assert [block.number for block in closing] == list(range(len(closed)))
    assert amounts is None or amounts in closing[0].reason


@given(counts=st.lists(st.integers(0, 3), max_size=20), size=st.integers(1, 6), order=st.randoms())
def test_blocks_are_those_of_issue_in_whatever_order_results_arrive(counts, size, order):
    returned = back(*counts)
    shuffled = list(returned)
    order.shuffle(shuffled)
    expected = form_blocks(shuffled, size)
    assert expected == form_blocks(returned, size)
    assert [number for block in expected for number in block.replicates] == list(range(len(counts)))
    assert all(len(block.replicates) == size for block in expected if block.closed)


def test_the_last_block_of_what_is_over_closes_with_the_numbers_that_it_has():
    for returned, is_closed in ((back(3, 3, 3), True), (back(3, 3, 2), False), (back(3, 3, 2, over=(2,)), True)):
        closing = form_blocks(returned, 2, is_over=True)
        assert [(block.closed, block.is_whole) for block in closing] == [(True, True), (is_closed, True)]
        assert [number for block in closing for number in block.replicates] == [0, 1, 2]


def numbered(*numbers: int, out: tuple[int, ...] = ()) -> list[ReplicateProgress]:
    return [ReplicateProgress(number=number, cells=1, back=0 if number in out else 1, over=False) for number in numbers]


def entered(*designs, size: int = 2) -> list[tuple[int, tuple[int, ...]]]:
    entering = list_closed_blocks([form_blocks(progress, size, place) for place, progress in enumerate(designs)])
    return [(block.registration, block.replicates) for block in entering]


@pytest.mark.parametrize(
    ("designs", "order"),
    [
        ([numbered(0, 1, 4, 5), numbered(2, 3)], [(0, (0, 1)), (1, (2, 3)), (0, (4, 5))]),
        ([numbered(0, 5), numbered(1, 2, 3, 4)], [(1, (1, 2)), (1, (3, 4)), (0, (0, 5))]),  # by its last number
        # an open one keeps later ones waiting
        ([numbered(0, 1), numbered(2, 3, out=(2,)), numbered(4, 5)], [(0, (0, 1))]),
        ([numbered(0), numbered(1, 2)], [(1, (1, 2))]),  # one that is not fully ordered keeps nobody waiting
        ([[], numbered(0, 1)], [(1, (0, 1))]),
    ],
)
def test_blocks_of_several_designs_enter_in_the_order_in_which_they_were_issued(designs, order):
    assert entered(*designs) == order


HOMES = {host: Home(host_id=host, volunteer_id=(host + 1) // 2, platform="linux") for host in range(1, 6)}


def contrast(kind: Kind = Kind.CONTRAST, **more):
    return asked(kind, **{"smallest": 0.3} | more)


def slowly(estimand, counted, homes):
    """The definition: weigh again what is left."""
    verdicts = []
    for by in ("host", "volunteer"):
        places = [
            {
                homes[host].host_id if by == "host" else homes[host].volunteer_id
                for host in observation.hosts
                if host in homes
            }
            for observation in counted
        ]
        given_by = {
            number
            for at, observation in zip(places, counted, strict=True)
            if observation.value is not None
            for number in at
        }
        for number in sorted(given_by) if len(given_by) > 1 else []:
            rest = [observation.value for observation, at in zip(counted, places, strict=True) if number not in at]
            verdicts.append((by, number, reach_conclusion(estimand, rest).verdict))
    return verdicts


MEAN = contrast(about="mean", bounds=[-1.0, 1.0])
QUESTIONS = [contrast(), contrast(null=0.1), contrast(Kind.RANK_CORRELATION), MEAN]
VALUE = st.none() | st.sampled_from([0.0, 0.1, 0.3, -0.3, 1.0]) | st.floats(-1.0, 1.0) | st.floats(0.4, 0.9)
PLACES = st.lists(st.integers(1, 7), max_size=2, unique=True).map(tuple)  # two of them nobody knows


def observed(rows) -> list[Observation]:
    return [Observation(replicate=number, value=value, hosts=hosts) for number, (value, hosts) in enumerate(rows)]


BARS = ((0.5, 0.1), (0.0, 0.4), (1.0, 0.4))
EVENTS = [contrast(Kind.PROPORTION, null=null, smallest=smallest) for null, smallest in BARS]
EVENT = st.sampled_from([None, 0.0, 1.0, 1.0])


@settings(max_examples=40)
@given(
    st.tuples(st.sampled_from(QUESTIONS), st.lists(st.tuples(VALUE, PLACES), max_size=40))
    | st.tuples(st.sampled_from(EVENTS), st.lists(st.tuples(EVENT, PLACES), max_size=40))
)
def test_leaving_out_says_what_weighing_the_rest_says(case):
    estimand, rows = case
    counted = observed(rows)
    quickly = [(omission.by, omission.number, omission.verdict) for omission in without_each(estimand, counted, HOMES)]
    assert quickly == slowly(estimand, counted, HOMES)


def test_a_verdict_that_one_host_alone_carries_falls_with_it():
    for hosts in ((), (1,), (9,)):  # where nobody can be left out
        assert without_each(contrast(), seen(*[1.0] * 9, hosts=hosts), HOMES) == ()
    # 13 of 16 values are the first host's; the others are too few to say anything
    counted = observed([(1.0 + number / 100, (1,)) for number in range(13)] + [(1.0, (3,))] * 3)
    verdicts = {
        (omission.by, omission.number): omission.verdict for omission in without_each(contrast(), counted, HOMES)
    }
    undecided = dict.fromkeys((("host", 1), ("volunteer", 1)), Verdict.UNDECIDED)
    assert verdicts == undecided | dict.fromkeys((("host", 3), ("volunteer", 2)), Verdict.POSITIVE)
