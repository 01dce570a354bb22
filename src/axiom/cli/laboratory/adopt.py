"""`axiom adopt`, which is a distribution of its own: few laboratories succeed a project, and each does so once."""

import click

from axiom.errors import CannotStart

try:
    from axiom_adopt.cli import adopt as adopt
except ImportError:

    @click.command(context_settings={"ignore_unknown_options": True})
    @click.argument("_words", nargs=-1)
    def adopt(_words: tuple[str, ...]) -> None:
        """A project on an official BOINC server becomes this laboratory. Needs pip install 'axiom-lab[adopt]'."""
        raise CannotStart("Moving a project in needs axiom-adopt. Nothing was done; pip install 'axiom-lab[adopt]'.")
