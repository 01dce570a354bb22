"""Reading anybody's table: what spreadsheets and programs write is read; what is no table is refused with its line."""

import contextlib
import gzip
import io
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom_weigh.errors import LimitReached, NotFound, TableUnreadable
from axiom_weigh.tables import read_sheet, rows_from_sheet
from axiom_weigh.tables.read_sheet import Sheet, sheet_of, sheet_of_bytes
from axiom_weigh.tables.rows_from_sheet import rows_of
from axiom_weigh.tables.seed_row import Row
from axiom_weigh.values import Outcome

PLAIN = [("1", 0.5), ("2", -0.25)]

packed = partial(gzip.compress, mtime=0)


def read(content: bytes | str) -> list[Row]:
    given_bytes = content.encode() if isinstance(content, str) else content
    return list(rows_of(sheet_of_bytes(io.BytesIO(given_bytes), "mine.csv")).rows)


def pairs(rows):
    return [(row.seed, row.value) for row in rows]


@pytest.mark.parametrize(
    "content",
    [
        "seed,value\n1,0.5\n2,-0.25\n",
        "seed,value\r\n1,0.5\r\n2,-0.25\r\n",
        "seed,value\r1,0.5\r2,-0.25",
        "seed;value\n1;0,5\n2;-0,25\n",
        "seed;value\n1;0.5\n2;-0.25\n",
        "seed\tvalue\n1\t0,5\n2\t-0,25\n",
        "sep=;\nseed;value\n1;0,5\n2;-0,25\n",
        'SEP=,\r\n"seed","value"\r\n"1","0.5"\r\n"2","-0.25"\r\n',
        "\ufeffseed,value\n1,0.5\n2,-0.25\n",
        "\ufeffseed,value\n1,0.5\n2,-0.25\n".encode("utf-16-le"),
        "\ufeffseed;value\n1;0,5\n2;-0,25\n".encode("utf-16-be"),
        packed(b"seed,value\n1,0.5\n") + packed(b"2,-0.25\n"),
        packed("\ufeffseed,value\n1,0.5\n2,-0.25\n".encode("utf-16-le")),
        '[{"seed": 1, "value": 0.5}, {"value": -0.25, "seed": "2"}]',
        '\n\n[\n  {"Seed": 1,\n "value": "0.5", "tags": ["a"]},\n {"Seed": 2, "value": -25e-2}]\n',
        '{"seed": 1, "value": 0.5}\r\n\n{"value": -0.25, "host": null, "seed": 2.0}',
        packed(b'{"seed": 1, "value": 0.5}\n{"seed": 2, "value": -0.25}\n'),
        "seed,value\n1,0.5\n2,\N{MINUS SIGN}0.25\n",
        "seed,value\n1,0.5 %\n2,-0.25%\n",
        "seed;value\n1;0,5%\n2;-0,25 %\n",
        "seed,value\n1,5e\N{MINUS SIGN}1\n2,\N{MINUS SIGN}.25\n",
        "\n\n Seed , VALUE \n 1 , .5 \n\n2, -2.5e-1\n,\n",
        "value,note,seed,,\n0.5,a,001,,\n-0.25,\"b, c\nd\",+2,,\n",
        "seed,value\n1.0,0.5\n2.0,-0.25\n",
    ],
)  # fmt: skip
def test_what_spreadsheets_write_is_read(content):
    assert pairs(read(content)) == PLAIN


@pytest.mark.parametrize("between", [".,", ",.", "'.", "\N{NO-BREAK SPACE},", "\N{NARROW NO-BREAK SPACE},"])
def test_digits_are_read_in_groups_where_two_signs_leave_no_doubt(between):
    group, decimal = between
    table = f"\ufeffseed;value\n1;1{group}234{group}567{decimal}5 %\n2;-0{decimal}25%\n"
    assert pairs(read(table)) == [("1", 1234567.5), ("2", -0.25)]


