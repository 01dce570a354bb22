"""Opens a laboratory: for reading beside a server, through a server's socket, or alone for the length of a command."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axiom
from axiom import shipped
from axiom.errors import AxiomError, KeysUnusable, NoLab
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.experiments import published_files
from axiom.laboratory.experiments.catalogue_files import gather_files
from axiom.service.clock import Clock, open_clock
from axiom.service.logs import set_up_logging
from axiom.service.standard_callers import operator_caller
from axiom.settings import Settings, read_process_settings
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.keys import Keys, list_lost_keys, load_keys, make_keys
from axiom.store.accounts import accounts, adoption
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder, lock_folder, read_lock_holder
from axiom.store.experiments import experiments
from axiom.store.journal.journal import attach_journal
from axiom.store.migrate import list_pending_migrations, migrate_database, migration_backup_path, require_current_schema
from axiom.store.upkeep import audit
from axiom.store.upkeep.audit import AuditEntry
from axiom.store.upkeep.last_backup import find_last_backup
from axiom.store.writer import Writer
from axiom_weigh.terminal import wall_clock

if TYPE_CHECKING:
    from axiom.gate.gate import CommandGate


def package_folder() -> Path:
    return Path(axiom.__file__).parent


def demand_laboratory(folder: Folder) -> None:
    if not folder.exists():
        cure = f"`axiom lab --data {folder.path}` makes and starts one; --data or AXIOM_DATA name another folder."
        raise NoLab(f"There is no laboratory in {folder.path}. {cure}")


@contextlib.contextmanager
def open_for_reading(folder: Folder) -> Iterator[Database]:
    demand_laboratory(folder)
    with Connections(folder=folder).reader() as db:
        require_current_schema(db)
        yield db


def submit_in_folder(folder: Folder, command: Command, *, dry_run: bool = False, key: str | None = None) -> Answer:
    """Have a command done: by the server that holds the folder, or, when none does, here and now."""
    demand_laboratory(folder)
    if read_lock_holder(folder) is not None:
        from axiom.gate.client import SocketClient  # speaks HTTP, which is not needed where nobody listens

        return SocketClient(folder.socket).submit(command, dry_run=dry_run, key=key)
    settings, _ = read_process_settings(folder.settings)
    with lock_folder(folder, f"axiom {command.name}"), open_folder_gate(folder, settings) as gate:
        return gate.submit(command, operator_caller(), dry_run=dry_run, key=key)


@contextlib.contextmanager
def open_folder_gate(folder: Folder, settings: Settings, *, is_whole: bool = True) -> "Iterator[CommandGate]":
    """A gate of our own. Whoever calls holds the folder's lock."""
    from axiom.laboratory.open_gate import open_gate  # whoever reads, or has a server do it, need not wait for it

    clock = prepare_database(folder, is_whole=is_whole)
    keys = load_keys(folder.keys, clock.now())
    writer = writer_of(folder, settings, clock.now)
    writer.start()
    try:
        laboratory = Laboratory(folder=folder, keys=keys, settings=settings, package=package_folder())
        yield open_gate(writer, laboratory, clock.apart)
    finally:
        writer.stop()


def writer_of(folder: Folder, settings: Settings, now: Callable[[], datetime]) -> Writer:
    return Writer(lambda: Connections(folder=folder).journalled(journal_of(folder, settings), now))


def journal_of(folder: Folder, settings: Settings) -> Path:
    return folder.path / settings.journal


def prepare_database(folder: Folder, *, accept: bool = False, is_whole: bool = True) -> Clock:
    """Bring the database up to date, and set a clock that never says less than what is written in it.

    The files of its own experiments are there, also after a restore. `accept`: go on although something is written down
    for later than the computer's clock says. `is_whole` unset: also where a project has moved in by half.
    """
    settings, _ = read_process_settings(folder.settings)
    journal = journal_of(folder, settings)
    db = Connections(folder=folder).writer()
    try:
        attach_journal(db, folder, journal, wall_clock)
        migrate_database(db, folder, wall_clock())
        attach_journal(db, folder, journal, wall_clock)  # a new database
        if is_whole:
            adoption.demand_complete_adoption(db)
        lay_out_own_files(db, folder)
        return open_clock(db, accept=accept, caller=operator_caller().name)
    finally:
        db.close()


