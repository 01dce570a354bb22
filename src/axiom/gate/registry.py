"""Every command by its name, and how words become one."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

from axiom.domain.callers import Caller
from axiom.errors import UnknownName
from axiom.features import FEATURES
from axiom.gate.command import Command
from axiom.gate.words import SPEAKER, Form, demand_names, form_of


class KnownCommands(Mapping[str, type[Command]]):
    """Every command by its name. Modules are imported when a command of their noun is given: all take half a second."""

    def __getitem__(self, name: str) -> type[Command]:
        return _commands(name.partition(".")[0])[name]

    def __iter__(self) -> Iterator[str]:
        for noun in dict.fromkeys(noun for card in FEATURES.values() for noun in card.commands.split()):
            yield from _commands(noun)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@lru_cache(maxsize=64)  # bounded, since strangers ask for nouns that do not exist
def _commands(noun: str) -> dict[str, type[Command]]:
    subjects = [subject for subject, card in FEATURES.items() if noun in card.commands.split()]
    modules = [module for subject in subjects for module in _import_commands(f"axiom.laboratory.{subject}.commands")]
    kinds = [thing for module in modules for thing in vars(module).values() if Command in getattr(thing, "__mro__", ())]
    return {kind.name: kind for kind in kinds if getattr(kind, "name", "").startswith(f"{noun}.")}


def _import_commands(name: str) -> list[ModuleType]:
    """The module in which a subject's commands stand, or the modules of the package."""
    room = importlib.import_module(name)
    parts = pkgutil.iter_modules(getattr(room, "__path__", ()), f"{name}.")
    return [room, *(importlib.import_module(part.name) for part in parts)]


COMMANDS = KnownCommands()


def read_command(name: str, words: Mapping[str, Any], caller: Caller | None = None) -> Command:
    """The command of this name with these words, or one sentence about what is wrong with them.

    A program that gives it speaks in its own name.
    """
    kind = COMMANDS.get(name)
    if kind is None:
        raise UnknownName("command", name, COMMANDS)
    speaker = caller.name if caller is not None and caller.is_program else None
    form = form_of(kind) if speaker is None else form_for_programs(kind)
    demand_names(form, name, words)
    return kind(**words, **{word: speaker for word in form_of(kind) if word not in form})


def form_for_programs(kind: type[Command]) -> Form:
    """What a program may say: in whose name it speaks is not its to say."""
    return {word: must for word, must in form_of(kind).items() if SPEAKER not in must.metadata}
