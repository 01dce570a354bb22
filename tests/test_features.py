"""The cards of the nouns: what they name is there, and everything that there is stands on one of them."""

import re
from importlib import import_module
from importlib.util import find_spec
from pkgutil import walk_packages

import click

import axiom
from axiom.cli.main import axiom as program
from axiom.features import FEATURES, noun_of
from axiom.gate.command import Command
from axiom.gate.registry import COMMANDS
from axiom.reads.base.page_addresses import SHOWN
from axiom.web.site.routes import PAGES

ROOMS = [room for card in FEATURES.values() for room in card.rooms.split()]
PACKAGES = walk_packages(axiom.__path__, "axiom.")
MODULES = {module.name.removeprefix("axiom.") for module in PACKAGES if not module.ispkg} - {"__main__"}


def test_what_a_card_names_is_there():
    assert [room for room in ROOMS if find_spec(f"axiom.{room}") is None] == []
    names = [name for card in FEATURES.values() for name in card.terminal]
    assert [name for name in names if program.get_command(click.Context(program), name) is None] == []


def test_a_card_names_a_room_only_where_its_name_does_not_say_whose_it_is():
    assert len(ROOMS) == len(set(ROOMS))
    for noun, card in FEATURES.items():
        others = {**FEATURES, noun: card._replace(rooms="")}
        for room in card.rooms.split():
            assert noun_of(f"axiom.{room}", others) != noun, room


def test_a_folder_of_the_laboratory_bears_the_name_of_its_noun():
    assert {module.split(".")[1] for module in MODULES if re.match(r"laboratory\.\w+\.", module)} <= FEATURES.keys()


def test_every_command_and_every_page_is_found_from_a_card():
    commands, pages = dict(COMMANDS), list(PAGES)
    for module in MODULES:
        if module.startswith(("laboratory.", "reads.", "web.")):
            import_module(f"axiom.{module}")
    kinds = [kind for kind in below(Command) if hasattr(kind, "name") and kind.__module__.startswith("axiom.")]
    assert {kind.name: kind for kind in kinds} == commands
    assert sorted(page.path for page in SHOWN) == [page.path for page in pages]
    assert len({page.path for page in pages}) == len(pages)


def below(kind: type) -> list[type]:
    return [*kind.__subclasses__(), *(deeper for lower in kind.__subclasses__() for deeper in below(lower))]
