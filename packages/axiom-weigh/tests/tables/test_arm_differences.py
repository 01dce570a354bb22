"""One arm minus the other: of a row for each run, of a column for each arm; what is missing stays."""

import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

import axiom_weigh
from axiom_weigh.errors import TableUnreadable, WrongUse
from axiom_weigh.statistics.student import welch_interval
from axiom_weigh.tables.arm_differences import differences_of
from axiom_weigh.tables.arrange_rows import arrange_rows
from axiom_weigh.tables.find_columns import NamedColumns
from axiom_weigh.tables.read_sheet import sheet_of
from axiom_weigh.tables.seed_row import Row
from axiom_weigh.values import Force, Grade, Verdict

ARMS = {"by": "arm", "of": ("ours", "base")}
CONTRAST = {"estimand": "contrast"}


def run(seed, arm, value, **more):
    return {"seed": seed, "arm": arm, "value": value, **more}


def differences(table, **words) -> dict[str, Row]:
    made = differences_of(sheet_of(table), NamedColumns(**(words or ARMS)))
    return {row.seed: row for row in made.rows}


def values(table, **words):
    return {seed: row.value for seed, row in differences(table, **words).items()}


def runs_of(wide):
    """A row for each run, of a row for each seed."""
    return [
        {"seed": row["seed"], "arm": arm, "value": row[arm], **{name: row[name] for name in row if name in MORE}}
        for row in wide
        for arm in ("ours", "base")
    ]


MORE = ("issue", "block", "host", "volunteer", "platform", "outcome")
NUMBERS = st.none() | st.floats(-1e99, 1e99) | st.sampled_from([0.9, 0.8, 1 / 3, 0.25])
WIDE = st.lists(
    st.fixed_dictionaries(
        {"seed": st.integers(0, 9), "ours": NUMBERS, "base": NUMBERS},
        optional={
            "issue": st.just(0),
            "block": st.sampled_from("ab"),
            "host": st.sampled_from(["x", "y", ""]),
            "outcome": st.sampled_from(["ok", "late", "failed", "out"]),
        },
    ),
    min_size=1,
    max_size=20,
).map(lambda rows: [row | {"issue": place} if "issue" in rows[0] else without(row) for place, row in enumerate(rows)])


def without(row):
    return {name: cell for name, cell in row.items() if name != "issue"}


@given(WIDE)
def test_a_column_for_each_arm_and_a_row_for_each_run_give_the_same_card(wide):
    assert card(wide, of=("ours", "base")) == card(runs_of(wide), **ARMS)


@given(WIDE, st.data())
def test_the_order_of_runs_changes_no_value(wide, data):
    runs = runs_of(wide)
    assert values(data.draw(st.permutations(runs)), **ARMS) == values(runs, **ARMS)


@given(WIDE)
def test_the_opposite_order_of_arms_changes_the_sign_alone(wide):
    opposite = values(wide, of=("base", "ours")).items()
    assert values(wide, of=ARMS["of"]) == {seed: None if value is None else -value for seed, value in opposite}


def card(table, **words):
    """The card without the sentence that names the column of the arms."""
    data = axiom_weigh.weigh(table, **words).data()
    data["reasons"] = [reason for reason in data["reasons"] if "each value is" not in reason]
    return data


def test_ours_minus_base_of_the_same_seed_is_weighed_as_a_contrast():
    dice = random.Random(3)
    runs = [run(seed, arm, 0.5 + (arm == "ours") + dice.random()) for seed in range(30) for arm in ("base", "ours")]
    card = axiom_weigh.weigh(runs, **ARMS)
    assert card.verdict == Verdict.POSITIVE
    assert card.n_seeds == 30
    assert card.kind == "contrast"
    assert card.is_declared
    assert axiom_weigh.weigh(runs, by="arm", of=("base", "ours")).verdict is Verdict.NEGATIVE
    assert axiom_weigh.weigh(runs, **ARMS, estimand="level", null=2).kind == "level"


