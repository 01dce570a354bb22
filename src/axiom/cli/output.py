"""Words that many commands share, and how answers are shown."""

import functools
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import escape_document, make_printable, print_text

F = TypeVar("F", bound=Callable[..., Any])
Shown = Iterator[Mapping[str, Any]]  # the answer as programs get it, and then it is said in words

ID = click.IntRange(1, 2**63 - 1)  # of a row: what the database can hold


def data_option(command: F) -> F:
    """`--data D`, or AXIOM_DATA, or ./lab-data: which laboratory is meant."""
    return click.option(
        "--data",
        "folder",
        type=click.Path(path_type=Path, readable=False),  # a folder that is closed to us is no wrong word
        envvar="AXIOM_DATA",
        default=Path("lab-data"),
        show_default="lab-data",
        help="The laboratory's data folder.",
        callback=_named,
    )(command)


def _named(context: click.Context, _parameter: click.Parameter, path: Path) -> Folder:
    folder = Folder(path=path)
    if not context.resilient_parsing:
        folder.demand_open()
    return folder


def json_option(command: F) -> F:
    """`--json`: one document for programs."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(command)


def dry_run_option(command: F) -> F:
    """`--dry-run`: what would happen."""
    return click.option("-n", "--dry-run", is_flag=True, help="Show what would happen and change nothing.")(command)


def quiet_option(command: F) -> F:
    """`--quiet`: no progress, no remarks."""
    return click.option("-q", "--quiet", is_flag=True, help="Results only: no progress and no remarks.")(command)


def answer_option(command: Callable[..., Shown]) -> Callable[..., None]:
    """`--json`, of a command that yields its answer: what comes after that is done where no JSON is asked for."""

    @functools.wraps(command)
    def run(*, as_json: bool, **options: Any) -> None:
        shown = command(**options)
        answer = next(shown)
        if as_json:
            show_json(answer)
        else:
            next(shown, None)

    return json_option(run)


def reading_options(command: Callable[..., Shown]) -> Callable[..., None]:
    """What commands take that show something of a laboratory."""
    return data_option(answer_option(command))


def color_option(command: F) -> F:
    """`--color`: when to use colour; NO_COLOR is honoured before FORCE_COLOR, and what is typed before both."""
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        expose_value=False,
        help="Colour: on a terminal, always or never. NO_COLOR means never, FORCE_COLOR always.",
        callback=_set_color,
    )(command)


def _set_color(context: click.Context, _parameter: click.Parameter, chosen: str) -> None:
    if chosen == "never" or (chosen == "auto" and os.environ.get("NO_COLOR")):
        context.color = False
    elif chosen == "always" or os.environ.get("FORCE_COLOR"):
        context.color = True


def show_json(answer: Mapping[str, Any]) -> None:
    """Print an answer for programs."""
    print_text(escape_document(json.dumps(answer, indent=2, ensure_ascii=False, allow_nan=False)))


def show_table(headings: Sequence[str], rows: Sequence[Sequence[object]], *, none: str) -> None:
    """Print rows in columns, or one sentence when there are none."""
    if not rows:
        print_text(none)
        return
    texts = [[_plain(value) for value in row] for row in rows]
    widths = [max(len(row[place]) for row in [list(headings), *texts]) for place in range(len(headings))]
    for line in [list(headings), *texts]:
        print_text("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def show_facts(facts: Mapping[str, object]) -> None:
    """Print names and values, a line each."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        print_text(f"{name.ljust(width)}  {_plain(value)}")


def show_quotes(entries: Iterable[Mapping[str, Any]]) -> None:
    """Print what others wrote: as theirs, with the verdict of what they name."""
    for entry in entries:
        beside = [f"finding {row['number']} is {row['reads']}, {row['grade']}" for row in entry["beside"]]
        print_text(f"\nSaid by {entry['by']}, not checked: {entry['kind']}")
        print_text("".join([f"  {entry['text']}", *(f" ({part})" for part in [*beside, *entry["faults"]])]))


def word_status(row: Mapping[str, Any]) -> str:
    """How an experiment stands, in a word: of one that is open and goes out no more, that it is halted or paused."""
    return str(row["stopped"]["state"] if row["stopped"] else row["status"])


def show_stop(stop: Mapping[str, str] | None) -> None:
    """Print why nothing of an experiment goes out any more, and what to do; nothing while it may."""
    if stop:
        print_text(f"\nNothing of {stop['experiment']} goes out, since {stop['why'].rstrip('.')}. {stop['next']}.")


def progress_bar(share: float, width: int = 24) -> str:
    """How far it is, drawn."""
    full = round(width * min(1.0, max(0.0, share)))
    return f"[{'#' * full}{'.' * (width - full)}]"


_LONG = 1_000_000.0  # from here on digits after the point say nothing, and powers of ten are hard to compare


def _plain(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= _LONG else f"{value:.6g}"
    return make_printable(str(value))
