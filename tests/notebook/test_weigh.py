"""`axiom.weigh`: the weighing of findings on anybody's numbers; nothing is guessed in favour of an effect."""

import html.parser
import json
import math
import pickle
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import PATIENCE

import axiom
from axiom.domain.findings import Grade, Verdict
from axiom.errors import AxiomError, FigureNotDrawn, TableUnreadable, UnknownName, WrongUse


def column(values, **more):
    return {"seed": list(range(len(values))), "value": list(values), **more}


def rows(values):
    return [{"seed": seed, "value": value} for seed, value in enumerate(values)]


def gauss(mean: float, spread: float = 1.0, *, seeds: int = 60, start: int = 4) -> list[float]:
    dice = random.Random(start)
    return [dice.gauss(mean, spread) for _ in range(seeds)]


LEVELS = [0.7 + 0.3 * random.Random(place).random() for place in range(60)]
EVENTS = [float(place % 7 == 0) for place in range(60)]
TAIL = [random.Random(place).expovariate(1.0) - 1 for place in range(80)]


@pytest.mark.parametrize(
    ("values", "words", "verdict", "grade"),
    [
        (gauss(0.8), {}, Verdict.POSITIVE, Grade.MODERATE),
        (gauss(-0.8), {}, Verdict.NEGATIVE, Grade.MODERATE),
        (gauss(0.0), {}, Verdict.UNDECIDED, Grade.AWAITING),
        (gauss(1.0, 0.1), {}, Verdict.UNDECIDED, Grade.AWAITING),
        (gauss(1.0, 0.1), {"null": 0.0}, Verdict.POSITIVE, Grade.MODERATE),
        (gauss(1.0, 0.1), {"estimand": "contrast"}, Verdict.POSITIVE, Grade.MODERATE),
        (LEVELS, {}, Verdict.UNDECIDED, Grade.AWAITING),
        (LEVELS, {"estimand": "level", "null": 0.5}, Verdict.POSITIVE, Grade.MODERATE),
        (LEVELS[:12], {}, Verdict.UNDECIDED, Grade.AWAITING),
        (gauss(0.8), {"smallest_effect": 2.0}, Verdict.ABSENT, Grade.MODERATE),
        (gauss(2.0, seeds=16), {}, Verdict.UNDECIDED, Grade.AWAITING),
        (gauss(2.0, seeds=16), {"estimand": "contrast"}, Verdict.POSITIVE, Grade.MODERATE),
        (gauss(2.0, seeds=10), {}, Verdict.UNDECIDED, Grade.AWAITING),
        (gauss(2.0, seeds=10), {"estimand": "contrast"}, Verdict.POSITIVE, Grade.MODERATE),
        (gauss(2.0, seeds=6), {"estimand": "contrast"}, Verdict.UNDECIDED, Grade.AWAITING),
        (gauss(0.9, 0.01), {}, Verdict.UNDECIDED, Grade.AWAITING),
        (gauss(0.9, 0.01), {"estimand": "level", "null": 0.5}, Verdict.POSITIVE, Grade.MODERATE),
        (gauss(0.9, 0.01), {"estimand": "Level", "null": 0.9, "smallest_effect": 0.05}, Verdict.ABSENT, Grade.MODERATE),
        (TAIL, {}, Verdict.UNDECIDED, Grade.AWAITING),
        (TAIL, {"estimand": "level", "null": 3.0}, Verdict.NEGATIVE, Grade.MODERATE),
        (TAIL, {"estimand": "mean", "null": 3.0, "bounds": (-1, 10)}, Verdict.NEGATIVE, Grade.MODERATE),
        (TAIL, {"estimand": "mean", "null": 0.0, "bounds": (-1, 10)}, Verdict.UNDECIDED, Grade.AWAITING),
        (EVENTS, {}, Verdict.UNDECIDED, Grade.AWAITING),
        (EVENTS, {"estimand": "proportion"}, Verdict.UNDECIDED, Grade.AWAITING),
        (EVENTS, {"estimand": "proportion", "null": 0.5}, Verdict.NEGATIVE, Grade.MODERATE),
        ([True] * 30, {"estimand": "proportion", "null": 0.5}, Verdict.POSITIVE, Grade.MODERATE),
        ([-1.0] * 30, {"estimand": "rank-correlation"}, Verdict.NEGATIVE, Grade.MODERATE),
        (gauss(2.0), {"estimand": "breakpoint"}, Verdict.UNDECIDED, Grade.AWAITING),
        (gauss(2.0), {"estimand": "breakpoint", "null": 1.0}, Verdict.POSITIVE, Grade.MODERATE),
        ([0.735123456789] * 60, {}, Verdict.UNDECIDED, Grade.AWAITING),
        ([0.5] * 60, {"estimand": "contrast"}, Verdict.UNDECIDED, Grade.AWAITING),
        ([math.nan] * 60, {"estimand": "contrast"}, Verdict.UNDECIDED, Grade.AWAITING),
        (
            [None if place % 3 == 0 else 3.0 + 0.01 * place for place in range(60)],
            {},
            Verdict.UNDECIDED,
            Grade.AWAITING,
        ),
        ([math.inf, 1.0] * 20, {"estimand": "contrast"}, Verdict.UNDECIDED, Grade.AWAITING),
    ],
)
def test_the_verdict_is_what_the_numbers_say_and_no_more(values, words, verdict, grade):
    card = axiom.weigh(column(values), **words)
    assert (card.verdict, card.grade) == (verdict, grade), repr(card)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (EVENTS, "--estimand proportion --null"),
        (TAIL, "--estimand mean --null M --bounds LO HI"),
        ([0.0, 0.5] * 20, "--estimand level --null M"),
        (gauss(0.9, 0.01), "--estimand level --null M"),
        (LEVELS, "--estimand contrast"),
        (LEVELS, "--estimand level --null M"),
        (LEVELS, "--estimand mean --null M --bounds LO HI"),
        (gauss(2.0, seeds=10), "--estimand contrast"),
        ([0.5] * 60, "was the seed used"),
    ],
)
def test_what_is_not_weighed_says_which_words_would_decide(values, says):
    card = axiom.weigh(column(values))
    assert not card.is_weighed
    assert any(says in text for text in card.needs)
    assert any(text.startswith("not weighed: ") for text in card.reasons)
    assert "what would decide" in repr(card)
    assert card.data()["e_value"] is None
    assert card.estimate is not None