@pytest.mark.parametrize(
    ("runs", "value", "why"),
    [
        ([run(1, "ours", 3), run(1, "base", 1)], 2.0, ""),
        ([run(1, "base", 1), run(1, "ours", 3)], 2.0, ""),
        ([run(1, "ours", 0.9), run(1, "base", 0.8)], 0.1, ""),
        ([run(1, "ours", 3)], None, "base: no value"),
        ([run(1, "base", 1)], None, "ours: no value"),
        ([run(1, "ours", None), run(1, "base", None)], None, "ours and base: no value"),
        ([run(1, "ours", 3), run(1, "base", float("nan"))], None, "base: not a number"),
        ([run(1, "ours", "inf"), run(1, "base", 1)], None, "infinite"),
        ([run(1, "ours", 3, outcome="ok"), run(1, "base", 1, outcome="killed")], None, "base: its outcome is killed"),
        ([run(1, "ours", 3, status="OK"), run(1, "base", 1, status="FAILED")], None, "base: its outcome is FAILED"),
        ([run(1, "ours", 3), run(1, "ours", 3), run(1, "base", 1)], 2.0, ""),
        ([run(1, "ours", 3), run(1, "ours", 4), run(1, "base", 1)], None, "ours: its rows say different things"),
        ([run(1, "ours", None), run(1, "ours", 4), run(1, "base", 1)], None, "ours: it had failed before"),
    ],
)
def test_a_seed_without_one_of_its_arms_has_no_value_and_stays(runs, value, why):
    always = [run(0, "ours", 1, **dict.fromkeys(runs[0].keys() - {"seed", "arm", "value"}, "ok")), run(0, "base", 1)]
    by_seed = differences([*always, *runs])
    assert list(by_seed) == ["0", "1"]
    assert by_seed["1"].value == value
    assert by_seed["1"].why_missing.startswith(why)


def test_rows_of_one_run_that_differ_are_named_and_a_run_that_is_out_delays_its_pair():
    runs = [run(1, "ours", 3), run(1, "ours", 4), run(1, "base", 1), run(1, "base", 1), run(2, "ours", 5)]
    card = axiom_weigh.weigh([*runs, run(2, "base", 3)], **ARMS)
    assert card.n_seeds == 1
    assert card.evidence.missing == 1
    assert card.repeated == 2
    assert any("1 · ours" in flag for flag in card.flags)
    runs = [run(seed, arm, 1, issue=seed, outcome="ok") for seed in range(4) for arm in ("ours", "base")]
    runs[3] = run(1, "base", None, issue=1, outcome="running")
    card = axiom_weigh.weigh(runs, **ARMS)
    assert (card.n_seeds, card.waiting) == (1, 3)


def test_other_arms_are_left_out_and_named():
    runs = [run(1, "ours", 3), run(1, "base", 1), run(1, "third", "no number"), run(7, "third", 2)]
    card = axiom_weigh.weigh(runs, **ARMS)
    assert card.n_seeds == 1
    assert any("2 rows" in reason and "third" in reason for reason in card.reasons)
    assert any("1 seed that other arms have" in flag and flag.count("7") == 1 for flag in card.flags)


@pytest.mark.parametrize(
    ("arms", "of"),
    [
        (("0.1", "0.01"), ("0.10", "1e-2")),
        ((0.1, 0.01), (0.1, "0.010")),
        ((True, False), (True, False)),
        (("none", "adam"), ("None", "adam")),
        ((1, 2), ("1.0", "2")),
        ((" Ours", "base"), ("Ours", "base")),
        (("1e9999999999999999999", "base"), ("1e9999999999999999999", "base")),
    ],
)
def test_an_arm_is_found_however_its_number_is_written(arms, of):
    assert axiom_weigh.weigh([run(1, arms[0], 3), run(1, arms[1], 1)], by="arm", of=of).estimate == 2.0


