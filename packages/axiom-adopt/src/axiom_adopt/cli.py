"""`axiom adopt`: a project on an official BOINC server becomes a laboratory."""

import csv
import sys
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import click

from axiom.cli.groups import Group
from axiom.cli.output import (
    Shown,
    data_option,
    dry_run_option,
    json_option,
    quiet_option,
    reading_options,
    show_facts,
    show_json,
)
from axiom.errors import Refused
from axiom.store.accounts import adoption
from axiom.store.engine.folder import Folder
from axiom_adopt import code_key_handover, move_project
from axiom_adopt.check_old_addresses import find_strangers
from axiom_adopt.dump import open_dump
from axiom_adopt.inspect_dump import Inspection, inspect_dump
from axiom_adopt.laboratory_rows import moment_of
from axiom_adopt.load_dump import Told
from axiom_adopt.project_folder import Project, read_project
from axiom_adopt.proxy_lines import write_nginx_lines
from axiom_adopt.undo_move import undo_move, write_differences
from axiom_weigh.terminal import print_remark, print_text

_LOSSES = 1  # exit status


class AdoptGroup(Group):
    """`axiom adopt DUMP` moves it; what else can be done has a word of its own."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None:
            args = ["move", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=AdoptGroup)
def adopt() -> None:
    """A project on an official BOINC server becomes this laboratory: `axiom adopt DUMP --project FOLDER`."""


@adopt.command()
@click.argument("dump", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--project", "project_folder", required=True, type=click.Path(path_type=Path), metavar="FOLDER")
@data_option
@click.option("--accept-losses", is_flag=True, help="Go on although not all comes along; -n says what does not.")
@click.option("--key-elsewhere", is_flag=True, help="The code-signing key is kept on another computer, or lost.")
@click.option("--repair-text", is_flag=True, help="Set right texts that are UTF-8 twice over.")
@dry_run_option
@json_option
@quiet_option
def move(
    dump: Path,
    project_folder: Path,
    folder: Folder,
    *,
    accept_losses: bool,
    key_elsewhere: bool,
    repair_text: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Move people, computers, teams and credit of a dump into a new laboratory. Typed again it goes on."""
    project = read_project(project_folder)
    with open_dump(dump, is_repairing=repair_text) as opened:
        inspection = inspect_dump(opened)
        answer = report_of(inspection, project)
        plan = move_project.Move(dump=opened, project=project, folder=folder, is_key_elsewhere=key_elsewhere)
        plan.demand_possible(inspection)
        has_losses = bool(inspection.losses.counts) and not accept_losses
        if not (dry_run or has_losses):
            answer |= plan.carry_out(inspection, _tell(quiet=quiet))
    if as_json:
        show_json({"adoption": answer | {"dry_run": dry_run}})
    else:
        _show_report(answer)
        for line in write_nginx_lines(move_project.addresses_of(project), 8080).splitlines() if dry_run else ():
            print_text(line)
        if "is_moved" in answer:
            print_text(f"All of this is in {folder.path}. Next: `axiom adopt verify --data {folder.path}`.")
        for problem in answer.get("problems", ()):
            print_remark(problem, quiet=False)
    if has_losses and not dry_run:
        raise Refused("Not all of it comes along, as said above. Nothing was written; --accept-losses goes on.")
    raise click.exceptions.Exit(_LOSSES if has_losses or answer.get("problems") else 0)


@adopt.command()
@reading_options
def status(folder: Folder) -> Shown:
    """Who has come back, and what is left of the server before."""
    with move_project.open_moved(folder) as (db, present):
        answer = {
            "project": present.project,
            "moved_at": _written(present.sealed_at),
            **adoption.read_adoption_progress(db),
        }
    yield {"adoption": answer}
    show_facts({name.replace("_", " "): value for name, value in answer.items()})


