"""`axiom backup`, `restore` and `upgrade`: the whole laboratory to one file, and back; and on to this version."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from axiom import __version__
from axiom.cli.output import Shown, answer_option, data_option, dry_run_option, quiet_option
from axiom.errors import NotFound
from axiom.laboratory.backups.backup import Backup, make_backup
from axiom.laboratory.backups.journal_recovery import Recovery, RecoveryOptions
from axiom.laboratory.backups.restore import RestoredBackup, restore_backup
from axiom.service.open_laboratory import demand_laboratory, lay_out_own_files, open_for_reading, upgrade_database
from axiom.store.engine.folder import Folder, lock_folder
from axiom.store.journal.history import SKIPPED
from axiom.store.upkeep import last_backup
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import print_remark, print_text, wall_clock

_NAMED = 20  # of what breaks promises


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file; without it, one named after the time.")
@click.option("--without-keys", is_flag=True, help="Leave the secret keys out; they must then come from elsewhere.")
@click.option("--although-broken", is_flag=True, help="Also where a stored file is gone: what is left.")
@data_option
@answer_option
@quiet_option
def backup(folder: Folder, output: Path | None, without_keys: bool, although_broken: bool, quiet: bool) -> Shown:
    """Write one file that holds the whole laboratory, also while it works.

    Who has this file has the laboratory's keys, unless --without-keys left them out.
    """
    demand_laboratory(folder)
    now = wall_clock()
    target = output or Path(f"axiom-backup-{now:%Y%m%d-%H%M%S}.tar")
    made = make_backup(folder, target, with_keys=not without_keys, now=now, although_broken=although_broken)
    last_backup.record_backup(folder, now, target, with_keys=made.with_keys)
    yield {"backup": {"file": str(target), **asdict(made)}}
    print_text(target)
    keys = "with its keys: keep the file as safe as them" if made.with_keys else "without its keys"
    print_remark(f"Holds {_contents(made)}, {keys}.", quiet=quiet)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--journal", type=click.Path(path_type=Path), help="Where the journal of the lost laboratory lies.")
@click.option("--as-it-was", is_flag=True, help="Only the backup, without what the journal says came after it.")
@click.option("--as-far-as-possible", is_flag=True, help="Follow a damaged journal up to where the damage begins.")
@click.option("--although-broken", is_flag=True, help="Also where a promise is broken; each that is, is named.")
@dry_run_option
@data_option
@answer_option
@quiet_option
def restore(
    file: Path,
    journal: Path | None,
    as_it_was: bool,
    as_far_as_possible: bool,
    although_broken: bool,
    dry_run: bool,
    folder: Folder,
    quiet: bool,
) -> Shown:
    """Make a laboratory from a backup and its journal, in a new folder, after proving every byte and every promise.

    Without --journal, one that lies beside the backup or where the backup's settings say is gone on from. With
    --dry-run all is proven and nothing is made: whether a backup is good is best known before it is needed.
    """
    if not file.is_file():
        raise NotFound(f"There is no file {file}. Nothing was restored.")
    options = RecoveryOptions(
        journal=journal,
        as_it_was=as_it_was,
        as_far_as_possible=as_far_as_possible,
        although_broken=although_broken,
    )
    restored = restore_backup(file, folder, now=wall_clock(), options=options, dry_run=dry_run)
    if not dry_run:
        with open_for_reading(folder) as db:
            lay_out_own_files(db, folder)  # also for commands that come before the first start
    yield {"restored": _answer(restored, folder, dry_run=dry_run)}
    state = "can be restored" if restored.broken else "is sound"
    print_text(f"{file} {state}; nothing was restored." if dry_run else folder.path)
    for line in _remarks(restored, options, folder, dry_run=dry_run):
        print_remark(line, quiet=quiet)


@click.command()
@dry_run_option
@data_option
@answer_option
@quiet_option
def upgrade(dry_run: bool, folder: Folder, quiet: bool) -> Shown:
    """Bring a laboratory's data to this version, after a copy of its database.

    Work may be out meanwhile: what volunteers were given before is taken and paid after it. The laboratory's next start
    would do the same; here you see it done before. Data of a newer version are refused.
    """
    demand_laboratory(folder)
    with lock_folder(folder, "axiom upgrade"):
        done, copied = upgrade_database(folder, dry_run=dry_run)
    copy = str(copied) if copied else None
    yield {"upgrade": {"version": __version__, "done": done, "copy": copy, "dry_run": dry_run}}
    if not done:
        print_remark(f"{folder.path} is as Axiom {__version__} wants it. Nothing was changed.", quiet=quiet)
        return
    print_remark(f"The database {'would be' if dry_run else 'was'} copied to {copied}, then changed:", quiet=quiet)
    print_text("\n".join(done))
    print_remark(
        "Nothing was changed." if dry_run else f"Go on: axiom lab --data {folder.path} (Axiom {__version__}).",
        quiet=quiet,
    )


def _answer(restored: RestoredBackup, folder: Folder, *, dry_run: bool) -> dict[str, Any]:
    return {
        "data": str(folder.path),
        **asdict(restored.backup),
        "journal": _as_data(restored.recovered),
        "dry_run": dry_run,
        "broken": list(restored.broken),
    }


def _remarks(restored: RestoredBackup, options: RecoveryOptions, folder: Folder, *, dry_run: bool) -> Iterator[str]:
    yield f"{'It holds' if dry_run else 'Restored'} {_contents(restored.backup)}."
    yield _reached(restored.recovered, options)
    if restored.recovered.hidden_secrets:
        yield (
            f"{tell_amount(restored.recovered.hidden_secrets, 'secret')} of seeds may have been revealed after this "
            "backup was made. The seeds stay what they are, so that nothing counts twice; registrations say so."
        )
    yield from _kept(restored.broken)
    if not dry_run:
        yield _next_step(restored.backup, folder)


def _next_step(made: Backup, folder: Folder) -> str:
    if made.with_keys:
        return f"Go on: axiom lab --data {folder.path} (never while the first one still works)."
    return f"It was made without keys: put them into {folder.keys} (mode 0600), then start it."


def _kept(broken: Sequence[str]) -> Iterator[str]:
    if not broken:
        yield "Every sum, both chains and every promise hold."
        return
    yield "Every sum holds, but a promise is broken, as axiom doctor --invariants says:"
    yield from (f"- {text}" for text in broken[:_NAMED])
    if len(broken) > _NAMED:
        yield f"- and {tell_amount(len(broken) - _NAMED, 'thing')} more"


def _contents(made: Backup) -> str:
    return (
        f"laboratory {made.lab[:12]} as of {made.made_at[:19]} UTC: {made.experiments} experiments, {made.results} "
        f"results, {made.findings} findings, {made.audited} audited commands, {made.files} files"
    )


def _reached(recovered: Recovery, options: RecoveryOptions) -> str:
    """How far the journal led, and what that means for numbers."""
    later = f"New numbers begin {SKIPPED:,} later, so that none is given twice."
    if options.as_it_was:
        return f"What came in after the backup was left out. {later}"
    if recovered.journal is None:
        return f"No journal was found (--journal names its folder): what came in after the backup is lost. {later}"
    until = f", up to {recovered.until:%Y-%m-%d %H:%M:%S} UTC" if recovered.until else ""
    done = f"{recovered.groups} groups of changes of the journal in {recovered.journal} were done again{until}"
    if recovered.complete:
        return f"{done}: everything that it holds."
    return f"{done}; it was followed no further, as {recovered.ending.value}. {later}"


def _as_data(recovered: Recovery) -> dict[str, Any]:
    return {
        "folder": str(recovered.journal) if recovered.journal else None,
        "groups": recovered.groups,
        "until": recovered.until.isoformat() if recovered.until else None,
        "ending": recovered.ending.name.lower(),
        "hidden_secrets": recovered.hidden_secrets,
        "complete": recovered.complete,
    }
