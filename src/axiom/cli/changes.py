"""What commands that change something share: how the laboratory gets the command, and how its answer is told."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from axiom.cli.output import data_option, dry_run_option, json_option, quiet_option, show_json
from axiom.gate.command import Answer
from axiom.service.open_laboratory import submit_in_folder
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import remark


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """In which laboratory something is changed, whether it is only asked what would happen, and how that is told."""

    folder: Folder
    dry_run: bool
    as_json: bool
    quiet: bool

    def submit(self, name: str, words: Mapping[str, Any], *, key: str | None = None) -> Answer:
        """Have the laboratory do what the command of this name says."""
        return submit_command(self.folder, name, words, dry_run=self.dry_run, key=key)

    def tell(self, noun: str, answer: Answer, sentence: str) -> None:
        """Print the answer as JSON under this noun, or as a sentence."""
        if self.as_json:
            show_json({noun: answer})
        else:
            dry = " (dry run: nothing was changed)" if self.dry_run else ""
            self.remark(f"{sentence}{dry}.")

    def remark(self, text: str) -> None:
        """Say it to a person who wants more than the result."""
        remark(text, quiet=self.quiet)


def submit_command(
    folder: Folder, name: str, words: Mapping[str, Any], *, dry_run: bool = False, key: str | None = None
) -> Answer:
    # Here and not above: commands that only show something need not wait for all that there are.
    from axiom.gate.registry import read_command

    return submit_in_folder(folder, read_command(name, words), dry_run=dry_run, key=key)


def change_options(command: Callable[..., None]) -> Callable[..., None]:
    """What commands take that change something: it reaches them as one `change`."""

    @functools.wraps(command)
    def run(*, folder: Folder, dry_run: bool, as_json: bool, quiet: bool, **options: Any) -> None:
        command(change=Change(folder=folder, dry_run=dry_run, as_json=as_json, quiet=quiet), **options)

    return data_option(dry_run_option(json_option(quiet_option(run))))