@pytest.mark.parametrize(
    ("arms", "words", "error", "fact"),
    [
        ("ours base", {"of": None}, WrongUse, "of=.'ours', 'base'"),
        ("ours base third", {"of": None}, WrongUse, "base, ours, third"),
        ("ours ours", {"of": None}, WrongUse, "one arm alone"),
        ("ours base", {"of": ("our", "base")}, TableUnreadable, "'our'.*mean ours"),
        ("ours base", {"of": ("OURS", "base")}, TableUnreadable, "mean ours"),
        ("ours base", {"by": "arms"}, TableUnreadable, "mean arm"),
        ("0.1 0.2", {"of": ("0.1", "0.10")}, WrongUse, "one arm twice"),
        ("ours base", {"by": None}, TableUnreadable, "--by"),
        ("ours base ", {}, TableUnreadable, "row 3, column arm"),
        ("ours base", {"pair": "value"}, TableUnreadable, "nothing has values of"),
        ("ours base", {"pair": "sed"}, TableUnreadable, "mean seed"),
    ],
)
def test_arms_that_are_not_clear_are_refused_with_the_words_to_write(arms, words, error, fact):
    runs = [run(1, arm, place) for place, arm in enumerate(arms.split(" "))]
    with pytest.raises(error, match=fact):
        axiom_weigh.weigh(runs, **{name: word for name, word in {**ARMS, **words}.items() if word})


FIVE = ([0.912, 0.905, 0.921, 0.899, 0.915], [0.894, 0.899, 0.891, 0.885, 0.902])
TEN = [0.894, 0.899, 0.891, 0.885, 0.902, 0.9, 0.887, 0.893, 0.889, 0.897]


def test_five_paired_seeds_get_student_s_interval_for_one_look_and_no_verdict():
    card = axiom_weigh.compare(*FIVE)
    look = card.one_look
    differences = np.subtract(*FIVE)
    error = differences.std(ddof=1) / 5**0.5
    expected = differences.mean() + stdtrit(4, 0.975) * error * np.array([-1, 1])
    assert card.verdict == Verdict.UNDECIDED
    assert look.is_paired
    assert look.side(0) == 1
    assert (look.low, look.high) == pytest.approx(tuple(expected))
    assert [(arm.name, arm.runs) for arm in look.arms] == [("a", 5), ("b", 5)]


def test_an_interval_for_one_look_is_told_in_data_words_and_latex():
    card = axiom_weigh.compare(*FIVE)
    look = card.one_look
    data = card.data()
    assert data["estimate"] == look.mean
    assert data["middle"] == "mean"
    assert data["interval"] == [look.low, look.high]
    assert data["one_look"]["low"] == look.low
    assert data["holds_at_any_look"] is False
    assert card.middle == "mean"
    assert "about the mean for one look" in data["assumed"]
    half, _ = axiom_weigh.plan(float(f"{look.effect:.2g}")).verdict
    for fact in ("for one look, if nobody looked before", f"{look.low:.4g} to {look.high:.4g}", f"about {half} seeds"):
        assert fact in repr(card), repr(card)
    assert "one look" in card.latex()
    nothing = axiom_weigh.compare([1.0, 2.0, 3.0, 1.5], [1.5, 1.6, 2.4, 2.0])
    assert nothing.one_look.side(0) == 0
    assert "cannot tell a − b from 0" in repr(nothing)
    assert (
        axiom_weigh.compare([*FIVE[0] * 4], [value - 0.01 * n for n, value in enumerate(FIVE[1] * 4)]).one_look is None
    )


@pytest.mark.parametrize("has_seeds", [True, False])
def test_arms_that_are_not_paired_get_welch_s_interval_and_the_way_to_a_verdict(has_seeds):
    arms = [("ours", value) for value in FIVE[0]] + [("base", value) for value in TEN]
    runs = [run(seed, arm, value) for seed, (arm, value) in enumerate(arms)]
    if not has_seeds:
        for row in runs:
            del row["seed"]
    card = axiom_weigh.weigh(runs, **ARMS)
    look = card.one_look
    assert (look.low, look.high) == pytest.approx(welch_interval(FIVE[0], TEN))
    assert [arm.runs for arm in look.arms] == [5, 10]
    assert (card.verdict, card.n_seeds, card.is_weighed) == (Verdict.UNDECIDED, 0, False)
    assert "not paired" in card.paper
    assert "(one look) & 5 and 10 &" in card.latex()
    assert any("same seeds" in need for need in card.needs)
    lists = axiom_weigh.compare(FIVE[0], TEN)
    assert (lists.one_look.low, lists.one_look.high) == (look.low, look.high)
    assert axiom_weigh.compare(dict(enumerate(FIVE[0])), {f"b{n}": value for n, value in enumerate(TEN)}).n_seeds == 0


