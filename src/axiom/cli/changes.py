"""What commands that change something share: how the laboratory gets the command, and how its answer is told."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass
from typing import Any

import click

from axiom.cli.completion import complete_experiment_name
from axiom.cli.groups import Maker
from axiom.cli.output import data_option, dry_run_option, json_option, quiet_option, show_json
from axiom.gate.command import Answer
from axiom.gate.words import form_of, is_required_word, schema_of
from axiom.service.open_laboratory import submit_in_folder
from axiom.service.standard_callers import operator_caller
from axiom.signed.canonical_json import LARGEST
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import print_remark


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
        print_remark(text, quiet=self.quiet)


def submit_command(
    folder: Folder, name: str, words: Mapping[str, Any], *, dry_run: bool = False, key: str | None = None
) -> Answer:
    # Here and not above: commands that only show something need not wait for all that there are.
    from axiom.gate.registry import read_command

    return submit_in_folder(folder, read_command(name, words), dry_run=dry_run, key=key)


def change_command(
    name: str,
    tells: str | Callable[[Answer], str],
    *,
    noun: str = "",
    about: str = "",
    own: Mapping[str, click.Parameter | None] | None = None,
) -> Maker:
    """A command that gives the laboratory's command of this name what is typed, and tells what was done.

    `tells` is the sentence about that, with the words and the answer to fill in, or makes it of these; `{is}` is "would
    be" in a dry run. The answer's noun in JSON is the command's own where no other is named.
    """

    def run(change: Change, **words: Any) -> None:
        answer = change.submit(name, words)
        facts = {"is": "would be" if change.dry_run else "is", **words, **answer}
        sentence = tells.format_map(facts) if isinstance(tells, str) else tells(facts)
        change.tell(noun or name.partition(".")[0], answer, sentence)

    return typed_command(name, run, about=about, own=own)


def typed_command(
    name: str, run: Callable[..., None], *, about: str = "", own: Mapping[str, click.Parameter | None] | None = None
) -> Maker:
    """A command with the words, limits and help of the laboratory's command of this name.

    `about` is its help where more is done here than there; `own` how a word is typed that is given otherwise, None
    where nobody types it.
    """

    def make(typed_name: str) -> click.Command:
        # Here and not above: classes of commands take long to import.
        from axiom.gate.registry import COMMANDS

        kind = COMMANDS[name]
        typed = {word: _type_word(must) for word, must in form_of(kind).items()} | dict(own or {})
        params = [parameter for parameter in typed.values() if parameter is not None]
        begins_with_minus = any(isinstance(param, click.Argument) and param.type is click.FLOAT for param in params)
        settings = {"ignore_unknown_options": begins_with_minus}
        command = click.command(
            typed_name, params=params, help=about or inspect.getdoc(kind), context_settings=settings
        )
        return command(change_options(run))

    return make


def _type_word(word: Field[Any]) -> click.Parameter:
    """A word that has to be said is an argument, unless it is a reason, or says who speaks."""
    schema = schema_of({word.name: word})["properties"][word.name]
    kind, limits, is_list = _click_type(schema), word.metadata, schema.get("type") == "array"
    completes = complete_experiment_name if word.name == "experiment" else None
    flag = "--why" if word.name in ("why", "reason") else limits.get("flag", "")
    is_asked = is_required_word(word) and word.name != "by"
    if is_asked and not flag:
        return click.Argument(
            [word.name],
            type=kind,
            nargs=-1 if is_list else 1,
            required=True,
            metavar=limits.get("metavar"),
            shell_complete=completes,
        )
    default = None if is_asked else schema.get("default", operator_caller().name)
    return click.Option(
        [flag or f"--{word.name.replace('_', '-')}", word.name],
        type=kind,
        is_flag=word.type is bool,
        required=is_asked,
        default=str(default) if isinstance(default, str) else default,
        show_default=bool(default),
        metavar=limits.get("metavar"),
        help=limits.get("help"),
        shell_complete=completes,
    )


def _click_type(schema: Mapping[str, Any]) -> Any:
    """What a schema lets be typed; the gate says what else a text must be."""
    must = schema.get("items") or schema.get("anyOf", [schema])[0]
    if "enum" in must:
        return click.Choice([str(choice) for choice in must["enum"]])
    most = must.get("maximum", LARGEST)
    whole = click.IntRange(must.get("minimum"), most if most < LARGEST else None)
    return {"integer": whole, "number": click.FLOAT, "boolean": click.BOOL}.get(must["type"], click.STRING)


def change_options(command: Callable[..., None]) -> Callable[..., None]:
    """What commands take that change something: it reaches them as one `change`."""

    @functools.wraps(command)
    def run(*, folder: Folder, dry_run: bool, as_json: bool, quiet: bool, **options: Any) -> None:
        command(change=Change(folder=folder, dry_run=dry_run, as_json=as_json, quiet=quiet), **options)

    return data_option(dry_run_option(json_option(quiet_option(run))))
