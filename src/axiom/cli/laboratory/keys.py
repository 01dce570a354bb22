"""`axiom keys`: who may sign what, on the server and on a computer without a network."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import click

from axiom.cli.groups import Group
from axiom.cli.laboratory.describe_signing_request import describe_signing_request, list_missing_signatures
from axiom.cli.laboratory.gather_signing_request import find_requested_programs, is_worth_carrying, request_of
from axiom.cli.laboratory.key_status import key_rows, keys_of, list_unsigned
from axiom.cli.output import Shown, data_option, quiet_option, reading_options, show_facts, show_table
from axiom.errors import AxiomError, KeysUnusable, NoLab, Refused, WrongUse
from axiom.gate.command import Answer
from axiom.laboratory.keys import seal_bundles
from axiom.laboratory.keys.commands import SealBundles, SignPrograms
from axiom.service.open_laboratory import demand_keys, package_folder, run_audited, submit_in_folder
from axiom.signed import key_rotation
from axiom.signed.atomic_files import write_atomically
from axiom.signed.key_rotation import Rotation
from axiom.signed.keys import load_keys
from axiom.signed.offline_keys import PUBLIC_FILE, load_held, make_offline, read_public
from axiom.signed.signing_requests import LIMIT, SigningRequest, add_signatures, read_request, write_request
from axiom.signed.trust import Role
from axiom.store.engine.folder import Folder, write_file_atomically
from axiom_weigh.terminal import print_remark, print_text, wall_clock

_FILE = click.Path(path_type=Path)
_public = click.option("--public", type=_FILE, help="The public.json of keys that are kept elsewhere.")


@click.group(cls=Group)
def keys() -> None:
    """Who may sign what."""


@keys.command("show")
@reading_options
def show_keys(folder: Folder) -> Shown:
    """The public side of the laboratory's keys, by role."""
    trust = keys_of(folder).trust
    roles = {role.value: sorted(signers.keys) for role, signers in trust.roles.items()}
    facts = {"lab": trust.lab, "version": trust.version, "expires": trust.expires.isoformat(), "roles": roles}
    yield {"keys": facts}
    show_facts({**facts, "roles": ", ".join(f"{role}: {' '.join(ids)}" for role, ids in roles.items())})


@keys.command("status")
@reading_options
def status(folder: Folder) -> Shown:
    """Which keys are here and which elsewhere, what runs out when, and what waits to be signed."""
    keys_here, now = keys_of(folder), wall_clock()
    rows, waits = key_rows(folder, keys_here), list_unsigned(folder, keys_here, now)
    facts = {
        "lab": keys_here.trust.lab,
        "version": keys_here.trust.version,
        "expires": keys_here.trust.expires.isoformat(),
        "days_left": (keys_here.trust.expires - now).days,
    }
    yield {"keys": {**facts, "keys": rows, "waiting": waits}}
    show_facts(facts)
    print_text()
    shown = [(row["role"], str(row["key"])[:12], row["where"], row["must_sign"]) for row in rows]
    show_table(("role", "key", "where", "must sign"), shown, none="There is no key.")
    print_text()
    none = "Nothing waits to be signed."
    show_table(("waits to be signed", "why"), [(wait["what"], wait["why"]) for wait in waits], none=none)
    if waits:
        are_here = all(row["where"] == "here" for row in rows)
        by_hand = "`axiom keys request FILE` writes down what has to be signed."
        print_text("The keys are here: `axiom lab` signs this by itself." if are_here else by_hand)


@keys.command("make")
@click.argument("place", type=_FILE)
@quiet_option
def make(place: Path, quiet: bool) -> None:
    """Make keys in a new folder, on a computer that stays without a network."""
    try:
        make_offline(place)
    except (FileNotFoundError, NotADirectoryError, PermissionError) as fault:
        raise KeysUnusable(f"No keys can be made in {place} ({fault.strerror}). Choose another folder.") from None
    print_text(str(place / PUBLIC_FILE))
    print_remark(
        f"Made a root, a bundle and a code-signing key in {place} (mode 0600). Keep a copy of the folder in another "
        f"place, and carry {PUBLIC_FILE} alone to the server.",
        quiet=quiet,
    )


