"""`axiom experiment import`: a plain research script becomes an experiment's file, with the rest to be written."""

from pathlib import Path

import click

from axiom.cli.laboratory.adopt import import_adopt_module
from axiom.cli.output import Shown, answer_option, dry_run_option
from axiom.errors import WrongUse
from axiom_weigh.terminal import print_text


@click.command("import")
@click.argument("script", metavar="FILE.py", type=click.Path(path_type=Path))
@click.option("--name", help="The experiment's name; else it follows from that of the script.")
@click.option(
    "--in",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default="this folder",
    help="Where the file is written.",
)
@dry_run_option
@answer_option
def import_script(script: Path, name: str | None, folder: Path, dry_run: bool) -> Shown:
    """Make an experiment's file of a plain research script, of which nothing is run.

    What it computes for one seed is carried over, with its sweep and its measures. The question, what is concluded and
    the prediction are yours to write: they say TODO, and no such file is computed or published.
    """
    experiment_file = import_adopt_module("experiment_file")
    if not folder.is_dir():
        raise WrongUse(f"There is no folder {folder}. Nothing was written.")
    imported = experiment_file.import_script(script, name)
    file = folder / f"{imported.name}.py"
    experiment_file.write_file(imported, file, dry_run=dry_run)
    facts = experiment_file.report(imported, script, file, is_written=not dry_run)
    yield {"imported": facts}
    print_text("\n".join(experiment_file.report_in_words(facts)))
