"""Each kind of database that the store speaks to, and disks that fail when they are told to."""

import importlib.util
import itertools
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import apsw
import pytest

from axiom.store.engine.database import Database, connect_writer, make_durable
from axiom.store.engine.folder import Folder
from axiom.store.migrate import migrate

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
CAMPAIGNS = Path(__file__).parents[2] / "scripts" / "campaign.d"


def sqlite_file(folder: Folder) -> Database:
    return connect_writer(folder.database)


FACTORIES: list[Callable[[Folder], Database]] = [sqlite_file]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(path=tmp_path / "lab")
    folder.create()
    return folder


@pytest.fixture(params=FACTORIES, ids=lambda factory: factory.__name__)
def connect(request: pytest.FixtureRequest, folder: Folder) -> Callable[[], Database]:
    """Opens the writable connection to a database that has every table; call it once at a time."""
    factory = request.param
    database = factory(folder)
    migrate(database, None, NOW)
    database.close()
    return lambda: factory(folder)


@pytest.fixture
def database(connect: Callable[[], Database]) -> Iterator[Database]:
    database = connect()
    yield database
    database.close()


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
