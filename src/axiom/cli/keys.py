"""`axiom keys`: who may sign what, on the server and on a computer without a network."""

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from axiom.cli.groups import Group
from axiom.cli.opening import package, reading, submit
from axiom.cli.options import (
    data_option,
    json_option,
    quiet_option,
    remark,
    show_facts,
    show_json,
    show_table,
    wall_clock,
)
from axiom.cli.requested import missing, words
from axiom.commands.experiments import PublishExperiment
from axiom.commands.laboratory import Laboratory
from axiom.commands.sealing import SealBundles
from axiom.errors import AxiomError, NoLab, Refused, WrongUse
from axiom.lab import ceremony, sealing
from axiom.settings import from_process
from axiom.signed.code_signing import CARRIED, CODE_KEY, load_code
from axiom.signed.keys import EXPIRY_NOT_ASKED, Keys, load_keys, make_secrets, replace_private
from axiom.signed.offline import PUBLIC_FILE, Public, load_held, make_offline, read_public
from axiom.signed.requests import LIMIT, Request, WantedProgram, read_request, sign, write_request
from axiom.signed.roles import Role, Signers, Trust, Untrusted
from axiom.store.folder import Folder, keep, lock

_FILE = click.Path(path_type=Path)
_public = click.option("--public", type=_FILE, help="The public.json of keys that are kept elsewhere.")
_ROLES = ("root", "bundle", "ticket", "upload", "code")


@click.group(cls=Group)
def keys() -> None:
    """Who may sign what."""


@keys.command("show")
@data_option
@json_option
def show_keys(folder: Folder, as_json: bool) -> None:
    """The public side of the laboratory's keys, by role."""
    trust = _loaded(folder).trust
    roles = {role.value: sorted(signers.keys) for role, signers in trust.roles.items()}
    facts = {"lab": trust.lab, "version": trust.version, "expires": trust.expires.isoformat(), "roles": roles}
    if as_json:
        show_json({"keys": facts})
    else:
        show_facts({**facts, "roles": ", ".join(f"{role}: {' '.join(ids)}" for role, ids in roles.items())})


@keys.command("status")
@data_option
@json_option
def status(folder: Folder, as_json: bool) -> None:
    """Which keys are here and which elsewhere, what runs out when, and what waits to be signed."""
    held = _loaded(folder)
    rows, waiting = _key_rows(folder, held), _waiting(folder, held)
    facts = {"lab": held.trust.lab, "version": held.trust.version, "expires": held.trust.expires.isoformat()}
    if as_json:
        show_json({"keys": {**facts, "keys": rows, "waiting": waiting}})
        return
    show_facts(facts)
    click.echo()
    shown = [(row["role"], str(row["key"])[:12], row["where"], row["must_sign"]) for row in rows]
    show_table(("role", "key", "where", "must sign"), shown, none="There is no key.")
    click.echo()
    none = "Nothing waits to be signed."
    show_table(("waits to be signed", "why"), [(one["what"], one["why"]) for one in waiting], none=none)
    if waiting and not held.can(Role.BUNDLE):
        click.echo("`axiom keys request FILE` writes down what has to be signed.")


@keys.command("make")
@click.argument("place", type=_FILE)
@click.option("--root-keys", default=3, show_default=True, help="How many root keys.")
@click.option("--root-threshold", default=2, show_default=True, help="How many of them must sign.")
@click.option("--bundle-keys", default=2, show_default=True, help="How many bundle keys.")
@click.option("--bundle-threshold", default=1, show_default=True, help="How many of them must sign.")
@quiet_option
def make(
    place: Path, root_keys: int, root_threshold: int, bundle_keys: int, bundle_threshold: int, quiet: bool
) -> None:
    """Make keys in a new folder, on a computer that stays without a network."""
    make_offline(place, {Role.ROOT: (root_keys, root_threshold), Role.BUNDLE: (bundle_keys, bundle_threshold)})
    click.echo(str(place / PUBLIC_FILE))
    remark(
        f"Made {root_keys} root and {bundle_keys} bundle keys and a code-signing key in {place} (mode 0600). Give each "
        f"root key to another person, keep a copy of each, and carry {PUBLIC_FILE} alone to the server.",
        quiet=quiet,
    )