def test_what_one_look_says_of_little_is_little():
    alone = axiom_weigh.compare([0.9], [0.8, 0.7, 0.9]).one_look
    assert alone.low is None
    assert alone.high is None
    assert alone.effect is None
    assert alone.arms[0].sd is None
    steady = axiom_weigh.compare([0.9] * 5, [0.8] * 3)
    assert (steady.one_look.low, steady.one_look.side(0)) == (None, 0)
    assert "no 95 % CI" in steady.paper
    beside_null = axiom_weigh.compare([0.9, 0.8], [0.7, 0.6, 0.8], null=0.15).one_look
    assert beside_null.effect == pytest.approx(0.0, abs=1e-9)
    alike = axiom_weigh.compare([0.91, 0.92, 0.93], [0.81, 0.82, 0.83])
    assert (alike.one_look, alike.is_weighed) == (None, False)
    assert "not weighed: all 3 values are 0.1" in repr(alike)


@pytest.mark.parametrize("missing", [1, 5])
@pytest.mark.parametrize("words", [CONTRAST, {"estimand": "level", "null": 0.0}])
def test_the_first_line_s_interval_leaves_the_null_out_only_where_the_verdict_does(missing, words):
    chance = np.random.default_rng(1)
    for _ in range(40):
        values = chance.normal(size=16)
        values[np.argsort(values)[:missing]] = math.nan
        card = axiom_weigh.weigh(values, **words)
        low, high = card.interval
        leaves_out = (low is not None and low > 0) or (high is not None and high < 0)
        assert leaves_out == (card.verdict is not Verdict.UNDECIDED)
    unpaired = [run(f"{arm}{seed}", arm, value) for arm in ARMS["of"] for seed, value in enumerate(FIVE[arm == "base"])]
    assert axiom_weigh.weigh(unpaired, **ARMS).interval != (None, None)
    assert axiom_weigh.weigh([*unpaired, run("crashed", "ours", None)], **ARMS).interval == (None, None)


def test_a_crash_among_twelve_seeds_gets_no_one_look_and_says_what_outweighs_it():
    dice = random.Random(1)
    values = [dice.gauss(1.0, 0.4) for _ in range(12)]
    present = [*values[:7], *values[8:]]

    def crashed(more):
        again = [present[place % 11] + 0.003 * (place + 1) for place in range(more)]  # no copies
        column = [*values[:7], None, *values[8:], *again]
        return axiom_weigh.weigh({"seed": range(len(column)), "issue": range(len(column)), "value": column}, **CONTRAST)

    card = crashed(0)
    assert card.verdict == Verdict.UNDECIDED
    assert (card.one_look, card.evidence.missing) == (None, 1)
    assert f"{card.outweighed} more seeds" in repr(card)
    assert crashed(card.outweighed - 1).verdict is Verdict.UNDECIDED
    assert crashed(card.outweighed).verdict is Verdict.POSITIVE


def test_a_pair_may_be_named_by_several_columns():
    cells = itertools.product((1, 2), ("a", "b"), ARMS["of"])
    runs = [run(seed, arm, 10 * seed + (arm == "ours"), task=task, lr=0.5) for seed, task, arm in cells]
    by_both = {**ARMS, "pair": ("seed", "task")}
    assert values(runs, **by_both) == {"1 · a": 1, "1 · b": 1, "2 · a": 1, "2 · b": 1}
    assert axiom_weigh.weigh(runs, **ARMS).evidence.missing == 0, "rows of one seed that agree count once"
    assert list(values(runs[:4], **ARMS, pair=("lr", "task"))) == ["0.5 · a", "0.5 · b"]
    tricky = [run(seed, arm, 1, task=task) for seed, task in (("x · y", "z"), ("x", "y · z")) for arm in ARMS["of"]]
    assert len(values(tricky, **by_both)) == 2, "no two pairs have one name"


def test_what_is_paired_beside_the_seed_is_the_design_however_numbers_are_written():
    cells = itertools.product(range(8), (0.1, 0.2), ARMS["of"])
    runs = [
        run(seed, arm, (seed + 5) * size * (1 if arm == "ours" else 2), width=f"{size}{'0' * (arm == 'base')}")
        for seed, size, arm in cells
    ]
    evidence = axiom_weigh.weigh(runs, **ARMS, pair=("seed", "width")).evidence
    assert (evidence.seeds, evidence.missing, evidence.designs) == (16, 0, 2)


