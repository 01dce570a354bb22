"""What commands that change something share: how the laboratory gets the command, and how its answer is told."""

from collections.abc import Mapping
from typing import Any

from axiom.cli.output import show_json
from axiom.commands.base.command import Answer
from axiom.service.open_laboratory import submit
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import remark


def change(
    folder: Folder, name: str, words: Mapping[str, Any], *, dry_run: bool = False, key: str | None = None
) -> Answer:
    """Have the laboratory do what the command of this name says."""
    # Here and not above: commands that only show something need not wait for all that there are.
    from axiom.commands.base.registry import read_command

    return submit(folder, read_command(name, words), dry_run=dry_run, key=key)


def tell(noun: str, answer: Answer, sentence: str, *, as_json: bool, quiet: bool) -> None:
    """Print the answer as JSON under this noun, or as a sentence."""
    if as_json:
        show_json({noun: answer})
    else:
        dry = " (dry run: nothing was changed)" if answer.get("dry_run") else ""
        remark(f"{sentence}{dry}.", quiet=quiet)
