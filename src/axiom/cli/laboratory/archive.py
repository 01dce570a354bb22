"""`axiom archive`: what moved out of the database, a file a month."""

import click

from axiom.cli.output import Shown, answer_option, data_option, quiet_option, show_table
from axiom.service.open_laboratory import demand_laboratory, open_for_reading
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.folder import Folder, lock_folder
from axiom.store.tasks import archives
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import print_remark


@click.command()
@click.option(
    "--compact", is_flag=True, help="Give the room back that they left in the database; stop the laboratory first."
)
@data_option
@answer_option
@quiet_option
def archive(folder: Folder, compact: bool, quiet: bool) -> Shown:
    """The Parquet files to which tickets and outputs of old tasks moved, oldest month first.

    The laboratory moves them by itself, a whole month at a time, once a day. `axiom task output` reads one again.
    """
    if compact:
        _compact(folder, quiet=quiet)
    with open_for_reading(folder) as db:
        archives_here = archives.list_archive_files(db)
    files = [str(blobs.blob_path(folder, parquet.digest)) for parquet in archives_here]
    rows = [
        {
            "name": parquet.name,
            "month": parquet.month,
            "tasks": parquet.tasks,
            "bytes": parquet.bytes,
            "digest": parquet.digest,
            "file": file,
            "made_at": parquet.made_at.isoformat(),
            "is_finished": parquet.emptied_at is not None,
        }
        for parquet, file in zip(archives_here, files, strict=True)
    ]
    yield {"archive": rows}
    show_table(
        ("name", "tasks", "MB", "made", "file"),
        [
            (parquet.name, parquet.tasks, parquet.bytes / 1e6, parquet.made_at, file)
            for parquet, file in zip(archives_here, files, strict=True)
        ],
        none="Nothing has moved yet: a month moves when it is over for as long as the setting archive_days says.",
    )
    if unfinished := sum(parquet.emptied_at is None for parquet in archives_here):
        print_remark(
            f"{tell_amount(unfinished, 'file')} not finished: the database still has a part of what it holds.",
            quiet=quiet,
        )


def _compact(folder: Folder, *, quiet: bool) -> None:
    demand_laboratory(folder)
    with lock_folder(folder, "axiom archive"):
        before = folder.database.stat().st_size
        db = Connections(folder=folder).writer()
        try:
            db.compact()
        finally:
            db.close()
    after = folder.database.stat().st_size
    print_remark(f"The database took {before / 1e6:,.1f} MB and takes {after / 1e6:,.1f} MB.", quiet=quiet)
