"""`axiom volunteer` and `axiom team`: whose computers compute, in the shape of the pages' JSON."""

import secrets
from pathlib import Path

import click

from axiom.cli.changes import Change, change_options, submit_command
from axiom.cli.groups import Group
from axiom.cli.host.carry_over import carry_over_lifetimes, read_lifetimes
from axiom.cli.host.hosts import after_option
from axiom.cli.output import (
    ID,
    Shown,
    answer_option,
    data_option,
    dry_run_option,
    reading_options,
    show_facts,
    show_json,
    show_table,
)
from axiom.cli.reading import read_page
from axiom.errors import NotFound, Refused, WrongUse
from axiom.reads.accounts import teams, volunteers
from axiom.reads.base.request import Answer
from axiom.server.accounts.second_factor import address_of, link_mark_of, picture_of, secret_of
from axiom.service.open_laboratory import open_for_reading
from axiom.settings import read_process_settings
from axiom.signed.canonical_json import LARGEST
from axiom.signed.keys import load_secrets
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.web.account import operator_facts
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import make_printable, print_remark, print_text

_BACKUPS = "Older backups and the journal hold the account until they are deleted"
_RANDOM_BYTES = 12  # of a password that nobody chose


@click.group(cls=Group)
def volunteer() -> None:
    """Who owns hosts."""


@volunteer.command("list")
@data_option
@after_option
@answer_option
def list_volunteers(folder: Folder, after: int) -> Shown:
    """Volunteers by number."""
    answer = read_page(folder, volunteers.volunteers_page, query={"after": after})
    yield answer
    _show_volunteers(answer["volunteers"], none=_none("volunteer", answer["of"], after))


@volunteer.command("show")
@click.argument("number", type=ID)
@reading_options
def show_volunteer(number: int, folder: Folder) -> Shown:
    """One volunteer: credit, team, and the findings that they support."""
    answer = read_page(folder, volunteers.volunteer_page, number)
    yield answer
    facts = answer["volunteer"]
    show_facts({name: facts[name] for name in ("number", "name", "country", "since")})
    show_facts({"team": _name(facts["team"]), "hosts": facts["host_count"], **_credit(facts)})
    for row in facts["carried"]:
        print_text(f"carried over  {row['credit']:.3f} from {make_printable(row['source'])}")
    print_text()
    show_table(
        ("finding", "answer", "verdict", "grade", "replicates"),
        [
            (f["number"], f["answer"], f["verdict"], f["grade"], f"{f['replicates']} of {f['of']}")
            for f in facts["findings"]
        ],
        none="No finding rests on results of this volunteer yet.",
    )


@volunteer.command("carry-over")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="", help="Where the credit is from, for rows that do not say it.")
@click.option("--known-only", is_flag=True, help="Leave out rows of volunteers who have no account here yet.")
@change_options
def carry_over(file: Path, source: str, known_only: bool, change: Change) -> None:
    """Bring lifetime totals over from a CSV file: email or number, credit, source. Once from each source."""
    with open_for_reading(change.folder) as db:
        read = read_lifetimes(db, file, source=source, known_only=known_only)
    answer = carry_over_lifetimes(change, read)
    if change.as_json:
        show_json({"volunteers": answer})
        return
    change.remark(
        f"{len(answer['carried'])} carried over{' (dry run)' if change.dry_run else ''}, "
        f"{answer['credit']:.3f} in all; {len(answer['kept'])} were here before, "
        f"{len(answer['unknown'])} have no account here."
    )
    for row in answer["kept"]:
        if row["credit"] != row["kept"]:
            who = f"volunteer {row['volunteer']}"
            print_remark(
                f"{who}: {row['kept']:.3f} from {make_printable(row['source'])} stays; {row['credit']:.3f} was asked."
            )


@volunteer.command("new-password")
@click.argument("who", metavar="NUMBER|ADDRESS")
@data_option
@dry_run_option
@answer_option
def new_password(who: str, folder: Folder, dry_run: bool) -> Shown:
    """Give somebody who forgot theirs a new password, shown once. Computers that hold the account key go on."""
    with open_for_reading(folder) as db:
        number = _with_account(db, who)
    password = secrets.token_urlsafe(_RANDOM_BYTES)
    submit_command(folder, "account.password", {"volunteer": number, "password": password}, dry_run=dry_run)
    answer = {"volunteer": number, "password": None if dry_run else password}
    yield {"volunteer": answer}
    show_facts({"volunteer": number, "password": "none (dry run)" if dry_run else password})
    print_remark(
        "Every browser is signed out of this account, and its weak key is another one: computers attached with that "
        "must be attached again. Tell its owner to choose another password.",
        quiet=dry_run,
    )


