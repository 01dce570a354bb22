"""Rows of anybody's table: issue order, one row a seed, closed blocks, names of hosts; a sentence for each step."""

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.evidence.weigh import weigh
from axiom.domain.findings import Agreements, Surroundings, Verdict
from axiom.domain.work import Outcome
from axiom.notebook.row import PlainRows, Row
from axiom.notebook.seeds_in_order import Arranged, arrange

ALL = ("seed", "value", "issue", "block", "host", "volunteer", "platform", "design", "outcome")


def row(seed: object, value: float | None, **more) -> Row:
    gone = {} if value is not None else {"outcome": None, "why_missing": "no value"}
    return Row(place=1, seed=str(seed), value=value, **{**gone, **more})


def values(found: Arranged) -> list[float | None]:
    return [one.value for one in found.observations]


def said(found: Arranged, words: str) -> bool:
    return any(words in text for text in (*found.reasons, *found.flags))


def test_rows_stand_in_issue_order_when_the_table_has_it():
    rows = [row("c", 3, issue=7), row("a", 9, issue=5), row("b", 2, issue=6)]
    found = arrange(rows, ("seed", "value", "issue"))
    assert values(found) == [9, 2, 3]
    assert [one.replicate for one in found.observations] == [0, 1, 2]
    assert not said(found, "drawn from the seeds")


def test_without_issue_numbers_the_order_comes_from_the_seeds_whatever_the_rows_and_values():
    seeds = [f"s{number}" for number in range(40)]
    drawn = arrange([row(seed, 1.0) for seed in seeds], ()).seeds
    assert sorted(drawn) == sorted(seeds)
    for number, order in enumerate((seeds, seeds[::-1], sorted(seeds), [*seeds[7:], *seeds[:7]])):
        rows = [row(seed, float(place > number)) for place, seed in enumerate(order)]
        found = arrange(rows, ("seed", "value"))
        assert found.seeds == drawn
        assert (found.is_issued, arrange(rows, ("issue",)).is_issued) == (False, True)
        assert sum("drawn from the seeds" in text for text in (*found.reasons, *found.flags)) == 1
    places = [seeds.index(seed) for seed in drawn]
    later = sum(one < other for one, other in itertools.pairwise(places))
    assert 10 <= later <= 29, "rows that stand in the order of anything come out of it"


