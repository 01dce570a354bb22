"""Small laboratories for programs that are no tests: as `conftest.py` makes them, without its fixtures."""

import functools
from collections.abc import Callable
from pathlib import Path

from conftest import NOW, PACKAGE, SmallLab, tiny_source

from axiom.lab.experiments.publish import Prepared, prepare
from axiom.signed.keys import make_keys
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.migrate import migrate


def empty_lab(path: Path) -> SmallLab:
    folder = Folder(path=path)
    folder.create()
    db = connect_writer(folder.database)
    migrate(db, None, NOW)
    return SmallLab(folder=folder, keys=make_keys(folder.keys, NOW), db=db)


def prepared_in(folder: Path) -> Callable[..., Prepared]:
    """The tiny experiment of the tests, packed and described."""

    @functools.cache
    def make(**changes: int) -> Prepared:
        file = folder / "tiny_sum.py"
        file.write_text(tiny_source(**changes))
        return prepare(PACKAGE, file)

    return make
