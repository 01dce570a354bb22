"""The cards of the nouns: what they name is there, and everything that there is stands on one of them."""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import walk_packages

import click

import axiom
from axiom.cli.main import axiom as program
from axiom.commands.base.command import Command
from axiom.commands.base.registry import COMMANDS
from axiom.features import FEATURES
from axiom.web.base.page import SHOWN
from axiom.web.site.routes import PAGES

ROOMS = [room for card in FEATURES.values() for room in card.rooms.split()]
PACKAGES = walk_packages(axiom.__path__, "axiom.")
MODULES = {module.name.removeprefix("axiom.") for module in PACKAGES if not module.ispkg} - {"__main__"}


def test_what_a_card_names_is_there():
    assert [room for room in ROOMS if find_spec(f"axiom.{room}") is None] == []
    names = [name for card in FEATURES.values() for name in card.terminal]
    assert [name for name in names if program.get_command(click.Context(program), name) is None] == []


def test_every_module_stands_on_one_card():
    assert len(ROOMS) == len(set(ROOMS))
    of_a_noun = {module for module in MODULES for room in ROOMS if f"{module}.".startswith(f"{room}.")}
    assert MODULES - of_a_noun == {"errors", "features", "shipped"}


def test_every_command_and_every_page_is_found_from_a_card():
    commands, pages = dict(COMMANDS), list(PAGES)
    for module in MODULES:
        if module.startswith(("commands.", "web.")):
            import_module(f"axiom.{module}")
    kinds = [kind for kind in below(Command) if hasattr(kind, "name") and kind.__module__.startswith("axiom.")]
    assert {kind.name: kind for kind in kinds} == commands
    assert sorted(page.path for page in SHOWN) == [page.path for page in pages]
    assert len({page.path for page in pages}) == len(pages)


def below(kind: type) -> list[type]:
    return [*kind.__subclasses__(), *(deeper for lower in kind.__subclasses__() for deeper in below(lower))]
