"""Databases with every table, and disks that fail when they are told to."""

import importlib.util
import itertools
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import apsw
import pytest

from axiom.domain.fleet import Capacity, Platform
from axiom.domain.preflights import OWN_GATES, Preflight
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database, connect_writer, make_durable
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments, preflights
from axiom.store.hosts import hosts
from axiom.store.migrate import migrate_database
from axiom.store.registrations import registrations
from axiom.store.tasks import workunits

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
CAMPAIGNS = Path(__file__).parents[2] / "campaigns" / "campaign"


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that has every table and nothing in it."""
    path = tmp_path_factory.mktemp("migrated") / "axiom.db"
    database = connect_writer(path)
    migrate_database(database, None, NOW)
    database.close()
    return path


@pytest.fixture
def connect(migrated: Path, folder: Folder) -> Callable[[], Database]:
    """Opens the writable connection to a database that has every table; call it once at a time."""
    shutil.copy(migrated, folder.database)
    return lambda: connect_writer(folder.database)


@pytest.fixture
def database(connect: Callable[[], Database]) -> Iterator[Database]:
    database = connect()
    yield database
    database.close()


@pytest.fixture
def ordered(database: Database, now: datetime) -> Database:
    """tiny_sum@1 with a bundle, `ab`, that passed our own gates; hosts 1 and 2; workunit 1 with its unsent task 1."""
    experiments.add_experiment(database, name="tiny_sum", version=1, manifest="{}", now=now)
    registrations.add_registration(database, experiment_id=1, cohort="", body="{}", predictions=[], now=now)
    bundle = {"serial": 1, "digest": "ab", "seal": "", "manifest": "", "expires_at": now}
    experiments.add_bundle(database, experiment_id=1, **bundle, now=now)
    words = {"reason": "", "platform": "", "report": "", "at": now}
    preflights.record_preflight(database, Preflight(bundle="ab", gates=OWN_GATES, passed=True, ours_only=True, **words))
    platform = Platform(system="linux", processor="x86_64", instructions="avx2")
    ours = accounts.find_laboratory_account(database, now)
    bob = accounts.create_account(database, name="Bob", email="bob@example.org", password="", cross_id="c", now=now)
    for owner in (ours, bob):
        capacity = Capacity(cores=4, memory_mb=8_000)
        hosts.upsert_host(database, volunteer_id=owner, name="pc", platform=platform, capacity=capacity, now=now)
    ids = {"experiment_id": 1, "registration_id": 1}
    workunits.add_workunits(database, **ids, replicates=[[3, 4]], configs=[0, 1], max_failures=3, now=now)
    return database


class FailingDisk(apsw.VFS):
    """A disk that raises a fault at every write or sync, once one is set."""

    numbers = itertools.count()

    def __init__(self) -> None:
        self.name = f"failing-{next(self.numbers)}"
        self.faults: dict[str, int] = {}  # "write" or "sync" to SQLite's code for what went wrong
        self.syncs = 0
        super().__init__(self.name, "")

    def xOpen(self, name, flags):  # noqa: N802 - SQLite's name
        return FailingFile(name, flags, self)

    def connect(self, folder: Folder) -> Database:
        database = Database(apsw.Connection(str(folder.database), vfs=self.name))
        make_durable(database)
        return database


class FailingFile(apsw.VFSFile):
    def __init__(self, name, flags, disk: FailingDisk) -> None:
        super().__init__("", name, flags)
        self.disk = disk

    def _perhaps_fail(self, action: str) -> None:
        if action in self.disk.faults:
            raise apsw.exception_for(self.disk.faults[action])

    def xWrite(self, data, offset):  # noqa: N802 - SQLite's name
        self._perhaps_fail("write")
        super().xWrite(data, offset)

    def xSync(self, flags):  # noqa: N802 - SQLite's name
        self.disk.syncs += 1
        self._perhaps_fail("sync")
        super().xSync(flags)


@pytest.fixture
def disk() -> Iterator[FailingDisk]:
    disk = FailingDisk()
    yield disk
    disk.faults.clear()
    disk.unregister()


@pytest.fixture(scope="session")
def powerloss() -> ModuleType:
    """The power-loss campaign, as a module."""
    spec = importlib.util.spec_from_file_location("powerloss_campaign", CAMPAIGNS / "powerloss.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
