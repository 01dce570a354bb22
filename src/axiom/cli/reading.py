"""The records as a page sees them, so that the command line says what the site says."""

import contextlib
from collections.abc import Callable, Iterator, Mapping

from axiom.reads.base.request import Answer, Reading
from axiom.service.open_laboratory import open_for_reading
from axiom.settings import read_process_settings
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import wall_clock


@contextlib.contextmanager
def open_reading(folder: Folder, query: Mapping[str, object] | None = None) -> Iterator[Reading]:
    """What a page would be made from, for an address that asks for this."""
    settings, _ = read_process_settings(folder.settings)
    words = {word: str(value) for word, value in (query or {}).items()}
    with open_for_reading(folder) as db:
        yield Reading(
            db=db,
            folder=folder,
            now=wall_clock(),
            name=settings.name,
            live=dict,
            approvals=settings.approvals,
            query=words,
            is_whole=True,
        )


def read_page(
    folder: Folder, page: Callable[..., Answer], *names: object, query: Mapping[str, object] | None = None
) -> Answer:
    """What a page answers at the address that names these, asked for this."""
    with open_reading(folder, query) as reading:
        return page(reading, *names)
