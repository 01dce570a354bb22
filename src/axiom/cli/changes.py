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


def change_command(
    name: str, tells: str | Callable[[Answer], str], *, noun: str = ""
) -> Callable[[Callable[[], None]], Callable[..., None]]:
    """A command whose words are its parameters, in their names: it has no body, since the laboratory's does the work.

    `tells` is the sentence about what was done, with the words and the answer to fill in, or makes it of these; `{is}`
    is "would be" in a dry run. The answer's noun in JSON is the command's own where no other is named.
    """

    def decorate(described: Callable[[], None]) -> Callable[..., None]:
        @functools.wraps(described)
        def run(change: Change, **words: Any) -> None:
            answer = change.submit(name, words)
            facts = {"is": "would be" if change.dry_run else "is", **words, **answer}
            sentence = tells.format_map(facts) if isinstance(tells, str) else tells(facts)
            change.tell(noun or name.partition(".")[0], answer, sentence)

        return change_options(run)

    return decorate


def change_options(command: Callable[..., None]) -> Callable[..., None]:
    """What commands take that change something: it reaches them as one `change`."""

    @functools.wraps(command)
    def run(*, folder: Folder, dry_run: bool, as_json: bool, quiet: bool, **options: Any) -> None:
        command(change=Change(folder=folder, dry_run=dry_run, as_json=as_json, quiet=quiet), **options)

    return data_option(dry_run_option(json_option(quiet_option(run))))
