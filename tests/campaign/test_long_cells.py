"""Long cells with the stock BOINC client: shown as they move, killed and not computed anew, still on batteries."""

import contextlib
import os
import signal
from pathlib import Path

import pytest
from boinc_client import Client, client, register
from experiment_text import experiment_text
from patience import until
from processes import state
from real_parts import need
from volunteer_lab import attached, project

pytestmark = need("boinc")
_BLOCKS = 70
_NOT_ON_BATTERIES = "<run_on_batteries>0</run_on_batteries>"
# A cell of half a minute that says by how many processes it was computed.
_LONG_WAY = f"""
import os
import time

from axiom.kit import chance, progress


def step(state, number):
    began = time.process_time()
    time.sleep(0.4)
    while time.process_time() < began + 0.1:
        pass
    processes, total = state
    return (processes if os.getpid() in processes else [*processes, os.getpid()]), [*total, total[-1] * 1.01 + number]


def run(config, seed):
    start = float(chance.stream(seed, "start").random())
    progress.early([start])
    processes, total = progress.blocks(([], [start]), step, {_BLOCKS})
    return Measures(blocks=len(total) - 1, processes=len(processes), total=total[-1])
"""


@pytest.fixture
def lab(tmp_path):
    """A laboratory with one experiment of one long cell."""
    needs = f"seconds=lambda config: {_BLOCKS * 0.5}, memory_mb=100"
    text = experiment_text("long_way", _LONG_WAY, measures="blocks: int; processes: int; total: float", needs=needs)
    (tmp_path / "long_way.py").write_text(text)
    with project(tmp_path / "lab") as made:
        made.offer(tmp_path / "long_way.py", "long_way")
        yield made


def seconds(mine: Client, number: int, name: str) -> float:
    return float(mine.task(number).get(name, "0").split()[0])


def wait_until_kept(mine: Client, number: int, more_than: float) -> None:
    mine.wait(lambda seen: seconds(seen, number, "CPU time at last checkpoint") > more_than)


def test_a_long_cell_goes_on_where_it_was_whoever_is_killed(lab, tmp_path):
    with attached(lab, tmp_path / "computer", register(lab.address).key, cores=1) as mine:
        number = lab.order("long_way", mine.host())
        mine.update()
        mine.wait(lambda seen: seen.is_computing(number), nudge=8)
        shares: list[float] = []  # of its first quarter, as the client shows them
        mine.wait(lambda _: shares.append(seconds(mine, number, "fraction done")) or shares[-1] > 0.25)
        wait_until_kept(mine, number, 0.5)
        checkpoint = seconds(mine, number, "CPU time at last checkpoint")
        (runner,) = mine.runners()
        os.kill(runner, signal.SIGKILL)  # as the host does for want of memory
        mine.wait(lambda seen: any(pid != runner for pid in seen.runners()))
        wait_until_kept(mine, number, checkpoint)
        mine.process.kill()
        until(lambda: not mine.runners())  # they notice that it is gone
    with client(tmp_path / "computer", lab.address, cores=1, keep=True) as mine:
        (result,) = lab.wait_for(number, "valid", mine)["results"]
    assert shares == sorted(shares)
    assert (result["measures"]["blocks"], result["measures"]["processes"]) == (_BLOCKS, 3)
    lab.promises()


@pytest.fixture
def mains(tmp_path):
    """The file by which this computer says whether it is plugged in, for whoever is started by the words beside it."""
    adapter = tmp_path / "power" / "AC"
    adapter.mkdir(parents=True)
    (adapter / "type").write_text("Mains\n")
    (adapter / "online").write_text("1\n")
    pretend = 'mount --bind "$0" /sys/class/power_supply && exec "$@"'
    words = ("unshare", "--map-root-user", "--mount", "sh", "-c", pretend, adapter.parent)
    return adapter / "online", words


def computing(folder: Path) -> set[int]:
    """The processes that compute below this folder and are not halted."""
    running = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words, variables = (process / "cmdline").read_bytes(), (process / "environ").read_text()
            if b"child.py" in words and str(folder) in variables and state(int(process.name)) not in "TXZ":
                running.add(int(process.name))
    return running


@need("mounts")
def test_on_batteries_nothing_is_computed(lab, tmp_path, mains):
    plugged, words = mains
    folder, key = tmp_path / "computer", register(lab.address).key
    with attached(lab, folder, key, cores=1, preferences=_NOT_ON_BATTERIES, before=words) as mine:
        number = lab.order("long_way", mine.host())
        mine.update()
        mine.wait(lambda seen: seen.is_computing(number), nudge=8)
        mine.wait(lambda _: computing(folder))
        plugged.write_text("0\n")
        mine.wait(lambda seen: "on batteries" in seen.log())
        mine.wait(lambda seen: not seen.is_computing(number))
        mine.wait(lambda _: not computing(folder))
        plugged.write_text("1\n")
        lab.wait_for(number, "valid", mine)
    lab.promises()
