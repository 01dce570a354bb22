"""What a command may need of the laboratory besides its database."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Self

from axiom import shipped
from axiom.errors import UnknownName
from axiom.runner.direct import Describer, describe_files, describe_soon
from axiom.settings import Settings
from axiom.signed.keys import Keys
from axiom.signed.sources import parsed
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import old_names
from axiom.store.upkeep import audit


@dataclass(frozen=True, kw_only=True)
class Laboratory:
    """The folder, the keys, the settings and where the catalogue is."""

    folder: Folder
    keys: Keys
    settings: Settings
    package: Path  # the folder of the package `axiom`, from which bundles are packed
    catalogue: Path = field(default_factory=shipped.catalogue)  # where the experiments lie that Axiom brings along
    describe: Describer = describe_files

    def for_programs(self) -> Self:
        """This laboratory for a program: files that nobody knows are asked what they declare while a request waits."""
        return replace(self, describe=describe_soon)

    def shipped(self) -> list[str]:
        """The names of the experiments that Axiom brings along."""
        return [file.stem for file in gathered(self.catalogue)]

    def author(self, db: Database, experiment: str) -> str:
        """Whose predictions the file of this name has; nobody's where Axiom brings it along."""
        is_shipped = any((file.stem, file.parent) == (experiment, self.catalogue) for file in self.experiment_files())
        return "" if is_shipped else audit.author(db, experiment) or "operator"

    def experiment_files(self) -> list[Path]:
        """Every experiment's file by name: those that Axiom brings along and those that somebody published here.

        What was mended here stands before what Axiom brings, until Axiom brings a higher version.
        """
        return gathered(self.catalogue, self.folder.catalogue)

    def experiment_file(self, name: str) -> Path:
        return find(self.experiment_files(), name)

    @property
    def bundle_good_for(self) -> timedelta:
        """How long the signature over a bundle is good."""
        return timedelta(days=self.settings.bundle_days)

    @property
    def has_address(self) -> bool:
        """Did the operator choose an address under which others find it? Then it is made for volunteers."""
        return bool(self.settings.url)


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


def contested(shipped: Path, own: Path) -> list[ContestedFile]:
    """The experiments with a file in either folder, by name."""
    return [
        ContestedFile(name=file.stem, own=_version(file), shipped=_version(shipped / file.name))
        for file in sorted(own.glob("[a-z]*.py"))
        if (shipped / file.name).is_file()
    ]


def gathered(shipped: Path, *own: Path) -> list[Path]:
    """The experiments' files in these folders, by name; of two with one name the one that `ContestedFile` says."""
    files = {file.stem: file for file in shipped.glob("[a-z]*.py")}
    for catalogue in own:
        losing = {file.name for file in contested(shipped, catalogue) if not file.is_own}
        files |= {file.stem: file for file in catalogue.glob("[a-z]*.py") if file.stem not in losing}
    return [files[name] for name in sorted(files)]


def find(files: Sequence[Path], name: str) -> Path:
    """The file of this name or alias, or an error that suggests the nearest."""
    stems = {file.stem: file for file in reversed(files)}
    if name in stems:
        return stems[name]
    catalogues = dict.fromkeys(file.parent for file in files)
    old = next((aliases[name] for aliases in map(old_names.by_name, catalogues) if name in aliases), None)
    if old and old.experiment in stems:
        return stems[old.experiment]
    for file in files:
        if name in _aliases(file):
            return file
    listed = [alias.name for catalogue in catalogues for alias in old_names.by_name(catalogue).values()]
    raise UnknownName("experiment", name, [*(file.stem for file in files), *listed])


def _version(file: Path) -> int | None:
    try:
        for node in ast.walk(parsed(file.read_bytes())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Experiment":
                version = next(word.value for word in node.keywords if word.arg == "version")
                return int(ast.literal_eval(version))
    except (OSError, SyntaxError, ValueError, TypeError, StopIteration):
        return None
    return None


def _aliases(file: Path) -> tuple[str, ...]:
    """The aliases as they stand in the text: a mistyped name must not cost a process for every experiment."""
    try:
        for node in ast.walk(parsed(file.read_bytes())):
            if isinstance(node, ast.keyword) and node.arg == "aliases":
                return tuple(ast.literal_eval(node.value))
    except (OSError, SyntaxError, ValueError, TypeError):
        return ()  # what is wrong with a file is said by whoever wants to use it
    return ()