@volunteer.command("erase")
@click.argument("who", metavar="NUMBER|ADDRESS")
@click.option("--yes", is_flag=True, help="Do not ask.")
@change_options
def erase(who: str, yes: bool, change: Change) -> None:
    """Erase somebody's account, for good: what they computed and its credit stay, under a number."""
    with open_for_reading(change.folder) as db:
        number = _with_account(db, who)
    if not (yes or change.dry_run):
        print_remark(
            f"Name, address, keys and preferences of volunteer {number} would be gone, and nobody could undo it."
        )
        click.confirm("Erase them?", abort=True, err=True)
    answer = change.submit("account.erase", {"volunteer": number})
    erased = "would be erased" if change.dry_run else "is erased"
    others = f"{tell_amount(answer['tasks'], 'task')} of theirs for others"
    change.tell("volunteer", answer, f"Volunteer {number} {erased}; {others}. {_BACKUPS}")


@volunteer.command("operators")
@reading_options
def list_operators(folder: Folder) -> Shown:
    """Who may act as operator at the site, and who might once."""
    answer = read_page(folder, operator_facts.describe_operators)
    yield answer
    show_table(
        ("operator", "volunteer", "since", "until"),
        [
            (operator["name"], operator["volunteer"], operator["since"][:10], (operator["ended_at"] or "")[:10])
            for operator in answer["operators"]
        ],
        none="Nobody acts as operator at the site. `axiom volunteer operator NAME --account ADDRESS` gives the role.",
    )


@volunteer.command("operator")
@click.argument("name")
@click.option("--account", "who", metavar="NUMBER|ADDRESS", help="Whose account has the role from now on.")
@click.option("--end", is_flag=True, help="Take the role away.")
@change_options
def operator(name: str, who: str | None, end: bool, change: Change) -> None:
    """Give an account the role of an operator at the site, or take it away. NAME is how the audit knows them.

    The secret of their second factor is shown once; given again, the role has another one.
    """
    if end is (who is not None):
        raise WrongUse("Say either --account, to give the role, or --end, to take it away. Nothing was changed.")
    if who is None:
        answer = change.submit("operator.end", {"operator": name})
        change.tell("operator", answer, f"{name} is no operator any more")
        return
    with open_for_reading(change.folder) as db:
        number = _with_account(db, who)
    answer = change.submit("operator.add", {"operator": name, "volunteer": number})
    secret = None if change.dry_run else secret_of(load_secrets(change.folder.keys).accounts, number, answer["serial"])
    settings, _ = read_process_settings(change.folder.settings)
    address = address_of(secret, name, settings.name) if secret else None
    if change.as_json:
        show_json({"operator": {**answer, "secret": secret, "address": address}})
        return
    if secret is None or address is None:
        change.remark(f"Volunteer {number} would be operator {name} (dry run: the role was not given).")
        return
    change.remark(
        f"Volunteer {number} is operator {name}. This is the secret of their second factor, for an authenticator. It "
        "is shown once; give it to nobody else. Who is signed in to that account sees its QR code, until a code "
        f"counted, at {settings.url.rstrip('/')}/operator/sign-in?show={link_mark_of(secret)}\n{picture_of(address)[1]}"
    )
    print_text(address)


def _with_account(db: Database, who: str) -> int:
    """The number of a volunteer who can sign in, by number or address."""
    is_number = who.isascii() and who.isdecimal() and len(who) <= len(str(LARGEST)) and int(who) <= LARGEST
    signed_up = (
        accounts.find_account(db, int(who)) if is_number else accounts.find_account_by_email(db, who.strip().lower())
    )
    if signed_up is None:
        raise NotFound(f"There is no volunteer with the {'number' if is_number else 'address'} {who[:80]!r}.")
    volunteer, account = signed_up
    if account.email is None:
        raise Refused(f"Volunteer {volunteer.id} is no person who signs in: it has no address. Nothing was changed.")
    return volunteer.id


@click.group(cls=Group)
def team() -> None:
    """Volunteers who compute together."""


@team.command("list")
@data_option
@after_option
@answer_option
def list_teams(folder: Folder, after: int) -> Shown:
    """Teams by number."""
    answer = read_page(folder, teams.teams_page, query={"after": after})
    yield answer
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
@reading_options
def show_team(number: int, folder: Folder) -> Shown:
    """One team and its volunteers."""
    answer = read_page(folder, teams.team_page, number)
    yield answer
    facts = answer["team"]
    show_facts({name: facts[name] for name in ("number", "name", "country", "about", "since", "volunteer_count")})
    show_facts({"founded by": _name(facts["founder"]), **_credit(facts)})
    print_text()
    _show_volunteers(facts["volunteers"], none="Nobody is in this team at the moment.")


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


def _name(row: Answer | None) -> str | None:
    return row["name"] if row else None


def _none(noun: str, amount: int, after: int) -> str:
    return f"There is no {noun} behind {after}." if amount else f"There is no {noun} yet."
