"""The way back: an empty laboratory while nobody new has come, and afterwards a list of what is new."""

from pathlib import Path
from typing import Any

from axiom.errors import Refused
from axiom.store.accounts import adoption
from axiom.store.engine.folder import Folder, lock_folder
from axiom_adopt.move_project import open_moved

_NEW = {"new_people": "new accounts", "new_computers": "new computers", "awards": "awards of credit"}


def undo_move(folder: Folder) -> Path:
    """Set the laboratory aside, but for outputs of the server before; refused where somebody or credit would be lost.

    Returns where it lies then.
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
        aside.mkdir(mode=0o700, parents=True)
        staying = {folder.logs, folder.lock_file, folder.undone, folder.foreign_uploads}
        for path in set(folder.path.iterdir()) - staying:
            path.rename(aside / path.name)
        return aside


def write_differences(folder: Folder, writer: Any) -> int:
    """Accounts that are new, and credit that came since the move: a row each, under a heading."""
    with open_moved(folder) as (db, _):
        rows = adoption.list_changes_since_adoption(db)
    writer.writerow(("volunteer", "name", "email", "is_new", "credit_since"))
    writer.writerows(rows)
    return len(rows)
