"""`axiom volunteer` and `axiom team`: whose computers compute, in the shape of the pages' JSON."""

from pathlib import Path

import click

from axiom.cli.fleet import after_option
from axiom.cli.groups import Group
from axiom.cli.lifetimes import carry, read_lifetimes
from axiom.cli.opening import reading
from axiom.cli.options import (
    ID,
    data_option,
    dry_run_option,
    json_option,
    quiet_option,
    remark,
    show_facts,
    show_json,
    show_table,
)
from axiom.cli.viewing import view
from axiom.store.folder import Folder
from axiom.web import volunteers as pages
from axiom.web.reading import Answer


@click.group(cls=Group)
def volunteer() -> None:
    """Who owns hosts."""


@volunteer.command("list")
@data_option
@after_option
@json_option
def list_volunteers(folder: Folder, after: int, as_json: bool) -> None:
    """Volunteers by number."""
    with view(folder, {"after": after}) as seen:
        answer = pages.volunteers(seen)
    if as_json:
        show_json(answer)
    else:
        _show_volunteers(answer["volunteers"], none=_none("volunteer", answer["of"], after))


@volunteer.command("show")
@click.argument("number", type=ID)
@data_option
@json_option
def show_volunteer(number: int, folder: Folder, as_json: bool) -> None:
    """One volunteer: credit, team, and the findings that they support."""
    with view(folder) as seen:
        answer = pages.volunteer(seen, number)
    if as_json:
        show_json(answer)
        return
    found = answer["volunteer"]
    show_facts({name: found[name] for name in ("number", "name", "country", "since")})
    show_facts({"team": _name(found["team"]), "hosts": found["host_count"], **_credit(found)})
    for row in found["carried"]:
        click.echo(f"carried over  {row['credit']:.3f} from {_printable(row['source'])}")
    click.echo()
    show_table(
        ("finding", "claim", "verdict", "grade", "replicates"),
        [
            (f["number"], f["claim"], f["verdict"], f["grade"], f"{f['replicates']} of {f['of']}")
            for f in found["findings"]
        ],
        none="No finding rests on results of this volunteer yet.",
    )


@volunteer.command("carry-over")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="", help="Where the credit is from, for rows that do not say it.")
@click.option("--known-only", is_flag=True, help="Leave out rows of volunteers who have no account here yet.")
@data_option
@dry_run_option
@json_option
@quiet_option
def carry_over(
    file: Path, source: str, known_only: bool, folder: Folder, dry_run: bool, as_json: bool, quiet: bool
) -> None:
    """Bring lifetime totals over from a CSV file: email or number, credit, source. Once from each source."""
    with reading(folder) as db:
        read = read_lifetimes(db, file, source=source, known_only=known_only)
    answer = carry(folder, read, dry_run=dry_run)
    if as_json:
        show_json({"volunteers": answer})
        return
    remark(
        f"{len(answer['carried'])} carried over{' (dry run)' if dry_run else ''}, {answer['credit']:.3f} in all; "
        f"{len(answer['kept'])} were here before, {len(answer['unknown'])} have no account here.",
        quiet=quiet,
    )
    for row in answer["kept"]:
        if row["credit"] != row["kept"]:
            who = f"volunteer {row['volunteer']}"
            remark(f"{who}: {row['kept']:.3f} from {_printable(row['source'])} stays; {row['credit']:.3f} was asked.")


@click.group(cls=Group)
def team() -> None:
    """Volunteers who compute together."""


@team.command("list")
@data_option
@after_option
@json_option
def list_teams(folder: Folder, after: int, as_json: bool) -> None:
    """Teams by number."""
    with view(folder, {"after": after}) as seen:
        answer = pages.listed_teams(seen)
    if as_json:
        show_json(answer)
        return
    show_table(
        ("number", "name", "volunteers", "founded by", "country", "credit", "a day"),
        [
            (
                row["number"],
                row["name"],
                row["volunteer_count"],
                _name(row["founder"]),
                row["country"],
                *_credit(row).values(),
            )
            for row in answer["teams"]
        ],
        none=_none("team", answer["of"], after),
    )


@team.command("show")
@click.argument("number", type=ID)
@data_option
@json_option
def show_team(number: int, folder: Folder, as_json: bool) -> None:
    """One team and its volunteers."""
    with view(folder) as seen:
        answer = pages.team(seen, number)
    if as_json:
        show_json(answer)
        return
    found = answer["team"]
    show_facts({name: found[name] for name in ("number", "name", "country", "about", "since", "volunteer_count")})
    show_facts({"founded by": _name(found["founder"]), **_credit(found)})
    click.echo()
    _show_volunteers(found["volunteers"], none="Nobody is in this team at the moment.")


def _show_volunteers(rows: list[Answer], *, none: str) -> None:
    show_table(
        ("number", "name", "team", "country", "hosts", "credit", "a day"),
        [
            (
                row["number"],
                row["name"],
                _name(row["team"]),
                row["country"],
                row["host_count"],
                *_credit(row).values(),
            )
            for row in rows
        ],
        none=none,
    )


def _credit(row: Answer) -> dict[str, str]:
    return {"credit": f"{row['credit']:.3f}", "a day, of late": f"{row['recent_credit']:.3f}"}


def _name(found: Answer | None) -> str | None:
    return found["name"] if found else None


def _none(noun: str, amount: int, after: int) -> str:
    return f"There is no {noun} behind {after}." if amount else f"There is no {noun} yet."


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)
