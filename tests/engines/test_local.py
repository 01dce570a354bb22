"""What every engine must do, against the real desk, store and runner; another joins by one line in ENGINES."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE

import axiom
from axiom.domain.work import Exit, TaskState
from axiom.engines.local import LocalEngine
from axiom.lab.experiments.publish import Prepared, prepare
from axiom.server.dispatch.local_desk import LocalDesk
from axiom.server.returns.validator import Validator
from axiom.signed.bundles import contents
from axiom.signed.keys import make_keys
from axiom.signed.tickets import Order
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


def local(desk: Any, home: Path, cores: int, reported: Callable[[], None]) -> LocalEngine:
    return LocalEngine(desk, home=home, host_id=desk.host_id, cores=cores, reported=reported)


ENGINES = [local]


@dataclass(frozen=True, kw_only=True)
class WatchedDesk(LocalDesk):
    """The local desk, which also notes what it handed out."""

    given: list[int] = field(default_factory=list)

    def ask(self, holding: frozenset[int], wanted: int) -> Sequence[Order]:
        orders = super().ask(holding, wanted)
        self.given.extend(order.task for order in orders)
        return orders


@dataclass(kw_only=True)
class House:
    """A laboratory whose writer runs, and the engines that were started on it."""

    lab: Any
    writer: Writer
    desk: WatchedDesk
    make: Callable[..., Any]
    engines: list[Any] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.lab.folder.engine

    def start(self, cores: int = 1):
        engine = self.make(self.desk, self.home, cores, lambda: None)
        self.engines.append(engine)
        engine.start((self.lab.folder.keys / "trust.json").read_bytes())
        return engine

    def stop(self) -> None:
        for engine in self.engines:
            engine.stop()
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


@pytest.fixture(params=ENGINES, ids=lambda make: make.__name__)
def new_house(request, new_lab, tmp_path):
    """Makes a laboratory of today, since a runner reads the clock itself."""
    made: list[House] = []

    def make(published: Prepared, cores: int = 1) -> House:
        lab = new_lab(tmp_path / "lab")
        lab.now = datetime.now(UTC)
        lab.keys = make_keys(lab.folder.keys, lab.now)
        lab.publish(published)
        host = lab.host(cores=cores)
        lab.db.close()
        writer = Writer(lambda: connect_writer(lab.folder.database))
        writer.start()
        desk = WatchedDesk(
            writer=writer, folder=lab.folder, dispatch=lab.dispatch, host_id=host, now=lambda: datetime.now(UTC)
        )
        made.append(House(lab=lab, writer=writer, desk=desk, make=request.param))
        return made[-1]

    yield make
    for house in made:
        house.stop()
        house.writer.stop()


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


def test_a_runner_that_is_killed_costs_its_task_and_not_its_core(new_house, slow):
    house = new_house(slow)
    house.deploy()
    engine = house.start()
    until(house.computed)
    (runner,) = engine._runners.values()
    os.kill(runner.pid, signal.SIGKILL)
    until(lambda: house.states() == [TaskState.FAILED, TaskState.VALID])
    first, _ = house.tasks()
    assert first.exit_status == Exit.RUNNER_FAULT
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
