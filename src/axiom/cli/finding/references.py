"""`axiom reference`: the literature that a person has approved."""

import click

from axiom.cli.changes import Change, change_command, typed_command
from axiom.cli.groups import Group
from axiom.cli.output import Shown, data_option, reading_options, show_table
from axiom.cli.reading import open_reading
from axiom.errors import WrongUse
from axiom.reads.base.bibtex import reference_bibtex
from axiom.store.engine.folder import Folder
from axiom.store.findings import references
from axiom_weigh.terminal import print_text


def _add(change: Change, arxiv: str | None, doi: str | None, **words: str) -> None:
    if (arxiv is None) == (doi is None):
        raise WrongUse("Say either --arxiv or --doi. Nothing was approved.")
    number = doi if arxiv is None else f"arXiv:{arxiv.lower().removeprefix('arxiv:')}"
    answer = change.submit("reference.add", {"number": number, **words})
    change.tell("reference", answer, f"{answer['cited']} ({answer['number']}) is approved")


@click.group(
    cls=Group,
    changes={
        "add": typed_command(
            "reference.add",
            _add,
            about='Approve the work that is CITED as "Belkin et al. 2019": somebody has looked up that it exists and '
            "says so.",
            own={
                "number": None,
                "arxiv": click.Option(["--arxiv"], metavar="NUMBER", help="As 1812.11118."),
                "doi": click.Option(["--doi"], help="As 10.1103/PhysRevLett.61.259."),
            },
        ),
        "remove": change_command("reference.remove", "Reference {reference} is approved no more"),
    },
)
def reference() -> None:
    """The literature that a person has approved; what else a file names is shown as unverified."""


@reference.command("list")
@reading_options
def list_references(folder: Folder) -> Shown:
    """Every approved reference."""
    names = ("id", "words", "number", "title", "approved_by")
    with open_reading(folder) as reading:
        rows = [
            {name: getattr(entry, name) for name in names} for entry in references.list_approved_references(reading.db)
        ]
    yield {"references": rows}
    show_table(
        names,
        [[row[name] for name in names] for row in rows],
        none='Nothing was approved. `axiom reference add "Belkin et al. 2019" --arxiv 1812.11118` approves a work.',
    )


@reference.command("export")
@data_option
def export(folder: Folder) -> None:
    """Every approved reference as BibTeX."""
    with open_reading(folder) as reading:
        print_text("\n".join(map(reference_bibtex, references.list_approved_references(reading.db))))