def test_without_issue_numbers_blocks_stand_in_the_order_of_their_names():
    rows = [row(number, number, block=str(12 - number // 3)) for number in range(12)]
    found = arrange(rows, ("block",))
    assert [sorted(values(found)[start : start + 3]) for start in (0, 3, 6, 9)] == [
        [9, 10, 11], [6, 7, 8], [3, 4, 5], [0, 1, 2],
    ]  # fmt: skip
    assert said(found, "blocks by their names")
    named = [row(number, number, block="zyx"[number]) for number in range(3)]
    assert values(arrange(named, ("block",))) == [2, 1, 0]


def test_seeds_of_one_issue_number_stand_in_an_order_that_nobody_could_choose():
    rows = [row(f"s{number}", number, issue=number // 8) for number in range(40)]
    found = arrange(rows, ("issue",))
    assert found == arrange(sorted(rows, key=lambda one: -(one.value or 0.0)), ("issue",))
    assert [int(value or 0) // 8 for value in values(found)] == [wave for wave in range(5) for _ in range(8)]
    assert values(found) != sorted(values(found), key=lambda value: value or 0.0)
    assert said(found, "in the order of the column issue, and seeds of one number in an order drawn from them")
    assert not said(arrange(rows[::8], ("issue",)), "drawn from them")


def test_gaps_between_issue_numbers_are_said():
    rows = [row(number, number % 3, issue=number) for number in (1, 2, 5, 9)]
    assert said(arrange(rows, ("issue",)), "5 issue numbers between 1 and 9 are not in the table")
    assert not said(arrange(rows[:2], ("issue",)), "are not in the table")


@pytest.mark.parametrize(
    ("numbers", "is_said"),
    [
        (range(12), True),
        (range(0, -12, -1), True),
        ([float(number > 9) for number in range(20)], True),
        ([*range(10), 11, 10], False),
        (range(7), False),
        ([0.5] * 20, False),
        ([0.0] * 19 + [1.0], False),
        ([], False),
    ],
)
def test_values_in_the_order_of_their_issue_numbers_stay_there_and_are_said(numbers, is_said):
    rows = [row(place, number, issue=place) for place, number in enumerate(numbers)]
    found = arrange(rows, ("seed", "value", "issue"))
    assert values(found) == list(numbers)
    assert said(found, "numbered after sorting") == is_said
    assert not said(arrange(rows, ("seed", "value")), "numbered after sorting")


def test_a_seed_counts_once_by_its_first_row_in_issue_order():
    rows = [row("a", 2, issue=2), row("a", 1, issue=1), row("b", 5, issue=3), row("a", 1, issue=4)]
    found = arrange(rows, ("issue",))
    assert (values(found), found.repeated) == ([1, 5], 2)
    assert said(found, "2 further rows of the same seeds are left out")
    assert said(found, "1 seed has rows with different values, and the first counts: a")


@pytest.mark.parametrize("columns", [("seed", "value"), ("seed", "value", "block"), ("seed", "value", "issue")])
@pytest.mark.parametrize("name", ["same", "designs"])
def test_rows_that_say_different_things_count_alike_however_the_table_is_sorted(columns, name):
    """Three values a seed, of which an order by size would choose the largest: eighty of these were an effect."""
    rng = random.Random(1)
    rows = [
        row(seed, rng.gauss(0, 1), block=str(seed // 8), issue=seed, design="" if name == "same" else str(again))
        for seed in range(80)
        for again in range(3)
    ]
    found = arrange(rows, columns)
    for ordered in (sorted(rows, key=by_value), sorted(rows, key=by_value)[::-1], rng.sample(rows, len(rows))):
        assert arrange(ordered, columns) == found
    if name == "same":
        assert {(one.value, one.why_missing) for one in found.observations} == {(None, "its rows say different things")}
        assert said(found, "80 seeds have rows that say different things, and nothing tells which came first, so no")
    else:
        assert 20 < sum(value > 0 for value in values(found)) < 60
        assert {one.design for one in found.observations} == set("012")


def test_a_table_that_was_sorted_by_value_weighs_the_same():
    """Half of the seeds say one thing twice, the others three things."""
    rng = random.Random(2)
    rows = [row(seed, value) for seed, value in enumerate(rng.gauss(0.3, 1) for _ in range(40)) for _ in range(2)]
    rows += [row(1000 + seed, rng.gauss(0, 1)) for seed in range(40) for _ in range(3)]
    estimand = {"kind": "contrast", "null": 0.0, "smallest": 0.1, "bounds": None}
    one, other, another = (
        weigh(estimand, arrange(each, ("seed", "value")).observations, blocks=1)
        for each in (rows, sorted(rows, key=by_value), sorted(rows, key=by_value)[::-1])
    )
    assert one == other == another
    assert (one.seeds, one.missing, one.verdict) == (40, 40, Verdict.UNDECIDED)


def by_value(one):
    return one.value


def test_rows_that_agree_count_once_without_any_order():
    rows = [row("a", 1.0), row("b", 2.0), row("a", 1.0), row("b", 2.0 + 1e-9), row("a", None)]
    found = arrange(rows, ("seed", "value"))
    assert sorted(values(found)) == pytest.approx([1.0, 2.0])
    assert (found.repeated, found.flags) == (3, ())
    assert values(arrange(rows[::-1], ("seed", "value"))) == values(found)


@pytest.mark.parametrize(
    ("issues", "counts"), [((1, 1, 2), None), ((2, 1, 1), None), ((1, 2, 2), 5.0), ((0, 1, 2), 5.0)]
)
def test_of_rows_with_one_issue_number_none_was_first(issues, counts):
    rows = [row("a", value, issue=issue) for value, issue in zip((5.0, 6.0, 7.0), issues, strict=True)]
    assert values(arrange(rows, ("issue",))) == [counts]
    lost = row("a", None, issue=-1, is_lost=True)
    assert values(arrange([lost, *rows], ("issue",))) == [counts]


@pytest.mark.parametrize(("other", "counts"), [(1e-18, True), (-1e-13, True), (1e-11, False)])
def test_zeros_that_were_rounded_otherwise_agree(other, counts):
    found = arrange([row("a", 0.0, host="x"), row("a", other, host="y")], ("host",))
    assert (values(found) != [None]) is counts
    assert [(one.close, one.disputed) for one in found.agreements] == [(1, 0) if counts else (0, 1)]


@pytest.mark.parametrize("columns", [("block",), ("block", "issue")])
def test_a_lost_seed_that_is_computed_again_stays_in_its_block(columns):
    rows = [row(n, float(n), block=str(n // 4), issue=n) for n in range(12)]
    rows[1] = row(1, None, is_lost=True, block="0", issue=1)
    found = arrange([*rows, row(1, 1.0, block="3", issue=13)], columns)
    assert (sorted(values(found)), found.ends) == ([float(n) for n in range(12)], (4, 8, 12))
    assert 1.0 in values(found)[:4]


def test_a_platform_that_is_not_known_is_none_of_its_own():
    def weighed(*platforms):
        rows = [row(n, n - 9.5, host=f"h{n % 4}", platform=platforms[n % len(platforms)]) for n in range(20)]
        rows += [
            row(n, n - 9.5, host=f"h{(n + 1) % 4}", platform=platforms[(n + 1) % len(platforms)]) for n in range(4)
        ]
        columns = ("seed", "value", "host", "platform")
        found = arrange(rows, columns)
        beside = Surroundings(agreements=found.agreements)
        estimand = {"kind": "contrast", "null": 0.0, "smallest": 0.1, "bounds": None}
        return weigh(estimand, found.observations, blocks=1, homes=found.homes, surroundings=beside).platforms

    assert [weighed("linux"), weighed("linux", ""), weighed(""), weighed("linux", "windows")] == [1, 1, 1, 2]


@pytest.mark.parametrize("gone", [Outcome.LATE, Outcome.DIVERGED])
def test_a_value_and_an_end_without_one_are_different_things(gone):
    rows = [row("a", 1.0), row("a", None, outcome=gone)]
    assert [values(arrange(each, ())) for each in (rows, rows[::-1])] == [[None], [None]]


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        (row("a", None), row("a", 1), None),
        (row("a", None, outcome=Outcome.FAILED), row("a", 1), None),
        (row("a", None, is_lost=True), row("a", 1), 1),
        (row("a", None, is_out=True), row("a", 1), 1),
        (row("a", None, outcome=Outcome.DIVERGED), row("a", 1), None),
        (row("a", None, outcome=Outcome.LATE), row("a", 1), None),
        (row("a", 1), row("a", None), None),
        (row("a", None), row("a", None, outcome=Outcome.DIVERGED), None),
    ],
)
def test_a_row_gives_way_to_a_later_one_if_its_machine_was_at_fault(first, second, counts):
    found = arrange([first, second], ())
    assert values(found) == [counts]


def test_what_comes_after_a_seed_that_is_still_out_waits():
    rows = [row("a", 1, issue=1), row("b", None, issue=2, is_out=True), row("c", 3, issue=3)]
    found = arrange(rows, ("issue",))
    assert (values(found), found.waiting) == ([1], 2)
    assert said(found, "2 seeds left to wait: b is out")


def test_without_issue_numbers_a_seed_that_is_still_out_is_missing():
    rows = [row("a", 1), row("b", None, is_out=True), row("c", 3)]
    found = arrange(rows, ())
    assert (sorted(map(str, values(found))), found.waiting) == (["1", "3", "None"], 0)
    assert said(found, "1 seed still out, counted as missing")


@pytest.mark.parametrize(
    ("rows", "ends", "why"),
    [
        ([row(n, 1, block=str(n // 2)) for n in range(6)], (2, 4, 6), None),
        ([row(n, 1, block=str(n // 2)) for n in range(5)], (2, 4), "block 2 is not closed (it has 1 seeds"),
        ([row(n, 1, block="xxyzz"[n]) for n in range(5)], (2,), "2 of 3 blocks wait: block y"),
        ([row(n, None if n == 2 else 1, block=str(n // 2), is_out=n == 2) for n in range(6)], (2,), "1 of its seeds"),
        ([row(n, None, block=str(n // 2)) for n in range(4)], (2, 4), None),
        ([row(n, 1, block="") for n in range(4)], (4,), None),
    ],
)  # fmt: skip
def test_only_whole_blocks_enter_in_their_order(rows, ends, why):
    found = arrange(rows, ("block",))
    assert found.ends == ends
    assert len(found.observations) == (ends[-1] if ends else 0)
    assert why is None or said(found, why)


def test_hosts_and_volunteers_get_numbers_and_keep_their_names():
    rows = [
        row("a", 1, host="zoe", volunteer="v", platform="linux"),
        row("b", 2, host="amy", volunteer="w"),
        row("c", 3),
    ]
    found = arrange(rows, ALL)
    assert [one.hosts for one in found.observations] == [(2,), (1,), ()]
    assert found.names == {
        ("host", 1): "amy",
        ("host", 2): "zoe",
        ("volunteer", 1): "v",
        ("volunteer", 2): "w",
    }
    assert found.seeds == ("a", "b", "c")
    assert [(home.volunteer_id, home.platform) for home in found.homes.values()] == [(2, "unknown"), (1, "linux")]


def test_without_hosts_nothing_is_known_of_them_and_without_volunteers_they_are_one_s():
    rows = [row("a", 1, host="x"), row("b", 2, host="y")]
    assert said(arrange(rows, ("seed", "value")), "the grade stops at Moderate")
    found = arrange(rows, ("seed", "value", "host"))
    assert {home.volunteer_id for home in found.homes.values()} == {1}
    assert said(found, "taken to be one volunteer's")
    found = arrange([row("a", 1, host="x", volunteer="v"), row("b", 2, host="y")], ALL)
    assert {home.volunteer_id for home in found.homes.values()} == {1}
    assert said(found, "some hosts have no volunteer: all hosts are taken to be one volunteer's")


@pytest.mark.parametrize(
    ("again", "agreements"),
    [
        (row("a", 1.0, host="y", platform="p"), Agreements(platforms=("p", "q"), exact=1)),
        (row("a", 1.0 + 1e-9, host="y", platform="p"), Agreements(platforms=("p", "q"), close=1)),
        (row("a", 1.1, host="y", platform="p"), Agreements(platforms=("p", "q"), divergent=1, disputed=1)),
        (row("a", 1.0 + 1e-12, host="y", platform="p"), Agreements(platforms=("p", "q"), close=1)),
        (row("a", 1.0, host="x", platform="q"), None),
        (row("a", 1.1, host="x", platform="q"), Agreements(platforms=("q", "q"), divergent=1, disputed=1)),
        (row("a", 1.0), None),
        (row("a", None, host="y"), None),
        (row("a", 1.0, host="y", design="other"), None),
    ],
)
def test_only_another_host_shows_anything_by_agreeing(again, agreements):
    rows = [row("a", 1.0, host="x", platform="q"), again, row("b", 2.0, host="z")]
    assert arrange(rows, ALL).agreements == ((agreements,) if agreements else ())


def test_volunteers_show_something_by_agreeing_with_others_and_one_host_with_itself():
    league = [row("a", 1.0, host="x", volunteer="v"), row("a", 1.0, host="y", volunteer="v")]
    stranger = row("b", 2.0, host="z", volunteer="w")
    assert arrange([*league, stranger], ALL).agreements == ()
    assert arrange([*league, stranger, row("b", 2.0, host="x", volunteer="v")], ALL).agreements[0].agreed == 1
    assert arrange([row("a", 1.0, host="x"), row("a", 1.0, host="x")], ALL).agreements[0].agreed == 1


def test_a_seed_agrees_as_badly_as_the_worst_of_its_rows():
    rows = [row("a", 1.0, host="x"), row("a", 1.0, host="y"), row("a", 2.0, host="z")]
    assert arrange(rows, ALL).agreements == (Agreements(platforms=("unknown", "unknown"), divergent=1, disputed=1),)


def test_the_same_seed_in_another_design_is_left_out_and_no_disagreement():
    rows = [row("a", 1, design="small"), row("a", 7, design="large"), row("b", 8, design="large")]
    found = arrange(rows, ALL)
    assert [(one.value, one.design) for one in found.observations] == [(1, "small"), (8, "large")]
    assert said(found, "1 of them are of other designs")
    assert not said(found, "different values")


ROWS = st.lists(
    st.builds(
        row,
        st.integers(0, 8),
        st.none() | st.integers(-3, 3),
        issue=st.integers(0, 9),
        block=st.sampled_from("xyz"),
        host=st.sampled_from(("", "h", "i")),
        is_out=st.booleans(),
    ),
    max_size=25,
)


@given(rows=ROWS, columns=st.sets(st.sampled_from(ALL)), data=st.data())
def test_the_order_of_the_rows_changes_nothing(rows, columns, data):
    assert arrange(data.draw(st.permutations(rows)), columns) == arrange(rows, columns)


@given(rows=ROWS, columns=st.sets(st.sampled_from(ALL)))
def test_whatever_the_rows_a_seed_counts_at_most_once(rows, columns):
    found = arrange(rows, columns)
    seeds = {one.seed for one in rows}
    assert len(found.observations) + found.waiting == len(seeds)
    assert found.repeated == len(rows) - len(seeds)
    assert list(found.ends) == sorted(set(found.ends))
    assert [one.replicate for one in found.observations] == list(range(len(found.observations)))
    assert len(set(found.seeds)) == len(found.observations)


SEEDS = st.integers(-3, 3) | st.integers(0, 10**20) | st.sampled_from(("a", "٣"))
NO_WORDS = st.builds(row, SEEDS, st.none() | st.floats(-9, 9)) | st.builds(row, SEEDS, st.none(), is_out=st.booleans())


@given(rows=st.lists(NO_WORDS, max_size=25))
def test_rows_that_are_kept_as_columns_count_like_any(rows):
    plain = PlainRows()
    for one in rows:
        plain.add(one)
    found = arrange(plain, ("seed", "value"))
    assert list(plain) == rows
    assert replace(found, seeds=tuple(found.seeds)) == arrange(rows, ("seed", "value"))


@given(rows=ROWS, more=ROWS)
def test_rows_that_are_issued_later_never_change_what_counted_already(rows, more):
    before = [row(f"{place}-{one.seed}", one.value, issue=place, is_out=one.is_out) for place, one in enumerate(rows)]
    later = [row(f"later {place}", one.value, issue=100 + place) for place, one in enumerate(more)]
    first, both = arrange(before, ("issue",)), arrange([*later, *before], ("issue",))
    assert list(itertools.islice(values(both), len(values(first)))) == values(first)
