"""The process that draws: asked again and again, wrongly too, killed, and left behind."""

import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from patience import PATIENCE
from processes import is_gone

from axiom_weigh import figures
from axiom_weigh.errors import FigureNotDrawn
from axiom_weigh.figures.drawing import Draughtsman
from axiom_weigh.figures.requests import SweepPoint, to_data

FOLDER = Path(figures.__file__).parent
# What only the worker's process loads.
DRAWS = {"curves", "layers", "render", "specs", "sweeps", "forest", "history", "theme", "worker"}


def test_one_process_draws_one_picture_after_another_and_a_bad_request_costs_nobody_else(draughtsman, requests):
    assert draughtsman.draw(requests["one"]).svg
    pid = draughtsman.pid
    for changes, fact in (
        ({"name": "Two words"}, "name"),
        ({"points": (SweepPoint(x=1, median=float("nan")),)}, "number"),
    ):
        with pytest.raises(FigureNotDrawn, match=fact):
            draughtsman.draw(replace(requests["one"], **changes))
    draughtsman.draw(requests["first-look"])
    assert draughtsman.pid == pid != os.getpid()


def test_a_killed_process_is_replaced_by_one_that_draws_the_same_bytes_and_none_is_left_over(requests, drawn):
    draughtsman = Draughtsman(limit=PATIENCE)
    assert draughtsman.pid is None
    assert draughtsman.draw(requests["one"]) == drawn("one")
    killed = draughtsman.pid
    os.kill(killed, signal.SIGKILL)
    for name in ("narrowing", "one"):
        assert draughtsman.draw(requests[name]) == drawn(name)
    assert draughtsman.pid not in (killed, None)
    pid = draughtsman.pid
    draughtsman.rest()
    assert draughtsman.pid is None
    assert is_gone(pid)
    slow = Draughtsman(limit=0.0)
    with pytest.raises(FigureNotDrawn, match="0 seconds"):
        slow.draw(requests["one"])
    assert slow.pid is None  # what says nothing is ended


def test_every_line_has_its_answer_and_the_end_of_the_lines_is_the_end(requests):
    picture = json.dumps(to_data(requests["one"])).encode()
    requested = [b"no json", b"[]", b'{"name": "pie", "kind": "pie"}', picture, b""]
    command = [sys.executable, "-m", "axiom_weigh.figures.worker"]
    run = subprocess.run(command, input=b"\n".join(requested), capture_output=True, check=True, timeout=PATIENCE)
    answers = [(answer["name"], sorted(answer)) for answer in map(json.loads, run.stdout.splitlines())]
    error = ["error", "name"]
    assert answers == [("", error), ("", error), ("pie", error), ("one", ["name", "png", "svg"])]


PARENT = """
import os, signal, subprocess, sys
command = [sys.executable, "-m", "axiom_weigh.figures.worker", str(os.getpid())]
worker = subprocess.Popen(command, stdin=0, stdout=subprocess.DEVNULL)
print(worker.pid, flush=True)
signal.pause()
"""


def test_a_process_whose_parent_was_killed_ends_though_its_input_stays_open():
    hear, say = os.pipe()
    try:
        command = [sys.executable, "-c", PARENT]
        parent = subprocess.Popen(command, stdin=hear, stdout=subprocess.PIPE)
        worker = int(parent.stdout.readline())
        assert not is_gone(worker)
        parent.kill()
        parent.wait()
        parent.stdout.close()
        ended = os.pidfd_open(worker)
        assert select.select([ended], [], [], PATIENCE)[0]
        os.close(ended)
    finally:
        os.close(hear)
        os.close(say)


def test_whoever_asks_for_a_picture_loads_nothing_that_draws():
    asking = sorted({path.stem for path in FOLDER.glob("*.py")} - DRAWS - {"__init__"})
    assert {"drawing", "requests", "palette", "ascii"} <= set(asking)
    code = f"import sys, {', '.join(f'axiom_weigh.figures.{name}' for name in asking)}; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    heavy = {"altair", "vl_convert", "numpy", "pandas", "narwhals", "jax"}
    assert {name.split(".")[0] for name in answer.stdout.split()} & heavy == set()