def test_seeds_are_any_whole_number_or_text_and_keep_every_digit():
    seeds = [
        "964288508200758235",
        "964288508200758236",
        str(10**80),
        "-7",
        "0x1f",
        "early stop",
        "a\N{MINUS SIGN}b",
        "0",
    ]
    written = [*seeds, "-0", "\N{MINUS SIGN}0", "\N{MINUS SIGN}7"]
    rows = read("seed,value\n" + "".join(f"{seed},1\n" for seed in written))
    assert [row.seed for row in rows] == [*seeds, "0", "0", "-7"]


@pytest.mark.parametrize(
    ("words", "outcomes", "why"),
    [
        (["", "nan", "NaN", "NA", "n/a", "#N/A", "null", "None", "<NA>"], (None, Outcome.DIVERGED), ""),
        (["inf", "-inf", "Infinity", "1e999", "-1e999"], (Outcome.DIVERGED,), "infinite"),
        (["1.1e100", "-1.7e308"], (Outcome.DIVERGED,), "diverged"),
    ],
)
def test_an_absent_value_is_a_gap_and_one_beyond_all_measure_diverged(words, outcomes, why):
    rows = read("seed,value\n" + "".join(f"{seed},{word}\n" for seed, word in enumerate(words)))
    assert {row.value for row in rows} == {None}
    assert {row.outcome for row in rows} <= set(outcomes)
    assert all(why in row.why_missing for row in rows)


