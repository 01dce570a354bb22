"""The way back: an empty laboratory while nobody new has come, and afterwards a list of what is new."""

from contextlib import closing
from pathlib import Path
from typing import Any

from axiom.errors import Refused
from axiom.store.accounts import adoption
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder, lock_folder
from axiom_adopt.move_project import open_moved

_NEW = {"new_people": "new accounts", "new_computers": "new computers", "awards": "awards of credit"}


def undo_move(folder: Folder) -> Path:
    """Set the laboratory aside, but for outputs of the server before; refused where somebody or credit would be lost.

    Returns where it lies then. The database goes last: as long as it is here, a run that was interrupted is repeated.
    """
    with lock_folder(folder, "axiom adopt undo"):
        with open_moved(folder, is_whole=False) as (db, present):
            progress = adoption.read_adoption_progress(db)
        if own := [f"{progress[name]} {words}" for name, words in _NEW.items() if progress.get(name)]:
            raise Refused(
                f"The laboratory has {', '.join(own)}, which would be lost. Nothing was changed; `axiom adopt undo "
                "--differences FILE` writes down what is new, for whoever goes back."
            )
        aside = folder.undone / f"{present.begun_at:%Y%m%dT%H%M%S}"
        aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(connect_writer(folder.database)) as db:
            db.settle()  # or half of it would lie in the log beside it
        staying = {folder.logs, folder.lock_file, folder.undone, folder.foreign_uploads}
        moving = sorted(set(folder.path.iterdir()) - staying, key=lambda path: path == folder.database)
        _demand_movable(moving, folder, aside)
        for path in moving:
            try:
                path.rename(aside / path.name)
            except OSError as error:
                raise Refused(
                    f"{path} cannot be moved into {aside}: {error.strerror}. The database is still here; mend that, "
                    "and type it again, which goes on from here."
                ) from error
        return aside


def _demand_movable(paths: list[Path], folder: Folder, aside: Path) -> None:
    """Each lies on the disk where it goes, and hides nothing there but what SQLite makes anew beside a database."""
    disk = aside.stat().st_dev
    beside = f"{folder.database.name}-"
    for path in paths:
        is_taken = (aside / path.name).exists() and not path.name.startswith(beside)
        if is_taken or path.lstat().st_dev != disk:
            why = "the same lies there already" if is_taken else "that is another disk"
            raise Refused(
                f"{path} cannot be moved into {aside}: {why}. Nothing was moved now; unmount it, or move away what "
                "lies there, and type it again."
            )


def write_differences(folder: Folder, writer: Any) -> int:
    """Accounts that are new, and credit that came since the move: a row each, under a heading."""
    with open_moved(folder) as (db, _):
        rows = adoption.list_changes_since_adoption(db)
    writer.writerow(("volunteer", "name", "email", "is_new", "credit_since"))
    writer.writerows(rows)
    return len(rows)
