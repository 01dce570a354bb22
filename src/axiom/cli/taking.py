"""Takes a laboratory's folder to compute in it, and gives the waiting runner its first work, before all else.

It imports little, so that the runner computes while the rest is imported.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import axiom
from axiom.cli.options import remark
from axiom.domain.dataclass import dataclass
from axiom.engines.ahead import Ahead
from axiom.engines.here import cores
from axiom.errors import NotFound, WrongUse
from axiom.settings import Settings, from_process
from axiom.store.folder import Folder, holder, lock

# What an experiment compiles is kept with its bundle, which has no name before it is packed.
_COMPILES = (b"jax", b"kit")


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A folder with its settings; somebody else's, or ours for as long as the body lasts."""

    folder: Folder
    settings: Settings
    is_ours: bool
    is_new: bool = False


def workers_of(settings: Settings) -> int:
    """How many cores compute."""
    return cores() if settings.workers == -1 else settings.workers


def own_file(name: str) -> Path:
    """Somebody's own file, which has to be there."""
    path = Path(name)
    if not path.is_file():
        raise NotFound(f"There is no file {path}. Nothing was started.")
    return path


@contextlib.contextmanager
def taking(folder: Folder, workers: int | None, *, quiet: bool) -> Iterator[Taken]:
    """The folder, held where no laboratory works in it."""
    facts = holder(folder) if folder.path.exists() else None
    settings, _ = from_process(folder.settings, workers=workers)
    if facts is not None and "url" in facts:
        if workers is not None:
            remark("--workers is left aside: the laboratory that works in this folder has its own.", quiet=quiet)
        yield Taken(folder=folder, settings=settings, is_ours=False)
        return
    if workers_of(settings) < 1:
        raise WrongUse(
            f"The setting workers of {folder.path} is {settings.workers}, so nothing would compute. Nothing was "
            "started; --workers 1 takes one core for this command."
        )
    is_new = not folder.keys.exists()
    folder.create()
    with lock(folder, "axiom experiment run"):
        yield Taken(folder=folder, settings=settings, is_ours=True, is_new=is_new)


def compute_ahead(taken: Taken, name: str, ahead: Ahead) -> None:
    """Begin with the first cell of a file that was never published here; what is wrong with it is said by others.

    A process that began with what compiles could not share its programs, so that begins once it is ordered.
    """
    file = Path(name)
    if not taken.is_ours or file.suffix != ".py":
        return
    try:
        text = file.read_bytes()
        if any(word in text for word in _COMPILES) or (taken.folder.catalogue / file.name).exists():
            return
        from axiom.signed import sources  # `bundles` would import what signs

        module = sources.experiment_path(file.stem).removesuffix(".py").replace("/", ".")
        ahead.begin(module, sources.collect(Path(axiom.__file__).parent, file), taken.folder.engine)
    except OSError:
        return
