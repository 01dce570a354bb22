"""The real runner with the stock client, when things go wrong: halted, killed, short of memory, damaged, subverted."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from boinc_client import Client, register
from built_runner import Computer, computing, home, offered, shelf
from running_lab import answer
from volunteer_lab import Project, project

import axiom
from axiom.lab.experiments.publish import prepare
from axiom.runner.direct import compute_here
from axiom.signed.bundles import contents

_BLOCKS = 75
_LONG = f'''"""long_training: half a minute of training whose end does not depend on who interrupts it."""

import os
import time
from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Needs, grid
from axiom.kit import chance, data, losses, models, optimizers, training


@dataclass(frozen=True, kw_only=True)
class Config:
    pause: float


@dataclass(frozen=True, kw_only=True)
class Measures:
    losses: tuple[float, ...]
    weights: tuple[float, ...]
    processes: int


def run(config: Config, seed: int) -> Measures:
    task = data.teacher(chance.stream(seed, "data"), inputs=10, classes=3, train=400, test=50)
    start = models.mlp(chance.stream(seed, "start"), (10, 16, 3))
    orders = chance.orders(seed, items=400, epochs={_BLOCKS})

    def watch(net):
        time.sleep(config.pause)
        return float(losses.CROSS_ENTROPY(net, task.x_test, task.y_test)), os.getpid()

    end, seen = training.trained(start, task, orders, rates=optimizers.Rates(lr=0.1), batch=40, watch=watch)
    return Measures(
        losses=tuple(loss for loss, _ in seen),
        weights=tuple(float(each) for each in end[0].weights.ravel()),
        processes=len({{process for _, process in seen}}),
    )


experiment = Experiment(
    name="long_training",
    version=1,
    question="Does a long cell end as if nothing had happened?",
    run=run,
    measures=Measures,
    sweep=grid(Config, pause=[0.4]),
    ranges={{"pause": (0.0, 1.0)}},
    estimands=(),
    needs=Needs(seconds=lambda config: 60 * config.pause + 5.0, memory_mb=600),
)
'''
_DEEDS = '''"""{name}: {about}"""

import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from axiom.domain.experiments import Experiment, Needs, grid


@dataclass(frozen=True, kw_only=True)
class Config:
    deed: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    size: int


def take_memory() -> int:
    held = []
    while True:
        held.append(bytearray(os.urandom(4096) * 2_500))
        time.sleep(0.01)


def project() -> Path:
    """Where the client keeps the laboratory's files."""
    return next(path.parent for path in Path(os.environ["HOME"]).parents if path.name == "axiom")


DEEDS = {{
    0: lambda: len((project().parents[1] / "account_127.0.0.1_{port}.xml").read_text()),
    1: lambda: len((project().parents[1] / "client_state.xml").read_text()),
    2: lambda: len((project().parents[1] / "slots/0/init_data.xml").read_text()),
    3: lambda: socket.create_connection(("127.0.0.1", {port}), timeout=5).fileno(),
    4: lambda: (project() / "mark").write_text("here"),
    5: lambda: subprocess.run(["/bin/true"]).returncode,
    6: take_memory,
}}


def run(config: Config, seed: int) -> Measures:
    return Measures(size=DEEDS[config.deed]())


