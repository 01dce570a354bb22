"""`axiom experiment load-former`: an old laboratory's files beside an experiment, and out of what is taken away."""

import ast
import json
import sys
from pathlib import Path

import pytest
from furnished_lab import weigh_three_blocks

import axiom
from axiom.store.engine.database import connect_reader
from axiom.store.experiments import former_results

PACKAGE = Path(axiom.__file__).parent
COUNTED = (
    *(("data", "export"), ("finding", "list", "--json"), ("finding", "show", "1", "--json")),
    *(("experiment", "list", "--json"), ("registration", "show", "1", "--json"), ("ledger", "show", "--json")),
)


@pytest.fixture
def files(tmp_path) -> Path:
    folder = tmp_path / "old"
    folder.mkdir()
    for number in range(1_203):
        (folder / f"wu_{number}.json").write_text(json.dumps({"total": number, "seed": number}))
    (folder / "broken.json").write_text("{")
    return folder


def test_a_folder_is_loaded_once_and_neither_counts_nor_is_exported(files, small_lab, prepared, hand_over):
    def tasks() -> int:
        db = connect_reader(small_lab.folder.database)
        try:
            return sum(row["tasks"] for row in former_results.summarize_former_results(db, "tiny_sum", most=9, names=9))
        finally:
            db.close()

    weigh_three_blocks(small_lab, prepared)
    type_in = hand_over()
    load = ("experiment", "load-former", files, "tiny_sum", "--source", "Moon & co")
    status, answer, err = type_in(*load, "--dry-run", "--json")
    assert status == 0
    assert answer["experiment"]["stored"] == 1_203
    assert "broken.json" in err
    assert tasks() == 0
    before = [type_in(*words)[:2] for words in COUNTED]
    assert {status for status, _ in before} == {0}
    answer = type_in(*load, "--json")[1]["experiment"]
    assert answer["stored"] == 1_203
    assert answer["kept"] == 0
    assert answer["unreadable_in_all"] == 1
    assert tasks() == 1_203
    (files / "wu_7.json").write_text('{"total": -1}')
    answer = type_in(*load, "--json", "--quiet")[1]["experiment"]
    assert answer["stored"] == 0
    assert answer["kept"] == 1_203
    assert answer["differing"] == ["wu_7"]
    assert tasks() == 1_203
    assert [type_in(*words)[:2] for words in COUNTED] == before
    assert type_in("ledger", "verify")[0] == 0
    assert type_in(*load[:3], "tiny_son", *load[4:])[0] == 2


def test_only_the_command_and_the_experiment_s_page_read_it():
    """Whatever else would name the module or the table could weigh what stands there."""
    naming = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if (isinstance(node, ast.alias) and node.name.rpartition(".")[2] == "former_results")
        or (isinstance(node, ast.Constant) and "former_result" in str(node.value).split())
    }
    rooms = {"store/experiments/former_results.py", "laboratory/experiments/commands/experiments.py"}
    assert naming == {*rooms, "reads/experiments/experiments.py"}


def test_without_the_distribution_it_says_what_to_install(files, say_to, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "axiom_adopt.former_results", None)
    words = ("experiment", "load-former", files, "tiny_sum", "--source", "moon")
    status, _, err = say_to(tmp_path / "lab", *words)
    assert status == 5
    assert "axiom-lab[adopt]" in err
