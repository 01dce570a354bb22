"""What every test stands on: one thread for numeric work, the same examples every time, and a small laboratory."""

import os
from pathlib import Path

# What JAX compiled stays for the next round: the name of a program is a digest of all that it depends on.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parent / ".tools" / "compiled"))
os.environ.update(
    JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="0",
    JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES="-1",
    NPROC="1",  # JAX sizes its pool by it, and reads it when it is imported
    XLA_FLAGS="--xla_cpu_multi_thread_eigen=false",
    OPENBLAS_NUM_THREADS="1",
    OMP_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    JAX_PLATFORMS="cpu",
    AXIOM_PRIORITY="normal",  # tests share the cores among themselves, and each has its patience
)
os.environ.pop("OPENBLAS_CORETYPE", None)  # where it is set, NumPy computes with an older processor's instructions

import functools
import shutil
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from file_order import pytest_collection_modifyitems as pytest_collection_modifyitems  # a hook: found by its name
from fixed_keys import make_fixed_keys
from golden_file import pytest_addoption as pytest_addoption  # likewise
from golden_file import same_words as same_words
from hypothesis import settings
from real_parts import skip_without
from tiny_experiment import PACKAGE, prepare_text, tiny_source

from axiom.domain.fleet import Capacity, Host, Platform
from axiom.domain.preflights import GATES, Attempt, Preflight
from axiom.domain.rounds import Allotment
from axiom.domain.work import Outcome, Report, Task
from axiom.laboratory.experiments import preflight
from axiom.laboratory.experiments.publish import PackedBundle, pack_experiment, publish_bundle
from axiom.laboratory.planning.replicate_orders import order_replicates
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.work_request import DispatchSettings
from axiom.server.pilots.pilot_server import PilotIdentity, PilotServer
from axiom.server.returns.transitioner import sweep_late, sweep_unattended
from axiom.server.returns.validator import Validator
from axiom.server.upkeep import invariants
from axiom.signed.keys import Keys
from axiom.signed.outputs import CellOutput, Header, cell_line, footer_line, header_line
from axiom.signed.tickets import Order, read_ticket
from axiom.store import migrate as migrations
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.experiments import preflights, releases
from axiom.store.hosts import hosts
from axiom.store.migrate import migrate_database
from axiom.store.registrations import seed_secrets
from axiom.store.tasks import tasks

settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def joined(db: Database, name: str, now: datetime) -> int:
    return accounts.create_account(
        db, name=name, email=f"{name.lower()}@example.org", password="", cross_id=f"cross {name}", now=now
    )


