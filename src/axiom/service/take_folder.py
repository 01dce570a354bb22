import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from axiom.engines.available_resources import count_usable_cpus
from axiom.errors import NotFound, WrongUse
from axiom.settings import Settings, read_process_settings
from axiom.store.engine.folder import Folder, lock_folder, read_lock_holder
from axiom_weigh.terminal import print_remark


@dataclass(frozen=True, kw_only=True)
class TakenFolder:
    folder: Folder
    settings: Settings
    is_ours: bool
    is_new: bool = False


def workers_of(settings: Settings) -> int:
    return count_usable_cpus() if settings.workers == -1 else settings.workers


def own_file(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise NotFound(f"There is no file {path}. Nothing was started.")
    return path


@contextlib.contextmanager
def open_taken_folder(folder: Folder, workers: int | None, *, quiet: bool) -> Iterator[TakenFolder]:
    facts = read_lock_holder(folder) if folder.path.exists() else None
    settings, _ = read_process_settings(folder.settings, workers=workers)
    if facts is not None and "url" in facts:
        if workers is not None:
            print_remark("--workers is left aside: the laboratory that works in this folder has its own.", quiet=quiet)
        yield TakenFolder(folder=folder, settings=settings, is_ours=False)
        return
    if workers_of(settings) < 1:
        raise WrongUse(
            f"The setting workers of {folder.path} is {settings.workers}, so nothing would compute. Nothing was "
            "started; --workers 1 takes one core for this command."
        )
    is_new = not folder.keys.exists()
    folder.create()
    with lock_folder(folder, "axiom experiment run"):
        yield TakenFolder(folder=folder, settings=settings, is_ours=True, is_new=is_new)
