"""`axiom experiment new`: a file that runs, to be changed line by line."""

from pathlib import Path

import click

from axiom.domain.experiments import NAME
from axiom.errors import Refused, WrongUse
from axiom.laboratory.experiments.rules.new_file_template import write_new_text
from axiom_weigh.terminal import print_remark, print_text


@click.command("new")
@click.argument("name")
@click.option(
    "--in",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default="this folder",
    help="Where the file is written.",
)
def new(name: str, folder: Path) -> None:
    """Write a new experiment: a short file that runs at once, for you to change."""
    if not NAME.fullmatch(name):
        raise WrongUse(
            f"The name {name!r} must be 3 to 64 of a-z, 0-9 and _, beginning with a letter: file and experiment share "
            "it. Nothing was written."
        )
    path = folder / f"{name}.py"
    if not folder.is_dir():
        raise WrongUse(f"There is no folder {folder}. Nothing was written.")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(write_new_text(name))
    except FileExistsError:
        raise Refused(f"{path} is there already, and it was left as it is. Choose another name.") from None
    except OSError as fault:
        raise Refused(f"{path} cannot be written: {fault.strerror}. Nothing was written.") from None
    print_text(path)
    print_remark(f"It runs as it stands: axiom experiment run {path} --seed 1")
