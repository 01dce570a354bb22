"""`axiom session diff`: what has changed from the end of one session to the end of another."""

from collections.abc import Iterator
from typing import Any

import click

from axiom.cli.output import Shown, reading_options
from axiom.cli.reading import open_reading
from axiom.errors import NotFound
from axiom.reads.base.request import Reading
from axiom.reads.rounds.session_difference import difference_page
from axiom.reads.rounds.sessions import require_session
from axiom.store.engine.folder import Folder
from axiom.store.rounds import rounds
from axiom.store.views import sessions as session_views
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import make_printable, print_text


@click.command("diff")
@click.argument("newer", required=False, default="")
@click.argument("older", required=False, default="")
@reading_options
def show_difference(newer: str, older: str, folder: Folder) -> Shown:
    """What has changed since another session: the newest since the one before it, unless they are named."""
    with open_reading(folder) as reading:
        answer = difference_page(reading, *_which(reading, newer, older))
    yield answer
    print_text("\n".join(map(make_printable, _lines(answer["difference"]))))


def _which(reading: Reading, newer: str, older: str) -> tuple[str, str]:
    """The names of both sessions."""
    newest = rounds.list_newest_sessions(reading.db, 1)
    if not newest:
        raise NotFound("This laboratory has held no session yet, so nothing can be compared.")
    session = require_session(reading, newer) if newer else newest[0]
    before, _ = session_views.find_session_neighbours(reading.db, session)
    if not (older or before):
        raise NotFound(f"Session {session.name} is the first, so there is none before it with which to compare it.")
    return session.name, older or str(before)


def _lines(difference: dict[str, Any]) -> Iterator[str]:
    sessions = tell_amount(difference["sessions"], "session")
    yield f"From the end of {difference['from']} to the end of {difference['to']}: {sessions}."
    closed = ", ".join(f"{amount:,} {state}" for state, amount in difference["tasks"].items())
    yield f"Tasks that were closed: {closed or 'none'}."
    yield f"Credit: {difference['credit']:,.3f}, in {tell_amount(difference['awards'], 'award')}."
    yield (
        "Findings with another verdict or grade:"
        if difference["findings"]
        else "No finding has another verdict or grade."
    )
    for row in difference["findings"]:
        before = _evidence_line(row["before"]) if row["before"] else "never weighed"
        where = f"Finding {row['number']} ({row['experiment']}, {row['estimand']})"
        yield f"  {where}: {before} → {_evidence_line(row['now'])}"
    yield "Versions:" if difference["experiments"] else "No version was published, retired or recalled."
    for row in difference["experiments"]:
        yield f"  {row['experiment']} was {row['status']}{': ' + row['why'] if row['why'] else ''}"


def _evidence_line(evidence: dict[str, Any]) -> str:
    return f"{evidence['verdict']}, {evidence['grade']}, {tell_amount(evidence['seeds'], 'seed')}"