@adopt.command()
@click.option(
    "--project", "project_folder", type=click.Path(path_type=Path), metavar="FOLDER", help="Ask its addresses."
)
@reading_options
def verify(project_folder: Path | None, folder: Folder) -> Shown:
    """Is everything here that was taken of the dump, and does the ledger add up? Ends with 1 where not.

    With --project it asks at the addresses of before, whether it is the laboratory that answers there.
    """
    with move_project.open_moved(folder) as (db, present):
        problems = [*move_project.find_problems(db), *code_key_handover.find_missing_signature(folder)]
    if project_folder:
        problems += find_strangers(move_project.addresses_of(read_project(project_folder)))
    yield {"adoption": {"project": present.project, "holds": not problems, "problems": problems}}
    print_text("\n".join(problems) or "Everything that was taken of the dump is here, and the ledger adds up.")
    if problems:
        raise click.exceptions.Exit(1)


@adopt.command("accept-code-key")
@click.argument("signature", required=False, type=click.File("r", encoding="ascii", errors="replace"))
@data_option
@quiet_option
def accept_code_key(signature: IO[str] | None, folder: Folder, quiet: bool) -> None:
    """Let the laboratory's own key follow the project's, with the SIGNATURE that the project's made of it elsewhere."""
    if signature is None:
        public = code_key_handover.begin_code_key(folder)
        print_remark(
            f"{public} holds the key that shall follow. Where the project's private key is kept, type "
            f"`sign_executable {public.name} code_sign_private > signature`, and here `axiom adopt accept-code-key "
            "signature`.",
            quiet=quiet,
        )
        return
    code_key_handover.accept_code_key(folder, signature.read(10_000))
    print_remark("Clients take the laboratory's key for the project's from now on.", quiet=quiet)


@adopt.command()
@click.option("--differences", type=click.Path(path_type=Path), metavar="FILE", help="Where who is new is written.")
@data_option
@quiet_option
def undo(differences: Path | None, folder: Folder, quiet: bool) -> None:
    """Take the move back, as long as nobody new has come and nothing was paid; afterwards, write down what is new."""
    if differences is not None:
        with differences.open("w", encoding="utf-8", newline="") as file:
            rows = write_differences(folder, csv.writer(file))
        print_remark(f"Wrote {rows} rows of what is new since the move. Nothing was changed.", quiet=quiet)
        return
    aside = undo_move(folder)
    print_remark(
        f"The folder {folder.path} is as before the move; the laboratory with its keys lies in {aside}, until you "
        "delete it. Point the proxy at the server before.",
        quiet=quiet,
    )


def report_of(inspection: Inspection, project: Project) -> dict[str, Any]:
    """What is taken and what is not, as data."""
    return {
        "project": project.master_url,
        "dump": inspection.digest,
        "people": len(inspection.people),
        "computers": len(inspection.computers),
        "teams": len(inspection.teams),
        "credit": inspection.totals["user"] / 1_000,
        "merged_computers": len(inspection.merges),
        "tasks_out": len(inspection.tasks),
        "tasks_unsent": inspection.unsent,
        "newest_contact": _written(moment_of(inspection.newest_contact)),
        "passwords": dict(inspection.passwords),
        "code_key": str(project.code_key_state),
        "losses": {kind: inspection.losses.examples[kind] for kind in inspection.losses.counts},
        "loss_counts": dict(inspection.losses.counts),
    }


def _show_report(answer: dict[str, Any]) -> None:
    plain = {name: value for name, value in answer.items() if not isinstance(value, dict | list)}
    show_facts({name.replace("_", " "): value for name, value in plain.items()})
    for name, count in answer["passwords"].items():
        print_text(f"passwords: {name}: {count}")
    for kind, count in answer["loss_counts"].items():
        print_text(f"does not come along: {kind}: {count} ({', '.join(answer['losses'][kind][:3])} …)")


def _tell(*, quiet: bool) -> Told:
    """A line on a terminal that counts on; nothing where nobody looks at it."""
    if quiet or not sys.stderr.isatty():
        return lambda *_: None

    def tell(part: str, through: int, count: int) -> None:
        end = "\n" if through >= count else ""
        click.echo(f"\r{part}: {through:,} of {count:,}{end}", err=True, nl=False)  # noqa: TID251  a line that moves

    return tell


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
