"""`axiom data export`: what is taken away is what is stored, to the last digit, in every format."""

import csv
import json
import sys

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import axiom
from axiom.__main__ import _main
from axiom.cli.laboratory.data import data
from axiom.domain.declaration import ValueType
from axiom.errors import CannotStart, FolderUnusable, NoLab, UnknownName, WrongUse
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
    return Table(
        dict(zip(COLUMNS, columns, strict=True)), {name: kind for name, (kind, _) in COLUMNS.items()}, "tiny_sum@1"
    )


READ = {
    ValueType.INT: int,
    ValueType.FLOAT: float,
    ValueType.BOOL: lambda text: {"true": True, "false": False}[text],
    ValueType.TEXT: lambda text: text.removeprefix("'"),
    ValueType.INTS: json.loads,
    ValueType.FLOATS: json.loads,
}


def from_csv(path, types):
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {
                name: None if text == "" and types[name] is not ValueType.TEXT else READ[types[name]](text)
                for name, text in row.items()
            }
            for row in csv.DictReader(file)
        ]


@given(ROWS)
def test_csv_gives_every_value_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    table(rows).to_csv(path)
    assert from_csv(path, table(rows).types) == list(table(rows))


@given(ROWS)
def test_arrow_gives_every_value_back(rows):
    assert table(rows).to_arrow().to_pylist() == list(table(rows))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "'quoted"])
def test_a_text_never_begins_as_a_formula(tmp_path, text):
    Table({"level": (text,)}, {"level": ValueType.TEXT}).to_csv(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["level"], [f"'{text}"]]


@pytest.fixture
def exported(busy_lab):
    """Types `axiom data export` in a laboratory with two results; a refusal is raised."""
    busy_lab.db.execute("UPDATE replicate SET seed = :seed WHERE number = 0", seed=LARGEST)
    busy_lab.db.execute("UPDATE result SET seed = :seed", seed=LARGEST)

    def type_words(*words):
        done = CliRunner().invoke(data, ["export", "--data", str(busy_lab.folder.path), *map(str, words)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    type_words.stored = axiom.open(busy_lab.folder.path).results("tiny_sum")
    return type_words


def test_json_is_one_document_with_names_types_and_rows(exported):
    (found,) = json.loads(exported())["experiments"]
    assert found["name"] == "tiny_sum@1"
    assert found["columns"][:3] == [["replicate", "int"], ["seed", "int"], ["size", "int"]]
    assert [tuple(row) for row in found["rows"]] == list(exported.stored.rows())
    assert found["rows"][0][1] == LARGEST


def test_csv_of_one_experiment_goes_to_standard_output(exported):
    lines = exported("--format", "csv", "--experiment", "tiny_sum").splitlines()
    assert lines[0] == ",".join(exported.stored.columns)
    assert lines[1].split(",")[1] == str(LARGEST)
    assert len(lines) == 3


def test_a_folder_gets_a_file_per_experiment(exported, tmp_path):
    out = tmp_path / "out"
    for form in ("csv", "parquet"):
        exported("--format", form, "-o", out)
    (out / "seen").mkdir()
    exported("-o", out / "seen")
    exported("--format", "csv", "--summary", "-o", out)
    names = sorted(str(path.relative_to(out)) for path in out.rglob("*.*"))
    assert names == ["seen/results.json", "tiny_sum@1-summary.csv", "tiny_sum@1.csv", "tiny_sum@1.parquet"]
    assert from_csv(out / "tiny_sum@1.csv", exported.stored.types) == list(exported.stored)


def test_only_what_was_measured_gets_a_file_unless_it_is_named(busy_lab, tmp_path, capsys):
    busy_lab.db.execute("DELETE FROM result")
    busy_lab.db.execute("DELETE FROM counter WHERE noun = 'result'")
    words = ["data", "export", "--data", str(busy_lab.folder.path), "--format", "parquet", "-o", str(tmp_path / "out")]
    assert _main(words) == 0
    assert capsys.readouterr().err == "Left out: 1 experiment without a result; --experiment names one.\n"
    assert not (tmp_path / "out").exists()
    assert _main([*words, "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    (tmp_path / "out").mkdir()
    assert _main([*words, "--experiment", "tiny_sum"]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tiny_sum@1.parquet"]


def test_parquet_gives_every_value_back(exported, tmp_path):
    from pyarrow import parquet

    exported("--format", "parquet", "--experiment", "tiny_sum@1", "-o", tmp_path / "all.parquet")
    read = parquet.read_table(tmp_path / "all.parquet")
    assert read.to_pylist() == list(exported.stored)
    assert str(read.schema.field("seed").type) == "int64"


def test_the_summary_has_a_row_per_config_with_n_and_intervals(exported):
    (found,) = json.loads(exported("--summary"))["experiments"]
    names = [name for name, _ in found["columns"]]
    assert names[:4] == ["size", "n", "total_n", "total_mean"]
    assert len(found["rows"]) == 2


def test_parquet_without_the_extra_says_what_to_install_and_makes_nothing(exported, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CannotStart, match="its extra `data`") as told:
        exported("--format", "parquet", "-o", tmp_path / "out")
    assert told.value.exit_code == 5
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [("--format", "parquet"), ("--format", "csv")])
def test_what_does_not_fit_standard_output_says_so(exported, words):
    with pytest.raises(WrongUse, match="-o names the folder"):
        exported(*words)


def test_a_file_that_cannot_be_written_leaves_nothing(exported, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FolderUnusable, match="cannot be written"):
        exported("-o", tmp_path / "file" / "all.json")


def test_an_unknown_experiment_is_refused_before_a_file_is_made(exported, tmp_path):
    with pytest.raises(UnknownName, match="Did you mean tiny_sum"):
        exported("--experiment", "tiny_sim", "-o", tmp_path / "all.json")
    assert not (tmp_path / "all.json").exists()


def test_an_empty_laboratory_is_an_empty_document(small_lab, tmp_path):
    done = CliRunner().invoke(data, ["export", "--data", str(small_lab.folder.path)])
    assert json.loads(done.stdout) == {"experiments": []}
    with pytest.raises(NoLab):
        raise CliRunner().invoke(data, ["export", "--data", str(tmp_path / "none")]).exception
