"""`axiom data export`: what is taken away is what is stored, to the last digit, in every format."""

import csv
import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

import axiom
from axiom.domain.declaration import ValueType
from axiom.notebook.table import Table

LARGEST = 2**63 - 1
COLUMNS = {
    "seed": (ValueType.INT, st.integers(0, LARGEST)),
    "level": (ValueType.TEXT, st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
    "loss": (ValueType.FLOAT, st.none() | st.floats(allow_nan=False, allow_infinity=False)),
    "steps": (ValueType.INT, st.none() | st.integers(-LARGEST, LARGEST)),
    "learned": (ValueType.BOOL, st.none() | st.booleans()),
    "curve": (ValueType.FLOATS, st.none() | st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3)),
    "ranks": (ValueType.INTS, st.none() | st.lists(st.integers(-LARGEST, LARGEST), max_size=3)),
}
ROWS = st.lists(st.tuples(*(values for _, values in COLUMNS.values())), max_size=5)


def table(rows):
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    types = {name: kind for name, (kind, _) in COLUMNS.items()}
    return Table(dict(zip(COLUMNS, columns, strict=True)), types, "tiny_sum@1")


READ = {ValueType.INT: int, ValueType.FLOAT: float, ValueType.BOOL: json.loads}
READ |= {ValueType.TEXT: lambda text: text.removeprefix("'"), ValueType.INTS: json.loads, ValueType.FLOATS: json.loads}


def from_csv(path, types):
    def value(name, text):
        return None if text == "" and types[name] is not ValueType.TEXT else READ[types[name]](text)

    with path.open(encoding="utf-8", newline="") as file:
        return [{name: value(name, text) for name, text in row.items()} for row in csv.DictReader(file)]


@settings(max_examples=40)
@given(ROWS)
def test_csv_and_arrow_give_every_value_back(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "table.csv"
    table(rows).to_csv(path)
    assert from_csv(path, table(rows).types) == table(rows).to_arrow().to_pylist() == list(table(rows))


def test_a_text_never_begins_as_a_formula(tmp_path):
    texts = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "'quoted")
    Table({"level": texts}, {"level": ValueType.TEXT}).to_csv(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["level"], *([f"'{text}"] for text in texts)]


@pytest.fixture
def export(say_to, busy_lab):
    busy_lab.db.execute("UPDATE replicate SET seed = :seed WHERE number = 0", seed=LARGEST)
    busy_lab.db.execute("UPDATE result SET seed = :seed", seed=LARGEST)
    return lambda *words: say_to(busy_lab.folder.path, "data", "export", *words)


def test_json_and_csv_go_to_standard_output_and_a_file_per_experiment_into_a_folder(export, busy_lab, tmp_path):
    stored = axiom.open(busy_lab.folder.path).results("tiny_sum")
    (document,) = json.loads(export()[1])["experiments"]
    assert document["name"] == "tiny_sum@1"
    assert document["columns"][:3] == [["replicate", "int"], ["seed", "int"], ["size", "int"]]
    assert [tuple(row) for row in document["rows"]] == list(stored.rows())
    assert document["rows"][0][1] == LARGEST
    lines = export("--format", "csv", "--experiment", "tiny_sum")[1].splitlines()
    assert lines[0] == ",".join(stored.columns)
    assert lines[1].split(",")[1] == str(LARGEST)
    assert len(lines) == 3
    (document,) = json.loads(export("--summary")[1])["experiments"]
    assert [name for name, _ in document["columns"]][:4] == ["size", "n", "total_n", "total_mean"]
    assert len(document["rows"]) == 2
    stored, out = axiom.open(busy_lab.folder.path).results("tiny_sum"), tmp_path / "out"
    for form in ("csv", "parquet"):
        export("--format", form, "-o", out)
    (out / "seen").mkdir()
    export("-o", out / "seen")
    export("--format", "csv", "--summary", "-o", out)
    names = sorted(str(path.relative_to(out)) for path in out.rglob("*.*"))
    assert names == ["seen/results.json", "tiny_sum@1-summary.csv", "tiny_sum@1.csv", "tiny_sum@1.parquet"]
    assert from_csv(out / "tiny_sum@1.csv", stored.types) == list(stored)
    read = parquet.read_table(out / "tiny_sum@1.parquet")
    assert (read.to_pylist(), str(read.schema.field("seed").type)) == (list(stored), "int64")


def test_only_what_was_measured_gets_a_file_and_what_cannot_be_written_leaves_none(
    export, busy_lab, tmp_path, say_to, monkeypatch
):
    busy_lab.db.execute("DELETE FROM result")
    busy_lab.db.execute("DELETE FROM counter WHERE noun = 'result'")
    words = ("--format", "parquet", "-o", tmp_path / "out")
    status, _, err = export(*words)
    assert status == 0
    assert "1 experiment" in err
    assert not (tmp_path / "out").exists()
    assert export(*words, "--quiet")[0::2] == (0, "")
    (tmp_path / "out").mkdir()
    assert export(*words, "--experiment", "tiny_sum")[0] == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tiny_sum@1.parquet"]
    (tmp_path / "file").write_text("mine")
    before = sorted(tmp_path.iterdir())
    for words, status in (
        (("--format", "parquet"), 2),
        (("--format", "csv"), 2),
        (("-o", tmp_path / "file" / "all.json"), 5),
        (("--experiment", "tiny_sim", "-o", tmp_path / "all.json"), 2),
    ):
        assert export(*words)[0] == status
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # without the extra
    assert export("--format", "parquet", "-o", tmp_path / "out")[0] == 5
    assert sorted(tmp_path.iterdir()) == before
    assert say_to(tmp_path / "none", "data", "export")[0] == 5
