"""`axiom_weigh.weigh`: the weighing of findings on anybody's numbers; nothing is guessed in favour of an effect."""

import json
import math
import pickle
import random
import statistics
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import PATIENCE

import axiom_weigh
from axiom_weigh.errors import FigureNotDrawn, TableUnreadable, UnknownName, WeighError, WrongUse
from axiom_weigh.values import Force, Grade, Verdict


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


SURE = (Verdict.POSITIVE, Verdict.NEGATIVE, Verdict.ABSENT)
OPEN, UP, DOWN = Verdict.UNDECIDED, Verdict.POSITIVE, Verdict.NEGATIVE


@pytest.mark.parametrize(
    ("values", "words", "verdict"),
    [
        (gauss(0.8), {}, UP),
        (gauss(-0.8), {}, DOWN),
        (gauss(0.0), {}, OPEN),
        (gauss(1.0, 0.1), {}, OPEN),
        (gauss(1.0, 0.1), {"null": 0.0}, UP),
        (gauss(1.0, 0.1), {"estimand": "contrast"}, UP),
        (LEVELS, {}, OPEN),
        (LEVELS, {"estimand": "level", "null": 0.5}, UP),
        (LEVELS[:12], {}, OPEN),
        (gauss(0.8), {"smallest_effect": 2.0}, Verdict.ABSENT),
        (gauss(2.0, seeds=16), {}, OPEN),
        (gauss(2.0, seeds=10), {}, OPEN),
        (gauss(2.0, seeds=10), {"estimand": "contrast"}, OPEN),
        (gauss(2.0, seeds=14), {"estimand": "contrast"}, UP),
        (gauss(2.0, seeds=6), {"estimand": "contrast"}, OPEN),
        (gauss(0.9, 0.01), {}, OPEN),
        (gauss(0.9, 0.01), {"estimand": "level", "null": 0.5}, UP),
        (gauss(0.9, 0.01), {"estimand": "Level", "null": 0.9, "smallest_effect": 0.05}, Verdict.ABSENT),
        (TAIL, {}, OPEN),
        (TAIL, {"estimand": "level", "null": 3.0}, DOWN),
        (TAIL, {"estimand": "mean", "null": 3.0, "bounds": (-1, 10)}, DOWN),
        (TAIL, {"estimand": "mean", "null": 0.0, "bounds": (-1, 10)}, OPEN),
        (EVENTS, {}, OPEN),
        (EVENTS, {"estimand": "proportion"}, OPEN),
        (EVENTS, {"estimand": "proportion", "null": 0.5}, DOWN),
        ([True] * 30, {"estimand": "proportion", "null": 0.5}, UP),
        ([-1.0] * 30, {"estimand": "rank-correlation"}, DOWN),
        (gauss(2.0), {"estimand": "breakpoint"}, OPEN),
        (gauss(2.0), {"estimand": "breakpoint", "null": 1.0}, UP),
        ([math.nan] * 60, {"estimand": "contrast"}, OPEN),
        ([None if place % 3 == 0 else 3.0 + 0.01 * place for place in range(60)], {}, OPEN),
        ([math.inf, 1.0] * 20, {"estimand": "contrast"}, OPEN),
    ],
)
def test_the_verdict_is_what_the_numbers_say_and_no_more(values, words, verdict):
    card = axiom_weigh.weigh(column(values), **words)
    assert card.verdict == verdict, repr(card)
    assert card.grade == (Grade.MODERATE if verdict in SURE else Grade.AWAITING), repr(card)


@pytest.mark.parametrize(
    ("values", "option"),
    [
        (EVENTS, "--estimand proportion --null"),
        (TAIL, "--estimand mean --null M --bounds LO HI"),
        ([0.0, 0.5] * 20, "--estimand level --null M"),
        (gauss(0.9, 0.01), "--estimand level --null M"),
        (LEVELS, "--estimand contrast"),
        (LEVELS, "--estimand level --null M"),
        (LEVELS, "--estimand mean --null M --bounds LO HI"),
        ([0.5] * 60, "seed"),
    ],
)
def test_what_is_not_weighed_says_which_words_would_decide(values, option):
    card = axiom_weigh.weigh(column(values))
    assert not card.is_weighed
    assert any(option in text for text in card.needs)
    assert card.data()["e_value"] is None
    assert card.estimate is not None


