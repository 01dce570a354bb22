"""The real runner with the stock client, when things go wrong: halted, killed, short of memory, damaged, subverted."""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from boinc_client import Client, register
from built_runner import Computer, computer_of, computing, damage, ended, home, message, offered
from processes import state
from real_parts import need
from runner_subjects import computed_here, training
from volunteer_lab import Project, attached, project

import axiom

pytestmark = need("boinc")
_PACE = 20_000_000  # bytes a second that the person allows a download
_MOST_OF_OUR_CODE = 1_000_000  # bytes that a computer fetches when nothing but our own code has changed


@pytest.fixture(scope="module")
def long_training(tmp_path_factory) -> Path:
    return training(tmp_path_factory.mktemp("long"), "long_training", blocks=75, pause=0.4)


@pytest.fixture(scope="module")
def lab(long_training, runners, tmp_path_factory) -> Iterator[Project]:
    """A laboratory that offers what was built."""
    place = tmp_path_factory.mktemp("troubles")
    with project(place / "lab", "--runners", runners.place) as made:
        made.offer(long_training, "long_training")
        made.publish(place, "swift")
        made.publish(place, "patient", tenths=900, seconds=90.0)
        made.wait(lambda: offered(made))
        yield made


@pytest.fixture(scope="module")
def computer(lab, tmp_path_factory) -> Iterator[Computer]:
    """A computer that has unpacked the runner and computed."""
    with computer_of(lab, tmp_path_factory.mktemp("computer") / "one") as computer:
        run_once(lab, computer)
        yield computer


def run_once(lab: Project, computer: Computer) -> None:
    """A task of a moment is ordered for this computer, and proven."""
    task = ended(lab, computer, lab.order("swift", computer.client.host()))
    assert task["state"] == "valid", message(lab, task["number"])


def begun(lab: Project, computer: Computer, name: str) -> int:
    """A task of this experiment that the computer has begun to compute."""
    number = lab.order(name, computer.client.host())
    computer.client.update()
    computer.client.wait(lambda seen: computing(seen, number), nudge=8)
    return number


def fraction(mine: Client, number: int) -> float:
    return float(mine.task(number).get("fraction done", "0"))


def kept(mine: Client, number: int) -> float:
    return float(mine.task(number).get("CPU time at last checkpoint", "0"))


def test_a_long_cell_that_is_halted_and_whose_client_is_killed_ends_like_any_other(lab, computer, long_training):
    number = begun(lab, computer, "long_training")
    computer.client.wait(lambda seen: fraction(seen, number) > 0)
    suspended(lab, computer, number)
    computer.client.wait(lambda seen: kept(seen, number) > 0)
    computer.kill()
    computer.start()
    computer.client.wait(lambda seen: computing(seen, number))
    (result,) = ended(lab, computer, number)["results"]
    expected = computed_here(long_training, result["seed"])
    assert result["measures"] == expected | {"processes": 2}


def suspended(lab: Project, computer: Computer, number: int) -> None:
    """Suspend the task for a while: nothing is computed meanwhile, and then it goes on."""
    mine, name = computer.client, computer.client.task(number)["name"]
    mine.say("--task", lab.address, name, "suspend")
    mine.wait(lambda seen: seen.task(number).get("active_task_state") == "SUSPENDED")
    processes = computing(mine, number)
    assert processes
    mine.wait(lambda _: state(processes.child) == "T")
    before = fraction(mine, number)
    mine.say("--task", lab.address, name, "resume")
    mine.wait(lambda seen: fraction(seen, number) > before)


def test_a_task_whose_computing_process_is_killed_again_and_again_is_given_up(lab, computer):
    number = begun(lab, computer, "patient")
    for _ in range(3):
        computer.client.wait(lambda seen: computing(seen, number))
        os.kill(computing(computer.client, number).child, signal.SIGKILL)  # as a host does for want of memory
        computer.client.wait(lambda seen: not seen.is_computing(number))
        computer.kill()  # after which the client does not remember that it put the task off
        computer.start()
    task = ended(lab, computer, number)
    assert (task["cause"], task["exit_status"], task["results"]) == ("too-many-starts", 12, [])


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
    task = ended(lab, computer, number)
    assert (task["cause"], task["exit_status"]) == ("runner-damaged", 17)
    return message(lab, number)


@contextlib.contextmanager
def damaged(path: Path) -> Iterator[None]:
    """One bit in the middle of a file is another; afterwards its bytes are the old ones."""
    whole = damage(path)
    yield
    if path.read_bytes() != whole:
        damage(path)
        assert path.read_bytes() == whole


def test_a_download_keeps_its_pace_and_new_code_and_runner_take_the_old_ones_place(lab, runners, tmp_path, monkeypatch):
    first, pace = runners.runtime, f"<max_bytes_sec_down>{_PACE}</max_bytes_sec_down>"
    with attached(lab, tmp_path / "computer", register(lab.address).key, preferences=pace) as mine:
        lab.wait_for(lab.order("swift", mine.host()), "valid", mine)
        assert mine.pace("axiom_runtime_") < 1.3 * _PACE

        before = files(mine)
        with_another_code(lab, tmp_path / "changed", monkeypatch)
        lab.wait_for(lab.order("swift", mine.host()), "valid", mine)
        fetched = {name: size for name, size in files(mine).items() if name not in before}
        assert [name.split("_")[1] for name in fetched] == ["code"]
        assert sum(fetched.values()) <= _MOST_OF_OUR_CODE

        version = offered(lab)
        runners.renew(home(mine) / first)
        second = runners.runtime
        lab.wait(lambda: offered(lab) > version)
        lab.wait_for(lab.order("swift", mine.host()), "valid", mine)
        assert second != first
        assert [path.name for path in home(mine).glob("runtime-????????????????")] == [second]
        kinds = [name.split("_")[1] for name in files(mine)]
        assert (kinds.count("runner"), kinds.count("runtime")) == (1, 1)
    lab.promises()


def files(mine: Client) -> dict[str, int]:
    """The files of the runner that the client has, by name, with their sizes."""
    return {path.name: path.stat().st_size for path in (mine.folder / "projects").glob("*/axiom_*")}


def with_another_code(lab, place: Path, monkeypatch) -> None:
    """Start the laboratory again as a program in which one line of the runner has changed."""
    version = offered(lab)
    shutil.copytree(Path(axiom.__file__).parent, place / "axiom", ignore=shutil.ignore_patterns("__pycache__"))
    with (place / "axiom" / "runner" / "tasks.py").open("a", encoding="utf-8") as module:
        module.write("# a line more\n")
    lab.kill()
    monkeypatch.setenv("PYTHONPATH", str(place))
    lab.start()
    lab.wait(lambda: offered(lab) > version)
