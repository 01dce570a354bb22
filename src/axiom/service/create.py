"""Makes the laboratory in a folder that was taken: its log, its database and its keys."""

from axiom.service.access import log_to, prepare_database
from axiom.service.clock import Clock
from axiom.settings import Settings
from axiom.signed.keys import Keys, make_keys
from axiom.store.engine.folder import Folder


def make(folder: Folder, settings: Settings) -> tuple[Clock, Keys]:
    """Return its clock and its keys; what is there already stays."""
    log_to(folder, settings)
    clock = prepare_database(folder)
    return clock, make_keys(folder.keys, clock.now())
