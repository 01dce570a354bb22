"""Manifests of the files in the catalogue, for commands that need no laboratory.

Asking a file costs a process, so what it answered is kept under the user's cache folder, by the digest of everything
that could change the answer.
"""

import ast
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from axiom.cli.opening import package
from axiom.errors import ExperimentError, UnknownName
from axiom.runner.here import describe_here
from axiom.signed import bundles
from axiom.signed.manifests import Manifest, read_manifest


def catalogue_files() -> list[Path]:
    """The experiments' files, by name."""
    return sorted((package() / "catalogue").glob("[a-z]*.py"))


def file_of(name: str) -> Path:
    """The file of this experiment: a name or alias of the catalogue, or a path."""
    if name.endswith(".py"):
        path = Path(name)
        if not path.is_file():
            raise ExperimentError(f"There is no file {path}. Nothing was started.")
        return path
    files = {file.stem: file for file in catalogue_files()}
    if name in files:
        return files[name]
    for file in files.values():
        if name in _aliases(file):
            return file
    raise UnknownName("experiment", name, files)


def _aliases(file: Path) -> tuple[str, ...]:
    """The aliases as they stand in the text: a mistyped name must not cost a process for every experiment."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "aliases":
            return tuple(ast.literal_eval(node.value))
    return ()


def manifest_of(file: Path) -> Manifest:
    """What this file declares."""
    files = bundles.collect(package(), file)
    kept = cache() / "manifests" / f"{_digest(files)}.json"
    try:
        return read_manifest(kept.read_bytes())
    except (OSError, ExperimentError):
        raw = describe_here(files)
    _keep(kept, raw)
    return read_manifest(raw)


def manifests(files: Sequence[Path]) -> list[Manifest]:
    """What these files declare."""
    return [manifest_of(file) for file in files]


def cache() -> Path:
    """Where this user's caches are."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "axiom"


def _digest(files: dict[str, bytes]) -> str:
    found = hashlib.sha256()
    for name in sorted(files):
        found.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return found.hexdigest()


def _keep(kept: Path, raw: bytes) -> None:
    """A cache that cannot be written is no cache; nothing else depends on it."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as fresh:
            fresh.write(raw)
        Path(fresh.name).replace(kept)
    except OSError:
        return
