"""Taking the data away: `axiom data export`."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

import click

from axiom.cli.groups import Group
from axiom.cli.output import data_option, quiet_option
from axiom.errors import WrongUse
from axiom.notebook.lab import Lab, open_lab
from axiom.notebook.table import Table, import_extra
from axiom.service.open_laboratory import demand_laboratory
from axiom.store.engine.folder import Folder
from axiom_weigh.amounts import tell_amount
from axiom_weigh.atomic_file import write_whole_file
from axiom_weigh.terminal import print_remark


@click.group(cls=Group)
def data() -> None:
    """What was measured, to take away."""


@data.command("export")
@click.option("--format", "form", type=click.Choice(["csv", "parquet", "json"]), default="json", show_default=True)
@click.option("--experiment", help="Only this one; NAME is its newest version, NAME@2 its second.")
@click.option("--summary", is_flag=True, help="Per config: n, mean and median with intervals, instead of every cell.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file, or a folder for one file per experiment."
)
@data_option
@quiet_option
def export(folder: Folder, form: str, experiment: str | None, summary: bool, output: Path | None, quiet: bool) -> None:
    """Write all results: a row per cell, a column per factor and measure.

    JSON is one document. CSV and Parquet are one file per experiment that has results; CSV of one experiment may go to
    standard output.
    """
    demand_laboratory(folder)
    lab = open_lab(folder.path)
    names = [lab.version(experiment).name] if experiment else lab.versions()
    if form == "parquet":
        import_extra("pyarrow")  # asked for before a file is made
    if output is None:
        _to_standard_output(
            form, [(name, _parts(lab, name, summary=summary)) for name in names], is_single=bool(experiment)
        )
        return
    if experiment is None and form != "json":
        names = _with_results(lab, names, quiet=quiet)
    for file, inside in _files(form, names, output, is_single=experiment is not None, summary=summary).items():
        tables = [(name, _parts(lab, name, summary=summary)) for name in inside]
        with write_whole_file(file) as unfinished:
            _write(unfinished, form, tables)
        print_remark(f"Wrote {file}", quiet=quiet)


def _with_results(lab: Lab, names: Sequence[str], *, quiet: bool) -> list[str]:
    """Those of which something was measured: nobody asked for a folder full of headings."""
    measured = {f"{row['experiment']}@{row['version']}" for row in lab.experiments if row["results"]}
    if without := len(set(names) - measured):
        print_remark(
            f"Left out: {tell_amount(without, 'experiment')} without a result; --experiment names one.", quiet=quiet
        )
    return [name for name in names if name in measured]


_Named = tuple[str, Iterable[Table]]  # an experiment and its rows, in parts


def _parts(lab: Lab, name: str, *, summary: bool) -> Iterator[Table]:
    """The rows, read when they are written."""
    if summary:
        yield lab.summary(name)
    else:
        yield from lab.pages(lab.version(name))


def _to_standard_output(form: str, tables: Sequence[_Named], *, is_single: bool) -> None:
    if form == "parquet" or (form == "csv" and not is_single):
        raise WrongUse(
            f"{'Parquet' if form == 'parquet' else 'CSV of every experiment'} does not go to standard output. "
            "Nothing was written; -o names the folder for it."
        )
    _write_text(sys.stdout, form, tables)


def _files(
    form: str, names: Sequence[str], output: Path, *, is_single: bool, summary: bool
) -> dict[Path, Sequence[str]]:
    """Which file holds which experiments."""
    if output.is_dir() or not (is_single or form == "json"):
        ending = f"{'-summary' if summary else ''}.{form}"
        own = {"results": names} if form == "json" else {name: [name] for name in names}
        return {output / f"{name}{ending}": inside for name, inside in own.items()}
    return {output: names}


def _write(file: Path, form: str, tables: Sequence[_Named]) -> None:
    if form == "parquet":
        _parquet(file, tables[0][1])
        return
    with file.open("w", encoding="utf-8", newline="") as opened:
        _write_text(opened, form, tables)


def _write_text(file: TextIO, form: str, tables: Sequence[_Named]) -> None:
    if form == "json":
        _json(file, tables)
        return
    for place, part in enumerate(tables[0][1]):
        part.write_csv(file, heading=place == 0)


def _parquet(file: Path, parts: Iterable[Table]) -> None:
    parquet = import_extra("pyarrow.parquet")
    with contextlib.ExitStack() as stack:
        writer = None
        for part in parts:
            rows = part.to_arrow()
            if writer is None:
                writer = stack.enter_context(parquet.ParquetWriter(file, rows.schema, compression="zstd"))
            writer.write_table(rows)


def _json(file: TextIO, tables: Iterable[_Named]) -> None:
    """Written part by part: {"experiments": [{"name", "columns": [[name, type]], "rows": [[value]]}]}."""
    file.write('{"experiments": [')
    for place, (name, parts) in enumerate(tables):
        file.write(",\n" if place else "\n")
        rows = 0
        for number, part in enumerate(parts):
            if number == 0:
                columns = json.dumps([[column, kind.value] for column, kind in part.types.items()])
                file.write(f'{{"name": {json.dumps(name)}, "columns": {columns}, "rows": [\n')
            text = json.dumps(list(part.rows()), allow_nan=False, ensure_ascii=False)[1:-1]
            file.write((",\n" if rows and text else "") + text)
            rows += len(part)
        file.write("\n]}")
    file.write("\n]}\n")
