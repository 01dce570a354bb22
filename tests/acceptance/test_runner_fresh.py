"""The real runner with the stock client, from a computer that has nothing to one that has nothing again."""

import shutil
from pathlib import Path

import pytest
from boinc_client import Client, client, register
from built_runner import Shelf, computing, home, offered, shelf, size_mb
from running_lab import results_of
from volunteer_lab import project

import axiom

_CELLS = 11
_PACE = 20_000_000  # bytes a second that the person allows a download
_MOST_MEMORY_MB = 450.0
_MOST_UNPACKED_MB = 420.0
_MOST_OF_OUR_CODE = 1_000_000  # bytes that a computer fetches when nothing but our own code has changed


@pytest.fixture
def runners(built_runner, tmp_path) -> Shelf:
    return shelf(built_runner, tmp_path / "runners")


@pytest.fixture
def lab(tmp_path, runners):
    """A laboratory that offers what was built, with an experiment that trains networks and one that takes a moment."""
    with project(tmp_path / "lab", "--runners", runners.place) as made:
        made.offer("lazy_vs_feature_learning", "lazy_vs_feature_learning")
        made.publish(tmp_path, "swift")
        made.wait(lambda: offered(made))
        yield made


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> list[Path]:
    """Folders outside the client's own in which a program may be used to leave something."""
    places = [tmp_path / name for name in ("home", "temporary", "cache")]
    for place, word in zip(places, ("HOME", "TMPDIR", "XDG_CACHE_HOME"), strict=True):
        place.mkdir()
        monkeypatch.setenv(word, str(place))
    return places


def test_a_computer_attaches_computes_is_paid_gets_the_next_runner_and_leaves_with_nothing(
    lab, runners, tmp_path, elsewhere, monkeypatch
):
    me = register(lab.address)
    first, held = runners.runtime, [0.0]
    pace = f"<max_bytes_sec_down>{_PACE}</max_bytes_sec_down>"
    with client(tmp_path / "computer", lab.address, me.key, preferences=pace) as mine:
        number = lab.order("lazy_vs_feature_learning")
        mine.wait(lambda one: watch(one, number, held) or one.credit() > 0, nudge=20)
        prove(lab, number)
        assert mine.pace("axiom_runtime_") < 1.3 * _PACE
        assert 100.0 < max(held) <= _MOST_MEMORY_MB
        assert size_mb(home(mine) / first) <= _MOST_UNPACKED_MB
        assert files(mine, "axiom_runtime_*") == [f"axiom_{first.replace('-', '_')}.zip"]

        before = of_runner(mine)
        with_another_code(lab, tmp_path / "changed", monkeypatch)
        lab.wait_for(lab.order("swift"), "valid", mine)
        fetched = {name: size for name, size in of_runner(mine).items() if name not in before}
        assert [name.split("_")[1] for name in fetched] == ["code"]
        assert sum(fetched.values()) <= _MOST_OF_OUR_CODE

        version = offered(lab)
        runners.renew(home(mine) / first)
        second = runners.runtime
        lab.wait(lambda: offered(lab) > version)
        lab.wait_for(lab.order("swift"), "valid", mine)
        assert second != first
        assert [path.name for path in home(mine).glob("runtime-????????????????")] == [second]
        assert len(files(mine, "axiom_runner_*")) == len(files(mine, "axiom_runtime_*")) == 1

        mine.say("--project", lab.address, "detach")
        mine.wait(lambda one: not one.project())
        assert not [path for path in (mine.folder / "projects").rglob("*") if path.is_file()]
        assert not [path for path in (mine.folder / "slots").rglob("*") if path.is_file()]
    assert not [path for place in elsewhere for path in place.rglob("*") if path.is_file()]
    lab.promises()


def of_runner(mine: Client) -> dict[str, int]:
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


def watch(mine: Client, number: int, held: list[float]) -> None:
    """Note what the task holds in memory."""
    found = computing(mine, number)
    if found is not None:
        held.append(found.memory_mb)


def prove(lab, number: int) -> None:
    """All cells of the task are in the evidence, and paid."""
    found = lab.task(number)
    assert (found["state"], found["cause"], found["exit_status"]) == ("valid", "success", 0)
    assert [result["outcome"] for result in found["results"]] == ["ok"] * _CELLS
    assert results_of(lab.lab.status(), "lazy_vs_feature_learning") == _CELLS
    assert len(found["awards"]) == 1
    assert found["cpu_seconds"] >= sum(result["cpu_seconds"] for result in found["results"])


def files(mine: Client, pattern: str) -> list[str]:
    """What the client keeps of the runner's files."""
    return [path.name for path in home(mine).parent.glob(pattern)]
