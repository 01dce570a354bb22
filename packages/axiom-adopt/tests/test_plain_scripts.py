"""Plain scripts become experiments that give the scripts' own numbers, once a person has written the rest."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from real_parts import need

import axiom
from axiom.__main__ import _main
from axiom.errors import AxiomError, ExperimentError, NotFound, Refused, WrongUse
from axiom.laboratory.experiments.preflight import preflight_file
from axiom.laboratory.experiments.rules.source_rules import check_source
from axiom_adopt.experiment_file import import_script

PACKAGE = Path(axiom.__file__).parent
SCRIPTS = Path(__file__).parent / "scripts"
SEED = 7
SWEEPS = {
    "width_scaling": {"width": (4, 8, 16)},
    "rate_and_noise": {"lr": (0.05, 0.2), "noise": (0.0, 0.5, 1.0), "momentum": (0.9,)},
    "spectrum": {"size": (6, 12), "depth": (3,), "scale": (1.0,)},
    "hopfield": {"load": (2, 4, 6), "units": (24,), "rule": ("hebb", "pinv")},
}
MEASURES = {
    "width_scaling": {"test_error": "float", "norm": "float"},
    "rate_and_noise": {
        "final_loss": "float",
        "reached": "int | None",
        "diverged": "bool",
        "curve": "tuple[float, ...]",
    },
    "spectrum": {"top": "float", "log_ratio": "float", "above_one": "int"},
    "hopfield": {"overlap": "float", "recalled": "bool", "energy": "float"},
}


@pytest.fixture
def say(capsys):
    """Types a command: its status, and what it printed."""

    def typed(*words):
        status = _main([*map(str, words)])
        return status, capsys.readouterr().out

    return typed


def filled(text: str) -> str:
    """The file with something written in the place of each TODO."""
    for word, value in {
        "question": '"Does it grow?"',
        "name": '"grows"',
        "claim": '"it grows"',
        "smallest": "0.001",
        "expects": "Direction.MORE",
        "prediction": 'Prediction(positive=0.8, negative=0.1, absent=0.1, interval=(0.1, 0.9), because="a test")',
    }.items():
        text = text.replace(f"{word}=TODO", f"{word}={value}")
    text = text.replace("Control(estimand=TODO, placebo=TODO, planted=TODO),", "")
    assert "=TODO" not in text
    return text


def printed(folder: Path, name: str, *words: object) -> str:
    command = [sys.executable, SCRIPTS / f"{name}.py", *map(str, words)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def numbers_of(name: str, folder: Path) -> list[dict[str, object]]:
    """What the script itself computes at the seed, config by config."""
    if name == "rate_and_noise":
        printed(folder, name, SEED)
        return [json.loads((folder / "results" / "rows.json").read_text())[place] for place in range(6)]
    if name == "spectrum":
        for size in SWEEPS[name]["size"]:
            printed(folder, name, "--seed", SEED, "--size", size, "--out", f"{size}.json")
        return [json.loads((folder / f"{size}.json").read_text()) for size in SWEEPS[name]["size"]]
    table = json.loads(printed(folder, name, SEED))
    if name == "hopfield":
        return list(table.values())
    return [{measure: table[f"{measure}_{width}"] for measure in MEASURES[name]} for width in SWEEPS[name]["width"]]


@pytest.mark.parametrize("name", SWEEPS)
def test_what_is_imported_computes_what_the_script_computes(name, say, tmp_path):
    status, out = say("experiment", "import", SCRIPTS / f"{name}.py", "--in", tmp_path, "--json")
    answer, file = json.loads(out)["imported"], tmp_path / f"{name}.py"
    assert status == 0
    assert answer["is_written"] is True
    assert answer["to_mend"] == []
    assert {factor["name"]: tuple(factor["levels"]) for factor in answer["factors"]} == SWEEPS[name]
    assert {measure["name"]: measure["type"] for measure in answer["measures"]} == MEASURES[name]
    text = file.read_text(encoding="utf-8")
    lacking = {refusal.line for refusal in check_source(text, name)}
    assert lacking
    assert lacking <= set(answer["to_write"])
    assert say("experiment", "run", file, "--seed", SEED)[0] == ExperimentError.exit_code
    file.write_text(filled(text), encoding="utf-8")
    assert check_source(file.read_bytes(), name) == ()
    status, out = say("experiment", "run", file, "--seed", SEED, "--json")
    assert status == 0
    computed = [cell["measures"] for cell in json.loads(out)["cells"]]
    expected = [{measure: row[measure] for measure in MEASURES[name]} for row in numbers_of(name, tmp_path)]
    assert computed == expected


@need("bwrap")
def test_one_whose_rest_is_written_passes_its_preflight_and_no_other_is_published(say, tmp_path):
    say("experiment", "import", SCRIPTS / "rate_and_noise.py", "--in", tmp_path)
    file, lab = tmp_path / "rate_and_noise.py", tmp_path / "lab"
    assert say("init", lab, "--port", "0", "--quiet")[0] == 0
    assert say("experiment", "publish", file, "--data", lab)[0] == ExperimentError.exit_code
    assert preflight_file(PACKAGE, file).judged.failed == "G1"
    text = filled(file.read_text(encoding="utf-8"))
    arms = 'between=({"lr": 0.2}, {"lr": 0.05})'
    control = (
        'Control(estimand="grows", placebo=grid(Config, lr=[1e-9], noise=[0.0, 1.0]), '
        "planted=(Config(lr=0.2, noise=1.0), Config(lr=0.2, noise=0.0)))"
    )
    for old, new in (
        (arms, 'between=({"noise": 1.0}, {"noise": 0.0})'),
        ("controls=(", f"controls=({control},"),
        ("lambda config: 1.0", "lambda config: 0.002"),
        ("smallest=0.001", "smallest=0.01"),
    ):
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    judged = preflight_file(PACKAGE, file).judged
    assert judged.passed, judged.reason
    assert say("experiment", "publish", file, "--data", lab)[0] == 0


TROUBLES = """import os
import time

