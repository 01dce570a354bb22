"""What an engine must do in the process of its laboratory, through the socket and on the wire, all of it real."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import stored_work
from patience import until
from started_writer import started_writer
from tiny_experiment import prepare_text, tiny_source
from work_sources import SOURCES, WatchedSource

from axiom.domain.work import Exit, TaskState
from axiom.engines import local_engine
from axiom.engines.local_engine import EnginePace, LocalEngine
from axiom.errors import CannotStart
from axiom.laboratory.experiments.publish import PackedBundle
from axiom.server.returns.transitioner import transit_workunit
from axiom.server.returns.validator import Validator
from axiom.signed.keys import make_keys
from axiom.store.tasks import results, workunits
from axiom.store.writer import Writer

# Every cell leaves a line, so that one can see which were computed and how often, and ends when so many may have ended.
SLOW = """import os, time
    place = os.environ["JAX_COMPILATION_CACHE_DIR"]
    with open(place + "/computed", "a") as file:
        file.write(f"{seed} {config.size}\\n")
    with open(place + "/computed") as file:
        begun = len(file.readlines())
    while not os.path.exists(place + "/may_end") or os.path.getsize(place + "/may_end") < begun:
        time.sleep(0.01)
    return Measures("""


@dataclass(kw_only=True)
class House:
    """A laboratory whose writer runs, and the engines that were started on it."""

    lab: Any
    writer: Writer
    source: WatchedSource
    engines: list[Any] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.lab.folder.engine

    def start(self, cores: int = 1, pace: EnginePace | None = None):
        engine = LocalEngine(
            self.source,
            home=self.home,
            host_id=self.source.host_id,
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
        return self.do(stored_work.tasks)[::-1]

    def broken(self) -> dict[str, list[str]]:
        def ask(db):
            self.lab.db, self.lab.now = db, datetime.now(UTC)
            return self.lab.broken()

        return self.do(ask)

    def computed(self) -> list[str]:
        files = (self.home / "cache").glob("*/computed")
        return [line for file in files for line in file.read_text().splitlines()]

    def let_end(self, cells: int) -> None:
        """So many of the slow cells that have begun, and no more."""
        for file in (self.home / "cache").glob("*/computed"):
            file.with_name("may_end").write_bytes(bytes(cells))


class Nested:
    """A database inside the writer's transaction, where a transaction of one's own is a savepoint."""

    def __init__(self, db) -> None:
        self._db = db
        self.transaction = db.savepoint

    def __getattr__(self, name):
        return getattr(self._db, name)


@pytest.fixture(scope="module")
def slow(tmp_path_factory) -> PackedBundle:
    """Four cells that wait until they may end."""
    text = tiny_source(sizes=(1, 2, 3, 4)).replace("return Measures(", SLOW)
    return prepare_text("tiny_sum", text, tmp_path_factory.mktemp("slow"))


@pytest.fixture(params=SOURCES, ids=lambda make: make.__name__)
def new_house(request, new_lab, tmp_path):
    """Makes a laboratory of today, since a runner reads the clock itself."""
    with ExitStack() as stack:

        def make(published: PackedBundle, cores: int = 1) -> House:
            lab = new_lab(tmp_path / "lab")
            lab.now = datetime.now(UTC)
            lab.keys = make_keys(lab.folder.keys, lab.now)
            lab.publish(published)
            lab.volunteer("Ada")
            writer = stack.enter_context(started_writer(lab))
            source = stack.enter_context(request.param(lab, writer, cores))
            house = House(lab=lab, writer=writer, source=WatchedSource(source))
            stack.callback(house.stop)
            return house

        yield make


with_our_own_source = pytest.mark.parametrize("new_house", SOURCES[:1], indirect=True, ids=["local"])


def test_what_is_ordered_is_computed_once_and_proven(new_house, prepared):
    house = new_house(prepared(), cores=2)
    house.deploy(workunits=6)
    house.start(cores=2)
    until(lambda: house.states() == [TaskState.VALID] * 6)
    assert sorted(house.source.given) == list(range(1, 7)), "two cores never get the same task"
    cells = house.do(lambda db: [cell for task in range(1, 7) for cell in results.list_task_results(db, task)])
    assert [(cell.replicate, cell.measures["total"]) for cell in cells] == [
        (replicate, size) for replicate in range(6) for size in (1.0, 2.0)
    ]
    until(lambda: not list((house.home / "slots").iterdir()))
    assert house.broken() == {}


def kill_runners(engine, *, children: bool = False) -> bool:
    """Whether there was something to kill: the runners, or the processes that compute for them."""
    killed = False
    for runner in list(engine._runners.values()):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # it has just ended by itself
            pids = [runner.pid]
            if children:
                pids = [*map(int, Path(f"/proc/{runner.pid}/task/{runner.pid}/children").read_text().split())]
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
                killed = True
    return killed


@with_our_own_source
def test_processes_that_are_killed_cost_nothing_unless_they_are_killed_each_time(new_house, slow):
    house, before = new_house(slow), 0
    house.deploy()
    engine = house.start()
    for number, children in ((1, False), (2, True)):
        until(lambda before=before: len(house.computed()) > before)
        until(lambda children=children: kill_runners(engine, children=children))
        house.let_end(100)
        until(lambda number=number: house.states() == [TaskState.VALID] * number)
        house.let_end(0)
        before = len(house.computed())
        house.deploy(max_failures=1)

    def fails() -> bool:
        kill_runners(engine)
        return house.states() == [TaskState.VALID] * 2 + [TaskState.FAILED]

    until(fails)
    assert house.tasks()[2].exit_status == Exit.RUNNER_FAULT
    assert house.broken() == {}


def test_what_is_withdrawn_is_given_up_and_who_stops_for_good_gives_back_the_rest(new_house, slow):
    house = new_house(slow)
    house.deploy()
    engine = house.start(pace=EnginePace(beat=0.2, ahead=1))
    until(house.computed)
    house.do(lambda db: workunits.request_abort(db, 1, "nobody wants it"))
    house.do(lambda db: transit_workunit(db, 1, datetime.now(UTC)))
    until(lambda: house.states() == [TaskState.ABORTED])
    until(lambda: engine.in_hand == 0)
    assert not list((house.home / "slots").iterdir())
    before = len(house.computed())
    house.deploy(workunits=2)
    until(lambda: len(house.computed()) > before)
    house.stop(keeps=False)
    states = house.states()
    assert states.count(TaskState.UNSENT) == 2
    assert set(states) == {TaskState.UNSENT, TaskState.ABORTED}
    assert house.source.held_tasks() == frozenset()
    assert house.broken() == {}


def test_who_keeps_its_folder_goes_on_with_what_has_begun_and_gives_back_the_rest(new_house, slow):
    house = new_house(slow)
    house.deploy(workunits=2)
    house.start(pace=EnginePace(ahead=1))
    until(house.computed)
    house.let_end(1)
    until(lambda: len(house.computed()) == 2)
    house.stop()
    states = house.states()
    assert (states.count(TaskState.SENT), states.count(TaskState.UNSENT)) == (1, 1)
    before = house.computed()
    house.let_end(100)
    house.start()
    until(lambda: house.states().count(TaskState.VALID) == 2)

    after = house.computed()
    assert after[: len(before)] == before
    assert before[0] not in after[len(before) :], "a finished cell was computed again"
    assert sorted({line.split()[1] for line in after}) == ["1", "2", "3", "4"]
    assert house.broken() == {}


@with_our_own_source
def test_an_archive_that_is_gone_or_not_what_was_signed_is_fetched_again(new_house, prepared):
    house, archive = new_house(prepared()), prepared().archive
    place = house.home / "bundles" / f"{prepared().digest}.zip"
    left = [
        house.home / name for name in ("slots/9/output.jsonl", "unpacked/.new-x/a", "unpacked/abc/a", "bundles/abc.zip")
    ]
    for file in left:
        file.parent.mkdir(parents=True)
        file.write_bytes(b"left")
    house.start()
    assert [file.exists() for file in left] == [False] * 4, "what belongs to no task is cleared at the start"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(archive[:-1])
    house.deploy()
    until(lambda: house.states() == [TaskState.VALID])
    assert place.read_bytes() == archive
    place.unlink()
    house.deploy()
    until(lambda: house.states() == [TaskState.VALID] * 2)
    place.write_bytes(b"x" * len(archive))  # damaged while it was in use: it costs a task
    house.deploy()
    until(lambda: house.states() == [TaskState.VALID] * 2 + [TaskState.FAILED, TaskState.VALID])
    assert house.tasks()[2].exit_status == Exit.BAD_BUNDLE


def test_a_bundle_that_the_laboratory_lost_fails_its_task_and_is_not_asked_for_again(new_house, prepared):
    house = new_house(prepared())
    house.deploy(max_failures=1)
    house.do(lambda db: db.execute("DELETE FROM blob"))
    house.start()
    until(lambda: house.states() == [TaskState.FAILED])
    assert house.tasks()[0].exit_status == Exit.BAD_BUNDLE


@with_our_own_source
def test_a_way_that_fails_for_a_moment_costs_no_task(new_house, prepared, monkeypatch):
    monkeypatch.setattr(local_engine, "_TROUBLE_SECONDS", 0.0)
    house, troubles = new_house(prepared()), [CannotStart("lab.example answered with status 404.")]

    def seal(digest: str) -> str:
        if troubles:
            raise troubles.pop()
        return house.source.source.seal(digest)

    house.source.seal = seal
    house.deploy(max_failures=1)
    house.start()
    until(lambda: house.states()[0] in {TaskState.VALID, TaskState.FAILED})
    assert house.states() == [TaskState.VALID]


@with_our_own_source
def test_who_begins_nothing_more_gives_back_what_was_on_its_way(new_house, prepared):
    house = new_house(prepared())
    ask = house.source.ask

    def ask_as_time_ends(holding, wanted):
        orders = ask(holding, wanted)
        house.engines[0].drain()
        return orders

    house.source.ask = ask_as_time_ends
    house.deploy()
    house.start()
    until(lambda: house.source.given and house.source.held_tasks() == frozenset())
    assert set(house.states()) == {TaskState.ABORTED, TaskState.UNSENT}


@with_our_own_source
def test_no_runner_begins_once_all_are_being_ended(new_house, prepared):
    house, is_waiting = new_house(prepared()), threading.Event()

    def seal_as_all_end(digest: str) -> str:
        stopping = house.engines[0]._stopping
        is_waiting.set()
        stopping.wait()
        return house.source.source.seal(digest)

    house.source.seal = seal_as_all_end
    house.deploy()
    engine = house.start()
    until(is_waiting.is_set)
    house.stop()
    assert engine._runners == {}
    assert house.states() == [TaskState.SENT]
