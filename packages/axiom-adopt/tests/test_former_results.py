"""Result files of an old laboratory: numbers are taken, what is none is counted, and one bad file spoils no other."""

import json
import os
import tracemalloc

import pytest

from axiom.errors import WrongUse
from axiom.limits import experiments as limits
from axiom.signed.canonical_json import LARGEST
from axiom_adopt.former_results import Omissions, chunks, load_former_results, read_former_results


def read(place):
    omissions = Omissions()
    return list(read_former_results(place, omissions)), omissions


def test_numbers_are_taken_by_their_names_and_what_is_none_is_counted(tmp_path):
    result = {
        "task": 17,
        "seed": LARGEST + 1,
        "config": {"size": 2, "optimizer": {"name": "sgd"}, "is_deep": True, "layers": [1, 2]},
        "loss": 1,
        "layers": {"first": {"norm": 0.5, "further": {"x": 1}}, "rank": 3},
        "host": "pc",
        "curve": [1, 2],
        "converged": True,
        "nothing": None,
        "bad\nname": 1,
        "nan": float("nan"),
        "infinite": float("-inf"),
        "beyond": 10**400,
    }
    (tmp_path / "a.json").write_text(json.dumps(result))
    rows, omissions = read(tmp_path)
    assert rows == [
        {
            "task": "17",
            "measures": {"loss": 1.0, "layers.first.norm": 0.5, "layers.rank": 3.0},
            "config": {"seed": str(LARGEST + 1), "size": 2, "optimizer.name": "sgd", "is_deep": True},
        }
    ]
    assert omissions.unreadable_in_all == 0
    assert sorted(omissions.values.values()) == [1, 1, 1, 1, 1, 2, 3]
    assert omissions.values["not finite"] == 3


def test_a_task_that_does_not_name_itself_is_named_by_its_file_and_its_place_there(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "wu_1.json").write_text('{"x": 1, "config": "wide"}')
    (tmp_path / "list.json").write_text('[{"x": 1}, {"x": 2, "task": "second"}]')
    (tmp_path / "lines.jsonl").write_text('{"x": 1}\n\n{"x": 2}')
    (tmp_path / "notes.txt").write_text("nothing")
    rows, _ = read(tmp_path)
    assert [row["task"] for row in rows] == ["lines:1", "lines:3", "list:1", "second", "in/wu_1"]
    assert rows[-1]["config"] == {"config": "wide"}
    assert [row["task"] for row in read(tmp_path / "list.json")[0]] == ["list:1", "second"]


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"",
        b"3",
        b"[3]",
        b'"x"',
        b"{}",
        b'{"x": "1"}',
        b"\xff\xfe\xfa",
        b"[" * 100_000,
        b'{"x": ' + b"9" * 5_000 + b"}",
    ],
)
def test_what_cannot_be_read_is_named_and_the_others_are_taken(tmp_path, raw):
    (tmp_path / "bad.json").write_bytes(raw)
    (tmp_path / "good.json").write_text('{"x": 1}')
    rows, omissions = read(tmp_path)
    assert [row["task"] for row in rows] == ["good"]
    assert omissions.unreadable_in_all == 1
    assert "bad" in omissions.unreadable[0]


def test_a_large_file_and_a_long_line_are_not_read_and_a_pipe_is_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr("axiom_adopt.former_results._FILE_BYTES", 1_000)
    (tmp_path / "large.json").write_text(json.dumps({"x": 1, "pad": "a" * 1_000}))
    (tmp_path / "lines.jsonl").write_text('{"x": 1}\n' + " " * 2_000 + '\n{"x": 1}\n')
    os.mkfifo(tmp_path / "pipe.json")
    rows, omissions = read(tmp_path)
    assert ([row["task"] for row in rows], omissions.unreadable_in_all) == (["lines:1"], 2)


def test_numbers_beyond_the_most_are_left_out(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({f"m{number}": number for number in range(limits.FORMER_NUMBERS + 5)}))
    ((row,), omissions) = read(tmp_path)
    assert (len(row["measures"]), sum(omissions.values.values())) == (limits.FORMER_NUMBERS, 5)


def test_rows_go_in_chunks_that_a_command_may_bring_and_memory_does_not_grow():
    row = {"task": "t", "measures": {"x" * 200 + str(number): 1.0 for number in range(20)}, "config": {}}
    tracemalloc.start()
    sizes = [len(chunk) for chunk in chunks(row | {"task": str(number)} for number in range(20_000))]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(sizes) == 20_000
    assert max(sizes) < limits.FORMER_ROWS
    assert most < 5_000_000
    small = [{"task": str(number), "measures": {"x": 1.0}, "config": {}} for number in range(limits.FORMER_ROWS + 1)]
    assert [len(chunk) for chunk in chunks(iter(small))] == [limits.FORMER_ROWS, 1]


def test_a_folder_without_a_result_is_wrong_use(tmp_path):
    with pytest.raises(WrongUse):
        load_former_results(tmp_path, "tiny_sum", "moon", pytest.fail, quiet=True)