@pytest.fixture
def damage():
    """Changes what the program cannot change: as a disk does, or another program that has the file open."""

    def change(db: Database, sql: str) -> int:
        for row in db.select("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            db.execute(f"DROP TRIGGER {row['name']}")
        return db.execute(sql)

    return change


class TakenBack(Exception):
    pass


@pytest.fixture(scope="session")
def taken_back():
    """The body in a transaction that leaves nothing behind."""

    @contextmanager
    def within(db: Database):
        with suppress(TakenBack), db.transaction():
            yield
            raise TakenBack

    return within


@pytest.fixture
def folder(tmp_path) -> Folder:
    folder = Folder(path=tmp_path / "lab")
    folder.create()
    return folder


@pytest.fixture
def join():
    return joined


class KeylessPilotServer(PilotServer):
    """Takes a volunteer's host for a cluster's pilot, which is believed as little; the scheduler has its own tests."""

    def _host(self, db: Database, pilot: PilotIdentity) -> Host:
        hosts.touch_host(db, pilot.host_id, self.now(), idle=True)
        return hosts.find_host(db, pilot.host_id)


@dataclass(kw_only=True)
class SmallLab:
    """A laboratory in a folder whose clock the test sets. What it does is one transaction each, as in the writer."""

    folder: Folder
    keys: Keys
    db: Database
    now: datetime = NOW
    known: DispatchCache = field(default_factory=DispatchCache)
    lets_out: bool = True  # what it publishes goes to everybody at once, and not in stages

    @property
    def dispatch(self) -> DispatchSettings:
        return DispatchSettings(
            lab=self.keys.trust.lab,
            trust=self.keys.trust.version,
            key=self.keys.ticket,
            deadline=timedelta(hours=48),
            grace=timedelta(days=30),
            ourselves=1,
        )

    def pilots(self, kind: type[PilotServer] = PilotServer) -> PilotServer:
        return kind(
            folder=self.folder,
            trust=self.keys.trust,
            dispatch=self.dispatch,
            cache=self.known,
            lease=timedelta(minutes=10),
            now=lambda: self.now,
        )

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def publish(
        self, prepared: PackedBundle, good_for: timedelta = timedelta(days=90), *, is_tried: bool = True, **how: bool
    ):
        """Sign it; volunteers may have it, too, where it was tried."""
        with self.db.transaction():
            made = publish_bundle(
                self.db, self.folder, prepared, keys=self.keys, good_for=good_for, now=self.now, **how
            )
        if is_tried:
            self.say_tried(prepared.digest)
        if self.lets_out and made.experiment_id is not None and made.change in {"new experiment", "new bundle"}:
            with self.db.transaction():
                releases.release_to_everybody(
                    self.db, made.experiment_id, prepared.digest, "a test vouches for it", self.now
                )
        return made

    def say_tried(self, bundle: str, *, passed: bool = True, reason: str = "all gates") -> None:
        """Remember a preflight of which nobody asks here what came of it."""
        said = Preflight(
            bundle=bundle,
            gates=GATES,
            passed=passed,
            reason=reason,
            platform="linux-x86_64-avx2",
            report="{}",
            at=self.now,
        )
        with self.db.transaction():
            preflights.record_preflight(self.db, said)

    def deploy(
        self,
        experiment_id: int = 1,
        *,
        workunits: int = 1,
        replicates_each: int = 1,
        max_failures: int = 3,
        singly: int = 0,
        copies: int | None = None,
    ):
        allotment = Allotment(
            experiment_id=experiment_id, workunits=workunits, replicates_each=replicates_each, reason="a test"
        )
        with self.db.transaction():
            return order_replicates(
                self.db, allotment, max_failures=max_failures, now=self.now, singly=singly, copies=copies
            )

    def host(
        self,
        name: str = "first",
        *,
        cores: int = 2,
        memory_mb: int = 4_000,
        instructions: str = "avx2",
        volunteer: str = "Ada",
    ) -> int:
        with self.db.transaction():
            return hosts.upsert_host(
                self.db,
                volunteer_id=self.volunteer(volunteer),
                name=name,
                platform=Platform(system="linux", processor="x86_64", instructions=instructions),
                capacity=Capacity(cores=cores, memory_mb=memory_mb),
                now=self.now,
            )

    def volunteer(self, name: str) -> int:
        """Somebody of this name, who exists from now on. Ada's hosts are the laboratory's own."""
        if name == "Ada":
            return accounts.find_laboratory_account(self.db, self.now)
        found = accounts.find_account_by_email(self.db, f"{name.lower()}@example.org")
        return found[0].id if found else joined(self.db, name, self.now)

    def _door(self, host: int) -> tuple[PilotServer, PilotIdentity]:
        is_ours = hosts.find_host(self.db, host).volunteer_id == self.dispatch.ourselves
        pilot = PilotIdentity(key=None if is_ours else "a volunteer's", host_id=host, session="")
        return self.pilots(PilotServer if is_ours else KeylessPilotServer), pilot

    def ask(self, host: int, *, holding: tuple[int, ...] = (), wanted: int = 1) -> Sequence[Order]:
        pilots, pilot = self._door(host)
        with self.db.transaction():
            return pilots.ask(self.db, pilot, holding=holding, wanted=wanted)

    def order(self, host: int) -> Order:
        """One more order for a host that lost nothing."""
        holding = tuple(task.id for task in tasks.list_tasks_at_host(self.db, host))
        (order,) = self.ask(host, holding=holding)
        return order

    def header(self, order: Order) -> Header:
        ticket = read_ticket(order.ticket, trust=self.keys.trust, now=NOW)
        return Header(
            task=ticket.task,
            host=ticket.host,
            experiment=ticket.experiment,
            version=ticket.version,
            bundle=ticket.bundle,
            ticket_text=order.ticket,
            runner="26.12.0",
            platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
        )

    def cells(self, order: Order) -> list[CellOutput]:
        return [
            CellOutput(
                replicate=cell.replicate,
                config=cell.config,
                seed=cell.seed,
                outcome=Outcome.OK,
                measures={"total": 0.5 + cell.config, "count": cell.replicate},
                early=(1.0, 0.5),
                cpu_seconds=0.25,
            )
            for cell in sorted(
                read_ticket(order.ticket, trust=self.keys.trust, now=NOW).cells,
                key=lambda cell: (cell.replicate, cell.config),
            )
        ]

    def output(self, order: Order, **changes) -> bytes:
        """What an honest host returns; `changes` go into every cell."""
        cells = [cell_line(replace(cell, **changes)) for cell in self.cells(order)]
        return header_line(self.header(order)) + b"".join(cells) + footer_line(len(cells))

    def report(self, order: Order, output: bytes | None = None, *, host: int | None = None, **facts) -> Task:
        """What has become of the task."""
        usual = {"exit_status": 0, "cpu_seconds": 0.5, "elapsed_seconds": 1.0, "message": "the host's own words"}
        pilots, pilot = self._door(host or order.host)
        said = Report(task_id=order.task, host_id=pilot.host_id, output_digest=None, **usual | facts)
        with self.db.transaction():
            pilots.report(self.db, pilot, [(said, output)])
        return tasks.find_task(self.db, order.task)

    def validate(self, secret: bytes = b"a secret") -> int:
        with self.db.transaction():
            return Validator(self.folder, secret).judge(self.db, self.now)

    def sweep(self) -> int:
        with self.db.transaction():
            return sweep_late(self.db, self.now) + sweep_unattended(self.db, self.now)

    def broken(self) -> dict[str, list[str]]:
        """The promises that do not hold, with what breaks them."""
        found = invariants.list_broken_invariants(self.db, self.folder, self.keys.trust, self.now)
        return {promise: problems for promise, problems in found.items() if problems}


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """The tiny experiment, packed and described by a real child; each variant once in a session."""

    @functools.cache
    def make(**changes) -> PackedBundle:
        return prepare_text("tiny_sum", tiny_source(**changes), tmp_path_factory.mktemp("tiny"))

    return make


@pytest.fixture(scope="session")
def sound() -> PackedBundle:
    """An experiment that passes every gate."""
    return pack_experiment(PACKAGE, Path(__file__).parent / "tests" / "preflight" / "sound.py")


@pytest.fixture(scope="session")
def lab_keys(tmp_path_factory):
    """The keys of all laboratories of tests."""
    return make_fixed_keys(tmp_path_factory.mktemp("keys") / "keys", NOW)


@pytest.fixture(scope="session")
def sound_attempt(sound, lab_keys) -> Attempt:
    """What came of trying it."""
    skip_without("bwrap")
    return preflight.preflight_bundle(
        sound.archive, secret=preflight.preflight_secret(lab_keys.ticket), is_invented=True
    )


@pytest.fixture(scope="session", autouse=True)
def fixed_secret():
    """Seeds that count are the same in each run of the tests, as the keys are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seed_secrets, "new_secret", lambda: "5" * 64)
        yield


@pytest.fixture(scope="session")
def new_lab(tmp_path_factory, lab_keys):
    """Makes laboratories: each has its own folder and database, all have the same keys."""
    template = Folder(path=tmp_path_factory.mktemp("template"))
    db = connect_writer(template.database)
    migrate_database(db, None, NOW)
    db.close()

    def make(path: Path) -> SmallLab:
        folder = Folder(path=path)
        folder.create()
        shutil.copy(template.database, folder.database)
        return SmallLab(folder=folder, keys=lab_keys, db=connect_writer(folder.database))

    return make


@pytest.fixture
def small_lab(new_lab, tmp_path):
    """A laboratory in which nothing was done yet."""
    lab = new_lab(tmp_path / "small")
    yield lab
    lab.db.close()


@pytest.fixture
def working_lab(small_lab, prepared):
    """A laboratory with the tiny experiment published, one workunit ordered, and host 1."""
    small_lab.publish(prepared())
    small_lab.deploy()
    assert small_lab.host() == 1
    return small_lab


@pytest.fixture
def busy_lab(working_lab):
    """Task 1 is proven by results 1 and 2, host 1 has task 2, task 3 waits, and every promise holds."""
    working_lab.deploy(workunits=2)
    working_lab.later(minutes=1)
    done, _ = working_lab.ask(1, wanted=2)
    working_lab.later(minutes=1)
    working_lab.report(done, working_lab.output(done))
    working_lab.later(minutes=1)
    working_lab.validate()
    assert working_lab.broken() == {}
    working_lab.db.execute("PRAGMA foreign_keys = OFF")  # a test may do here what the store would refuse
    return working_lab


@pytest.fixture
def newer_program(tmp_path, monkeypatch):
    """From when it is called on the program knows one migration more."""

    def begin() -> None:
        shutil.copytree(migrations.MIGRATIONS, tmp_path / "migrations")
        (tmp_path / "migrations" / "0098_more.sql").write_text("CREATE TABLE more (id);\n")
        monkeypatch.setattr(migrations, "MIGRATIONS", tmp_path / "migrations")

    return begin
