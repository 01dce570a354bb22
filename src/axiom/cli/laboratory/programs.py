"""`axiom program`: who may work here besides people, how much, and until when."""

import hashlib
from pathlib import Path
from typing import Any

import click

from axiom.cli.changes import Change, change_command, typed_command
from axiom.cli.groups import Group
from axiom.cli.output import Shown, reading_options, show_json, show_table
from axiom.cli.reading import read_page
from axiom.domain.programs import USUAL_LIMITS
from axiom.errors import WrongUse
from axiom.reads import programs
from axiom.signed.program_tokens import digest_token, new_token
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import print_text


def _add(change: Change, program: str, prompt: Path | None, limits: dict[str, float], **words: str | int) -> None:
    token = new_token()
    words |= {"prompt": _digest_of(prompt) if prompt else "", "token": digest_token(token)}
    answer = change.submit("program.add", {"program": program, "limits": limits, **words})
    if change.dry_run:
        change.tell("program", answer, f"{program} would be let in")
        return
    if change.as_json:
        show_json({"program": {**answer, "token": token}})
        return
    change.remark(
        f"{program} may {answer['may']} until {answer['expires_at'][:10]}. This is its token. It is shown "
        "once; keep it where only the program reads it."
    )
    print_text(token)
    change.remark(f"Next: AXIOM_TOKEN=… axiom mcp --data {change.folder.path}, or docs/howto/from-elsewhere.md.")


def _digest_of(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise WrongUse(f"{file} cannot be read ({error.strerror}). Nobody was let in.") from error


def _limit(change: Change, program: str, limits: dict[str, float]) -> None:
    answer = change.submit("program.limit", {"program": program, "limits": limits})
    amounts = ", ".join(f"{word} {answer['limits'][word]:g}" for word in limits)
    change.tell("program", answer, f"{program} may now do this much: {amounts}")


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


_LIMITS = click.Option(
    ["--limit", "limits"],
    multiple=True,
    metavar="NAME=MOST",
    callback=_limits,
    help=f"As core_hours_per_day=48; again for others. There are {', '.join(USUAL_LIMITS)}.",
)


@click.group(
    cls=Group,
    changes={
        "add": typed_command(
            "program.add",
            _add,
            about="Let a program in, and show its token once. Whoever has the token may do what the program may.",
            own={
                "token": None,
                "prompt": click.Option(
                    ["--prompt"],
                    type=click.Path(path_type=Path, exists=True, dir_okay=False),
                    help="The file with its instructions; its digest is kept beside what it does.",
                ),
                "limits": _LIMITS,
            },
        ),
        "limit": typed_command("program.limit", _limit, own={"limits": _LIMITS}),
        "end": change_command("program.end", "{program} is let in no more"),
    },
)
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
