"""Rows of anybody's table: issue order, one row a seed, closed blocks, names of hosts; a sentence for each step."""

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.tables.arrange_rows import OrderedObservations, arrange_rows
from axiom_weigh.tables.seed_row import PlainRows, Row
from axiom_weigh.values import Agreements, Outcome, Surroundings

ALL = ("seed", "value", "issue", "block", "host", "volunteer", "platform", "design", "outcome")


def row(seed: object, value: float | None, **more) -> Row:
    gone = {} if value is not None else {"outcome": None, "why_missing": "no value"}
    return Row(place=1, seed=str(seed), value=value, **{**gone, **more})


def values(arranged: OrderedObservations) -> list[float | None]:
    return [observation.value for observation in arranged.observations]


def says(arranged: OrderedObservations, fact: str) -> bool:
    return any(fact in text for text in (*arranged.reasons, *arranged.flags))


def test_rows_stand_in_issue_order_and_gaps_are_said():
    rows = [row("c", 3, issue=7), row("a", 9, issue=5), row("b", 2, issue=6)]
    arranged = arrange_rows(rows, ("seed", "value", "issue"))
    assert values(arranged) == [9, 2, 3]
    assert [observation.replicate for observation in arranged.observations] == [0, 1, 2]
    assert not says(arranged, "as the table")
    rows = [row(number, number % 3, issue=number) for number in (1, 2, 5, 9)]
    assert says(arrange_rows(rows, ("issue",)), "5 issue numbers between 1 and 9")
    assert not says(arrange_rows(rows[:2], ("issue",)), "issue numbers between")


def plain_rows(rows):
    plain = PlainRows()
    for line in rows:
        plain.add(line)
    return plain


@pytest.mark.parametrize("kind", [list, plain_rows])
def test_without_issue_numbers_seeds_stand_as_the_table_names_them_first(kind):
    rows = [row(seed, value) for seed, value in (("9", 1.0), ("a", 4.0), ("1", None), ("3", 2.0), ("a", 4.0))]
    for looked_at in range(1, 6):
        arranged = arrange_rows(kind(rows[:looked_at]), ("seed", "value"))
        assert tuple(arranged.seeds) == ("9", "a", "1", "3")[:looked_at]
        assert values(arranged) == [1.0, 4.0, None, 2.0][:looked_at]
        assert says(arranged, "in which the table names seeds first")


def test_a_later_look_is_known_by_its_digest_and_names_of_seeds_change_nothing_else():
    early, late, other = (
        arrange_rows([row(f"{name}{seed}", (7 * seed) % 11) for seed in range(seeds)], ("seed", "value"))
        for name, seeds in (("s", 20), ("s", 24), ("t", 20))
    )
    assert late.digest(20) == early.digest() != late.digest()
    assert early.digest() != other.digest()
    assert values(early) == values(other)
    assert (
        early.digest() != arrange_rows([row(f"s{seed}", seed % 11) for seed in range(20)], ("seed", "value")).digest()
    )


def test_blocks_stand_as_the_table_names_them_first():
    rows = [row(number, number, block="zyx"[number % 3]) for number in range(6)]
    assert values(arrange_rows(rows, ("block",))) == [0, 3, 1, 4, 2, 5]