@keys.command("request")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_public
@click.option("--withdraw", is_flag=True, help="Trust the ticket key of before no more: it was stolen.")
@data_option
@quiet_option
def request(file: Path, public: Path | None, withdraw: bool, folder: Folder, quiet: bool) -> None:
    """Write down what the keys that are kept elsewhere have to sign."""
    now = wall_clock()
    demand_keys(folder)
    if public is not None:
        folder.create()
        key_rotation.begin_with_public(folder.keys, read_public(public))
    elif not folder.keys.exists():
        raise NoLab(f"There is no laboratory in {folder.path}; for one without keys of its own, give --public FILE.")
    wanted = request_of(folder, now, withdraw=withdraw)
    if not is_worth_carrying(folder, wanted):
        print_remark("There is nothing that has to be signed elsewhere. Nothing was written.", quiet=quiet)
        return
    _write(file, wanted)
    for line in describe_signing_request(wanted, package_folder(), {}):
        print_remark(line, quiet=quiet)
    print_remark(f"Carry {file} to the keys; there: axiom keys sign {file.name} --keys DIR", quiet=quiet)


@keys.command("sign")
@click.argument("file", type=_FILE)
@click.option(
    "--keys", "places", type=_FILE, multiple=True, required=True, help="A folder with private keys; repeat it."
)
@click.option(
    "--programs", "programs", type=_FILE, multiple=True, help="A folder with programs that you built yourself."
)
@click.option("--lab", default="", help="Your laboratory's whole name, where no root key of it is in these folders.")
@click.option("--yes", is_flag=True, help="Sign without asking.")
@quiet_option
def sign_request(
    file: Path, places: Sequence[Path], programs: Sequence[Path], lab: str, yes: bool, quiet: bool
) -> None:
    """Look at a request, and sign it with the keys of these folders. Needs no network and no laboratory."""
    wanted, now = read_request(_read(file)), wall_clock()
    names = find_requested_programs(wanted, programs)
    for line in describe_signing_request(wanted, package_folder(), names):
        print_text(line)
    if not yes:
        click.confirm("Sign this?", abort=True)
    key_sets = [load_held(place) for place in places]
    roots = frozenset[str]().union(*(private_keys.roots for private_keys in key_sets))
    for private_keys in key_sets:
        wanted = add_signatures(wanted, private_keys, seen=names.keys(), now=now, lab=lab, roots=roots)
    _write(file, wanted)
    open_ends = list(list_missing_signatures(wanted, now))
    for sentence in open_ends:
        print_text(f"Not complete: {sentence}")
    if not open_ends:
        print_remark(f"Complete. Carry {file} back; there: axiom keys accept {file.name}", quiet=quiet)


@keys.command("accept")
@click.argument("file", type=_FILE)
@data_option
@quiet_option
def accept(file: Path, folder: Folder, quiet: bool) -> None:
    """Take what was signed elsewhere: the next trust file, seals, signatures of programs."""
    raw, now = _read(file), wall_clock()
    signed = read_request(raw)
    detail = {"request": hashlib.sha256(raw).hexdigest()}
    if key_rotation.next_trust(folder.keys, signed, now) or key_rotation.has_new_code_key(folder.keys, signed):
        run_audited(folder, "keys.accept", detail, lambda: _accepted(folder, signed, now))
        trust = keys_of(folder).trust
        print_remark(
            f"Version {trust.version} of the trust file is in force, until {trust.expires:%Y-%m-%d}.", quiet=quiet
        )
    elif signatures := key_rotation.signatures_to_carry(folder.keys, signed):
        _take_signatures(signatures, folder)
    for sentence in list_missing_signatures(signed, now):
        print_text(f"Not complete: {sentence}")
    _take_seals(signed, folder, quiet=quiet)


