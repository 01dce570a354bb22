"""A gate before a laboratory in which tiny_sum is published, and a catalogue of its own."""

import shutil
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from started_writer import started_writer
from tiny_experiment import tiny_source

import axiom
from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.fleet import Capacity, Platform
from axiom.domain.programs import Right
from axiom.gate.gate import CommandGate
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.open_gate import open_gate
from axiom.laboratory.programs.commands import AddProgram
from axiom.service import standard_callers as callers
from axiom.settings import Settings
from axiom.signed.keys import make_secrets
from axiom.signed.program_tokens import digest_token
from axiom.store.accounts import accounts
from axiom.store.engine.database import connect_reader
from axiom.store.hosts import hosts
from axiom.store.upkeep import audit

PACKAGE = Path(axiom.__file__).parent


@dataclass(kw_only=True)
class Door:
    """The gate, with what tests ask about the laboratory behind it."""

    gate: CommandGate
    lab: Any
    caller: Caller

    def submit(self, command, **how):
        return self.gate.submit(command, how.pop("caller", self.caller), **how)

    def look(self, question):
        with closing(connect_reader(self.lab.folder.database)) as db:
            return question(db)

    def meet(self, name: str = "first", volunteer: int | None = None, memory_mb: int = 4_000) -> int:
        """A host of a volunteer, or of the laboratory."""
        platform = Platform(system="linux", processor="x86_64", instructions="avx2")
        capacity, now = Capacity(cores=2, memory_mb=memory_mb), self.lab.now

        def add(db) -> int:
            owner = volunteer or accounts.find_laboratory_account(db, now)
            return hosts.upsert_host(db, volunteer_id=owner, name=name, platform=platform, capacity=capacity, now=now)

        return self.gate.writer.run(add)

    def let_in(self, may: str = "operate", *, name: str = "ada", key: str = "t", **more) -> Caller:
        self.submit(
            AddProgram(program=name, may=Right(may), token=digest_token(key), **more), caller=callers.operator_caller()
        )
        return self.program(key)

    def program(self, key: str = "t", later: timedelta = timedelta()) -> Caller:
        return self.look(lambda db: callers.program_caller(db, key, self.gate.now() + later))

    def audited(self) -> list[dict[str, Any]]:
        """The audit, oldest first."""
        return self.look(lambda db: audit.list_audit_entries(db, 100))[::-1]

    def stored(self) -> dict[str, list[Any]]:
        """Everything but the audit and its counter."""

        def everything(db):
            tables = sorted(db.tables() - {"audit", "sqlite_sequence"})
            rows = {table: db.select(f"SELECT * FROM {table}") for table in tables}  # noqa: S608  our own tables
            return rows | {"counter": [row for row in rows["counter"] if row["noun"] != "audit"]}

        return self.look(everything)

    def broken(self) -> dict[str, list[str]]:
        def ask(db):
            self.lab.db = db
            return self.lab.broken()

        return self.look(ask)


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """A copy of the package whose catalogue holds tiny_sum, a file that is broken and one too large for a row."""
    folder = tmp_path_factory.mktemp("package") / "axiom"
    (folder / "catalogue").mkdir(parents=True)
    for name in ("domain", "kit"):
        shutil.copytree(PACKAGE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PACKAGE / "__init__.py", folder)
    source = tiny_source(has_shift=True)
    (folder / "catalogue" / "tiny_sum.py").write_text(source)
    large = tiny_source(name="large_sum", has_shift=True) + "# a long story\n" * 5_000
    (folder / "catalogue" / "large_sum.py").write_text(large)
    (folder / "catalogue" / "broken_sum.py").write_text(source.replace("Experiment(", "Experimet("))
    return folder


@pytest.fixture
def caller():
    return Caller(name="Ada", capabilities=frozenset(Capability), limits=Limits(workunits_per_day=10, aborts_per_day=3))


@pytest.fixture
def new_door(new_lab, prepared, package, caller):
    """Opens a gate before a laboratory in this folder; all are closed at the end."""

    def make(path: Path) -> Door:
        lab = new_lab(path)
        lab.lets_out = False  # it begins with its pilot
        lab.publish(prepared(has_shift=True), good_for=timedelta(days=90))
        writer = stack.enter_context(started_writer(lab))
        laboratory = Laboratory(
            folder=lab.folder, keys=lab.keys, settings=Settings(), package=package, catalogue=package / "catalogue"
        )
        return Door(gate=open_gate(writer, laboratory, lambda: lab.now), lab=lab, caller=caller)

    with ExitStack() as stack:
        yield make


@pytest.fixture
def door(new_door, tmp_path):
    return new_door(tmp_path / "lab")


@pytest.fixture
def secret(door):
    """From which the keys of accounts are made."""
    door.lab.folder.keys.mkdir(mode=0o700, exist_ok=True)
    return make_secrets(door.lab.folder.keys).accounts