@pytest.mark.parametrize("words", [{}, {"estimand": "contrast"}, {"estimand": "level"}])
@pytest.mark.parametrize("value", [0.735123456789, 0.5, -3.0])
def test_a_constant_column_is_one_value(words, value):
    card = axiom.weigh(column([value] * 243), **words)
    assert (card.n_seeds, card.grade) == (1, Grade.AWAITING)
    assert card.interval == (None, None)
    assert any("all 243 values are" in text for text in card.reasons)


def test_copies_of_a_fine_value_under_other_seeds_are_named():
    values = gauss(1.0, seeds=40)
    values[7] = values[3]
    table = {"seed": [f"s{place}" for place in range(40)], "value": values}
    card = axiom.weigh(table, estimand="contrast")
    assert card.n_seeds == 39
    assert card.grade is Grade.AWAITING
    assert any("seeds s7, s3 have" in text for text in card.flags), card.flags


def test_rank_correlations_that_agree_are_no_copies():
    one, other, third = 0.9486832980505138, 0.8207826816681233, -0.5  # of five arms, two of which tie
    values = [*[one, other, one, other, third] * 9, other]
    card = axiom.weigh(column(values), estimand="rank_correlation")
    assert (card.n_seeds, card.verdict, card.grade) == (46, Verdict.POSITIVE, Grade.MODERATE)
    assert card.flags == ()
    alike = axiom.weigh(column([one] * 46), estimand="rank_correlation")
    assert (alike.n_seeds, alike.grade) == (46, Grade.MODERATE)
    assert "46 seeds gave the very same numbers" in alike.flags[0]