def test_a_seed_of_several_designs_is_paired_within_each():
    cells = itertools.product((1, 2), (3, 4), ARMS["of"])
    runs = [run(seed, arm, 10.0 * size + seed * (arm == "ours"), design=str(size)) for seed, size, arm in cells]
    card = axiom_weigh.weigh(runs, **ARMS)
    assert (sorted(card.values), card.repeated) == ([1.0, 2.0], 2)
    assert sorted(axiom_weigh.weigh(runs, **ARMS, pair=("seed", "design")).values) == [1.0, 1.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("ours", "base", "hosts"),
    [("x", "x", ("x",)), ("x", "y", ("x", "y")), ("x", "", ()), ("", "", ())],
)
def test_both_arms_have_computed_a_difference(ours, base, hosts):
    runs = [run(1, "ours", 3, host=ours, block="p", issue=4), run(1, "base", 1, host=base, block="q", issue=2)]
    made = differences_of(sheet_of(runs), NamedColumns(**ARMS))
    (row,) = made.rows
    assert (row.hosts, row.block, row.issue) == (hosts, "p & q", 2)
    arranged = arrange_rows(made.rows, made.columns, made.context)
    assert {arranged.names["host", number] for number in arranged.observations[0].hosts} == set(hosts)


def test_issue_numbers_of_every_row_of_the_table_are_known():
    arms = ("ours", "base", "third")
    runs = [run(seed, arm, seed, issue=3 * seed + place) for seed in range(5) for place, arm in enumerate(arms)]
    card = axiom_weigh.weigh(runs, **ARMS)
    assert card.data()["order"] == "issue"
    assert not any("are not in the table" in flag for flag in card.flags)
    assert any("1 issue numbers" in flag for flag in axiom_weigh.weigh(runs[:4] + runs[5:], **ARMS).flags)


@pytest.mark.parametrize(
    ("ours", "base", "difference"),
    [
        (0.9, 0.8, 0.1),
        (0.912, 0.894, 0.018),
        (1700 / 1797, 1690 / 1797, 10 / 1797),
        (1e99, -1e99, 2e99),
        (5e-324, 0.0, 5e-324),
        (math.pi, math.e, math.pi - math.e),
        (0.8999999761581421, 0.800000011920929, 0.1),  # 0.9 and 0.8 of single precision
        (0.6666666865348816, 0.3333333432674408, 1 / 3),
    ],
)
def test_a_difference_is_that_of_the_numbers_before_they_were_rounded(ours, base, difference):
    """Equal differences that differ by their rounding, or have its digits, would look like measured ones."""
    assert values([run(1, "ours", ours), run(1, "base", base)], **ARMS) == {"1": difference}


