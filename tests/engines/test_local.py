"""What an engine must do at every desk: in the same process, through the socket and on the wire, all of it real."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from engine_desks import DESKS, WatchedDesk
from patience import PATIENCE

import axiom
from axiom.domain.work import Exit, TaskState
from axiom.engines.local import EnginePace, LocalEngine
from axiom.lab.experiments.publish import Prepared, prepare
from axiom.server.returns.transitioner import transit
from axiom.server.returns.validator import Validator
from axiom.signed.bundles import contents
from axiom.signed.keys import make_keys
from axiom.store.engine.database import connect_writer
from axiom.store.tasks import results, workunits
from axiom.store.writer import Writer

PACKAGE = Path(axiom.__file__).parent


# Every cell leaves a line, so that one can see which were computed and how often, and takes its time.
SLOW = """import os, time
    with open(os.environ["JAX_COMPILATION_CACHE_DIR"] + "/computed", "a") as file:
        file.write(f"{seed} {config.size}\\n")
    time.sleep(0.5)
    return Measures("""


@dataclass(kw_only=True)
class House:
    """A laboratory whose writer runs, and the engines that were started on it."""

    lab: Any
    writer: Writer
    desk: WatchedDesk
    engines: list[Any] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.lab.folder.engine

    def start(self, cores: int = 1, pace: EnginePace | None = None):
        engine = LocalEngine(
            self.desk,
            home=self.home,
            host_id=self.desk.host_id,
            cores=cores,
            reported=lambda: None,
            pace=pace or EnginePace(),
        )
        self.engines.append(engine)
        engine.start((self.lab.folder.keys / "trust.json").read_bytes())
        return engine

    def stop(self, *, keeps: bool = True) -> None:
        for engine in self.engines:
            engine.stop(keeps=keeps)
        self.engines.clear()

    def do(self, what: Callable[[Any], Any]):
        return self.writer.run(what)

    def deploy(self, **how: int) -> None:
        def deploy(db):
            self.lab.db, self.lab.now = Nested(db), datetime.now(UTC)
            self.lab.deploy(**how)

        self.do(deploy)

    def settle(self) -> None:
        """Judge what came back."""
        self.do(lambda db: Validator(self.lab.folder, b"a secret").judge(db, datetime.now(UTC)))

    def states(self) -> list[TaskState]:
        self.settle()
        return [task.state for task in self.tasks()]

    def tasks(self):
        return self.do(lambda db: workunits.tasks(db, limit=1_000))[::-1]

    def broken(self) -> dict[str, list[str]]:
        def ask(db):
            self.lab.db, self.lab.now = db, datetime.now(UTC)
            return self.lab.broken()

        return self.do(ask)

    def computed(self) -> list[str]:
        files = (self.home / "cache").glob("*/computed")
        return [line for file in files for line in file.read_text().splitlines()]

    def archive(self) -> Path:
        (file,) = (self.home / "bundles").glob("*.zip")
        return file


class Nested:
    """A database inside the writer's transaction, where a transaction of one's own is a savepoint."""

    def __init__(self, db) -> None:
        self._db = db
        self.transaction = db.savepoint

    def __getattr__(self, name):
        return getattr(self._db, name)


def until(reached: Callable[[], Any]):
    """What `reached` gives once it gives something."""
    end = time.monotonic() + PATIENCE
    while not (found := reached()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def slow(prepared, tmp_path_factory) -> Prepared:
    """Four cells of half a second."""
    source = contents(prepared(sizes=(1, 2, 3, 4)).archive)["axiom/catalogue/tiny_sum.py"].decode()
    file = tmp_path_factory.mktemp("slow") / "tiny_sum.py"
    file.write_text(source.replace("return Measures(", SLOW))
    return prepare(PACKAGE, file)


@pytest.fixture(params=DESKS, ids=lambda make: make.__name__)
def new_house(request, new_lab, tmp_path):
    """Makes a laboratory of today, since a runner reads the clock itself."""
    with ExitStack() as stack:

        def make(published: Prepared, cores: int = 1) -> House:
            lab = new_lab(tmp_path / "lab")
            lab.now = datetime.now(UTC)
            lab.keys = make_keys(lab.folder.keys, lab.now)
            lab.publish(published)
            lab.volunteer("Ada")
            lab.db.close()
            writer = Writer(lambda: connect_writer(lab.folder.database))
            writer.start()
            stack.callback(writer.stop)
            desk = stack.enter_context(request.param(lab, writer, cores))
            house = House(lab=lab, writer=writer, desk=WatchedDesk(desk))
            stack.callback(house.stop)
            return house

        yield make


def test_what_is_ordered_is_computed_and_proven(new_house, prepared):
    house = new_house(prepared())
    house.deploy(workunits=3)
    house.start()
    until(lambda: house.states() == [TaskState.VALID] * 3)
    found = house.do(lambda db: [cell for task in (1, 2, 3) for cell in results.of_task(db, task)])
    assert [(cell.replicate, cell.measures["total"]) for cell in found] == [
        (replicate, size) for replicate in range(3) for size in (1.0, 2.0)
    ]
    until(lambda: not list((house.home / "slots").iterdir()))
    assert house.broken() == {}


def test_two_cores_never_get_the_same_task(new_house, prepared):
    house = new_house(prepared(), cores=2)
    house.deploy(workunits=8)
    house.start(cores=2)
    until(lambda: house.states() == [TaskState.VALID] * 8)
    assert sorted(house.desk.given) == list(range(1, 9))


def test_a_runner_that_is_killed_costs_nothing(new_house, slow):
    house = new_house(slow)
    house.deploy()
    engine = house.start()
    until(house.computed)
    (runner,) = engine._runners.values()
    os.kill(runner.pid, signal.SIGKILL)
    until(lambda: house.states() == [TaskState.VALID])
    assert house.broken() == {}


def test_a_task_whose_runner_is_killed_each_time_fails(new_house, slow):
    house = new_house(slow)
    house.deploy(max_failures=1)
    engine = house.start()

    def kill():
        for runner in list(engine._runners.values()):
            os.kill(runner.pid, signal.SIGKILL)
        return house.states() == [TaskState.FAILED]

    until(kill)
    (task,) = house.tasks()
    assert task.exit_status == Exit.RUNNER_FAULT
    assert house.broken() == {}


def test_a_computing_process_that_is_killed_costs_nothing(new_house, slow):
    house = new_house(slow)
    house.deploy()
    engine = house.start()
    until(house.computed)
    (runner,) = engine._runners.values()
    (child,) = Path(f"/proc/{runner.pid}/task/{runner.pid}/children").read_text().split()
    os.kill(int(child), signal.SIGKILL)
    until(lambda: house.states() == [TaskState.VALID])
    assert house.broken() == {}


def test_what_is_withdrawn_is_given_up_at_the_next_look(new_house, slow):
    house = new_house(slow)
    house.deploy()
    engine = house.start(pace=EnginePace(beat=0.2))
    until(house.computed)
    house.do(lambda db: workunits.request_abort(db, 1, "nobody wants it"))
    house.do(lambda db: transit(db, 1, datetime.now(UTC)))
    until(lambda: house.states() == [TaskState.ABORTED])
    until(lambda: engine.in_hand == 0)
    assert not list((house.home / "slots").iterdir())
    house.deploy()
    until(lambda: house.states() == [TaskState.ABORTED, TaskState.VALID])
    assert house.broken() == {}


def test_who_stops_for_good_gives_back_what_it_has(new_house, slow):
    house = new_house(slow)
    house.deploy(workunits=2)
    house.start(pace=EnginePace(ahead=1))
    until(house.computed)
    house.stop(keeps=False)
    states = house.states()
    assert states.count(TaskState.UNSENT) == 2
    assert set(states) == {TaskState.UNSENT, TaskState.ABORTED}
    assert house.desk.held() == frozenset()
    assert house.broken() == {}


def test_who_keeps_its_folder_gives_back_what_has_not_begun(new_house, slow):
    house = new_house(slow)
    house.deploy(workunits=2)
    house.start(pace=EnginePace(ahead=1))
    until(house.computed)
    house.stop()
    states = house.states()
    assert (states.count(TaskState.SENT), states.count(TaskState.UNSENT)) == (1, 1)
    before = house.computed()
    house.start()
    until(lambda: house.states().count(TaskState.VALID) == 2)
    assert house.computed()[: len(before)] == before
    assert house.broken() == {}


def test_what_a_stop_interrupts_stays_out_and_goes_on_with_the_next_engine(new_house, slow):
    house = new_house(slow)
    house.deploy()
    house.start()
    until(lambda: len(house.computed()) >= 2)
    house.stop()
    assert house.states() == [TaskState.SENT]
    before = house.computed()
    house.start()
    until(lambda: house.states() == [TaskState.VALID])
    after = house.computed()[len(before) :]
    assert before[0] not in after, "a finished cell was computed again"
    assert {line.split()[1] for line in [*before, *after]} == {"1", "2", "3", "4"}
    assert house.broken() == {}


def test_an_archive_that_is_not_what_was_signed_is_fetched_again(new_house, prepared):
    house = new_house(prepared())
    house.start()
    place = house.home / "bundles" / f"{prepared().digest}.zip"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(prepared().archive[:-1])
    house.deploy()
    until(lambda: house.states() == [TaskState.VALID])
    assert place.read_bytes() == prepared().archive


def test_an_archive_that_is_damaged_meanwhile_costs_one_task(new_house, prepared):
    house = new_house(prepared())
    house.deploy()
    house.start()
    until(lambda: house.states() == [TaskState.VALID])
    house.archive().write_bytes(b"x" * len(prepared().archive))
    house.deploy()
    until(lambda: house.states() == [TaskState.VALID, TaskState.FAILED, TaskState.VALID])
    assert house.tasks()[1].exit_status == Exit.BAD_BUNDLE


def test_a_bundle_that_the_laboratory_lost_fails_its_task_instead_of_being_asked_for_for_ever(new_house, prepared):
    house = new_house(prepared())
    house.deploy(max_failures=1)
    house.do(lambda db: db.execute("DELETE FROM blob"))
    house.start()
    until(lambda: house.states() == [TaskState.FAILED])
    (task,) = house.tasks()
    assert task.exit_status == Exit.BAD_BUNDLE


def test_what_belongs_to_no_task_is_cleared_at_the_start(new_house, prepared):
    house = new_house(prepared())
    left = [
        house.home / name for name in ("slots/9/output.jsonl", "unpacked/.new-x/a", "unpacked/abc/a", "bundles/abc.zip")
    ]
    for file in left:
        file.parent.mkdir(parents=True)
        file.write_bytes(b"left")
    house.start()
    assert [file.exists() for file in left] == [False] * 4


def test_an_archive_that_went_while_nobody_used_it_is_fetched_again(new_house, prepared):
    house = new_house(prepared())
    house.deploy()
    house.start()
    until(lambda: house.states() == [TaskState.VALID])
    for file in (house.home / "bundles").iterdir():
        file.unlink()
    house.deploy()
    until(lambda: len(house.states()) == 2 and all(not state.is_alive for state in house.states()))
    assert house.states() == [TaskState.VALID] * 2
