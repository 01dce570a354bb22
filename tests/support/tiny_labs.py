"""Small laboratories for programs that are no tests: as `conftest.py` makes them, without its fixtures."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import NOW, SmallLab
from tiny_experiment import prepare_text, tiny_source

from axiom.lab.experiments.publish import PackedBundle
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


def prepared_in(folder: Path) -> Callable[..., PackedBundle]:
    """The tiny experiment of the tests, packed and described."""

    @functools.cache
    def make(**changes: Any) -> PackedBundle:
        return prepare_text("tiny_sum", tiny_source(**changes), folder)

    return make
