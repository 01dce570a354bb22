"""What of a laboratory waits to be signed where its keys are kept, and the request that asks for it."""

import functools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from axiom.commands.experiments import PublishExperiment
from axiom.commands.laboratory import Laboratory
from axiom.errors import NoLab
from axiom.lab.experiments import seals as seal
from axiom.lab.runners.built import digests
from axiom.service.open_laboratory import package, reading
from axiom.settings import from_process
from axiom.signed import key_rotation
from axiom.signed.boinc_code_signing import CARRIED, CODE_KEY, load_code
from axiom.signed.keys import EXPIRY_NOT_ASKED, RENEW_ELSEWHERE, Keys, load_keys, make_secrets
from axiom.signed.signing_requests import SigningRequest, WantedProgram
from axiom.signed.trust import Role
from axiom.store.engine.folder import Folder
from axiom.store.experiments.runner_offers import TRUST_NAMED, read_unsigned
from axiom_weigh.terminal import remark


def keys_of(folder: Folder) -> Keys:
    """The keys of a laboratory, also where its trust file has run out: to look at them and to replace them."""
    if not folder.keys.is_dir():
        raise NoLab(
            f"There is no laboratory in {folder.path}, so it has no keys. `axiom init {folder.path}` makes one."
        )
    return load_keys(folder.keys, EXPIRY_NOT_ASKED)


def key_rows(folder: Folder, held: Keys) -> list[dict[str, Any]]:
    """Every key that counts, by role, and whether it is here."""
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


def waiting(folder: Folder, held: Keys, now: datetime) -> list[dict[str, str]]:
    """What waits to be signed, and why."""
    found = []
    if held.trust.expires - now <= RENEW_ELSEWHERE and not held.can(Role.ROOT):
        found.append({"what": "trust file", "why": f"it runs out at {held.trust.expires:%Y-%m-%d %H:%M} UTC"})
    found += [{"what": program.name, "why": "no code signature yet"} for program in _unsigned(folder)]
    if folder.exists():
        laboratory = _laboratory(folder, held)
        files, good_for = laboratory.experiment_files(), laboratory.bundle_good_for
        with reading(folder) as db:
            unsealed = seal.waiting(db, folder, package(), files, trust=held.trust, good_for=good_for, now=now)
            found += [{"what": one.experiment, "why": one.why} for one in unsealed]
    return found


def request_of(folder: Folder, now: datetime, *, withdraw: bool) -> SigningRequest:
    """Everything that has to be signed elsewhere; bundles that cannot be published are named and left out."""
    body, code = key_rotation.proposal(folder.keys, now, withdraw=withdraw), make_secrets(folder.keys).code
    asked = SigningRequest(
        before=key_rotation.trust_file(folder.keys),
        trust=body,
        code=code.public_text,
        next_code=key_rotation.next_code(folder.keys),
        programs=_unsigned(folder),
    )
    return _with_seals(asked, folder, now)


def is_worth_carrying(folder: Folder, asked: SigningRequest) -> bool:
    """Is there something in it to sign? Where the code-signing key is elsewhere, its trust file always may be."""
    return not asked.is_empty or load_code(folder.keys).key is None


def looked_at(asked: SigningRequest, places: Sequence[Path]) -> dict[str, Path]:
    """Which programs of a request are here, with the very bytes that it names, by MD5."""
    found = {}
    for program in asked.programs:
        for place in places:
            path = place / program.name
            if path.is_file() and digests(path) == (program.sha256, program.md5, program.size):
                found[program.md5] = path
    return found


def _laboratory(folder: Folder, held: Keys) -> Laboratory:
    settings, _ = from_process(folder.settings)
    return Laboratory(folder=folder, keys=held, settings=settings, package=package())


def _unsigned(folder: Folder) -> tuple[WantedProgram, ...]:
    """The files of runners that are not offered for want of a signature. The trust file is signed as a part of it."""
    return tuple(program for program in read_unsigned(folder) if not program.name.startswith(TRUST_NAMED))


def _with_seals(asked: SigningRequest, folder: Folder, now: datetime) -> SigningRequest:
    """The request with every bundle that the keys which are here cannot seal."""
    trust = asked.proposed or asked.current
    if trust is None or not folder.exists():
        return asked
    held = keys_of(folder)
    if {key.id for key in held.sealers} & trust.roles[Role.BUNDLE].keys.keys() and held.can(Role.BUNDLE):
        return asked
    laboratory = _laboratory(folder, held)
    prepared = [
        functools.partial(PublishExperiment(experiment=file.stem).prepare, laboratory)
        for file in laboratory.experiment_files()
    ]
    with reading(folder) as db:
        found = seal.wanted(
            db,
            folder,
            prepared,
            trust=trust,
            good_for=laboratory.bundle_good_for,
            now=now,
            problem=lambda error: remark(f"Left out: {error}"),
        )
        return replace(asked, seals=tuple(found))