experiment = Experiment(
    name="{name}",
    version=1,
    question="Does the runner keep it in?",
    run=run,
    measures=Measures,
    sweep=grid(Config, deed={deeds}),
    ranges={{"deed": (0, 9)}},
    estimands=(),
    needs=Needs(seconds=lambda config: 2.0, memory_mb=200),
)
'''
_NOSY = range(6)


@pytest.fixture(scope="module")
def long_training(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("long") / "long_training.py"
    file.write_text(_LONG)
    return file


@pytest.fixture(scope="module")
def lab(long_training, built_runner, tmp_path_factory) -> Iterator[Project]:
    """A laboratory that offers what was built."""
    place = tmp_path_factory.mktemp("troubles")
    with project(place / "lab", "--runners", shelf(built_runner, place / "runners").place) as made:
        made.offer(long_training, "long_training")
        made.publish(place, "swift")
        made.publish(place, "patient", tenths=900, seconds=90.0)
        for name, deeds in (("nosy", list(_NOSY)), ("hungry", [6])):
            file = place / f"{name}.py"
            port = made.address.rstrip("/").rpartition(":")[2]
            words = {"port": port, "deeds": deeds}
            file.write_text(_DEEDS.format(name=name, about="what it should not do", **words))
            made.offer(file, name)
        made.wait(lambda: offered(made))
        yield made


@pytest.fixture(scope="module")
def computer(lab, tmp_path_factory) -> Iterator[Computer]:
    """A computer that has unpacked the runner and computed."""
    key = register(lab.address).key
    made = Computer(folder=tmp_path_factory.mktemp("computer") / "one", address=lab.address, key=key, cores=3)
    try:
        made.start()
        run_once(lab, made)
        yield made
    finally:
        made.stop()


def run_once(lab: Project, computer: Computer) -> dict:
    """Order a task of a moment for this computer; its page once it is proven."""
    found = ended(lab, computer, lab.order("swift", computer.client.host()))
    assert found["state"] == "valid", message(lab, found["number"])
    return found


def ended(lab: Project, computer: Computer, number: int) -> dict:
    """The page of a task once it has ended, however that was."""
    computer.client.update()
    lab.wait(lambda: lab.task(number)["closed_at"], nudged=computer.client)
    return lab.task(number)


def begun(lab: Project, computer: Computer, name: str) -> int:
    """A task of this experiment that the computer has begun to compute."""
    number = lab.order(name, computer.client.host())
    computer.client.update()
    computer.client.wait(lambda one: computing(one, number), nudge=8)
    return number


def fraction(mine: Client, number: int) -> float:
    return float(mine.task(number).get("fraction done", "0"))


def kept(mine: Client, number: int) -> float:
    return float(mine.task(number).get("CPU time at last checkpoint", "0"))


def computed_here(file: Path, seed: int) -> dict:
    """The measures of the long cell where nobody interrupts it and it never pauses."""
    files = contents(prepare(Path(axiom.__file__).parent, file).archive)
    cells = [({"pause": 0.0}, seed)]
    limits = {"cpu_limit": 300.0, "wall_limit": 300.0, "memory_mb": 1_000.0}
    (answer,) = compute_here(files, "axiom.catalogue.long_training", cells, on_progress=lambda *_: None, **limits)
    return dict(answer.measures)


def test_a_long_cell_that_is_halted_and_whose_client_is_killed_ends_as_if_nothing_had_happened(
    lab, computer, long_training
):
    number = begun(lab, computer, "long_training")
    computer.client.wait(lambda one: fraction(one, number) > 0)
    suspended(lab, computer, number)
    computer.client.wait(lambda one: kept(one, number) > 0)
    computer.kill()
    computer.start()
    computer.client.wait(lambda one: computing(one, number))
    (result,) = ended(lab, computer, number)["results"]
    expected = computed_here(long_training, result["seed"])
    assert result["measures"] == expected | {"processes": 2}


def suspended(lab: Project, computer: Computer, number: int) -> None:
    """Suspend the task for a while: nothing is computed meanwhile, and then it goes on."""
    mine, name = computer.client, computer.client.task(number)["name"]
    mine.say("--task", lab.address, name, "suspend")
    mine.wait(lambda one: one.task(number).get("active_task_state") == "SUSPENDED")
    time.sleep(1)
    processes = computing(mine, number)
    assert processes
    spent, before = processes.cpu_seconds, fraction(mine, number)
    time.sleep(3)
    assert processes.cpu_seconds - spent < 0.1  # the runner listens ten times a second
    assert fraction(mine, number) == pytest.approx(before, abs=0.01)
    mine.say("--task", lab.address, name, "resume")
    mine.wait(lambda one: fraction(one, number) > before)


def test_a_task_whose_computing_process_is_killed_again_and_again_is_given_up(lab, computer):
    number = begun(lab, computer, "patient")
    for _ in range(3):
        computer.client.wait(lambda one: computing(one, number))
        os.kill(computing(computer.client, number).child, signal.SIGKILL)  # as a host does for want of memory
        computer.client.wait(lambda one: not one.is_computing(number))
        computer.kill()  # after which the client does not remember that it put the task off
        computer.start()
    found = ended(lab, computer, number)
    assert (found["cause"], found["exit_status"]) == ("too-many-starts", 12)
    assert found["results"] == []


def test_what_takes_too_much_or_what_is_not_its_own_fails_decoded_and_leaves_no_mark(lab, computer):
    nosy, hungry = (lab.order(name, computer.client.host()) for name in ("nosy", "hungry"))
    found = ended(lab, computer, hungry)
    assert (found["cause"], found["exit_status"]) == ("memory-limit", 198)
    found = ended(lab, computer, nosy)
    assert (found["cause"], found["exit_status"]) == ("cell-failed", 10)
    assert f"{len(_NOSY)} of {len(_NOSY)} cells raised" in message(lab, nosy)
    assert "PermissionError" in message(lab, nosy)
    assert not list(computer.folder.rglob("mark"))


def test_whatever_is_damaged_of_the_runner_is_repaired_or_refused_before_it_runs(lab, computer):
    project = home(computer.client).parent
    (boot,) = project.glob("axiom/boot-*/boot.py")
    (module,) = project.glob("axiom/runtime-*/lib/python3*/*-packages/jax/__init__.py")
    (zipped,) = project.glob("axiom_runtime_*.zip")
    (launcher,) = project.glob("axiom_runner_*")
    whole = [path.read_bytes() for path in (boot, module)]
    with damaged(boot), damaged(module):
        run_once(lab, computer)
        assert [path.read_bytes() for path in (boot, module)] == whole  # unpacked again
    with damaged(zipped), damaged(module):
        assert "is not the file that the laboratory made" in refused(lab, computer)
    with damaged(launcher):
        assert "is damaged" in refused(lab, computer)
    run_once(lab, computer)
    assert [path.read_bytes() for path in (boot, module)] == whole


def refused(lab: Project, computer: Computer) -> str:
    """What a task says that the runner's launcher refuses to begin."""
    number = lab.order("swift", computer.client.host())
    found = ended(lab, computer, number)
    assert (found["cause"], found["exit_status"]) == ("runner-damaged", 17)
    return message(lab, number)


def message(lab: Project, number: int) -> str:
    """What the runner said when a task ended, as the laboratory's own people are shown it."""
    return str(answer("task", "show", number, data=lab.data)["task"]["message"])


@contextlib.contextmanager
def damaged(path: Path) -> Iterator[None]:
    """One bit in the middle of a file is another; afterwards its bytes are the old ones."""
    whole = path.read_bytes()
    place = len(whole) // 2
    write(path, whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    yield
    if path.read_bytes() != whole:
        write(path, whole)


def write(path: Path, raw: bytes) -> None:
    """Put other bytes into a file, and leave its mode."""
    with path.open("r+b") as file:
        file.write(raw)
