"""The way back: an empty laboratory while nobody new has come, and afterwards a list of what is new."""

import shutil
from typing import Any

from axiom.errors import Refused
from axiom.store.accounts import adoption
from axiom.store.engine.folder import Folder, lock
from axiom_adopt.moving import moved

_NEW = {"new_people": "new accounts", "new_computers": "new computers", "awards": "awards of credit"}
_KEPT = {"logs", "axiom.lock", "foreign-uploads"}


def undo_move(folder: Folder) -> None:
    """Leave what it wrote down of its running and outputs for the server before; refused where there is more."""
    with lock(folder, "axiom adopt undo"):
        with moved(folder) as (db, _):
            progress = adoption.progress(db)
        if own := [f"{progress[name]} {words}" for name, words in _NEW.items() if progress.get(name)]:
            raise Refused(
                f"The laboratory has {', '.join(own)}, which would be lost. Nothing was changed; `axiom adopt undo "
                "--differences FILE` writes down what is new, for whoever goes back."
            )
        for path in folder.path.iterdir():
            if path.name in _KEPT:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def write_differences(folder: Folder, writer: Any) -> int:
    """Accounts that are new, and credit that came since the move: a row each, under a heading."""
    with moved(folder) as (db, _):
        rows = adoption.differences(db)
    writer.writerow(("volunteer", "name", "email", "is_new", "credit_since"))
    writer.writerows(rows)
    return len(rows)
