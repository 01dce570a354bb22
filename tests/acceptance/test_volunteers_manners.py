"""What a person wants of the computer is kept: whoever computes stands still while it runs on batteries."""

import time
from pathlib import Path

import pytest
from boinc_client import Client, client, register
from processes import fields
from volunteer_lab import project

_NOT_ON_BATTERIES = "<run_on_batteries>0</run_on_batteries>"
_EXPERIMENT = '''"""steady_way: a cell of some seconds that computes all the time."""

import time
from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Needs, grid
from axiom.kit import chance, pace


@dataclass(frozen=True, kw_only=True)
class Config:
    place: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    total: float


def step(total, number):
    began = time.process_time()
    while time.process_time() < began + 0.1:
        pass
    return total + number


def run(config: Config, seed: int) -> Measures:
    start = float(chance.stream(seed, "start").random())
    pace.early([start])
    return Measures(total=pace.blocks(start, step, 80))


experiment = Experiment(
    name="steady_way",
    version=1,
    question="Is a computer left alone when its person wants it so?",
    run=run,
    measures=Measures,
    sweep=grid(Config, place=[0]),
    ranges={"place": (0, 1_000)},
    estimands=(),
    needs=Needs(seconds=lambda config: 8.0, memory_mb=100),
)
'''


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


def computed(folder: Path) -> float:
    """Seconds of a processor that everything which computes below this folder has used."""
    total = 0.0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"child.py" not in (process / "cmdline").read_bytes():
                continue
            if str(folder) in (process / "environ").read_text():
                user, kernel = fields(process.name)[11:13]
                total += (int(user) + int(kernel)) / 100
        except OSError:
            continue
    return total


def test_on_batteries_nothing_is_computed(tmp_path, mains):
    plugged, words = mains
    (tmp_path / "steady_way.py").write_text(_EXPERIMENT)
    with project(tmp_path / "lab") as lab:
        lab.offer(tmp_path / "steady_way.py", "steady_way")
        me = register(lab.address)
        folder = tmp_path / "computer"
        with client(folder, lab.address, me.key, cores=1, preferences=_NOT_ON_BATTERIES, before=words) as mine:
            mine.wait(Client.host, nudge=8)
            number = lab.order("steady_way", mine.host())
            mine.update()
            mine.wait(lambda one: one.is_computing(number), nudge=8)
            mine.wait(lambda _: computed(folder) > 0.5)
            plugged.write_text("0\n")
            mine.wait(lambda one: "on batteries" in one.log())
            mine.wait(lambda one: not one.is_computing(number))
            time.sleep(1.0)  # the word is on its way to whoever computes
            before = computed(folder)
            time.sleep(3.0)
            assert computed(folder) - before < 0.1
            plugged.write_text("1\n")
            lab.wait_for(number, "valid", mine)
        lab.promises()
