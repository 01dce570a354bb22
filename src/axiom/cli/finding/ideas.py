"""`axiom idea`: questions that nobody has asked yet, and what became of each."""

import click

from axiom.cli.changes import change_command
from axiom.cli.groups import Group
from axiom.cli.output import ID, Shown, reading_options, show_facts, show_quotes, show_table
from axiom.cli.reading import open_reading, read_page
from axiom.domain.proposals import IdeaState
from axiom.gate.command import Answer
from axiom.reads import ideas
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import print_text


@click.group(
    cls=Group,
    changes={
        "add": change_command("idea.add", "Idea {idea} is written down"),
        "show-to-all": change_command("idea.show", "Idea {idea} is shown to everybody"),
        "hide": change_command("idea.hide", "Idea {idea} is hidden"),
        "answer": change_command("idea.answer", "Idea {idea} is {state}"),
        "withdraw": change_command("idea.withdraw", "Idea {idea} is withdrawn"),
    },
)
def idea() -> None:
    """Questions that nobody has asked yet, and what became of each."""


@idea.command("list")
@click.option("--state", type=click.Choice([state.value for state in IdeaState]), help="Only those that stand so.")
@click.option("--hidden", is_flag=True, help="Only those that are not shown to everybody.")
@reading_options
def list_ideas(state: str | None, hidden: bool, folder: Folder) -> Shown:
    """Every idea, open ones first, also those that wait to be shown."""
    with open_reading(folder) as reading:
        rows = [row for row in ideas.list_every_idea(reading)["ideas"] if state in (None, row["state"])]
    rows = [row for row in rows if not (hidden and row["is_public"])]
    yield {"ideas": rows}
    show_table(
        ("number", "state", "read by", "written by", "question"),
        [(row["number"], row["state"], _readers(row), row["by"], row["question"]) for row in rows],
        none='There is no such idea. `axiom idea add "…" --why "…"` writes one down.',
    )


@idea.command("show")
@click.argument("number", type=ID)
@reading_options
def show(number: int, folder: Folder) -> Shown:
    """One idea: what is asked, why, and what became of it."""
    answer = read_page(folder, ideas.describe_idea, number)
    yield answer
    row = answer["idea"]
    asked_by = row["asked_by_proposal"] and f"proposal {row['asked_by_proposal']}"
    show_facts(
        {
            "number": row["number"],
            "state": row["state"],
            "read by": _readers(row),
            "written by": row["by"],
            "written": row["written_at"],
            "about finding": row["finding"],
            "asked by": asked_by or row["asked_by_experiment"],
            "answered by finding": row["answering_finding"],
            "answered by": row["answered_by"],
        }
    )
    print_text(f"\nquestion: {row['question']}")
    show_quotes(row["said"])


def _readers(row: Answer) -> str:
    return "everybody" if row["is_public"] else "author, operator"