import numpy as np

open("was_run", "w").close()
RATES = [0.1, 0.2]


def start(size):
    return np.random.randn(size)


def run(seed):
    np.random.seed(seed)
    rng = np.random.default_rng(seed)
    results = {}
    for rate in RATES:
        results[rate] = {"mean": rate * rng.random() + start(3).mean(), "took": time.time()}
        if os.environ.get("SHOW"):
            print(results)
    results["slope"] = np.polyfit(RATES, [results[rate]["mean"] for rate in RATES], 1)[0]
    return results
"""


def test_what_stands_in_the_way_is_told_by_lines_and_cannot_be_computed(tmp_path):
    script = tmp_path / "Old-Troubles 2.py"
    script.write_text(TROUBLES, encoding="utf-8")
    imported = import_script(script)
    plain, lines = imported.script, TROUBLES.split("\n")
    assert imported.name == "old_troubles_2"
    assert {lines[number - 1] for _, number, _ in imported.to_mend} == {
        *("import os", "    return np.random.randn(size)", "    np.random.seed(seed)")
    }
    remarked = {lines[remark.line - 1].strip() for remark in plain.remarks}
    assert remarked == {
        "rng = np.random.default_rng(seed)",
        'if os.environ.get("SHOW"):',
        'results["slope"] = np.polyfit(RATES, [results[rate]["mean"] for rate in RATES], 1)[0]',
    }
    assert [lines[number - 1].strip()[:7] for part in plain.taken_out.values() for number in part] == ["results"]
    assert "np.polyfit(TODO" in imported.text
    assert not (tmp_path / "was_run").exists()
    assert not Path("was_run").exists()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ((SCRIPTS / "notebook_dump.py").read_bytes(), ExperimentError),
        (b"", ExperimentError),
        (b"def run(seed):\n    pass\n", ExperimentError),
        (b'print "of Python 2"\n', ExperimentError),
        (b"\x00\x01\x02", ExperimentError),
        (b"x = '\xe9'\n", ExperimentError),
        (b"x = " + b"-" * 50_000 + b"1", ExperimentError),
        (b"#" * 10_000_000, Refused),
    ],
)
def test_a_script_that_cannot_be_understood_is_refused(content, error, tmp_path):
    script = tmp_path / "old_script.py"
    script.write_bytes(content)
    with pytest.raises(error):
        import_script(script)


def test_nothing_is_overwritten_nor_written_in_a_dry_run(say, tmp_path, monkeypatch):
    words = ("experiment", "import", SCRIPTS / "spectrum.py", "--in", tmp_path)
    assert say(*words, "-n")[0] == 0
    assert list(tmp_path.iterdir()) == []
    file = tmp_path / "spectrum.py"
    file.write_text("mine", encoding="utf-8")
    for more in ((), ("-n",)):
        assert say(*words, *more)[0] == Refused.exit_code
    assert file.read_text(encoding="utf-8") == "mine"
    assert say(*words, "--name", "other_spectrum")[0] == 0
    assert say(*words, "--name", "No")[0] == WrongUse.exit_code
    assert say("experiment", "import", tmp_path / "nowhere.py")[0] == NotFound.exit_code
    monkeypatch.setitem(sys.modules, "axiom_adopt.experiment_file", None)
    assert say(*words, "--name", "third_spectrum")[0] == 5


STRANGE = (
    "def run(seed):\n    return {**run(seed), 'a': run(seed)}\n",
    "A = [A]\nB = 9 ** 9 ** 9\ndef run(seed, n=B):\n    r = {}\n    for a in A:\n        r[a] = n\n    return r\n",
    "".join(f"def f{n}(seed):\n    return dict(**f{n + 1}(seed), **f{n + 1}(seed))\n" for n in range(500)),
    "def run(seed):\n"
    + "".join(f"    x{n + 1} = x{n} if seed else x{n}\n" for n in range(999))
    + "    return {'x': x999}",
    "L = [[i for i in range(999)] for j in range(999)]\ndef run(seed):\n    return {'x': [n for n in L]}\n",
    "def run(seed, *, seed_=1, **more): return {'Ü b': 1.5, '': 2.5, 'ü b': more}; x = 1\n",
    "class Config:\n    def run(self, seed): return {'x': Config}\n",
)


@pytest.mark.parametrize("text", STRANGE, ids=range(len(STRANGE)))
def test_strange_scripts_end_in_a_file_or_in_a_refusal(text, tmp_path):
    script = tmp_path / "strange.py"
    script.write_text(text, encoding="utf-8")
    try:
        imported = import_script(script)
    except AxiomError:
        return
    compile(imported.text, "strange", "exec")