def make_laboratory(folder: Folder, settings: Settings) -> tuple[Clock, Keys]:
    set_up_logging(folder, settings)
    clock = prepare_database(folder)
    demand_keys(folder)
    return clock, make_keys(folder.keys, clock.now())


def demand_keys(folder: Folder) -> None:
    """The keys are here by which others know this laboratory. Made anew they would be another laboratory's."""
    if not folder.exists():
        return
    with Connections(folder=folder).reader() as db:
        has_signed, has_accounts = experiments.has_bundles(db), accounts.find_any_key(db) is not None
    lost = list_lost_keys(folder.keys, has_signed=has_signed, has_accounts=has_accounts)
    if not lost:
        return
    from axiom.laboratory.backups.daily_copies import find_newest_daily_copy  # who lost nothing needs no copy

    settings, _ = read_process_settings(folder.settings)
    last = find_last_backup(folder)
    kept = find_newest_daily_copy(journal_of(folder, settings)) or (last.with_keys if last else None)
    raise KeysUnusable(
        f"The laboratory in {folder.path} has lost {', '.join(lost)} of its keys. Others in their place would be "
        "another laboratory's, which no computer obeys. Nothing was started; put the files back into "
        f"{folder.keys} (mode 0600): {kept or 'each backup that was not made --without-keys'} holds them."
    )


def upgrade_database(folder: Folder, *, dry_run: bool = False) -> tuple[list[str], Path | None]:
    """Bring a laboratory's data to the form that this program knows: which steps that took, and where the copy lies.

    Whoever calls holds the folder's lock. Only the start sets the clock and looks at what is out.
    """
    with Connections(folder=folder).reader() as old:
        missing = list_pending_migrations(old)
    if not missing:
        return [], None
    if not dry_run:
        settings, _ = read_process_settings(folder.settings)
        db = Connections(folder=folder).writer()
        try:
            attach_journal(db, folder, journal_of(folder, settings), wall_clock)
            migrate_database(db, folder, wall_clock())
            lay_out_own_files(db, folder)
        finally:
            db.close()
    return missing, migration_backup_path(folder, missing[0])


def lay_out_own_files(db: Database, folder: Folder) -> None:
    """Each open experiment that Axiom does not bring along has its file in the folder, from its newest bundle."""
    published_files.write_published_files(db, folder, {file.stem for file in gather_files(shipped.catalogue_folder())})


@dataclass(frozen=True, kw_only=True)
class _ChangeOutcome:
    answer: Answer
    error: AxiomError | None = None


def run_audited(folder: Folder, command: str, words: Mapping[str, Any], change: Callable[[], Answer]) -> Answer:
    """Do it under the folder's lock, and remember who did it and what came of it; also that it was refused.

    Before there is a laboratory there is no audit: keys that are brought first are its beginning.
    """
    with lock_folder(folder, f"axiom {command.replace('.', ' ')}"):
        if not folder.exists():
            return change()
        settings, _ = read_process_settings(folder.settings)
        clock = prepare_database(folder)
        writer = writer_of(folder, settings, clock.now)
        writer.start()
        try:
            outcome = writer.run(lambda db: _remembered(db, command, words, change, clock.now()))
        finally:
            writer.stop()
    if outcome.error is not None:
        raise outcome.error
    return outcome.answer


def _remembered(
    db: Database, command: str, words: Mapping[str, Any], change: Callable[[], Answer], now: datetime
) -> _ChangeOutcome:
    try:
        outcome = _ChangeOutcome(answer=change())
    except AxiomError as error:
        outcome = _ChangeOutcome(answer={"error": str(error)}, error=error)
    entry = AuditEntry(
        caller=operator_caller().name,
        command=command,
        arguments=canonical_bytes(words).decode(),
        dry_run=False,
        key=None,
        outcome="refused" if outcome.error else "done",
        answer=canonical_bytes(outcome.answer).decode(),
    )
    audit.append_audit_entry(db, entry, now)
    return outcome
