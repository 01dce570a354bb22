"""`axiom proposal`: what might be asked next, and whether it is."""

import json
from typing import IO

import click

from axiom.cli.changes import Change, change_command, change_options
from axiom.cli.groups import Group
from axiom.cli.output import ID, Shown, reading_options, show_facts, show_quotes, show_table
from axiom.cli.reading import open_reading
from axiom.domain.proposals import ProposalState
from axiom.errors import WrongUse
from axiom.gate.command import Answer
from axiom.reads import proposals
from axiom.reads.kin import kin_in_words
from axiom.store.engine.folder import Folder
from axiom.store.experiments import drafts
from axiom_weigh.terminal import print_text


def _describe_answer(answer: Answer) -> str:
    registered = answer.get("registration")
    what = f": registration {registered}" if registered else ""
    return f"Proposal {answer['proposal']} is {answer['state']}{what}"


@click.group(
    cls=Group,
    changes={verb: change_command(f"proposal.{verb}", _describe_answer) for verb in ("withdraw", "approve", "refuse")},
)
def proposal() -> None:
    """What might be asked next, and whether it is."""


@proposal.command("list")
@click.option("--state", type=click.Choice([state.value for state in ProposalState]), help="Only those that stand so.")
@reading_options
def list_proposals(state: str | None, folder: Folder) -> Shown:
    """Every proposal, those that wait for an answer first."""
    with open_reading(folder) as reading:
        rows = [row for row in proposals.proposals_page(reading)["proposals"] if state in (None, row["state"])]
    yield {"proposals": rows}
    names = ("number", "state", "template", "finding", "core_hours", "most_core_hours", "bits", "question")
    show_table(
        names,
        [[row[name] for name in names] for row in rows],
        none=f"No proposal is {state}." if state else "Nothing was proposed yet.",
    )


@proposal.command("show")
@click.argument("number", type=ID)
@reading_options
def show(number: int, folder: Folder) -> Shown:
    """One proposal: what is asked and expected, what each outcome would change, and what it costs."""
    with open_reading(folder) as reading:
        answer = proposals.proposal_page(reading, number)
        draft = drafts.find_draft(reading.db, answer["draft"]["number"]) if answer["draft"] else None
    if draft and draft.reason:  # with what its controls measured, which no program is told
        answer["tried"] = draft.reason
    yield answer
    row = answer["proposal"]
    names = (
        "number",
        "slug",
        "state",
        "decided_by",
        "registration",
        "author",
        "experiment",
        "version",
        "finding",
    )
    show_facts(
        {name: row[name] for name in (*names, "core_hours", "most_core_hours", "bits")} | {"ends": answer["ends"]}
    )
    for name in ("question", "claim"):
        if row[name]:
            print_text(f"\n{name}: {row[name]}")
    if answer["draft"]:
        _say_draft(answer["draft"])
    if "tried" in answer:
        print_text(f"\nits preflight: {answer['tried']}")
    prediction = row["prediction"]
    if prediction:
        low, high = prediction["interval"]
        chances = (
            f"effect + {prediction['positive']:g}, effect − {prediction['negative']:g}, absent {prediction['absent']:g}"
        )
        print_text(f"\nexpected: {chances}, within {low:g} to {high:g}")
    show_quotes(row["said"])


def _say_draft(draft: Answer) -> None:
    """Whether it was forecast blind, what is kin of it, and which texts were tried."""
    print_text(f"\nforecast: {draft['forecast']}")
    print_text(f"tried of its name and kin: {', '.join(draft['tries_of']) or 'none'}")
    for row in draft["kin"]:
        print_text(f"kin: {kin_in_words([row])}, since {row['reason']}")


@proposal.command("make")
@click.argument("file", type=click.File())
@click.option("--by", default="operator", show_default=True, help="Who says so.")
@change_options
def make(file: IO[str], by: str, change: Change) -> None:
    """Propose what FILE asks: one JSON object with the words of `proposal.make`; `-` is standard input."""
    try:
        words = json.load(file)
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"{file.name} is no JSON ({error}). Nothing was proposed.") from error
    if not isinstance(words, dict):
        raise WrongUse(f"{file.name} holds no JSON object. Nothing was proposed.")
    answer = change.submit("proposal.make", {"by": by, **words})
    change.tell("proposal", answer, _describe_answer(answer))
