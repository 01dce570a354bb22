"""A long cell with the stock BOINC client: shown as it moves, killed, started again, and not computed anew."""

import os
import signal
import time

import pytest
from boinc_client import Client, client, register
from patience import PATIENCE
from volunteer_lab import project

_BLOCKS = 70
_EXPERIMENT = f'''"""long_way: a cell of half a minute that says by how many processes it was computed."""

import os
import time
from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Needs, grid
from axiom.kit import chance, pace


@dataclass(frozen=True, kw_only=True)
class Config:
    place: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    blocks: int
    processes: int
    total: float


def step(state, number):
    began = time.process_time()
    time.sleep(0.4)
    while time.process_time() < began + 0.1:
        pass
    processes, total = state
    return (processes if os.getpid() in processes else [*processes, os.getpid()]), [*total, total[-1] * 1.01 + number]


def run(config: Config, seed: int) -> Measures:
    start = float(chance.stream(seed, "start").random())
    pace.early([start])
    processes, total = pace.blocks(([], [start]), step, {_BLOCKS})
    return Measures(blocks=len(total) - 1, processes=len(processes), total=total[-1])


experiment = Experiment(
    name="long_way",
    version=1,
    question="Does a long cell go on where it was interrupted?",
    run=run,
    measures=Measures,
    sweep=grid(Config, place=[0]),
    ranges={{"place": (0, 1_000)}},
    estimands=(),
    needs=Needs(seconds=lambda config: {_BLOCKS * 0.5}, memory_mb=100),
)
'''


@pytest.fixture
def lab(tmp_path):
    """A laboratory with one experiment of one long cell."""
    (tmp_path / "long_way.py").write_text(_EXPERIMENT)
    with project(tmp_path / "lab") as made:
        made.offer(tmp_path / "long_way.py", "long_way")
        yield made


def watch(mine: Client, number: int) -> list[tuple[float, float, float]]:
    """The first quarter of a task as the client shows it: when, the fraction done, and the seconds that remain."""
    seen = []

    def is_past(one: Client) -> bool:
        task = one.task(number)
        done = float(task.get("fraction done", "0"))
        if done > 0.02:
            seen.append((time.monotonic(), done, float(task["estimated CPU time remaining"])))
        return done > 0.25

    mine.wait(is_past)
    return seen


def seconds(mine: Client, number: int, name: str) -> float:
    return float(mine.task(number).get(name, "0").split()[0])


def wait_until_kept(mine: Client, number: int, more_than: float) -> None:
    mine.wait(lambda one: seconds(one, number, "CPU time at last checkpoint") > more_than)


def test_a_long_cell_goes_on_where_it_was_whoever_is_killed(lab, tmp_path):
    me = register(lab.address)
    with client(tmp_path / "computer", lab.address, me.key, cores=1) as mine:
        mine.wait(Client.host, nudge=8)
        number = lab.order("long_way", mine.host())
        mine.update()
        mine.wait(lambda one: one.is_computing(number), nudge=8)
        seen = watch(mine, number)
        wait_until_kept(mine, number, 0.5)
        kept = seconds(mine, number, "CPU time at last checkpoint")
        (runner,) = mine.runners()
        os.kill(runner, signal.SIGKILL)  # as the host does for want of memory
        mine.wait(lambda one: any(pid != runner for pid in one.runners()))
        wait_until_kept(mine, number, kept)
        mine.process.kill()
        until = time.monotonic() + PATIENCE
        while mine.runners() and time.monotonic() < until:  # they notice that it is gone
            time.sleep(0.2)
        assert not mine.runners()

    with client(tmp_path / "computer", lab.address, cores=1, keep=True) as mine:
        found = lab.wait_for(number, "valid", mine)

    fractions = [fraction for _, fraction, _ in seen]
    assert fractions == sorted(fractions)
    (began, first, much), (ended, last, little) = seen[0], seen[-1]
    assert (last > first, little < much) == (True, True)
    left = (1 - last) * (ended - began) / (last - first)  # as fast as it was seen to go
    assert left / 4 < little < 4 * left
    (result,) = found["results"]
    assert (result["measures"]["blocks"], result["measures"]["processes"]) == (_BLOCKS, 3)
    lab.promises()
