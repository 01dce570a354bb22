"""`axiom program`: who may work here besides people, how much, and until when."""

import hashlib
from pathlib import Path
from typing import Any

import click

from axiom.cli.changes import Change, change_command, change_options
from axiom.cli.groups import Group
from axiom.cli.output import Shown, reading_options, show_json, show_table
from axiom.cli.reading import read_page
from axiom.domain.programs import USUAL_LIMITS, Right
from axiom.errors import WrongUse
from axiom.reads import programs
from axiom.signed.program_tokens import digest_token, new_token
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import say


@click.group(cls=Group)
def program() -> None:
    """Programs that may work here: each has a token, rights and limits."""


@program.command("list")
@reading_options
def list_programs(folder: Folder) -> Shown:
    """Who was ever let in, the oldest first."""
    answer = read_page(folder, programs.describe_programs)
    yield answer
    show_table(
        ("program", "model", "may", "core-hours a day", "until"),
        [
            (row["name"], row["model"] or "", row["may"], f"{row['limits']['core_hours_per_day']:g}", _until(row))
            for row in answer["programs"]
        ],
        none="No program may work here. `axiom program add NAME --may propose` lets one in.",
    )


def _until(row: dict[str, Any]) -> str:
    if row["ended_at"]:
        return f"ended {row['ended_at'][:10]}"
    return row["expires_at"][:10] if row["is_let_in"] else f"expired {row['expires_at'][:10]}"


def _limits(_context: click.Context, _parameter: click.Parameter, words: tuple[str, ...]) -> dict[str, float]:
    limits = {}
    for word in words:
        name, equals, most = word.partition("=")
        try:
            limits[name] = float(most)
        except ValueError:
            equals = ""
        if not equals:
            raise click.BadParameter(f"{word!r} is not like core_hours_per_day=48.")
    return limits


_limit_option = click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=MOST",
    callback=_limits,
    help=f"As core_hours_per_day=48; again for others. There are {', '.join(USUAL_LIMITS)}.",
)


@program.command("add")
@click.argument("name")
@click.option(
    "--may",
    type=click.Choice([right.value for right in Right]),
    required=True,
    help="read: look; propose: also ask, predict, link and note; operate: also publish and order.",
)
@click.option("--model", default="", help="Which language model speaks through it; kept beside what it does.")
@click.option(
    "--prompt",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The file with its instructions; its digest is kept beside what it does.",
)
@click.option(
    "--days", type=click.IntRange(1, 3_650), default=90, show_default=True, help="How long its token is good."
)
@click.option(
    "--may-approve", is_flag=True, help="The person before whom it runs may approve proposals in it (`axiom mcp`)."
)
@_limit_option
@change_options
def add(change: Change, **options: Any) -> None:
    """Let a program in, and show its token once. Whoever has the token may do what the program may."""
    token = new_token()
    words = {
        "program": options["name"],
        "may": str(options["may"]),
        "model": options["model"],
        "prompt": _digest_of(options["prompt"]) if options["prompt"] else "",
        "days": options["days"],
        "may_approve": options["may_approve"],
        "limits": options["limits"],
        "token": digest_token(token),
    }
    answer = change.submit("program.add", words)
    if change.dry_run:
        change.tell("program", answer, f"{options['name']} would be let in")
        return
    if change.as_json:
        show_json({"program": {**answer, "token": token}})
        return
    change.remark(
        f"{options['name']} may {answer['may']} until {answer['expires_at'][:10]}. This is its token. It is shown "
        "once; keep it where only the program reads it."
    )
    say(token)
    change.remark(f"Next: AXIOM_TOKEN=… axiom mcp --data {change.folder.path}, or docs/howto/from-elsewhere.md.")


def _digest_of(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise WrongUse(f"{file} cannot be read ({error.strerror}). Nobody was let in.") from error


@program.command("limit")
@click.argument("name")
@_limit_option
@change_options
def limit(name: str, limits: dict[str, float], change: Change) -> None:
    """Say how much a program may do. Limits that are not named stay as they are."""
    answer = change.submit("program.limit", {"program": name, "limits": limits})
    amounts = ", ".join(f"{word} {answer['limits'][word]:g}" for word in limits)
    change.tell("program", answer, f"{name} may now do this much: {amounts}")


@program.command("end")
@click.argument("program", metavar="NAME")
@change_command("program.end", "{program} is let in no more")
def end() -> None:
    """Let a program in no more, from this moment on. What it did stays."""