@keys.command("rotate")
@click.argument("role", type=click.Choice(key_rotation.ROLES))
@_public
@click.option("--withdraw", is_flag=True, help="Trust the ticket key of before no more: it was stolen.")
@data_option
@quiet_option
def rotate(role: str, public: Path | None, withdraw: bool, folder: Folder, quiet: bool) -> None:
    """Give a role another key. At once, where the root key is here; otherwise with the next request.

    The laboratory must be stopped: a server keeps the keys that it started with.
    """
    keys_of(folder)
    wanted = Rotation(role=role, public=read_public(public) if public else None, withdraw=withdraw)
    detail = {"role": role, "withdraw": withdraw}
    done = run_audited(folder, "keys.rotate", detail, lambda: _rotated(folder, wanted))["done"]
    ask = f"It waits for signatures: `axiom keys request FILE{' --withdraw' if withdraw else ''}`."
    print_remark(_AFTER[role] if done else ask, quiet=quiet)
    if done and role == "bundle" and load_keys(folder.keys, wall_clock()).can(Role.BUNDLE) and folder.exists():
        for bundle in submit_in_folder(folder, SealBundles())["sealed"]:
            print_remark(f"{bundle['experiment']}@{bundle['version']}: {bundle['change']}", quiet=quiet)


_AFTER = {
    "root": "The root key is another now; every host learns it with its next tasks.",
    "bundle": "The bundle key is another now; what is published must be sealed by it.",
    "ticket": "The ticket key is another now; orders that are out stay good until the next version of the trust file.",
    "upload": "The upload key is another now; the outputs of tasks that are out will be refused, and computed again.",
    "code": "The code-signing key is another now; every client is told at its next call.",
}


def _rotated(folder: Folder, wanted: Rotation) -> Answer:
    demand_keys(folder)
    done = key_rotation.rotate_keys(folder.keys, wanted, wall_clock())
    return {"done": done, **key_rotation.keys_in_force(folder.keys)}


def _accepted(folder: Folder, signed: SigningRequest, now: datetime) -> Answer:
    key_rotation.accept_signatures(folder.keys, signed, now)
    return key_rotation.keys_in_force(folder.keys)


def _take_signatures(signatures: Mapping[str, str], folder: Folder) -> None:
    """Signatures of programs change nobody's trust, so a laboratory that works takes them, too."""
    if folder.exists():
        submit_in_folder(folder, SignPrograms(signatures=dict(signatures)))
    else:
        key_rotation.carry_signatures(folder.keys, signatures)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(LIMIT + 1)
    except OSError as fault:
        raise WrongUse(f"{file} cannot be read ({fault.strerror}). Nothing was signed or changed.") from None


def _write(file: Path, wanted: SigningRequest) -> None:
    try:
        write_atomically(file, write_request(wanted))
    except OSError as fault:
        raise WrongUse(f"{file} cannot be written ({fault.strerror}). Choose another place.") from None


def _take_seals(signed: SigningRequest, folder: Folder, *, quiet: bool) -> None:
    """Publish what was sealed; what is refused holds up nothing else, and makes the command fail at its end."""
    if not signed.seals:
        return
    trust, now, problems = keys_of(folder).trust, wall_clock(), []
    for wanted in signed.seals:
        try:
            command = SealBundles(seal=signed.seal_text(wanted, trust, now))
            path = seal_bundles.unsealed_archive_path(folder, wanted.seal.digest)
            write_file_atomically(path, wanted.archive)
            try:
                sealed = submit_in_folder(folder, command)["sealed"]
            finally:
                path.unlink()
            for bundle in sealed:
                print_remark(f"{bundle['experiment']}@{bundle['version']}: {bundle['change']}", quiet=quiet)
        except AxiomError as error:
            problems.append(f"{wanted.seal.experiment}@{wanted.seal.version}: {error}")
    if problems:
        raise Refused("\n".join(problems))
