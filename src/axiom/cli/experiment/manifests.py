"""Manifests of the files in the catalogue, for commands that need no laboratory.

What the catalogue declares is shipped with it. Asking another file costs a process, so what it answered is kept in a
cache folder, by the digest of everything that could change the answer.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from axiom import shipped
from axiom.cli.experiment.run_marks import demand_not_failed, read_run_marks
from axiom.errors import ExperimentError, WrongUse
from axiom.laboratory.experiments.catalogue_files import find_experiment_file, gather_files
from axiom.service.open_laboratory import package_folder
from axiom.service.take_folder import own_file
from axiom.signed import bundles
from axiom.signed.atomic_files import write_atomically
from axiom.signed.manifests import Manifest, read_manifest
from axiom.store.engine.folder import Folder


def catalogue_files(folder: Folder | None = None) -> list[Path]:
    """The experiments' files that Axiom brings along, and those that were published in this folder, by name."""
    own = [] if folder is None else [folder.catalogue]
    return gather_files(shipped.catalogue_folder(), *own)


def file_of(name: str, folder: Folder | None = None) -> Path:
    """The file of this experiment: a name or alias of the catalogue, or a path."""
    if not name.endswith(".py"):
        return find_experiment_file(catalogue_files(folder), name)
    return own_file(name)


def file_words(name: str) -> dict[str, Any]:
    """A name as it is; of a path its stem and text, and what marks beside it say: others may not see it."""
    if not name.endswith(".py"):
        return {"experiment": name}
    file = file_of(name)
    try:
        text = file.read_bytes().decode()
        demand_not_failed(file, text)
        return {"experiment": file.stem, "text": text, "ran": read_run_marks(file, text)}
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"The file {file} cannot be read as UTF-8 ({error}). Nothing was published.") from error


def manifest_of(file: Path, folder: Folder | None = None) -> Manifest:
    """What this file declares. One that this laboratory keeps may be anybody's, so it is asked in the sandbox."""
    files = bundles.collect_sources(package_folder(), file)
    cached = cache_folder() / "manifests" / f"{_digest(files)}.json"
    try:
        return read_manifest(cached.read_bytes())
    except (OSError, ExperimentError):
        # Not where the cache knows it, which is nearly always.
        from axiom.laboratory.experiments.shipped_declarations import ask_declaration, find_declaration
        from axiom.runner.direct import describe_boxed, describe_files

        is_kept = folder is not None and file.parent == folder.catalogue
        raw = find_declaration(shipped.catalogue_folder(), file.stem, files) or ask_declaration(
            files, file.stem, describe_boxed if is_kept else describe_files
        )
    _keep(cached, raw)
    return read_manifest(raw)


def load_manifests(files: Sequence[Path]) -> list[Manifest]:
    """What these files declare."""
    return [manifest_of(file) for file in files]


def cache_folder() -> Path:
    """Where the caches are of whoever types."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "axiom"


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return digest.hexdigest()


def _keep(path: Path, raw: bytes) -> None:
    """A cache that cannot be written is no cache; nothing else depends on it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, raw)
    except OSError:
        return
