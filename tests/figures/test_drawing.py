"""The process that draws: asked again and again, wrongly too, killed, and left behind."""

import ast
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from patience import PATIENCE
from processes import is_gone

from axiom import figures
from axiom.errors import FigureNotDrawn
from axiom.figures.drawing import Draughtsman
from axiom.figures.requests import SweepPoint, to_data

FOLDER = Path(figures.__file__).parent
# What only the worker's process loads.
DRAWS = {"curves", "layers", "render", "specs", "sweeps", "forest", "history", "theme", "worker"}


def gone_within(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not is_gone(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_one_process_draws_one_picture_after_another(draughtsman, requests):
    draughtsman.draw(requests["one"])
    pid = draughtsman.pid
    draughtsman.draw(requests["first-look"])
    assert draughtsman.pid == pid != os.getpid()


BAD = [
    ("a name that is no address", {"name": "Two words"}, "no name for a figure"),
    ("a number that is none", {"points": (SweepPoint(x=1, median=float("nan")),)}, "a number in it is none"),
]


@pytest.mark.parametrize(("changes", "why"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_request_is_refused_in_words_and_costs_nobody_else(changes, why, draughtsman, requests):
    draughtsman.draw(requests["one"])
    pid = draughtsman.pid
    with pytest.raises(FigureNotDrawn, match=why):
        draughtsman.draw(replace(requests["one"], **changes))
    assert draughtsman.draw(requests["one"]).svg
    assert draughtsman.pid == pid


def test_a_killed_process_is_replaced(requests):
    with Draughtsman() as draughtsman:
        before = draughtsman.draw(requests["one"])
        killed = draughtsman.pid
        os.kill(killed, signal.SIGKILL)
        assert draughtsman.draw(requests["one"]) == before
        assert draughtsman.pid not in (killed, None)


def test_a_process_that_says_nothing_is_given_up_and_ended(requests):
    draughtsman = Draughtsman(limit=0.0)
    with pytest.raises(FigureNotDrawn, match="said nothing for 0 seconds"):
        draughtsman.draw(requests["one"])
    assert draughtsman.pid is None


def test_nothing_is_started_before_the_first_picture_and_nothing_is_left_after_the_last(requests):
    draughtsman = Draughtsman()
    assert draughtsman.pid is None
    draughtsman.draw(requests["one"])
    pid = draughtsman.pid
    draughtsman.rest()
    assert draughtsman.pid is None
    assert is_gone(pid)


def test_every_line_has_its_answer_and_the_end_of_the_lines_is_the_end(requests):
    asked = [b"no json", b"[]", b'{"name": "pie", "kind": "pie"}', json.dumps(to_data(requests["one"])).encode()]
    command = [sys.executable, "-m", "axiom.figures.worker"]
    done = subprocess.run(command, input=b"\n".join(asked) + b"\n", capture_output=True, check=True, timeout=PATIENCE)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["name"], sorted(each)) for each in answers] == [
        ("", ["error", "name"]),
        ("", ["error", "name"]),
        ("pie", ["error", "name"]),
        ("one", ["name", "png", "svg"]),
    ]
    assert "sweep, narrowing, strip" in answers[2]["error"]


PARENT = """
import os, subprocess, sys
command = [sys.executable, "-m", "axiom.figures.worker", str(os.getpid())]
worker = subprocess.Popen(command, stdin=0, stdout=subprocess.DEVNULL)
print(worker.pid, flush=True)
import time
time.sleep({seconds})
"""


def test_a_process_whose_parent_was_killed_ends_though_its_input_stays_open():
    hear, say = os.pipe()
    try:
        command = [sys.executable, "-c", PARENT.format(seconds=60)]
        parent = subprocess.Popen(command, stdin=hear, stdout=subprocess.PIPE)
        worker = int(parent.stdout.readline())
        assert not is_gone(worker)
        parent.kill()
        parent.wait()
        parent.stdout.close()
        assert gone_within(worker, PATIENCE)
    finally:
        os.close(hear)
        os.close(say)


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module} | {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }


def test_figures_know_the_words_and_the_errors_alone():
    ours = {name for path in FOLDER.glob("*.py") for name in imported(path) if name.split(".")[0] == "axiom"}
    assert {name for name in ours if not re.match(r"axiom\.(domain|figures|errors)\b", name)} == set()


def test_whoever_asks_for_a_picture_loads_nothing_that_draws():
    asking = sorted({path.stem for path in FOLDER.glob("*.py")} - DRAWS - {"__init__"})
    assert {"drawing", "requests", "palette", "ascii"} <= set(asking)
    code = f"import sys, {', '.join(f'axiom.figures.{name}' for name in asking)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    heavy = {"altair", "vl_convert", "numpy", "pandas", "narwhals", "jax"}
    assert {name.split(".")[0] for name in done.stdout.split()} & heavy == set()