@keys.command("request")
@click.argument("file", type=_FILE)
@_public
@click.option("--withdraw", is_flag=True, help="Trust the ticket key of before no more: it was stolen.")
@data_option
@quiet_option
def request(file: Path, public: Path | None, withdraw: bool, folder: Folder, quiet: bool) -> None:
    """Write down what the keys that are kept elsewhere have to sign."""
    now = wall_clock()
    if public is not None:
        folder.create()
        ceremony.begin(folder.keys, read_public(public))
    elif not folder.keys.exists():
        raise NoLab(f"There is no laboratory in {folder.path}; for one without keys of its own, give --public FILE.")
    body, code = ceremony.proposal(folder.keys, now, withdraw=withdraw), make_secrets(folder.keys).code
    asked = Request(
        before=ceremony.trust_file(folder.keys),
        trust=body,
        code=code.public_text,
        next_code=ceremony.next_code(folder.keys),
        programs=_unsigned(folder),
    )
    asked = _with_seals(asked, folder)
    if asked.is_empty and code.key is not None:
        remark("There is nothing that has to be signed elsewhere. Nothing was written.", quiet=quiet)
        return
    replace_private(file, write_request(asked))
    for line in words(asked, package(), {}):
        remark(line, quiet=quiet)
    remark(f"Carry {file} to the keys; there: axiom keys sign {file.name} --keys DIR", quiet=quiet)


@keys.command("sign")
@click.argument("file", type=_FILE)
@click.option(
    "--keys", "places", type=_FILE, multiple=True, required=True, help="A folder with private keys; repeat it."
)
@click.option(
    "--programs", "programs", type=_FILE, multiple=True, help="A folder with programs that you built yourself."
)
@click.option("--yes", is_flag=True, help="Sign without asking.")
@quiet_option
def sign_request(file: Path, places: Sequence[Path], programs: Sequence[Path], yes: bool, quiet: bool) -> None:
    """Look at a request, and sign it with the keys of these folders. Needs no network and no laboratory."""
    asked, now = read_request(_read(file)), wall_clock()
    looked_at = _looked_at(asked, programs)
    for line in words(asked, package(), looked_at):
        click.echo(line)
    if not yes:
        click.confirm("Sign this?", abort=True)
    for place in places:
        asked = sign(asked, load_held(place), seen=looked_at.keys(), now=now)
    replace_private(file, write_request(asked))
    open_ends = list(missing(asked, now))
    for sentence in open_ends:
        click.echo(f"Not complete: {sentence}")
    if not open_ends:
        remark(f"Complete. Carry {file} back; there: axiom keys accept {file.name}", quiet=quiet)


@keys.command("accept")
@click.argument("file", type=_FILE)
@data_option
@quiet_option
def accept(file: Path, folder: Folder, quiet: bool) -> None:
    """Take what was signed elsewhere: the next trust file, seals, signatures of programs."""
    asked, now = read_request(_read(file)), wall_clock()
    raw = _signed_trust(asked, folder, now) if asked.trust else b""
    if raw and raw != ceremony.trust_file(folder.keys):
        with lock(folder, "axiom keys accept"):
            trust = ceremony.install(folder.keys, raw, now)
            ceremony.carry(folder.keys, asked)
        remark(f"Version {trust.version} of the trust file is in force, until {trust.expires:%Y-%m-%d}.", quiet=quiet)
    elif asked.change:
        with lock(folder, "axiom keys accept"):
            ceremony.carry(folder.keys, asked)
    else:
        ceremony.carry(folder.keys, asked)
    for sentence in missing(asked, now):
        click.echo(f"Not complete: {sentence}")
    _take_seals(asked, folder, quiet=quiet)