@pytest.mark.parametrize("words", [{}, {"estimand": "contrast"}, {"estimand": "level"}])
@pytest.mark.parametrize("value", [0.735123456789, -3.0])
def test_a_constant_column_is_one_value(words, value):
    card = axiom_weigh.weigh(column([value] * 243), **words)
    assert (card.n_seeds, card.grade, card.interval) == (1, Grade.AWAITING, (None, None))
    assert any("243" in text for text in card.reasons)


def test_copies_of_a_fine_value_under_other_seeds_are_named():
    values = gauss(1.0, seeds=40)
    values[7] = values[3]
    card = axiom_weigh.weigh({"seed": [f"s{place}" for place in range(40)], "value": values}, estimand="contrast")
    assert (card.n_seeds, card.grade) == (40, Grade.MODERATE)  # a balanced accuracy may come again
    assert [(alarm.kind, alarm.force) for alarm in card.evidence.alarms] == [("repeats", Force.HOLDS_BACK)]
    assert any("s3, s7" in text for text in card.flags), card.flags
    values[10:25] = values[25:]
    card = axiom_weigh.weigh({"seed": [f"s{place}" for place in range(40)], "value": values}, estimand="contrast")
    assert (card.n_seeds, card.grade) == (24, Grade.AWAITING)


def test_rank_correlations_that_agree_are_no_copies():
    first, second, third = 0.9486832980505138, 0.8207826816681233, -0.5  # of five arms, two of which tie
    values = [*[first, second, first, second, third] * 9, second]
    card = axiom_weigh.weigh(column(values), estimand="rank_correlation")
    assert card.n_seeds == 46
    assert card.verdict == Verdict.POSITIVE
    assert card.grade == Grade.MODERATE
    assert card.flags == ()
    alike = axiom_weigh.weigh(column([first] * 46), estimand="rank_correlation")
    assert (alike.n_seeds, alike.grade) == (46, Grade.MODERATE)
    assert "46 seeds" in alike.flags[0]


def test_the_values_above_the_null_are_those_that_counted():
    copies = [0.735123456789] * 20
    own = [-0.5 - 0.0123456789 * place for place in range(20)]
    card = axiom_weigh.weigh(column([*copies, *own]), estimand="contrast")
    assert card.n_seeds == 21
    assert sorted(card.values) == sorted([copies[0], *own])
    assert "1 of 21 values" in repr(card)
    beyond = axiom_weigh.weigh(column([5.0, *own]), estimand="contrast", bounds=(-1, 1))
    assert sorted(beyond.values) == sorted(own)
    assert beyond.evidence.missing == 1


