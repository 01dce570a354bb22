"""The runner that volunteers get, with the stock client: it unpacks, trains, is paid, stands still, keeps in, mends."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from built_runner import Computer, computer_of, computing, damage, home, message, offered, size_mb
from real_parts import need
from runner_subjects import NOSY_DEEDS, computed_here, deeds, training
from volunteer_lab import Project, project

pytestmark = need("boinc")
_MOST_MEMORY_MB = 450.0
_MOST_UNPACKED_MB = 420.0


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Iterator[list[Path]]:
    """Folders outside the client's own in which a program may be used to leave something."""
    places = [tmp_path_factory.mktemp(name) for name in ("home", "temporary", "cache")]
    with pytest.MonkeyPatch.context() as environment:
        for place, word in zip(places, ("HOME", "TMPDIR", "XDG_CACHE_HOME"), strict=True):
            environment.setenv(word, str(place))
        yield places


@pytest.fixture(scope="module")
def network(tmp_path_factory) -> Path:
    return training(tmp_path_factory.mktemp("network"), "network", blocks=20, pause=0.1)


@pytest.fixture(scope="module")
def lab(runners, network, tmp_path_factory) -> Iterator[Project]:
    """A laboratory that offers what was built, with a network to train, a moment's work, and what means harm."""
    place = tmp_path_factory.mktemp("built")
    with project(place / "lab", "--runners", runners.place) as made:
        made.offer(network, "network")
        made.publish(place, "swift")
        for name, which in (("nosy", list(NOSY_DEEDS)), ("hungry", [6])):
            made.offer(deeds(place, name, which, made.address), name)
        made.wait(lambda: offered(made))
        yield made


@pytest.fixture(scope="module")
def computer(lab, elsewhere, tmp_path_factory) -> Iterator[Computer]:  # noqa: ARG001  where its environment leads
    with computer_of(lab, tmp_path_factory.mktemp("computer") / "one") as computer:
        yield computer


def test_a_network_is_trained_as_here_within_memory_and_disk_and_paid(lab, computer, runners, network):
    mine, memory = computer.client, []
    number = lab.order("network", mine.host())

    def is_over() -> bool:
        processes = computing(mine, number)
        memory.append(processes.memory_mb if processes else 0.0)
        return bool(lab.task(number)["closed_at"])

    mine.update()
    mine.wait(lambda _: is_over(), nudge=8)
    task = lab.task(number)
    assert task["state"] == "valid", message(lab, number)
    assert task["cause"] == "success", message(lab, number)
    assert task["exit_status"] == 0, message(lab, number)
    (result,) = task["results"]
    assert (result["outcome"], result["measures"]) == ("ok", computed_here(network, result["seed"]))
    assert task["cpu_seconds"] >= result["cpu_seconds"]
    mine.wait(lambda seen: seen.credit() > 0, nudge=8)
    assert len(lab.task(number)["awards"]) == 1
    assert 100.0 < max(memory) <= _MOST_MEMORY_MB
    assert size_mb(home(mine) / runners.runtime) <= _MOST_UNPACKED_MB
    (runtime,) = home(mine).parent.glob("axiom_runtime_*")
    assert runtime.name == f"axiom_{runners.runtime.replace('-', '_')}.zip"


def test_what_takes_too_much_or_what_is_not_its_own_fails_decoded_and_leaves_no_mark(lab, computer):
    nosy, hungry = (lab.order(name, computer.client.host()) for name in ("nosy", "hungry"))
    computer.client.update()
    lab.wait(lambda: all(lab.task(number)["closed_at"] for number in (nosy, hungry)), nudged=computer.client)
    ends = {number: (lab.task(number)["cause"], lab.task(number)["exit_status"]) for number in (nosy, hungry)}
    assert ends == {nosy: ("cell-failed", 10), hungry: ("memory-limit", 198)}
    assert f"{len(NOSY_DEEDS)} of {len(NOSY_DEEDS)} cells raised" in message(lab, nosy)
    assert "PermissionError" in message(lab, nosy)
    assert not list(computer.folder.rglob("mark"))


def test_what_is_damaged_of_the_runner_is_mended_and_who_leaves_keeps_nothing(lab, computer, elsewhere):
    project_folder, mine = home(computer.client).parent, computer.client
    (boot,) = project_folder.glob("axiom/boot-*/boot.py")
    (module,) = project_folder.glob("axiom/runtime-*/lib/python3*/*-packages/jax/__init__.py")
    whole = [damage(path) for path in (boot, module)]
    lab.wait_for(lab.order("swift", mine.host()), "valid", mine)
    assert [path.read_bytes() for path in (boot, module)] == whole
    mine.say("--project", lab.address, "detach")
    mine.wait(lambda seen: not seen.project())
    for folder in (mine.folder / "projects", mine.folder / "slots", *elsewhere):
        assert not [path for path in folder.rglob("*") if path.is_file()]
    lab.promises()