@keys.command("rotate")
@click.argument("role", type=click.Choice(_ROLES))
@_public
@click.option("--keep", is_flag=True, help="The root or bundle keys of before stay beside the new ones.")
@click.option("--drop", multiple=True, help="A root or bundle key that goes, by the beginning of its id; repeat it.")
@click.option("--threshold", type=click.IntRange(1, 9), help="How many of them must sign.")
@click.option("--withdraw", is_flag=True, help="Trust the ticket key of before no more: it was stolen.")
@data_option
@quiet_option
def rotate(
    role: str,
    public: Path | None,
    keep: bool,
    drop: Sequence[str],
    threshold: int | None,
    withdraw: bool,
    folder: Folder,
    quiet: bool,
) -> None:
    """Give a role other keys. At once, where enough root keys are here; otherwise with the next request.

    The laboratory must be stopped: a server keeps the keys that it started with.
    """
    _loaded(folder)
    given = read_public(public) if public else None
    with lock(folder, "axiom keys rotate"):
        make_secrets(folder.keys)
        done = True
        if role == "upload":
            (folder.keys / "upload.key").unlink()
            make_secrets(folder.keys)
        elif role == "code":
            done = ceremony.change_code(folder.keys, given.code if given else None)
        else:
            named = Role(role)
            if given is not None or drop:
                chosen = _chosen(_loaded(folder).trust, named, given, drop, keep=keep, threshold=threshold)
                ceremony.name_next(folder.keys, named, chosen)
            else:
                ceremony.make_next(folder.keys, named)
            done = ceremony.change_here(folder.keys, wall_clock(), withdraw=withdraw) is not None
    ask = f"It waits for signatures: `axiom keys request FILE{' --withdraw' if withdraw else ''}`."
    remark(_AFTER[role] if done else ask, quiet=quiet)
    if done and role == "bundle" and load_keys(folder.keys, wall_clock()).can(Role.BUNDLE) and folder.exists():
        for one in submit(folder, SealBundles())["sealed"]:
            remark(f"{one['experiment']}@{one['version']}: {one['change']}", quiet=quiet)


_AFTER = {
    "root": "The root keys are others now; every host learns it with its next tasks.",
    "bundle": "The bundle keys are others now; what is published must be sealed by them.",
    "ticket": "The ticket key is another now; orders that are out stay good until the next version of the trust file.",
    "upload": "The upload key is another now; the outputs of tasks that are out will be refused, and computed again.",
    "code": "The code-signing key is another now; every client is told at its next call.",
}


def _loaded(folder: Folder) -> Keys:
    """The keys of a laboratory, also where its trust file has run out: that is what these commands are for."""
    if not folder.keys.is_dir():
        raise NoLab(
            f"There is no laboratory in {folder.path}, so it has no keys. `axiom init {folder.path}` makes one."
        )
    return load_keys(folder.keys, EXPIRY_NOT_ASKED)


def _key_rows(folder: Folder, held: Keys) -> list[dict[str, Any]]:
    here = {key.id for key in (*held.roots, *held.sealers, held.ticket)}
    rows: list[dict[str, Any]] = []
    for role, signers in held.trust.roles.items():
        for name in sorted(signers.keys):
            where = "here" if name in here else "elsewhere"
            rows.append({"role": role.value, "key": name, "where": where, "must_sign": signers.threshold})
    if not (folder.keys / CODE_KEY).exists() and not (folder.keys / CARRIED).exists():
        return rows  # a laboratory that never had a volunteer
    code = load_code(folder.keys)
    name, where = "".join(code.public_text.split())[4:], "here" if code.key else "elsewhere"
    return [*rows, {"role": "code", "key": name[:64], "where": where, "must_sign": 1}]


def _waiting(folder: Folder, held: Keys) -> list[dict[str, str]]:
    now, found = wall_clock(), []
    if held.trust.expires - now <= ceremony.RENEW_WITHIN and not held.can(Role.ROOT):
        found.append({"what": "trust file", "why": f"it runs out at {held.trust.expires:%Y-%m-%d %H:%M} UTC"})
    found += [{"what": program.name, "why": "no code signature yet"} for program in _unsigned(folder)]
    if folder.exists():
        laboratory = _laboratory(folder, held)
        files, good_for = laboratory.experiment_files(), laboratory.bundle_good_for
        with reading(folder) as db:
            waiting = sealing.waiting(db, folder, package(), files, trust=held.trust, good_for=good_for, now=now)
            found += [{"what": one.experiment, "why": one.why} for one in waiting]
    return found


def _laboratory(folder: Folder, held: Keys) -> Laboratory:
    settings, _ = from_process(folder.settings)
    return Laboratory(folder=folder, keys=held, settings=settings, package=package())


