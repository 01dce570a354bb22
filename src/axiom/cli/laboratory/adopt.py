"""`axiom adopt`, which is a distribution of its own: few laboratories succeed a project, and each does so once."""

import importlib
from typing import Any

import click

from axiom.errors import CannotStart


def import_adopt_module(module: str) -> Any:
    """A module of axiom-adopt, or how to get it."""
    try:
        return importlib.import_module(f"axiom_adopt.{module}")
    except ImportError as error:
        raise CannotStart(
            f"The package axiom-adopt is not there ({error}). Nothing was done; pip install 'axiom-lab[adopt]'."
        ) from error


try:
    from axiom_adopt.cli import adopt as adopt
except ImportError:

    @click.command(context_settings={"ignore_unknown_options": True})
    @click.argument("_words", nargs=-1)
    def adopt(_words: tuple[str, ...]) -> None:
        """A project on an official BOINC server becomes this laboratory. Needs pip install 'axiom-lab[adopt]'."""
        import_adopt_module("cli")
