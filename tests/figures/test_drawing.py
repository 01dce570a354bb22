"""The process that draws: asked again and again, wrongly too, killed, and left behind."""

import json
import os
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
    draughtsman = Draughtsman()
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


def test_a_process_that_says_nothing_is_given_up_and_ended(requests):
    draughtsman = Draughtsman(limit=0.0)
    with pytest.raises(FigureNotDrawn, match="0 seconds"):
        draughtsman.draw(requests["one"])
    assert draughtsman.pid is None


def test_every_line_has_its_answer_and_the_end_of_the_lines_is_the_end(requests):
    asked = [b"no json", b"[]", b'{"name": "pie", "kind": "pie"}', json.dumps(to_data(requests["one"])).encode()]
    command = [sys.executable, "-m", "axiom.figures.worker"]
    done = subprocess.run(command, input=b"\n".join(asked) + b"\n", capture_output=True, check=True, timeout=PATIENCE)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    error = ["error", "name"]
    assert [(answer["name"], sorted(answer)) for answer in answers] == [
        *(("", error), ("", error), ("pie", error)),
        ("one", ["name", "png", "svg"]),
    ]


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
        until = time.monotonic() + PATIENCE
        while not is_gone(worker):
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        os.close(hear)
        os.close(say)


def test_whoever_asks_for_a_picture_loads_nothing_that_draws():
    asking = sorted({path.stem for path in FOLDER.glob("*.py")} - DRAWS - {"__init__"})
    assert {"drawing", "requests", "palette", "ascii"} <= set(asking)
    code = f"import sys, {', '.join(f'axiom.figures.{name}' for name in asking)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    heavy = {"altair", "vl_convert", "numpy", "pandas", "narwhals", "jax"}
    assert {name.split(".")[0] for name in done.stdout.split()} & heavy == set()