def _unsigned(folder: Folder) -> tuple[WantedProgram, ...]:
    """The files of runners that are not offered for want of a signature. The trust file is signed as a part of it."""
    path = folder.runners / "unsigned.json"
    rows = json.loads(path.read_bytes()) if path.exists() else []
    return tuple(WantedProgram(**row) for row in rows if not row["name"].startswith("axiom_trust_"))


def _with_seals(asked: Request, folder: Folder) -> Request:
    """The request with every bundle that the keys which are here cannot seal."""
    trust = asked.proposed or asked.current
    if trust is None or not folder.exists():
        return asked
    held = _loaded(folder)
    if {key.id for key in held.sealers} & trust.roles[Role.BUNDLE].keys.keys() and held.can(Role.BUNDLE):
        return asked
    laboratory = _laboratory(folder, held)
    prepared = [
        functools.partial(PublishExperiment(experiment=file.stem).prepare, laboratory)
        for file in laboratory.experiment_files()
    ]
    with reading(folder) as db:
        found = sealing.wanted(
            db,
            prepared,
            trust=trust,
            good_for=laboratory.bundle_good_for,
            now=wall_clock(),
            problem=lambda error: remark(f"Left out: {error}"),
        )
        return replace(asked, seals=tuple(found))


def _looked_at(asked: Request, places: Sequence[Path]) -> dict[str, Path]:
    """Which programs of a request are here, with the very bytes that it names, by MD5."""
    found = {}
    for program in asked.programs:
        for place in places:
            path = place / program.name
            if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == program.sha256:
                md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
                if md5 == program.md5:
                    found[md5] = path
    return found


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(LIMIT + 1)
    except OSError as fault:
        raise WrongUse(f"{file} cannot be read ({fault.strerror}). Nothing was signed or changed.") from None


def _signed_trust(asked: Request, folder: Folder, now: datetime) -> bytes:
    try:
        raw = asked.trust_file(now)
    except Untrusted as fault:
        raise Refused(f"{fault} Nothing was changed; have the request signed by more keys.") from None
    if ceremony.trust_file(folder.keys) not in (asked.before, raw):
        raise Refused(
            "Another version of the trust file has come into force since this was asked for. Nothing was changed; "
            "ask again: `axiom keys request`."
        )
    return raw


def _take_seals(asked: Request, folder: Folder, *, quiet: bool) -> None:
    """Publish what was sealed; what is refused holds up nothing else, and makes the command fail at its end."""
    if not asked.seals:
        return
    trust, now, problems = _loaded(folder).trust, wall_clock(), []
    for wanted in asked.seals:
        try:
            command = SealBundles(seal=asked.seal_text(wanted, trust, now))
            path = sealing.archive_path(folder, wanted.seal.digest)
            keep(path, wanted.archive)
            for one in submit(folder, command)["sealed"]:
                remark(f"{one['experiment']}@{one['version']}: {one['change']}", quiet=quiet)
            path.unlink()
        except AxiomError as error:
            problems.append(f"{wanted.seal.experiment}@{wanted.seal.version}: {error}")
    if problems:
        raise Refused("\n".join(problems))


def _chosen(
    trust: Trust, role: Role, given: Public | None, drop: Sequence[str], *, keep: bool, threshold: int | None
) -> Signers:
    """The keys of a role from the next version on; each beginning in `drop` must mean one key."""
    if role is Role.TICKET:
        raise WrongUse("A ticket key is made on the server, which needs it day and night. Nothing was changed.")
    before, fresh = trust.roles[role], given.of(role) if given else None
    named = dict(before.keys) if keep or fresh is None else {}
    for start in drop:
        meant = [name for name in before.keys if name.startswith(start)]
        if len(meant) != 1:
            raise WrongUse(
                f"{start!r} begins the id of {len(meant)} {role.value} keys, not of one. Nothing was changed."
            )
        named.pop(meant[0], None)
    usual = fresh.threshold if fresh and not named else before.threshold
    named |= fresh.keys if fresh else {}
    least = threshold or usual
    if least > len(named):
        raise WrongUse(f"{least} signatures are wanted of {len(named)} {role.value} keys. Nothing was changed.")
    return Signers(threshold=least, keys=named)
