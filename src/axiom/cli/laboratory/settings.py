"""`axiom settings`: every knob, for whoever wonders where a value comes from."""

from dataclasses import asdict

import click

from axiom.cli.groups import Group
from axiom.cli.output import Shown, reading_options, show_table
from axiom.settings import read_process_settings
from axiom.store.engine.folder import Folder


@click.group(cls=Group)
def settings() -> None:
    """Every knob."""


@settings.command("show")
@reading_options
def show_settings(folder: Folder) -> Shown:
    """Every knob with its value and where it comes from."""
    _, listed = read_process_settings(folder.settings)
    yield {"settings": [asdict(setting) for setting in listed]}
    show_table(
        ("name", "value", "origin", "about"),
        [(s.name, s.value, s.origin, s.about) for s in listed],
        none="There is no setting.",
    )
