"""Tables as programs and people export them: each is read as it is meant, or refused with what to change."""

import io

import numpy as np
import pytest

import axiom_weigh
from axiom_weigh.errors import TableUnreadable
from axiom_weigh.tables.read_sheet import sheet_of_bytes
from axiom_weigh.values import Verdict

ARMS = {"of": ("ours", "base")}
CHANCE = np.random.default_rng(3)
OURS, BASE = CHANCE.normal(1150, 60, 24).round(), CHANCE.normal(920, 20, 24).round()


def weigh(text, **words):
    return axiom_weigh.weigh(sheet_of_bytes(io.BytesIO(text.encode()), "mine.csv"), **words)


def grouped(number, by):
    return f"{number:,.0f}".replace(",", by)


def exported(separator, by, ours, base):
    """A column for each arm, with digits in groups where a number has more than three."""
    rows = [("seed", "ours", "base")]
    rows += [(str(seed), grouped(a, by), grouped(b, by)) for seed, (a, b) in enumerate(zip(ours, base, strict=True))]
    return "\n".join(map(separator.join, rows))


@pytest.mark.parametrize(("separator", "by"), [(",", "."), (";", ","), (";", "."), ("\t", ",")])
def test_digits_in_groups_beside_whole_numbers_are_refused_with_both_readings(separator, by):
    table = exported(separator, by, OURS, BASE)
    with pytest.raises(TableUnreadable, match=r"may be 1\.\d{3} or 1\d{3}\."):
        weigh(table, **ARMS)
    long = f"seed{separator}value\n1{separator}920\n2{separator}1{by}117\n3{separator}-1{by}140\n"
    with pytest.raises(TableUnreadable, match=rf"line 3: 1\{by}117 may be 1.117 or 1117.*920 in line 2.*920\{by}0"):
        weigh(long, estimand="contrast")
    as_decimals = weigh(long.replace("920", f"920{by}0"), estimand="contrast")
    assert as_decimals.values == [920.0, 1.117, -1.14]
    as_groups = weigh(table.replace(by, ""), **ARMS) if by != separator else None
    assert as_groups is None or as_groups.verdict is Verdict.POSITIVE


@pytest.mark.parametrize("other", ["0.905", "1.5", "12.3456", "1e3", "", "nan", "1.250"])
def test_three_digits_behind_a_point_are_read_where_another_number_tells(other):
    assert weigh(f"seed,value\n1,1.117\n2,2.040\n3,{other}\n", estimand="contrast").values[:2] == [1.117, 2.04]


def test_numbers_that_all_may_have_groups_are_read_as_decimals_and_the_card_says_so():
    card = weigh(exported(",", ".", OURS + 1000, BASE + 1000), **ARMS)
    assert card.verdict is Verdict.POSITIVE
    assert card.estimate == pytest.approx(0.23, abs=0.03)
    (said,) = [reason for reason in card.reasons if "groups digits" in reason]
    assert "write 2" in said
    assert not any("groups digits" in reason for reason in weigh("seed,value\n1,0.117\n2,1.250\n").reasons)


@pytest.mark.parametrize("seed", ["{}", "-{}", "seed_{}"])
@pytest.mark.parametrize(
    "names", [["mean"], ["Mittelwert", "Δ"], ["count", "mean", "std", "min", "25%", "50%", "75%", "max"]]
)
def test_rows_that_sum_up_others_are_no_seeds(seed, names):
    numbered = [f"{seed.format(n)},{value}\n" for n, value in enumerate(OURS[:16] - 1150.5, start=1)]
    sums = [f"{name},0.5\n" for name in names]
    assert weigh("".join(["seed,value\n", *numbered]), estimand="contrast").n_seeds == 16
    with pytest.raises(TableUnreadable, match=rf"line 18: the seed '{names[0]}' has no number"):
        weigh("".join(["seed,value\n", *numbered, *sums]), estimand="contrast")
    arms = [row.replace(",", f",{arm},") for arm in ("ours", "base") for row in (*numbered, *sums)]
    with pytest.raises(TableUnreadable, match=f"the seed '{names[0]}' has no number"):
        weigh("".join(["seed,method,value\n", *arms]), by="method", **ARMS)
    with pytest.raises(TableUnreadable, match=r"'8\.5' is no whole number"):
        weigh("".join(["seed,value\n", *numbered, "8.5,0.5\n"]), estimand="contrast")