def copies(kind, draws, chance):
    """An arm whose seed was used for so many of its 24 rows."""
    numbers = {
        "as computed": lambda: chance.normal(0.9, 0.02, draws),
        "three decimals": lambda: chance.normal(0.9, 0.02, draws).round(3),
        "single precision": lambda: chance.normal(0.9, 0.02, draws).astype(np.float32),
    }
    return chance.permutation(np.repeat(numbers[kind]().astype(float), 24 // draws)).tolist()


@pytest.mark.parametrize("kind", ["as computed", "three decimals", "single precision"])
@pytest.mark.parametrize("draws", [1, 3, 6])
def test_copies_in_one_arm_are_missing_and_the_arm_is_named(kind, draws):
    chance = np.random.default_rng([draws, 5])
    ours, base = chance.normal(0.95, 0.02, 24).round(3).tolist(), copies(kind, draws, chance)
    card = axiom_weigh.compare(ours, base)
    assert card.n_seeds == draws
    assert card.evidence.clones == 24 - draws
    assert card.verdict == Verdict.UNDECIDED
    (alarm,) = card.evidence.alarms
    assert alarm.kind == "clones"
    assert "the arm b" in alarm.text
    assert any("--null" in text for text in card.flags) == (draws == 1), "one number may be a fixed one"
    runs = [
        run(seed, arm, value, host=f"h{(seed + again) % 6}", volunteer=f"v{(seed + again) % 3}")
        for arm, numbers in (("base", ours), ("ours", base))
        for seed, value in enumerate(numbers)
        for again in range(1 + (seed < 5))
    ]
    card = axiom_weigh.weigh(runs, **ARMS)
    assert (card.n_seeds, card.repeated, card.verdict) == (draws, 10, Verdict.UNDECIDED)
    assert "the arm ours" in card.evidence.alarms[0].text


@pytest.mark.parametrize("noise", [1e-9, 1e-6, 1e-4])
@pytest.mark.parametrize("seeds", [24, 48])
def test_an_arm_that_is_one_draw_with_noise_is_named_and_gets_no_verdict(noise, seeds):
    chance = np.random.default_rng(1)
    ours, one = chance.normal(0.9, 0.02, seeds).tolist(), (0.8 * (1 + noise * chance.normal(size=seeds))).tolist()
    for arms in ((ours, one), (one, ours)):
        card = axiom_weigh.compare(*arms)
        assert (card.verdict, card.grade, card.n_seeds) == (Verdict.UNDECIDED, Grade.AWAITING, 1)
        assert ("clones", Force.SUSPENDS) in [(alarm.kind, alarm.force) for alarm in card.evidence.alarms]
        assert any("--estimand level --null 0." in text for text in card.flags)


def alarms_of_spread(card):
    return [alarm.force for alarm in card.evidence.alarms if alarm.kind == "steady"]


@pytest.mark.parametrize("noise", [3e-4, 1e-3])
@pytest.mark.parametrize("seeds", [12, 32])
def test_an_arm_that_hardly_varies_is_named_and_holds_the_grade_back(noise, seeds):
    chance = np.random.default_rng(1)
    for _ in range(5):
        ours, one = chance.normal(0.9, 0.02, seeds), chance.normal(0.9, 0.02) * (1 + noise * chance.normal(size=seeds))
        for arms in ((ours, one), (one, ours), (ours.round(4), one.round(4))):
            card = axiom_weigh.compare(*arms)
            assert alarms_of_spread(card) == [Force.HOLDS_BACK]
            assert card.evidence.clones == 0, "it may be honest, so its values count"
    unpaired = axiom_weigh.compare(ours.tolist(), one.tolist()[:-1])
    assert alarms_of_spread(unpaired) == [Force.HOLDS_BACK]
    assert any("b hardly varies beside a" in flag for flag in unpaired.flags)


@pytest.mark.parametrize(("spread", "grade"), [(0.02, Grade.STRONG), (0.001, Grade.MODERATE)])
def test_an_arm_that_hardly_varies_keeps_an_effect_from_strong(spread, grade):
    chance = np.random.default_rng(1)
    runs = [
        run(seed, arm, value, host=f"h{(seed + again) % 6}", volunteer=f"v{(seed + again) % 3}")
        for arm, mean, width in (("ours", 1.0, 0.02), ("base", 0.9, spread))
        for seed, value in enumerate(chance.normal(mean, width, 120).tolist())
        for again in range(1 + (seed < 20))
    ]
    card = axiom_weigh.weigh(runs, **ARMS)
    assert (card.verdict, card.grade) == (Verdict.POSITIVE, grade)


@pytest.mark.parametrize(
    "base",
    [
        lambda chance: chance.normal(0.8, 0.02 / 4, 32),
        lambda chance: chance.binomial(1000, 0.99, 32) / 1000,
        lambda chance: np.append(chance.normal(0.9, 0.02, 31), -99.0),  # one crashed
        lambda chance: chance.lognormal(-4, 0.02, 32),  # a smaller number, that varies as much beside its size
    ],
)
def test_an_honest_arm_of_smaller_spread_is_not_named(base):
    chance = np.random.default_rng(1)
    for _ in range(20):
        ours, other = chance.normal(0.9, 0.02, 32).tolist(), base(chance).tolist()
        assert alarms_of_spread(axiom_weigh.compare(ours, other)) == []
        assert alarms_of_spread(axiom_weigh.compare(ours[:4], other[:4])) == []


@pytest.mark.parametrize(
    "base",
    [
        lambda chance: chance.binomial(100, 0.9, 40) / 100,
        lambda chance: chance.poisson(1.0, 40).astype(float),
        lambda chance: chance.normal(0.8, 0.001, 40),
        lambda chance: chance.lognormal(-11, 0.5, 40),
        lambda chance: np.where(chance.random(40) < 0.8, -200.0, -199.95),
        lambda chance: chance.normal(0.9, 0.02, 40).astype(np.float16).astype(float),
    ],
)
def test_an_arm_that_is_coarser_or_varies_less_is_no_copy(base):
    chance = np.random.default_rng(1)
    card = axiom_weigh.compare(chance.normal(0.9, 0.02, 40).tolist(), base(chance).tolist())
    assert (card.n_seeds, card.evidence.clones) == (40, 0)


@pytest.mark.parametrize("noise", [0.0, 1e-9, 1e-5])
@pytest.mark.parametrize("order", ["in turn", "one after the other", "mixed"])
def test_differences_that_come_four_times_are_copies(noise, order):
    chance = np.random.default_rng(2)
    places = {"in turn": np.tile(range(9), 4), "one after the other": np.repeat(range(9), 4)}
    values = chance.normal(0.0, 0.02, 9).round(3)[places.get(order, chance.permutation(36) // 4)]
    noisy = (values * (1 + noise * chance.normal(size=36))).tolist()
    card = axiom_weigh.weigh({"seed": range(36), "value": noisy}, estimand="contrast")
    assert card.n_seeds <= 14
    assert card.verdict == Verdict.UNDECIDED
    assert card.grade == Grade.AWAITING
    assert ("clones", Force.SUSPENDS) in [(alarm.kind, alarm.force) for alarm in card.evidence.alarms]


def test_of_two_arms_with_copies_each_seed_counts_where_neither_is_one():
    chance = np.random.default_rng(1)
    card = axiom_weigh.compare(copies("as computed", 6, chance), copies("as computed", 3, chance))
    assert card.n_seeds + card.evidence.clones == 24
    assert card.n_seeds <= 3, "the first of each of three draws"
    assert card.verdict is Verdict.UNDECIDED


def test_copies_in_an_arm_that_nothing_pairs_count_once():
    chance = np.random.default_rng(1)
    runs = [run(seed, "ours", value) for seed, value in enumerate(chance.normal(size=5).tolist())]
    runs += [run(10 + seed, "base", 0.123_456_789) for seed in range(5)]
    made = differences_of(sheet_of(runs), NamedColumns(**ARMS))
    assert made.arms is not None
    assert [len(values) for values in made.arms] == [5, 1]
    assert any("--null 0.123457" in text for text in made.context.flags)
    runs[5:] = [run(10 + seed, "base", value) for seed, value in enumerate([0.123_456_789] * 3 + [0.2, 0.3])]
    made = differences_of(sheet_of(runs), NamedColumns(**ARMS))
    assert [len(values) for values in made.arms or ()] == [5, 3]


def test_a_pair_that_comes_again_is_told_and_equal_differences_of_others_are_not():
    chance = np.random.default_rng(1)
    ours, base = chance.normal(size=(2, 24)).tolist()
    ours[7], base[7] = ours[3], base[3]
    card = axiom_weigh.compare(ours, base)
    assert (card.n_seeds, card.evidence.alarms) == (24, ())
    assert any("in both arms: seeds 3, 7" in text for text in card.flags)
    shares = (chance.binomial([370, 630], 0.9, (100, 2, 2)) / [370, 630]).mean(axis=2)  # balanced accuracies
    assert axiom_weigh.compare(*shares.T.tolist()).evidence.alarms == ()


def test_honest_accuracies_and_a_limit_that_an_arm_always_reaches_are_no_copies():
    chance = np.random.default_rng(2)
    for cases in (100, 1000):
        ours, other = (chance.binomial(cases, share, 100) / cases for share in (0.95, 0.9))
        assert axiom_weigh.compare(ours.tolist(), other.tolist()).evidence.clones == 0
        assert axiom_weigh.compare([1.0] * 100, other.tolist()).evidence.clones == 0
