"""The experiments' files: those that Axiom brings along, and those that somebody published here."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from axiom.errors import UnknownName
from axiom.gate.laboratory import Laboratory
from axiom.signed.sources import parse_source
from axiom.store.engine.database import Database
from axiom.store.experiments import name_owners, old_names


def list_shipped(laboratory: Laboratory) -> list[str]:
    """The names of the experiments that Axiom brings along."""
    return [file.stem for file in gather_files(laboratory.catalogue)]


def find_author(laboratory: Laboratory, db: Database, experiment: str) -> str:
    """Whose predictions the file of this name has; nobody's where Axiom brings it along."""
    is_shipped = any((file.stem, file.parent) == (experiment, laboratory.catalogue) for file in list_files(laboratory))
    return "" if is_shipped else name_owners.find_first_author(db, experiment) or "operator"


def list_files(laboratory: Laboratory) -> list[Path]:
    """Every experiment's file by name: those that Axiom brings along and those that somebody published here.

    What was mended here stands before what Axiom brings, until Axiom brings a higher version.
    """
    return gather_files(laboratory.catalogue, laboratory.folder.catalogue)


def find_file(laboratory: Laboratory, name: str) -> Path:
    return find_experiment_file(list_files(laboratory), name)


@dataclass(frozen=True, kw_only=True)
class ContestedFile:
    """An experiment of which Axiom brings a file and the laboratory has its own. None: no number says its version."""

    name: str
    own: int | None
    shipped: int | None

    @property
    def is_own(self) -> bool:
        """Is the laboratory's own file used?"""
        return self.own is None or self.shipped is None or self.own >= self.shipped


def list_contested_files(shipped: Path, own: Path) -> list[ContestedFile]:
    """The experiments with a file in either folder, by name."""
    return [
        ContestedFile(name=file.stem, own=_version(file), shipped=_version(shipped / file.name))
        for file in sorted(own.glob("[a-z]*.py"))
        if (shipped / file.name).is_file()
    ]


def gather_files(shipped: Path, *own: Path) -> list[Path]:
    """The experiments' files in these folders, by name; of two with one name the one that `ContestedFile` says."""
    files = {file.stem: file for file in shipped.glob("[a-z]*.py")}
    for catalogue in own:
        losing = {file.name for file in list_contested_files(shipped, catalogue) if not file.is_own}
        files |= {file.stem: file for file in catalogue.glob("[a-z]*.py") if file.stem not in losing}
    return [files[name] for name in sorted(files)]


def find_experiment_file(files: Sequence[Path], name: str) -> Path:
    """The file of this name or alias, or an error that suggests the nearest."""
    stems = {file.stem: file for file in reversed(files)}
    if name in stems:
        return stems[name]
    catalogues = dict.fromkeys(file.parent for file in files)
    old = next((aliases[name] for aliases in map(old_names.read_old_names, catalogues) if name in aliases), None)
    if old and old.experiment in stems:
        return stems[old.experiment]
    for file in files:
        if name in _aliases(file):
            return file
    listed = [alias.name for catalogue in catalogues for alias in old_names.read_old_names(catalogue).values()]
    raise UnknownName("experiment", name, [*(file.stem for file in files), *listed])


def _version(file: Path) -> int | None:
    try:
        for node in ast.walk(parse_source(file.read_bytes())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Experiment":
                version = next(word.value for word in node.keywords if word.arg == "version")
                return int(ast.literal_eval(version))
    except (OSError, SyntaxError, ValueError, TypeError, StopIteration):
        return None
    return None


def _aliases(file: Path) -> tuple[str, ...]:
    """The aliases as they stand in the text: a mistyped name must not cost a process for every experiment."""
    try:
        for node in ast.walk(parse_source(file.read_bytes())):
            if isinstance(node, ast.keyword) and node.arg == "aliases":
                return tuple(ast.literal_eval(node.value))
    except (OSError, SyntaxError, ValueError, TypeError):
        return ()  # what is wrong with a file is said by whoever wants to use it
    return ()
