"""Makes the laboratory that was taken, while its owner still imports what works in it."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from axiom.cli.clock import Clock
from axiom.cli.opening import log_to, prepare_database
from axiom.cli.taking import Taken
from axiom.settings import Settings
from axiom.signed.keys import Keys, make_keys
from axiom.store.folder import Folder

Made = Future[tuple[Clock, Keys]]


@contextlib.contextmanager
def making(taken: Taken) -> Iterator[Made | None]:
    """Its clock and its keys, or what is wrong with it, soon: mostly the disk is waited for. None if it is not ours."""
    if not taken.is_ours:
        yield None
        return
    with ThreadPoolExecutor(1, thread_name_prefix="making") as pool:
        yield pool.submit(_make, taken.folder, taken.settings)


def _make(folder: Folder, settings: Settings) -> tuple[Clock, Keys]:
    log_to(folder, settings)
    clock = prepare_database(folder)
    return clock, make_keys(folder.keys, clock.now())