def test_rows_of_one_seed_are_one_observation():
    values = gauss(1.0, seeds=60)
    rows = {"seed": [place // 3 for place in range(60)], "value": values}
    card = axiom_weigh.weigh({**rows, "issue": range(60)}, estimand="contrast")
    assert (card.n_seeds, card.repeated) == (20, 40)
    assert sorted(card.values) == sorted(values[::3])
    assert any("20 seeds" in text for text in card.flags)
    unordered = axiom_weigh.weigh(rows, estimand="contrast")
    assert (unordered.n_seeds, unordered.repeated, unordered.verdict) == (0, 40, Verdict.UNDECIDED)
    single = axiom_weigh.weigh({"seed": [7] * 60, "value": values, "issue": [1] * 60}, estimand="contrast")
    assert (single.n_seeds, single.verdict, single.grade) == (0, Verdict.UNDECIDED, Grade.AWAITING)


def with_hosts(values, **more):
    places = range(len(values))
    hosts, people = [f"box-{place % 12}" for place in places], [f"person-{place % 12 % 5}" for place in places]
    return column(values, host=hosts, volunteer=people, platform=["linux"] * len(values), **more)


def test_hosts_carry_it_to_strong_and_never_to_definitive():
    table = with_hosts(gauss(2.0, seeds=200))
    assert axiom_weigh.weigh(table, estimand="contrast").grade is Grade.MODERATE  # they may be in league
    again = {name: [*cells, *cells[:20]] for name, cells in table.items()}
    again["host"][200:] = ["stranger"] * 20
    again["volunteer"][200:] = ["another"] * 20
    card = axiom_weigh.weigh(again, estimand="contrast")
    assert card.grade is Grade.STRONG
    assert any("registration" in text for text in card.needs)
    assert axiom_weigh.weigh(column(gauss(2.0, seeds=200)), estimand="contrast").grade is Grade.MODERATE


@pytest.mark.parametrize(
    ("column", "rows", "amount"),
    [("host", slice(50, None), "150 of the seeds"), ("volunteer", slice(2, None, 3), "12 hosts of 1 volunteer so far")],
)
def test_what_is_not_named_carries_nothing_to_strong(column, rows, amount):
    table = with_hosts(gauss(2.0, seeds=200))
    table[column][rows] = [""] * len(table[column][rows])
    card = axiom_weigh.weigh(table, estimand="contrast")
    assert card.grade is Grade.MODERATE
    assert any(amount in text for text in card.needs), card.needs


def test_hosts_are_called_by_their_names():
    odd = [value + 30 if place % 12 == 5 else value for place, value in enumerate(gauss(0.5, seeds=120))]
    data = axiom_weigh.weigh(with_hosts(odd), estimand="contrast").data()
    assert any("box-5" in text for text in (*data["flags"], *data["reasons"]))
    names = {stratum["name"] for stratum in data["strata"] if stratum["by"] == "host"}
    assert names == {f"box-{place}" for place in range(12)}


def test_blocks_are_counted_and_an_open_one_waits():
    assert "block" not in repr(axiom_weigh.weigh(column(gauss(0.8))))
    assert "2 closed blocks" in repr(axiom_weigh.weigh(column(gauss(0.8), block=[place // 30 for place in range(60)])))
    card = axiom_weigh.weigh(column(gauss(0.8), block=[str(place // 16) for place in range(60)]))
    assert (card.n_seeds, card.waiting) == (48, 12)
    assert [look.seeds for look in card.looks] == [16, 32, 48]


def test_seeds_count_in_the_order_of_the_table_or_of_their_issue_numbers():
    rows = [{"seed": place, "value": value} for place, value in enumerate(gauss(0.3))]
    data = axiom_weigh.weigh(rows).data()
    issued = axiom_weigh.weigh([row | {"issue": row["seed"]} for row in rows[::-1]]).data()
    assert (data["order"], issued["order"]) == ("table", "issue")
    assert (data["e_value"], data["digest"]) == (issued["e_value"], issued["digest"])
    assert axiom_weigh.weigh(rows[:20]).digest() == axiom_weigh.weigh(rows).digest(20) != data["digest"]


HALVES = [float(place >= 50) for place in range(100)]
EVEN = [(place + 0.5) / 100 for place in range(100)]


@pytest.mark.parametrize("values", [HALVES, HALVES[::-1], EVEN, EVEN[::-1], [EVEN[1], EVEN[0], *EVEN[2:]]])
def test_rows_sorted_almost_sorted_or_in_halves_give_a_mean_no_effect(values):
    card = axiom_weigh.weigh(column(values), estimand="mean", bounds=(0, 1), null=0.5)
    assert card.verdict is Verdict.UNDECIDED, repr(card)
    assert (card.interval, card.grade, card.is_weighed) == ((None, None), Grade.AWAITING, False)


PAIR = ("ours", "base")
NULLS = {
    "normal": lambda dice: dice.gauss(0, 1),
    "heavy tails": lambda dice: dice.gauss(0, 1) / max(1e-9, abs(dice.gauss(0, 1))),
    "lognormal": lambda dice: dice.lognormvariate(0, 1) - math.exp(0.5),
    "events": lambda dice: float(dice.random() < 0.1) - 0.1,
}


@pytest.mark.parametrize("name", NULLS)
def test_columns_of_nothing_seldom_get_a_verdict_however_often_somebody_looks(name):
    columns, looks = 40, (12, 16, 24, 32, 48, 64, 96)
    verdicts = 0
    for start in range(columns):
        dice = random.Random(f"{name} {start}")
        values = [NULLS[name](dice) for _ in range(looks[-1])]
        verdicts += any(axiom_weigh.weigh(column(values[:seeds])).verdict is not Verdict.UNDECIDED for seeds in looks)
    assert verdicts <= columns * 0.05 + 3 * math.sqrt(columns * 0.05 * 0.95)


@pytest.mark.parametrize(
    ("words", "error", "fact"),
    [
        ({"estimand": "contrats"}, UnknownName, "contrast"),
        ({"null": math.nan}, WrongUse, "nan"),
        ({"smallest_effect": -0.1}, WrongUse, "write 0.1"),
        ({"smallest_effect": math.inf}, WrongUse, "inf"),
        ({"bounds": (1, 0)}, WrongUse, "bounds"),
        ({"bounds": (0, math.nan)}, WrongUse, "nan"),
        ({"bounds": (1, 2)}, WrongUse, "null 0"),
        ({"null": 2, "estimand": "proportion"}, WrongUse, "null 2.*0 to 1"),
        ({"estimand": "mean"}, WrongUse, "--bounds"),
        ({"estimand": "mean", "bounds": (-1e308, 1e308)}, WrongUse, "farther apart"),
        ({"estimand": "proportion", "null": 0.5}, TableUnreadable, "row 1: 0.8"),
    ],
)
def test_words_that_cannot_be_meant_are_refused(words, error, fact):
    with pytest.raises(error, match=fact):
        axiom_weigh.weigh(column([0.8, 0.9]), **words)


@pytest.mark.parametrize(("value", "name"), [(-50.0, "-50"), (math.inf, "infinite"), (-1e101, "1e.100")])
def test_a_mean_is_not_weighed_where_a_value_shows_its_bounds_to_be_false(value, name):
    table = column([0.9] * 3 + [value] + [0.8] * 60)
    with pytest.raises(TableUnreadable, match=f"row 4: .*{name}"):
        axiom_weigh.weigh(table, estimand="mean", bounds=(0, 1), null=0.5)
    assert axiom_weigh.weigh(column([0.9, math.nan, None, 0.8]), estimand="mean", bounds=(0, 1), null=0.5).n_seeds == 2


def test_a_notebook_shows_a_table_a_list_and_a_picture_without_harm():
    table = with_hosts(gauss(0.8), design=["<script>alert(1)</script>"] * 60)
    html = axiom_weigh.weigh(table)._repr_html_()
    assert all(f"<{tag}" in html for tag in ("table", "ul", "pre"))
    assert "<script" not in html


def test_the_data_are_json_with_the_keys_that_programs_rely_on():
    card = axiom_weigh.weigh(column(gauss(0.8)))
    data = card.data()
    assert {"verdict", "grade", "n_seeds", "interval", "flags", "reasons"} <= data.keys()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert (data["verdict"], data["grade"], data["n_seeds"]) == ("effect +", "Moderate", 60)
    assert data["interval"][0] < data["estimate"] < data["interval"][1]
    assert [look["seeds"] for look in data["looks"]] == [8, 16, 24, 32, 40, 48, 56, 60]
    assert pickle.loads(pickle.dumps(card)).data() == data  # noqa: S301  our own


def test_the_picture_stands_alone_and_comes_as_svg_png_or_pdf():
    card = axiom_weigh.weigh(column(gauss(0.8)))
    assert card.picture().startswith(b"<svg xmlns=")
    assert b"too small to matter" not in card.picture()
    assert b"too small to matter" in axiom_weigh.weigh(column(gauss(0.8)), smallest_effect=0.1).picture(".SVG")
    assert (card.picture(".png")[:8], card.picture(".pdf")[:5]) == (b"\x89PNG\r\n\x1a\n", b"%PDF-")
    with pytest.raises(WrongUse):
        card.picture(".gif")
    with pytest.raises(FigureNotDrawn):
        axiom_weigh.weigh(column([None] * 9)).picture()


def test_the_first_line_has_what_a_paper_tells():
    values = gauss(0.8)
    card = axiom_weigh.weigh(
        [{"seed": seed, "ours": value + 1, "base": 1} for seed, value in enumerate(values)], of=PAIR
    )
    mean = statistics.fmean(values)
    deviation = statistics.stdev(values)
    assert (card.data()["mean"], card.data()["sd"]) == (pytest.approx(mean), pytest.approx(deviation))
    assert card.interval[0] < card.estimate < card.interval[1]
    for fact in (f"{card.estimate:+.4g}", "typical value of 60 paired seeds", f"{mean:.4g} ± {deviation:.3g}"):
        assert fact in card.paper
    assert f"{card.paper}\n" in repr(card)
    assert "ours − base typically lies above 0" in repr(card)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (gauss(2.0, seeds=5), "too few seeds to tell: a verdict takes 12 or more"),
        (gauss(2.0, seeds=8), " to 1 against no effect; a verdict takes 20 to 1"),
        (gauss(0.0, seeds=60), "nothing so far against no effect"),
        (gauss(2.0, seeds=60), " to 1 against no effect"),
    ],
)
def test_evidence_below_one_to_one_is_told_as_none(values, says):
    card = axiom_weigh.weigh(column(values), estimand="contrast")
    assert says in card.text.facts["evidence"]
    assert (card.row[4] == "nothing so far") == (card.evidence.e_value < 1.0)


def test_a_latex_row_json_and_many_claims_name_the_middle_and_what_is_assumed():
    pairs = [{"seed": seed, "ours": value + 1, "base": 1} for seed, value in enumerate(gauss(0.8))]
    card, few = axiom_weigh.weigh(pairs, of=PAIR), axiom_weigh.weigh(pairs[:5], of=PAIR)
    assert card.data()["middle"] == "typical value"
    assert "of one law" in card.data()["assumed"]
    assert card.latex().endswith(card.data()["assumed"])
    assert few.latex().partition(" % ")[2].startswith("this is about the mean for one look")
    together = repr(axiom_weigh.weigh_all(card, few))
    assert card.about in together
    assert few.about.removeprefix("this is about the mean ") in together


def test_the_row_of_a_latex_table_has_no_sign_that_latex_would_obey():
    cells = axiom_weigh.weigh(column(gauss(0.8)), estimand="contrast").latex().partition(r" \\ %")[0].split(" & ")
    assert (cells[0], cells[3:]) == ("the table", ["60", "effect $+$", "Moderate"])
    row = axiom_weigh.compare([1.0], [2.0]).latex()
    assert r"[-\infty, \infty]" in row


def test_a_smaller_chance_of_error_asks_for_more_and_widens_the_interval():
    table = column(gauss(0.6, seeds=64))
    usual, strict = (axiom_weigh.weigh(table, estimand="contrast", alpha=alpha) for alpha in (0.05, 1e-6))
    assert (usual.verdict, strict.verdict) == (Verdict.POSITIVE, Verdict.UNDECIDED)
    assert strict.interval[0] < usual.interval[0] < usual.interval[1] < strict.interval[1]
    assert strict.data()["confidence"] == pytest.approx(0.999999)
    for alpha in (1e-3, 1e-5):  # 24 seeds, and 40
        evidence = axiom_weigh.weigh(column(gauss(0.6, seeds=16)), estimand="contrast", alpha=alpha).card.evidence
        asked_for = int(evidence.needs[0].split()[0])
        assert evidence.more[0] >= asked_for - 16
    for wrong in (0, 1, -0.1, math.nan):
        with pytest.raises(WrongUse):
            axiom_weigh.weigh(table, alpha=wrong)


def test_seeds_that_a_machine_lost_are_left_out_and_the_grade_stops_at_moderate():
    values = gauss(0.9, seeds=40)
    outcome = ["lost" if place % 8 == 0 else "success" for place in range(40)]
    left_out = [None if place % 8 == 0 else value for place, value in enumerate(values)]
    lost = axiom_weigh.weigh(column(left_out, outcome=outcome), estimand="contrast")
    missing = axiom_weigh.weigh(column(left_out), estimand="contrast")
    alone = axiom_weigh.weigh([row for row in rows(left_out) if row["value"] is not None], estimand="contrast")
    assert lost.n_seeds == alone.n_seeds
    assert lost.data()["missing"] == 0
    assert missing.data()["missing"] == 5
    assert lost.interval == alone.interval
    assert (lost.verdict, missing.verdict) == (Verdict.POSITIVE, Verdict.UNDECIDED)
    assert lost.grade is Grade.MODERATE
    many = ["lost" if place % 3 == 0 else "success" for place in range(40)]
    gone = [None if place % 3 == 0 else value for place, value in enumerate(values)]
    assert axiom_weigh.weigh(column(gone, outcome=many), estimand="contrast").data()["missing"] == 14


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
        card = axiom_weigh.weigh(rows, **words)
    except WeighError as error:
        text = str(error)
    else:
        text = repr(card) + card._repr_html_() + json.dumps(card.data(), allow_nan=False)
        assert card.n_seeds <= len({row["seed"] for row in rows})
        assert card.grade in (Grade.AWAITING, Grade.MODERATE, Grade.STRONG)
        assert (card.grade is Grade.AWAITING) or card.n_seeds >= 8
    assert len(text) > 40


def test_weighing_loads_numpy_and_nothing_that_is_heavier():
    code = (
        "import sys, axiom_weigh; print(axiom_weigh.weigh({'seed': range(30), 'value': range(-2, 28)}), *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert {"pandas", "pyarrow", "scipy", "vl_convert", "sqlite3", "pydantic"} & set(done.stdout.split()) == set()


@pytest.mark.parametrize(("estimand", "null"), [("contrast", 0.0), ("level", 0.5), ("proportion", 0.5)])
def test_the_smallest_effect_that_would_decide_is_told_and_does(estimand, null):
    draws = gauss(0.0, seeds=40)
    values = [float(place % 2) for place in range(80)]
    if estimand != "proportion":
        values = [null + value for value in (*draws, *(-1.01 * value for value in draws))]
    card = axiom_weigh.weigh(column(values), estimand=estimand, null=null)
    assert f"--smallest-effect {card.ruled_out:g}" in repr(card)
    decided = axiom_weigh.weigh(column(values), estimand=estimand, null=null, smallest_effect=card.ruled_out)
    assert (decided.verdict, decided.ruled_out) == (Verdict.ABSENT, None)
    assert axiom_weigh.weigh(column(gauss(0.3, seeds=30)), estimand="contrast").ruled_out is None


@pytest.mark.parametrize(
    ("estimand", "seeds", "fewest"), [("contrast", 0, 12), ("contrast", 5, 12), ("contrast", 11, 12), ("level", 5, 8)]
)
def test_few_seeds_need_as_many_as_a_verdict_takes_and_one_number_of_them_is_told(estimand, seeds, fewest):
    card = axiom_weigh.weigh(column([*gauss(9.0, seeds=seeds), None]), estimand=estimand, null=0)
    assert [need for need in card.needs if "seeds (" in need] == [f"{fewest} seeds ({seeds} so far)"]
    assert not any("next grade needs" in text for text in card.reasons)
    sure = axiom_weigh.weigh(rows(gauss(9.0, seeds=fewest)), estimand=estimand, null=0)
    assert (sure.verdict, sure.grade) == (UP, Grade.MODERATE)


def test_no_forecast_of_seeds_is_made_from_fewer_than_sixteen():
    few, many = (axiom_weigh.weigh(column(gauss(1.4, seeds=seeds)), estimand="contrast") for seeds in (15, 16))
    assert "see --plan" in repr(few)
    assert "see --plan" not in repr(many)
    assert few.data()["more_seeds"] is None
    assert list(many.forecast) == many.data()["more_seeds"] == sorted(many.forecast)
    assert f"likely {many.forecast[1]:,}" in repr(many)


@pytest.mark.parametrize("words", [{}, {"null": 1.0}, {"estimand": "proportion", "null": 0.5}])
def test_hosts_that_plainly_differ_leave_everything_open(words):
    """Their values count as so few that no end of an interval could be told."""
    apart = [float(seed % 2) for seed in range(600)]
    values = apart if "estimand" in words else list(np.add(np.multiply(10.0, apart), gauss(0.0, seeds=600)))
    weighed = axiom_weigh.weigh(column(values, host=["ab"[seed % 2] for seed in range(600)]), **words)
    assert weighed.evidence.verdict == OPEN
    assert weighed.evidence.low in {None, 0.0}


def test_a_bound_so_far_away_that_the_null_is_the_other_says_nothing_of_the_mean():
    assert axiom_weigh.weigh(column(gauss(0.0, 0.1)), bounds=(-1e17, 1.0)).evidence.verdict is OPEN
