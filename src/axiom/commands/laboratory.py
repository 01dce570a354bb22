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
from axiom.store.experiments import aliases as old_names
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
        return "" if experiment in self.shipped() else audit.author(db, experiment) or "operator"

    def experiment_files(self) -> list[Path]:
        """Every experiment's file by name: those that Axiom brings along and those that somebody published here."""
        return gathered(self.catalogue, self.folder.catalogue)

    def experiment_file(self, name: str) -> Path:
        """The file of the experiment with this name or alias."""
        return find(self.experiment_files(), name)

    @property
    def bundle_good_for(self) -> timedelta:
        """How long the signature over a bundle is good."""
        return timedelta(days=self.settings.bundle_days)

    @property
    def has_address(self) -> bool:
        """Did the operator choose an address under which others find it? Then it is made for volunteers."""
        return bool(self.settings.url)


def gathered(*catalogues: Path) -> list[Path]:
    """The experiments' files in these folders, by name; of two with one name, the first folder's."""
    files: dict[str, Path] = {}
    for catalogue in catalogues:
        for file in catalogue.glob("[a-z]*.py"):
            files.setdefault(file.stem, file)
    return [files[name] for name in sorted(files)]


def find(files: Sequence[Path], name: str) -> Path:
    """The file of this name or alias, or an error that suggests the nearest."""
    stems = {file.stem: file for file in reversed(files)}
    if name in stems:
        return stems[name]
    catalogues = dict.fromkeys(file.parent for file in files)
    old = next((aliases[name] for aliases in map(old_names.everything, catalogues) if name in aliases), None)
    if old and old.experiment in stems:
        return stems[old.experiment]
    for file in files:
        if name in _aliases(file):
            return file
    listed = [alias.name for catalogue in catalogues for alias in old_names.everything(catalogue).values()]
    raise UnknownName("experiment", name, [*(file.stem for file in files), *listed])


def _aliases(file: Path) -> tuple[str, ...]:
    """The aliases as they stand in the text: a mistyped name must not cost a process for every experiment."""
    try:
        for node in ast.walk(parsed(file.read_bytes())):
            if isinstance(node, ast.keyword) and node.arg == "aliases":
                return tuple(ast.literal_eval(node.value))
    except (OSError, SyntaxError, ValueError, TypeError):
        return ()  # what is wrong with a file is said by whoever wants to use it
    return ()
