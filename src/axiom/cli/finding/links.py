"""`axiom finding link`, `note` and `graph`: how findings hang together, and what is said beside them."""

from typing import Any

import click

from axiom.cli.changes import change_command
from axiom.cli.output import Shown, reading_options, show_table
from axiom.cli.reading import read_page
from axiom.domain.evidence import Meaning
from axiom.domain.links import LinkKind
from axiom.gate.command import Answer
from axiom.gate.words import SIGNS
from axiom.reads import link_graph as views
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import print_text

_KINDS = [kind.value.replace(" ", "-") for kind in LinkKind]
_UPHELD = {
    "as-claimed": Meaning.AS_CLAIMED,
    "opposite": Meaning.OPPOSITE,
    "too-small": Meaning.TOO_SMALL,
    **{sign: sign for sign in SIGNS},
}


def _describe_link(facts: Answer) -> str:
    before = "" if facts["is_new"] else ", as was said before"
    return f"Link {facts['link']}: {facts['source']} {facts['kind']} {facts['target']}{before}"


CHANGES = {
    "link": change_command(
        "finding.link",
        _describe_link,
        noun="link",
        about="Say how finding A and finding B hang together, with what the evidence of A is today.\n\n"
        "B may be `old:31`, which the old laboratory claimed, or `link:7`, an explanation that A tests. Whether a test "
        "supports or contradicts is never said: it follows from the verdict.",
        own={
            "kind": click.Argument(
                ["kind"], type=click.Choice(_KINDS), callback=lambda _context, _parameter, kind: kind.replace("-", " ")
            ),
            "upheld_by": click.Option(
                ["--upheld-by"],
                type=click.Choice(list(_UPHELD)),
                multiple=True,
                default=["as-claimed"],
                show_default=True,
                callback=lambda _context, _parameter, conditions: ",".join(map(_UPHELD.__getitem__, conditions)),
                help="Of a test: what A must say for B to hold, or the sign of its number; may be given several times.",
            ),
        },
    ),
    "note": change_command("finding.note", "Note {note} stands beside finding {finding}", noun="note"),
    "reopen": change_command("finding.reopen", "Finding {finding}, which was {was}, is open again", noun="reopened"),
}


@click.command("graph")
@reading_options
def show_graph(folder: Folder) -> Shown:
    """Every link between findings, and to what the old laboratory claimed; then the claims that nothing tests yet."""
    answer = read_page(folder, views.graph_page)
    yield answer
    facts = answer["graph"]
    show_table(
        ("link", "from", "says", "of", "today", "by"),
        [
            (row["number"], _end(row["source"]), row["kind"], _end(row["target"]), _today(row), row["by"])
            for row in facts["links"]
        ],
        none="Nothing is linked yet.",
    )
    if facts["waiting"]:
        print_text("\nthe old laboratory's claims that nothing tests yet")
        show_table(
            ("name", "claim", "number", "waits for"),
            [(row["name"], row["claim"], row["figure"], row["experiment"]) for row in facts["waiting"]],
            none="",
        )
    print_text(f"\n{facts['open']} open questions")


def link_sections(finding: dict[str, Any]) -> dict[str, list[str]]:
    """What a finding's own answer says of its links, by its heading."""
    return {
        "the old laboratory said": [
            f"{old['name']}, which it {old['kind']}: {old['claim']}; {old['rests_on']}; {old['figure'] or 'no number'}"
            for old in finding["aliases"]
        ],
        "rests on what is void": [f"finding {row['number']}, {row['status']}" for row in finding["depends_on_void"]],
        "links": [_link(row) for row in finding["links"]],
    }


def _link(row: dict[str, Any]) -> str:
    ends = [f"{row[end]['noun']} {row[end]['name']}" for end in ("source", "target")]
    today = row["caution"] or row["bearing"]
    upheld = f", upheld by {' or '.join(row['upheld_by'])}" if row["upheld_by"] else ""
    return f"{ends[0]} {row['kind']} {ends[1]}{upheld}{f': {today}' if today else ''}"


def _end(node: dict[str, Any]) -> str:
    return node["name"] if node["noun"] == "finding" else f"{node['noun']} {node['name']}"


def _today(row: dict[str, Any]) -> str:
    return row["caution"] or row["bearing"] or "–"
