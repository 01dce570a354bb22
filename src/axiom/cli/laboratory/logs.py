"""`axiom logs`: what the laboratory wrote down of its own running."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from axiom.cli.output import data_option, json_option, show_json, show_table
from axiom.errors import UnknownName, WrongUse
from axiom.service.open_laboratory import demand_laboratory
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import print_text

_MAIN = "axiom"  # what is meant where nobody says which
_LOOK_SECONDS = 0.5  # between two looks for new lines


@click.command()
@click.argument("name", required=False, default=_MAIN)
@click.option(
    "-n", "--lines", type=click.IntRange(0, 1_000_000), default=20, show_default=True, help="At most so many."
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on, until Ctrl-C.")
@click.option("--list", "only_names", is_flag=True, help="Which logs there are, instead.")
@data_option
@json_option
def logs(name: str, lines: int, follow: bool, only_names: bool, folder: Folder, as_json: bool) -> None:
    """The newest lines of a log: `axiom` tells of the laboratory, `runner` of the building of a runner."""
    demand_laboratory(folder)
    if follow and (as_json or only_names):
        raise WrongUse("--follow goes with neither --json nor --list: one document has an end. Nothing was read.")
    files = {file.stem: file for file in sorted(folder.logs.glob("*.log"))}
    if only_names:
        _show_names(files, as_json=as_json)
        return
    if name not in files:
        if not files:
            print_text("There is no log yet: the laboratory writes one once it runs.")
            return
        raise UnknownName("log", name, files)
    newest = last_lines(files[name], lines)
    if as_json:
        show_json({"logs": [{"name": name, "lines": newest}]})
        return
    if newest:
        print_text("\n".join(newest))
    if follow:
        for line in new_lines(files[name], lambda: time.sleep(_LOOK_SECONDS)):
            print_text(line)


def _show_names(files: dict[str, Path], *, as_json: bool) -> None:
    rows = [
        (name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))
        for name, file in files.items()
        for status in [file.stat()]
    ]
    if as_json:
        show_json({"logs": [{"name": name, "bytes": size, "changed_at": at.isoformat()} for name, size, at in rows]})
    else:
        show_table(("log", "bytes", "last written, in UTC"), rows, none="There is no log yet.")


def last_lines(file: Path, amount: int) -> list[str]:
    """The newest lines; where the file was begun anew of late, those before come from its earlier parts."""
    newest: list[str] = []
    for part in (file, *(file.with_name(f"{file.name}.{number}") for number in range(1, 10))):
        if len(newest) >= amount or not part.is_file():
            break
        with part.open(encoding="utf-8", errors="replace") as lines:
            newest = [*(line.rstrip("\n") for line in deque(lines, maxlen=amount - len(newest))), *newest]
    return newest


def new_lines(file: Path, wait: Callable[[], None]) -> Iterator[str]:
    """Each line that is written from now on, also once the file is set aside and another begun in its place."""
    lines = file.open(encoding="utf-8", errors="replace")
    begun = ""
    try:
        lines.seek(0, 2)
        while True:
            is_set_aside = file.is_file() and not os.path.samestat(file.stat(), os.fstat(lines.fileno()))
            for line in lines:  # asked before, since what is set aside meanwhile may have grown a last time
                begun += line
                if begun.endswith("\n"):
                    yield begun.rstrip("\n")
                    begun = ""
            if is_set_aside:
                lines.close()
                lines = file.open(encoding="utf-8", errors="replace")
                continue
            wait()
    finally:
        lines.close()