@pytest.mark.parametrize(
    ("word", "outcome", "is_out"),
    [
        ("ok", Outcome.OK, False),
        ("FINISHED", Outcome.OK, False),
        ("Timed_Out", Outcome.LATE, False),
        ("crashed", Outcome.FAILED, False),
        ("diverged", Outcome.DIVERGED, False),
        ("missing", None, False),
        ("RUNNING", None, True),
        ("in-progress", None, True),
    ],
)
def test_an_outcome_decides_whether_its_value_counts(word, outcome, is_out):
    (row,) = read(f"seed,value,outcome\n1,3,{word}\n")
    assert (row.outcome, row.is_out) == (outcome, is_out)
    assert (row.value == 3) == (outcome is Outcome.OK)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("\n \n;;\n", "no line with anything in it"),
        ("seed,value\n", "heading and no rows"),
        ("1,2\n3,4\n", "no column seed and no column value"),
        ("seed,loss\n1,2\n", "no column value.*seed, loss"),
        ("seed,value,hosts\n1,2,a\n", "Did you mean host"),
        ("seed,value,blok\n1,2,a\n", "Did you mean block"),
        ("seed,value,VALUE\n1,2,3\n", "'value' twice"),
        ("seed,value\n1,2\n2,abc\n", "line 3, column value: 'abc' is not a number"),
        ("seed,value\n1,45%%\n", "line 2, column value"),
        ("seed,value\n1,\u0661\n", "not a number"),
        ("seed,value\n1,0x10\n", "not a number"),
        ("seed,value\n1,1 2\n", "not a number"),
        ("seed,value\n1,0,5\n", "line 2 has 3 cells, and the heading has 2.*decimal comma"),
        ('seed,value\n1,"0,5"\n', "line 2, column value.*comma"),
        ("seed;value\n1;1.23,5\n", "groups its digits"),
        ("seed;value\n1;1.234,5\n2;1.234\n", "another decimal sign"),
        ("seed;value\n1;1,5\n2;1.234\n", "another decimal sign"),
        ("seed,value\n1,0.813\n2,81.3 %\n", "line 3.*81.3 has a per cent sign"),
        ("seed,value\n1,81.3 %\n2,0.813\n", "line 3.*0.813 has no per cent sign"),
        ("seed;value\n1;1.5\n2;1,234\n", "another decimal sign"),
        ("seed,value\n1\n", "line 2 has 1 cells"),
        ("seed,value\n,3\n", "line 2, column seed: there is no seed"),
        ("seed,value\nnan,3\n", "there is no seed"),
        ("seed,value\n9.64289E+17,3\n", "shortened"),
        ("seed;value\n9,64289E+17;3\n", "shortened"),
        (f"seed,value\n{'s' * 300},3\n", "more than 200 letters"),
        ("seed,value,issue\n1,2,x\n", "line 2, column issue"),
        ("seed,value,issue\n1,2,\n", "no whole number"),
        ("seed,value,issue\n1,2,1.5\n", "no whole number"),
        ("seed,value,outcome\n1,2,timout\n", "Did you mean timeout"),
        ("seed,value,outcome\n1,2,¿?\n", "Known are ok"),
        ("seed,value,host,volunteer\n1,2,a,ann\n2,2,a,bob\n", "line 3.*one volunteer and one platform"),
        ('seed,value\n1,"2\n3,4\n', "quotation mark"),
        ('seed,value\n1,"2"x\n', "quotation mark"),
        ("sep=|\nseed|value\n1|2\n", "commas, semicolons and tabs"),
        (b"PK\x03\x04" + b"\0" * 60, "an Excel workbook"),
        (b"\x1f\x8b\x08rest", "gzip file that is cut off"),
        (packed(b"seed,value\n1,2\n" * 9)[:-9], "gzip file that is cut off"),
        (packed(packed(b"seed,value\n1,2\n")), "no text|zero byte|no column"),
        (packed(b""), "is empty"),
        ("[1, 2", "begins as a JSON array, and is none"),
        ('[{"seed": 1, "value": 2},', "begins as a JSON array"),
        ("[" * 100_000, "begins as a JSON array"),
        ("[]", "no column seed"),
        ('[{"seed": 1, "value": 2}, 3]', "Object 2 of mine.csv is a int"),
        ('[{"seed": 1, "value": 2, "value": 3}]', "'value' stands twice"),
        ('[{"seed": 1, "value": [2]}]', "object 1, column value: .* is a list and no number"),
        ('{"seed": 1, "value": 2}\n{"seed": 2,\n', "line 2 is no JSON object"),
        ('{"seed": 1, "value": 2}\n[3]\n', "line 2 is a list and no JSON object"),
        ('{"seed": 1}\n{"seed": 2}\n', "no column value"),
        ('{"value": 1}\n{"seed": 2, "value": 3}\n', "line 1, column seed: there is no seed"),
        (b"seed,value\n1,\xff\xfe\n", "no text in UTF-8"),
        (b"seed,value\n1,2\0\n", "zero byte"),
        ("seed,value\n1,2\n".encode("utf-16-le"), "zero byte"),
        (b"\xff\xfes\0e\0e", "no text in UTF-16|no line|no column"),
        ("seed,value\n" + "1" * 200_000 + ",2\n", "line 2 has more than"),
        ("x" * 200_000, "line 1 has more than"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_its_place(content, says):
    with pytest.raises(TableUnreadable, match=f"(?s){says}"):
        read(content)


def test_endless_lines_folders_and_absent_files_say_so(tmp_path):
    endless = tmp_path / "endless"
    with endless.open("wb") as file:
        file.write(b"seed,value\n1,")
        file.truncate(2**33)  # zero bytes that take no room
    with pytest.raises(TableUnreadable, match="zero byte"):
        rows_of(sheet_of(endless))
    with pytest.raises(TableUnreadable, match="folder"):
        sheet_of(tmp_path)
    with pytest.raises(NotFound):
        sheet_of(str(tmp_path / "none.csv"))
    with pytest.raises(TableUnreadable, match="opened"):
        sheet_of("a\0b")


def test_too_many_rows_are_refused_at_the_first_that_is_one_too_many(monkeypatch):
    for module in (read_sheet, rows_from_sheet):
        monkeypatch.setattr(module, "MOST_ROWS", 1_000)  # a million takes seconds
    rows = ((number, ("1", "2")) for number in range(10**9))
    with pytest.raises(LimitReached, match="one seed and not one step"):
        read('{"seed": 1, "value": 2}\n' * 1_001)
    with pytest.raises(LimitReached, match="one seed and not one step"):
        rows_of(Sheet(name="long", place="line", columns=("seed", "value"), rows=rows))
    assert next(rows)[0] == 1_001


class Arrow:
    def to_pydict(self):
        return {"seed": [1, 2], "value": [0.5, -0.25]}


@pytest.mark.parametrize(
    "table",
    [
        [{"seed": 1, "value": 0.5}, {"value": -0.25, "seed": 2}],
        {"seed": [1, 2], "value": [0.5, -0.25], "note": [None, object()]},
        {"Seed": (1.0, 2.0), "Value": ("0.5", "-0.25")},
        Arrow(),
    ],
)
def test_what_a_notebook_holds_is_read(table):
    assert pairs(rows_of(sheet_of(table)).rows) == PLAIN


def test_a_list_of_numbers_has_its_places_as_seeds():
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    numbers = [0.5, None, -0.25]
    whole = [("0", 0.5), ("1", None), ("2", -0.25)]
    arrays = np.array(numbers, float), np.array(numbers, "float32"), pd.Series(numbers), pa.array(numbers)
    for table in (numbers, tuple(numbers), *arrays):
        assert pairs(rows_of(sheet_of(table)).rows) == whole
    with pytest.raises(TableUnreadable, match="A ndarray is no table"):
        sheet_of(np.zeros((2, 2)))


def test_pandas_arrow_and_numpy_are_read():
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    columns = {"seed": np.array([1, 2]), "value": np.array([0.5, -0.25], dtype="float32")}
    frame = pd.DataFrame(columns)
    for table in (columns, frame, pa.Table.from_pandas(frame)):
        assert pairs(rows_of(sheet_of(table)).rows) == PLAIN
    gaps = pd.DataFrame({"seed": pd.array([1, 2], dtype="Int64"), "value": pd.array([1.5, None], "Float64")})
    assert pairs(rows_of(sheet_of(gaps)).rows) == [("1", 1.5), ("2", None)]
    with_gap = pd.DataFrame({"seed": [1, None], "value": [1.0, 2.0]})
    with pytest.raises(TableUnreadable, match="row 2, column seed"):
        rows_of(sheet_of(with_gap))


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (3, "A int is no table"),
        (b"seed,value", "no table"),
        ([{"seed": 1, "value": 2}, 2], "Row 2 of the table is a int"),
        (["x"], "row 1, column value: 'x' is not a number"),
        ([[1, 2]], "is a list and no number"),
        ({1, 2}, "A set is no table"),
        ([], "no column"),
        ({"seed": [1], "value": [1, 2]}, "differ in length: seed 1, value 2"),
        ({"seed": 1, "value": 2}, "is no list"),
        ({"seed": [1], "value": ["x"]}, "row 1, column value: 'x' is not a number"),
        ({"seed": [1], "value": [[1]]}, "is a list and no number"),
        ({"seed": [1], "value": [1j]}, "is a complex and no number"),
        ({"seed": [1.5], "value": [1]}, "too large to tell seeds apart"),
        ({"seed": [2.0**60], "value": [1]}, "too large to tell seeds apart"),
        ({"seed": [float("nan")], "value": [1]}, "there is no seed"),
        ({"seed": [None], "value": [1]}, "there is no seed"),
        ({"seed": [10**5000], "value": [1]}, "more than 200 letters"),
    ],
)
def test_what_is_no_table_in_a_notebook_is_refused(table, says):
    with pytest.raises(TableUnreadable, match=says):
        rows_of(sheet_of(table))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_sentence(content):
    with contextlib.suppress(TableUnreadable):
        assert read(content)


LINES = st.lists(st.text(st.sampled_from('seedvalu,;\t"\n\r01.-+eE%nN #='), max_size=12), max_size=6)


@given(LINES)
def test_almost_tables_are_tables_or_sentences(lines):
    with contextlib.suppress(TableUnreadable):
        assert all(row.seed for row in read("seed,value\n" + "\n".join(lines)))


VALUES = st.none() | st.floats(-1e100, 1e100)


@given(st.lists(st.tuples(st.integers(-(2**70), 2**70), VALUES), min_size=1), st.sampled_from([",", ";", "\t"]))
def test_every_number_comes_back_to_its_last_digit(pairs_written, separator):
    text = f"seed{separator}value\n" + "".join(
        f"{seed}{separator}{'' if value is None else repr(value)}\n" for seed, value in pairs_written
    )
    assert pairs(read(text)) == [(str(seed), value) for seed, value in pairs_written]
