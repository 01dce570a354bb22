"""`axiom runner`: the programs that volunteers' computers get, from a release of built ones."""

from collections.abc import Sequence
from pathlib import Path

import click

from axiom.cli.changes import Change, change_options
from axiom.cli.groups import Group
from axiom.cli.output import Shown, answer_option, quiet_option, show_json, show_table
from axiom.errors import KeysUnusable
from axiom.laboratory.runner.fetch import choose_fetched_runners, fetch_release, fetch_runner
from axiom.laboratory.runner.release import RELEASE, sign_release
from axiom.service.open_laboratory import demand_laboratory
from axiom.signed.signing_key import SigningKey
from axiom.store.engine.folder import demand_folder_owner
from axiom_weigh.terminal import print_progress, print_remark, print_text, wall_clock

_FILE = click.Path(path_type=Path)
_MB = 1_000_000


@click.group(cls=Group)
def runner() -> None:
    """The programs that volunteers' computers get, from a release of built ones."""


def _key(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise click.BadParameter("it is not the 64 signs 0-9 a-f that `axiom runner sign` printed.")
    return text


@runner.command("fetch")
@click.argument("place")
@click.option("--key", required=True, callback=_key, help="The public key of whoever built them.")
@click.option("--only", multiple=True, metavar="NAME", help="This runner, as x86_64-pc-linux-gnu; again for others.")
@change_options
def fetch(place: str, key: str, only: Sequence[str], change: Change) -> None:
    """Fetch built runners from PLACE, an https:// address or a folder, in place of building them here.

    Nothing is taken but what the key has signed. A fetch that was cut goes on where it was.
    """
    demand_laboratory(change.folder)
    demand_folder_owner(change.folder)
    release = fetch_release(place, key)
    rows = []
    for name in choose_fetched_runners(release, only):
        done = "would be fetched"
        if not change.dry_run:
            change.remark(f"{name}: {release.size(name) / _MB:,.1f} MB")
            tell = (lambda *_: None) if change.quiet else _tell
            try:
                done = "fetched" if fetch_runner(change.folder, place, release, name, tell) else "there already"
            finally:
                if not change.quiet:
                    print_progress("")
        rows.append({"name": name, "mb": round(release.size(name) / _MB, 1), "change": done})
    if change.as_json:
        show_json({"runners": rows, "signed_at": release.signed_at.isoformat(), "dry_run": change.dry_run})
        return
    show_table(("runner", "MB", "now"), [(row["name"], row["mb"], row["change"]) for row in rows], none="It has none.")
    change.remark(f"Signed at {release.signed_at:%Y-%m-%d %H:%M} UTC.")
    if not change.dry_run:
        change.remark("A laboratory that runs offers them within seconds; `axiom status` says which it offers.")


def _tell(file: str, done: int) -> None:
    print_progress(f"{file}: {done / _MB:,.1f} MB")


@runner.command("sign")
@click.argument("place", type=_FILE)
@click.option("--key", "key_file", type=_FILE, required=True, help="The file of the private key.")
@click.option("--make-key", is_flag=True, help="Make the key first, in that file.")
@answer_option
@quiet_option
def sign(place: Path, key_file: Path, make_key: bool, quiet: bool) -> Shown:
    """Sign the built runners in the folder PLACE, so that others can fetch them from a copy of it.

    Prints the public key, which they must learn another way than from there.
    """
    key = _made(key_file) if make_key else SigningKey.load(key_file)
    release = sign_release(place, key, wall_clock())
    yield {"key": key.public, "runners": sorted(release.runners)}
    print_text(key.public)
    print_remark(
        f"Signed {', '.join(sorted(release.runners))} in {place / RELEASE}. Put a copy of the folder where others "
        f"reach it; they type: axiom runner fetch ADDRESS --key {key.public}",
        quiet=quiet,
    )


def _made(file: Path) -> SigningKey:
    key = SigningKey.make()
    try:
        key.save(file)
    except FileExistsError:
        raise KeysUnusable(
            f"{file} is there already, and no key is ever written over another file. Nothing was signed; leave "
            "--make-key away, or name a new file."
        ) from None
    except OSError as fault:
        raise KeysUnusable(f"The key {file} cannot be written: {fault.strerror}. Nothing was signed.") from None
    return key
