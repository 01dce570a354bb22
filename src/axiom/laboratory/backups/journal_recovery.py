"""After a backup was unpacked: what its laboratory's journal says came after it is done again, as far as that goes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from axiom.errors import NotFound, StoreDamaged
from axiom.settings import read_settings
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.journal import history
from axiom.store.journal.records import list_segments
from axiom.store.journal.replay import JournalEnd, replay_journal
from axiom.store.migrate import require_current_schema
from axiom.store.registrations import seed_secrets

_NO_END = {JournalEnd.LATE, JournalEnd.GAP, JournalEnd.DAMAGED, JournalEnd.FOREIGN}


@dataclass(frozen=True, kw_only=True, slots=True)
class RecoveryOptions:
    """Which journal to go on from, what to do with one that cannot be followed to its end, and with broken promises."""

    journal: Path | None = None  # without it, one that lies where the backup does or where its settings say
    as_it_was: bool = False
    as_far_as_possible: bool = False
    although_broken: bool = False
    to_follow: bool = False  # it goes on with the journal by itself, and is no laboratory: without keys, as it was


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovery:
    journal: Path | None = None
    groups: int = 0
    until: datetime | None = None
    ending: JournalEnd = JournalEnd.ABSENT
    hidden_secrets: int = 0  # of seeds, of which nobody knows whether they were revealed since

    @property
    def complete(self) -> bool:
        """Is everything there that the journal holds? Otherwise the next numbers are a million later."""
        return self.ending is JournalEnd.END


def recover_from_journal(
    db: Database, unproven: Folder, options: RecoveryOptions, *, backup_folder: Path, now: datetime
) -> Recovery:
    """Bring the database of an unpacked backup up to what its journal says, which lies in `backup_folder`."""
    if options.to_follow:
        require_current_schema(db)  # a migration would be a change that no journal holds
        return Recovery()
    journal = None if options.as_it_was else _chosen_journal(db, unproven, options, backup_folder)
    recovered = Recovery()
    if journal is not None:
        replayed = replay_journal(db, unproven, journal)
        recovered = Recovery(journal=journal, groups=replayed.groups, until=replayed.until, ending=replayed.ending)
        if recovered.ending in _NO_END and not options.as_far_as_possible:
            raise StoreDamaged(_stop_text(recovered, replayed.damaged))
    if not recovered.complete:
        history.fork_history(db, now)
        if "seed_secret" in db.tables():  # an older backup has no secrets
            recovered = replace(recovered, hidden_secrets=seed_secrets.mark_restored(db, now))
    return recovered


def _chosen_journal(db: Database, unproven: Folder, options: RecoveryOptions, backup_folder: Path) -> Path | None:
    if options.journal is not None:
        if not _fits(db, [options.journal]):
            raise NotFound(
                f"{options.journal} holds no journal of the laboratory in this backup. Nothing was restored; name the "
                "right folder, or restore without one: --as-it-was."
            )
        return options.journal
    settings, _ = read_settings(unproven.settings, {}, {})
    named = Path(settings.journal)
    fitting = _fits(db, [backup_folder, *([named] if named.is_absolute() else [])])
    return fitting[0] if fitting else None


def _fits(db: Database, places: Sequence[Path]) -> list[Path]:
    """Those of the folders in which there is something of this database's history."""
    point = history.read_journal_point(db)
    return [place for place in places if point is not None and list_segments(place, point.history)]


def _stop_text(recovered: Recovery, damaged: Path | None) -> str:
    reached = f" after {recovered.groups} groups, at {recovered.until:%Y-%m-%d %H:%M:%S} UTC" if recovered.until else ""
    return (
        f"The journal in {recovered.journal} cannot be followed to its end{reached}: {recovered.ending.value}"
        f"{f' ({damaged})' if damaged else ''}. Nothing was restored; take a newer backup, or accept that what comes "
        "after is lost: --as-far-as-possible."
    )