def test_seeds_of_one_issue_number_stand_as_in_the_table():
    rows = [row(f"s{number}", number % 5, issue=1 - number // 8) for number in range(16)]
    arranged = arrange_rows(rows, ("issue",))
    assert arranged.seeds == tuple(f"s{number}" for number in (*range(8, 16), *range(8)))
    assert says(arranged, "seeds of one number")
    assert not says(arrange_rows(rows[::8], ("issue",)), "seeds of one number")


@pytest.mark.parametrize(
    ("numbers", "is_told"),
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
def test_values_in_the_order_of_their_size_stay_there_and_are_doubted(numbers, is_told):
    rows = [row(place, number, issue=place) for place, number in enumerate(numbers)]
    for columns in (("seed", "value", "issue"), ("seed", "value")):
        arranged = arrange_rows(rows, columns)
        assert values(arranged) == list(numbers)
        assert (arranged.doubt is not None) == is_told


def test_a_seed_counts_once_by_its_first_row_in_issue_order():
    rows = [row("a", 2, issue=2), row("a", 1, issue=1), row("b", 5, issue=3), row("a", 1, issue=4)]
    arranged = arrange_rows(rows, ("issue",))
    assert (values(arranged), arranged.repeated) == ([1, 5], 2)
    assert says(arranged, "1 seed has rows with different values")


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
    of_seeds = by_seed(arrange_rows(rows, columns))
    for ordered in (sorted(rows, key=by_value), sorted(rows, key=by_value)[::-1], rng.sample(rows, len(rows))):
        arranged = arrange_rows(ordered, columns)
        assert by_seed(arranged) == of_seeds
        if name == "same":
            assert set(values(arranged)) == {None}
            assert says(arranged, "80 seeds have rows that say different things")
        else:
            assert 20 < sum(value > 0 for value in values(arranged)) < 60
            assert {observation.design for observation in arranged.observations} == {"0"}


def by_value(row):
    return row.value


def by_seed(arranged):
    return dict(zip(arranged.seeds, values(arranged), strict=True))


def test_rows_that_agree_count_once_without_any_order():
    rows = [row("a", 1.0), row("b", 2.0), row("a", 1.0), row("b", 2.0 + 1e-9), row("a", None)]
    arranged = arrange_rows(rows, ("seed", "value"))
    assert sorted(values(arranged)) == pytest.approx([1.0, 2.0])
    assert (arranged.repeated, arranged.flags) == (3, ())
    assert values(arrange_rows(rows[::-1], ("seed", "value"))) == pytest.approx([1.0, 2.0])


@pytest.mark.parametrize(
    ("issues", "counts"), [((1, 1, 2), None), ((2, 1, 1), None), ((1, 2, 2), 5.0), ((0, 1, 2), 5.0)]
)
def test_of_rows_with_one_issue_number_none_was_first(issues, counts):
    rows = [row("a", value, issue=issue) for value, issue in zip((5.0, 6.0, 7.0), issues, strict=True)]
    assert values(arrange_rows(rows, ("issue",))) == [counts]
    lost = row("a", None, issue=-1, is_lost=True)
    assert values(arrange_rows([lost, *rows], ("issue",))) == [counts]


@pytest.mark.parametrize(("other", "counts"), [(1e-18, True), (-1e-13, True), (1e-11, False)])
def test_zeros_that_were_rounded_otherwise_agree(other, counts):
    arranged = arrange_rows([row("a", 0.0, host="x"), row("a", other, host="y")], ("host",))
    assert (values(arranged) != [None]) is counts
    assert [(agreement.close, agreement.disputed) for agreement in arranged.agreements] == [
        (1, 0) if counts else (0, 1)
    ]


@pytest.mark.parametrize("columns", [("block",), ("block", "issue")])
def test_a_lost_seed_that_is_computed_again_stays_in_its_block(columns):
    rows = [row(n, float(n), block=str(n // 4), issue=n) for n in range(12)]
    rows[1] = row(1, None, is_lost=True, block="0", issue=1)
    arranged = arrange_rows([*rows, row(1, 1.0, block="3", issue=13)], columns)
    assert (sorted(values(arranged)), arranged.ends) == ([float(n) for n in range(12)], (4, 8, 12))
    assert 1.0 in values(arranged)[:4]


def test_a_platform_that_is_not_known_is_none_of_its_own():
    def weighed(*platforms):
        places = [(n, n % 4) for n in range(20)] + [(n, (n + 1) % 4) for n in range(4)]
        rows = [row(n, n - 9.5, host=f"h{host}", platform=platforms[host % len(platforms)]) for n, host in places]
        arranged = arrange_rows(rows, ("seed", "value", "host", "platform"))
        beside = Surroundings(agreements=arranged.agreements)
        estimand = {"kind": "contrast", "null": 0.0, "smallest": 0.1, "bounds": None}
        return weigh_observations(
            estimand, arranged.observations, blocks=1, homes=arranged.homes, surroundings=beside
        ).platforms

    assert [weighed("linux"), weighed("linux", ""), weighed(""), weighed("linux", "windows")] == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        ({}, {"value": 1}, None),
        ({"outcome": Outcome.FAILED}, {"value": 1}, None),
        ({"is_lost": True}, {"value": 1}, 1),
        ({"is_out": True}, {"value": 1}, 1),
        ({"outcome": Outcome.DIVERGED}, {"value": 1}, None),
        ({"outcome": Outcome.LATE}, {"value": 1}, None),
        ({"value": 1}, {}, None),
        ({"value": 1}, {"outcome": Outcome.DIVERGED}, None),
        ({"value": 1}, {"outcome": Outcome.LATE}, None),
        ({}, {"outcome": Outcome.DIVERGED}, None),
    ],
)
def test_a_row_gives_way_to_a_later_one_if_its_machine_was_at_fault(first, second, counts):
    assert values(arrange_rows([row("a", **{"value": None} | cells) for cells in (first, second)], ())) == [counts]


def test_what_follows_a_seed_that_is_out_waits_or_without_issue_numbers_is_missing():
    rows = [row("a", 1, issue=1), row("b", None, issue=2, is_out=True), row("c", 3, issue=3)]
    arranged = arrange_rows(rows, ("issue",))
    assert (values(arranged), arranged.waiting) == ([1], 2)
    assert says(arranged, "b is out")
    arranged = arrange_rows(rows, ())
    assert (sorted(map(str, values(arranged))), arranged.waiting) == (["1", "3", "None"], 0)


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
    arranged = arrange_rows(rows, ("block",))
    assert arranged.ends == ends
    assert len(arranged.observations) == (ends[-1] if ends else 0)
    assert why is None or says(arranged, why)


def test_hosts_and_volunteers_get_numbers_and_keep_their_names():
    rows = [row("a", 1, host="zoe", volunteer="v", platform="linux"), row("b", 2, host="amy", volunteer="w")]
    arranged = arrange_rows([*rows, row("c", 3)], ALL)
    assert [observation.hosts for observation in arranged.observations] == [(2,), (1,), ()]
    hosts, volunteers = {("host", 1): "amy", ("host", 2): "zoe"}, {("volunteer", 1): "v", ("volunteer", 2): "w"}
    assert arranged.names == hosts | volunteers
    assert arranged.seeds == ("a", "b", "c")
    assert [(home.volunteer_id, home.platform) for home in arranged.homes.values()] == [(2, "unknown"), (1, "linux")]


def test_without_hosts_nothing_is_known_of_them_and_without_volunteers_all_are_one_s():
    rows = [row("a", 1, host="x"), row("b", 2, host="y")]
    assert says(arrange_rows(rows, ("seed", "value")), "Moderate")
    for first, columns in ((rows[0], ("seed", "value", "host")), (row("a", 1, host="x", volunteer="v"), ALL)):
        arranged = arrange_rows([first, rows[1]], columns)
        assert {home.volunteer_id for home in arranged.homes.values()} == {1}
        assert says(arranged, "one volunteer's")


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
    assert arrange_rows(rows, ALL).agreements == ((agreements,) if agreements else ())


def test_volunteers_show_something_by_agreeing_with_others_and_one_host_with_itself():
    league = [row("a", 1.0, host="x", volunteer="v"), row("a", 1.0, host="y", volunteer="v")]
    stranger = row("b", 2.0, host="z", volunteer="w")
    assert arrange_rows([*league, stranger], ALL).agreements == ()
    assert arrange_rows([*league, stranger, row("b", 2.0, host="x", volunteer="v")], ALL).agreements[0].agreed == 1
    assert arrange_rows([row("a", 1.0, host="x"), row("a", 1.0, host="x")], ALL).agreements[0].agreed == 1
    rows = [row("a", 1.0, host="x"), row("a", 1.0, host="y"), row("a", 2.0, host="z")]  # the worst of them counts
    assert arrange_rows(rows, ALL).agreements == (
        Agreements(platforms=("unknown", "unknown"), divergent=1, disputed=1),
    )


def test_the_same_seed_in_another_design_is_left_out_and_no_disagreement():
    """Which of them counts, no value decides."""
    rows = [row("a", 1, design="small"), row("a", 7, design="large"), row("b", 8, design="large")]
    arranged = arrange_rows(rows, ALL)
    assert [(seen.value, seen.design) for seen in arranged.observations] == [(7, "large"), (8, "large")]
    assert says(arranged, "1 of them are of other designs")
    assert not says(arranged, "different values")


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


@given(rows=ROWS)
def test_names_of_seeds_change_nothing(rows):
    renamed = [replace(line, seed=f"z{(7 * int(line.seed) + 3) % 11}") for line in rows]
    assert arrange_rows(renamed, ALL).observations == arrange_rows(rows, ALL).observations


@given(rows=ROWS, columns=st.sets(st.sampled_from(ALL)))
def test_whatever_the_rows_a_seed_counts_at_most_once(rows, columns):
    arranged = arrange_rows(rows, columns)
    seeds = {line.seed for line in rows}
    assert len(arranged.observations) + arranged.waiting == len(seeds)
    assert arranged.repeated == len(rows) - len(seeds)
    assert list(arranged.ends) == sorted(set(arranged.ends))
    assert [observation.replicate for observation in arranged.observations] == list(range(len(arranged.observations)))
    assert len(set(arranged.seeds)) == len(arranged.observations)


SEEDS = st.integers(-3, 3) | st.integers(0, 10**20) | st.sampled_from(("a", "٣"))
NO_WORDS = st.builds(row, SEEDS, st.none() | st.floats(-9, 9)) | st.builds(row, SEEDS, st.none(), is_out=st.booleans())


@given(rows=st.lists(NO_WORDS, max_size=25))
def test_rows_that_are_kept_as_columns_count_like_any(rows):
    plain = plain_rows(rows)
    arranged = arrange_rows(plain, ("seed", "value"))
    assert list(plain) == rows
    assert replace(arranged, seeds=tuple(arranged.seeds)) == arrange_rows(rows, ("seed", "value"))


@given(rows=ROWS, more=ROWS)
def test_rows_that_are_issued_later_never_change_what_counted_already(rows, more):
    before = [
        row(f"{place}-{line.seed}", line.value, issue=place, is_out=line.is_out) for place, line in enumerate(rows)
    ]
    later = [row(f"later {place}", line.value, issue=100 + place) for place, line in enumerate(more)]
    first, both = arrange_rows(before, ("issue",)), arrange_rows([*later, *before], ("issue",))
    assert list(itertools.islice(values(both), len(values(first)))) == values(first)
