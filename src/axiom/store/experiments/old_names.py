"""The script names of the old laboratory, as its logs have them: which experiment asks here what each asked there."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from axiom import shipped

LIST = "old_names.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class OldName:
    name: str
    experiment: str
    became: str  # a sentence without its full stop


def read_old_names(catalogue: Path) -> Mapping[str, OldName]:
    file = catalogue / LIST
    return _read(file.read_text(encoding="utf-8")) if file.is_file() else {}


def list_old_names(catalogue: Path, experiment: str) -> list[OldName]:
    old_names = [old_name for old_name in read_old_names(catalogue).values() if old_name.experiment == experiment]
    return sorted(old_names, key=lambda old_name: old_name.name != experiment)


def list_former_names(experiment: str) -> list[str]:
    return [old_name.name for old_name in list_old_names(shipped.catalogue_folder(), experiment)]


@lru_cache(maxsize=8)
def _read(text: str) -> Mapping[str, OldName]:
    return {
        name: OldName(name=name, experiment=entry.get("experiment", name), became=entry["became"])
        for name, entry in tomllib.loads(text).items()
    }