@pytest.mark.parametrize(
    "seeds",
    [["a", "b", "c"], ["1", "2", "c"], ["1", "2", "3", "c", "5"], ["a1", "b2", "c3", "d"], ["0x1", "0x2", "1f"]],
)
def test_seeds_may_be_words(seeds):
    text = "seed,value\n" + "".join(f"{seed},{value}\n" for seed, value in zip(seeds, OURS, strict=False))
    assert weigh(text, estimand="contrast").n_seeds == len(seeds)


@pytest.mark.parametrize("cell", ["", "NaN", "#N/A", "#NV", "#N/D", "n.a."])
def test_cells_without_a_value_in_three_languages_are_missing(cell):
    card = weigh(f"seed;ours;base\n1;0,91;0,89\n2;{cell};0,88\n3;0,93;0,90\n", **ARMS)
    assert (card.n_seeds, card.evidence.missing) == (2, 1)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("seed;ours;base\n1;0,91;0,89\n2;-;0,88\n", "line 3, column ours: '-' is not a number.*leave the cell empty"),
        ("seed;ours;base\n1;0,91;0,89\n2;01. Mai;0,88\n", "line 3, column ours: '01. Mai' is not a number"),
        ("seed,ours,base\n1,0.91 ± 0.01,0.89\n", "line 2, column ours: .* is not a number"),
        ("seed,ours,base\n1,**0.91**,0.89\n", "line 2, column ours: .* is not a number"),
        ("seed,ours,base\n1,0.91,0.89\nseed,ours,base\n2,0.92,0.9\n", "line 3, column ours: 'ours' is not a number"),
        ("seed;ours;base\n1;1'160;920\n", "line 2, column ours: .* is not a number"),
        ("seed;ours;base\n1;1,15,128;92000\n", "groups its digits"),
        (",accuracy,accuracy\nmethod,ours,base\nseed,,\n1,0.91,0.89\n", "no column 'ours'"),
        ("seed & ours & base \\\\\n1 & 0.91 & 0.89 \\\\\n", "commas, semicolons or tabs|no column 'ours'"),
    ],
)  # fmt: skip
def test_what_is_no_number_or_table_is_refused_with_its_place(table, says):
    with pytest.raises(TableUnreadable, match=f"(?s){says}"):
        weigh(table, **ARMS)


@pytest.mark.parametrize(
    "table", ["method,seed_0,seed_1\nours,0.91,0.92\nbase,0.89,0.9\n", "step,seed0,seed1\n0,0.1,0.1\n"]
)
def test_a_column_for_each_seed_is_refused_as_such(table):
    with pytest.raises(TableUnreadable, match="has a column for each seed: seed"):
        weigh(table)


def test_shares_beside_per_cent_are_named():
    shares, others = CHANCE.normal(0.89, 0.01, 24), CHANCE.normal(0.91, 0.01, 24)
    one = np.where(np.arange(24) % 4, others, 100 * others)
    for ours, base in ((100 * others, shares), (shares, 100 * others), (one, shares)):
        card = axiom_weigh.compare(ours.tolist(), base.tolist())
        assert any("per cent" in flag for flag in card.flags)
    for ours, base in (
        (others, shares),
        (100 * others, 100 * shares),
        (20 * shares, others),
        (100 * shares, 0.1 * others),
    ):
        card = axiom_weigh.compare(ours.tolist(), base.tolist())
        assert not any("per cent" in flag for flag in card.flags)