def test_the_values_above_the_null_are_those_that_counted():
    copies = [0.735123456789] * 20
    own = [-0.5 - 0.0123456789 * place for place in range(20)]
    card = axiom.weigh(column([*copies, *own]), estimand="contrast")
    assert card.n_seeds == 21
    assert sorted(card.values) == sorted([copies[0], *own])
    assert "1 of 21 values" in repr(card)
    beyond = axiom.weigh(column([5.0, *own]), estimand="contrast", bounds=(-1, 1))
    assert sorted(beyond.values) == sorted(own)


def test_rows_of_one_seed_are_one_observation():
    values = gauss(1.0, seeds=60)
    rows = {"seed": [place // 3 for place in range(60)], "value": values}
    card = axiom.weigh({**rows, "issue": range(60)}, estimand="contrast")
    assert (card.n_seeds, card.repeated) == (20, 40)
    assert sorted(card.values) == sorted(values[::3])
    assert any("20 seeds have rows with different values" in text for text in card.flags)
    unordered = axiom.weigh(rows, estimand="contrast")
    assert (unordered.n_seeds, unordered.repeated, unordered.verdict) == (0, 40, Verdict.UNDECIDED)
    assert any("20 × its rows say different things" in text for text in unordered.reasons)
    one = axiom.weigh({"seed": [7] * 60, "value": values, "issue": [1] * 60}, estimand="contrast")
    assert (one.n_seeds, one.verdict, one.grade) == (0, Verdict.UNDECIDED, Grade.AWAITING)


def with_hosts(values, **more):
    return column(
        values,
        host=[f"box-{place % 12}" for place in range(len(values))],
        volunteer=[f"person-{place % 12 % 5}" for place in range(len(values))],
        platform=["linux", "windows"][:1] * len(values),
        **more,
    )


def test_hosts_carry_it_to_strong_and_never_to_definitive():
    table = with_hosts(gauss(2.0, seeds=200))
    assert axiom.weigh(table, estimand="contrast").grade is Grade.MODERATE  # they may be in league
    again = {name: [*cells, *cells[:20]] for name, cells in table.items()}
    again["host"][200:] = ["stranger"] * 20
    again["volunteer"][200:] = ["another"] * 20
    card = axiom.weigh(again, estimand="contrast")
    assert card.grade is Grade.STRONG
    assert any("registration" in text for text in card.needs)
    bare = axiom.weigh(column(gauss(2.0, seeds=200)), estimand="contrast")
    assert bare.grade is Grade.MODERATE
    assert any("the grade stops at Moderate" in text for text in bare.reasons)


@pytest.mark.parametrize(
    ("column", "rows", "need"),
    [
        ("host", slice(50, None), "the names of the hosts that computed 150 of the seeds"),
        ("volunteer", slice(2, None, 3), "4 hosts of 2 volunteers (12 of 1 so far)"),
    ],
)
def test_what_is_not_named_carries_nothing_to_strong(column, rows, need):
    table = with_hosts(gauss(2.0, seeds=200))
    table[column][rows] = [""] * len(table[column][rows])
    card = axiom.weigh(table, estimand="contrast")
    assert card.grade is Grade.MODERATE
    assert any(text.startswith(need) for text in card.needs), card.needs


def test_hosts_are_called_by_their_names():
    values = gauss(0.5, seeds=120)
    odd = [value + 30 if place % 12 == 5 else value for place, value in enumerate(values)]
    card = axiom.weigh(with_hosts(odd), estimand="contrast")
    told = json.dumps(card.data(), ensure_ascii=False)
    assert "the values of host box-5 lie elsewhere" in told
    assert {one["name"] for one in card.data()["strata"] if one["by"] == "host"} == {f"box-{at}" for at in range(12)}


def test_a_table_without_blocks_does_not_speak_of_them():
    assert "block" not in repr(axiom.weigh(column(gauss(0.8))))
    assert "2 closed blocks" in repr(axiom.weigh(column(gauss(0.8), block=[place // 30 for place in range(60)])))


def test_an_open_block_waits_and_says_so():
    blocks = [str(place // 16) for place in range(60)]
    card = axiom.weigh(column(gauss(0.8), block=blocks))
    assert (card.n_seeds, card.waiting) == (48, 12)
    assert [look.seeds for look in card.looks] == [16, 32, 48]
    assert any("block 3 is not closed" in text for text in card.reasons)


@pytest.mark.parametrize("start", range(5))
def test_where_a_row_stands_changes_nothing(start):
    rows = [{"seed": place, "value": value} for place, value in enumerate(gauss(0.3, start=start))]
    found = axiom.weigh(rows).data()
    for order in (sorted(rows, key=lambda row: row["value"]), rows[::-1], random.Random(start).sample(rows, 60)):
        assert axiom.weigh(order).data() == found
    assert found["order"] == "seeds"
    issued = axiom.weigh([row | {"issue": row["seed"]} for row in rows]).data()
    assert (issued["order"], issued["e_value"] == found["e_value"]) == ("issue", False)


HALVES = [float(place >= 50) for place in range(100)]
EVEN = [(place + 0.5) / 100 for place in range(100)]


@pytest.mark.parametrize("values", [HALVES, HALVES[::-1], EVEN, EVEN[::-1], [EVEN[1], EVEN[0], *EVEN[2:]]])
def test_rows_sorted_almost_sorted_or_in_halves_give_a_mean_no_effect(values):
    card = axiom.weigh(column(values), estimand="mean", bounds=(0, 1), null=0.5)
    assert card.verdict is Verdict.UNDECIDED, repr(card)
    assert card.interval[0] < 0.5 < card.interval[1]


def test_a_mean_holds_at_any_look_in_issue_order_alone():
    words = {"estimand": "mean", "bounds": (0, 1), "null": 0.5}
    assert not axiom.weigh(column(EVEN), **words).holds_at_any_look
    assert axiom.weigh(column(EVEN, issue=range(100)), **words).holds_at_any_look
    assert axiom.weigh(column(EVEN), estimand="level", null=0.5).holds_at_any_look


PAIR = ("ours", "base")
NULLS = {
    "normal": lambda dice: dice.gauss(0, 1),
    "heavy tails": lambda dice: dice.gauss(0, 1) / max(1e-9, abs(dice.gauss(0, 1))),
    "lognormal": lambda dice: dice.lognormvariate(0, 1) - math.exp(0.5),
    "events": lambda dice: float(dice.random() < 0.1) - 0.1,
}


@pytest.mark.parametrize("name", NULLS)
def test_columns_of_nothing_seldom_get_a_verdict_however_often_somebody_looks(name):
    columns, looks = 80, (12, 16, 24, 32, 48, 64, 96)
    found = 0
    for start in range(columns):
        dice = random.Random(f"{name} {start}")
        values = [NULLS[name](dice) for _ in range(looks[-1])]
        found += any(axiom.weigh(column(values[:seeds])).verdict is not Verdict.UNDECIDED for seeds in looks)
    assert found <= columns * 0.05 + 3 * math.sqrt(columns * 0.05 * 0.95)


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        ({"estimand": "contrats"}, UnknownName, "Did you mean contrast"),
        ({"null": math.nan}, WrongUse, "is nan"),
        ({"smallest_effect": -0.1}, WrongUse, "write 0.1"),
        ({"smallest_effect": math.inf}, WrongUse, "is inf"),
        ({"bounds": (1, 0)}, WrongUse, "the lower one first"),
        ({"bounds": (0, math.nan)}, WrongUse, "is nan"),
        ({"bounds": (1, 2)}, WrongUse, "null 0 lies outside"),
        ({"null": 2, "estimand": "proportion"}, WrongUse, "null 2 lies outside 0 to 1"),
        ({"estimand": "mean"}, WrongUse, "--bounds"),
        ({"estimand": "mean", "bounds": (-1e308, 1e308)}, WrongUse, "farther apart than any number"),
        ({"estimand": "proportion", "null": 0.5}, TableUnreadable, "row 1: 0.8"),
    ],
)
def test_words_that_cannot_be_meant_are_refused(words, error, says):
    with pytest.raises(error, match=says) as told:
        axiom.weigh(column([0.8, 0.9]), **words)
    assert told.value.exit_code == 2


def test_values_beyond_their_bounds_are_no_values():
    card = axiom.weigh(column([*gauss(0.3, 0.1, seeds=39), 5.0]), estimand="contrast", bounds=(-1, 1))
    assert (card.n_seeds, card.evidence.missing) == (39, 1)
    assert any("beyond the bounds" in text for text in (*card.flags, *card.reasons))


@pytest.mark.parametrize(
    ("value", "says"), [(-50.0, "the value -50 lies"), (math.inf, "the value infinite lies"), (-1e101, "beyond 1e.100")]
)
def test_a_mean_is_not_weighed_where_a_value_shows_its_bounds_to_be_false(value, says):
    table = column([0.9] * 3 + [value] + [0.8] * 60)
    with pytest.raises(TableUnreadable, match=f"row 4: .*{says}.*--estimand level"):
        axiom.weigh(table, estimand="mean", bounds=(0, 1), null=0.5)
    assert axiom.weigh(column([0.9, math.nan, None, 0.8]), estimand="mean", bounds=(0, 1), null=0.5).n_seeds == 2


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):  # noqa: ARG002  as the parser calls it
        self.tags.append(tag)


def test_a_notebook_shows_a_table_a_list_and_a_picture_without_harm():
    table = with_hosts(gauss(0.8), design=["<script>alert(1)</script>"] * 60) | {"<b>": [1] * 60}
    shown = axiom.weigh(table)._repr_html_()
    page = Page()
    page.feed(shown)
    assert {"table", "ul", "pre"} <= set(page.tags)
    assert not {"script", "b"} & set(page.tags[page.tags.index("table") :]) - {"b"}
    assert "<script" not in shown
    assert "effect +: the median of the values lies above 0" in shown


def test_the_data_are_json_with_the_keys_that_programs_rely_on():
    data = axiom.weigh(column(gauss(0.8))).data()
    assert {"verdict", "grade", "n_seeds", "interval", "flags", "reasons"} <= data.keys()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert (data["verdict"], data["grade"], data["n_seeds"]) == ("effect +", "Moderate", 60)
    assert data["interval"][0] < data["estimate"] < data["interval"][1]
    assert [look["seeds"] for look in data["looks"]] == [8, 16, 24, 32, 40, 48, 56, 60]


def test_the_picture_stands_alone_and_comes_as_svg_png_or_pdf():
    card = axiom.weigh(column(gauss(0.8)))
    drawn = card.picture().decode()
    assert drawn.startswith("<svg xmlns=")
    assert ("no effect" in drawn, "too small to matter" in drawn) == (True, False)
    assert b"too small to matter" in axiom.weigh(column(gauss(0.8)), smallest_effect=0.1).picture(".SVG")
    assert (card.picture(".png")[:8], card.picture(".pdf")[:5]) == (b"\x89PNG\r\n\x1a\n", b"%PDF-")
    with pytest.raises(WrongUse):
        card.picture(".gif")
    with pytest.raises(FigureNotDrawn, match="no value"):
        axiom.weigh(column([None] * 9)).picture()


def test_the_first_line_has_what_a_paper_tells():
    values = gauss(0.8)
    card = axiom.weigh([{"seed": seed, "ours": value + 1, "base": 1} for seed, value in enumerate(values)], of=PAIR)
    mean = sum(values) / 60
    deviation = (sum((value - mean) ** 2 for value in values) / 59) ** 0.5
    assert (card.data()["mean"], card.data()["sd"]) == (pytest.approx(mean), pytest.approx(deviation))
    low, high = card.interval
    assert low < card.estimate < high
    for told in (
        f"{card.estimate:+.4g}",
        "Hodges–Lehmann",
        "60 paired seeds",
        "95 % CI",
        f"{mean:.4g} ± {deviation:.3g}",
    ):
        assert told in card.paper
    assert f"{card.paper}\n" in repr(card)


def test_the_row_of_a_latex_table_has_no_sign_that_latex_would_obey():
    cells = axiom.weigh(column(gauss(0.8)), estimand="contrast").latex().removesuffix(r" \\").split(" & ")
    assert (cells[0], cells[3:]) == ("the table", ["60", "effect $+$", "Moderate"])
    row = axiom.compare([1.0, 2.0, 4.0], [1.0, 1.0, 1.0]).latex()
    assert r"[-\infty, \infty]" in row


def test_a_smaller_chance_of_error_asks_for_more_and_widens_the_interval():
    usual, strict = (
        axiom.weigh(column(gauss(0.8, seeds=30)), estimand="contrast", alpha=alpha) for alpha in (0.05, 1e-4)
    )
    assert (usual.verdict, strict.verdict) == (Verdict.POSITIVE, Verdict.UNDECIDED)
    assert strict.interval[0] < usual.interval[0] < usual.interval[1] < strict.interval[1]
    assert strict.data()["confidence"] == pytest.approx(0.9999)
    for wrong in (0, 1, -0.1, math.nan):
        with pytest.raises(WrongUse):
            axiom.weigh(column(gauss(0.6)), alpha=wrong)


def test_seeds_that_a_table_says_were_lost_to_a_machine_are_left_out_and_stop_at_moderate():
    values = gauss(0.75, seeds=40)
    outcome = ["lost" if place % 8 == 0 else "success" for place in range(40)]
    left_out = [None if place % 8 == 0 else value for place, value in enumerate(values)]
    lost = axiom.weigh(column(left_out, outcome=outcome), estimand="contrast")
    missing = axiom.weigh(column(left_out), estimand="contrast")
    alone = axiom.weigh([row for row in rows(left_out) if row["value"] is not None], estimand="contrast")
    assert (lost.n_seeds, lost.data()["missing"], missing.data()["missing"]) == (alone.n_seeds, 0, 5)
    assert lost.interval == alone.interval
    assert (lost.verdict, missing.verdict) == (Verdict.POSITIVE, Verdict.UNDECIDED)
    assert lost.grade is Grade.MODERATE
    assert any("lost to a machine" in flag for flag in lost.flags)
    many = ["lost" if place % 3 == 0 else "success" for place in range(40)]
    gone = [None if place % 3 == 0 else value for place, value in enumerate(values)]
    assert axiom.weigh(column(gone, outcome=many), estimand="contrast").data()["missing"] == 14


NUMBERS = st.none() | st.floats() | st.sampled_from([0.0, 1.0, 1e-310, -1e99, 0.1])
TABLES = st.lists(
    st.fixed_dictionaries(
        {"seed": st.integers(0, 30), "value": NUMBERS},
        optional={
            "issue": st.integers(-3, 40),
            "block": st.sampled_from("ab"),
            "host": st.sampled_from("xyz"),
            "platform": st.just("p"),
            "design": st.sampled_from("de"),
            "outcome": st.sampled_from(["ok", "late", "failed", "out", ""]),
        },
    ),
    max_size=40,
)
WORDS = st.fixed_dictionaries(
    {},
    optional={
        "estimand": st.sampled_from(["contrast", "slope", "level", "mean", "proportion", "exponent"]),
        "null": st.floats(-1, 2),
        "smallest_effect": st.floats(0, 1),
        "bounds": st.sampled_from([(0, 1), (-1, 1), (-1e9, 1e9)]),
    },
)


@settings(max_examples=150, deadline=None)
@given(rows=TABLES, words=WORDS)
def test_any_table_gets_a_card_or_a_sentence(rows, words):
    try:
        card = axiom.weigh(rows, **words)
    except AxiomError as error:
        said = str(error)
    else:
        said = repr(card) + card._repr_html_() + json.dumps(card.data(), allow_nan=False)
        assert card.n_seeds <= len({row["seed"] for row in rows})
        assert card.grade in (Grade.AWAITING, Grade.MODERATE, Grade.STRONG)
        assert (card.grade is Grade.AWAITING) or card.n_seeds >= 8
    assert len(said) > 40


def test_weighing_loads_numpy_and_nothing_that_is_heavier():
    code = "import sys, axiom; print(axiom.weigh({'seed': range(30), 'value': range(-2, 28)}), *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert {"pandas", "pyarrow", "scipy", "altair", "sqlite3", "pydantic"} & set(done.stdout.split()) == set()


def test_a_card_comes_back_from_a_pickle_with_its_looks():
    card = axiom.weigh(column(gauss(0.8)))
    assert pickle.loads(pickle.dumps(card)).data() == card.data()  # noqa: S301  our own
