"""What of a laboratory waits to be signed where its keys are kept, and the request that asks for it."""

import functools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from axiom.errors import NoLab
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.experiments.catalogue_files import list_files
from axiom.laboratory.experiments.commands.experiments import PublishExperiment
from axiom.laboratory.keys import seals as seal
from axiom.laboratory.runner.built import hash_file
from axiom.service.open_laboratory import open_for_reading, package_folder
from axiom.settings import read_process_settings
from axiom.signed import key_rotation
from axiom.signed.boinc_code_signing import CARRIED, CODE_KEY, load_code
from axiom.signed.keys import EXPIRY_NOT_ASKED, RENEW_ELSEWHERE, Keys, load_keys, make_secrets
from axiom.signed.signing_requests import SigningRequest, WantedProgram
from axiom.signed.trust import Role
from axiom.store.engine.folder import Folder
from axiom.store.experiments.runner_offers import TRUST_NAMED, read_unsigned_programs
from axiom_weigh.terminal import print_remark


def keys_of(folder: Folder) -> Keys:
    """The keys of a laboratory, also where its trust file has run out: to look at them and to replace them."""
    if not folder.keys.is_dir():
        raise NoLab(
            f"There is no laboratory in {folder.path}, so it has no keys. `axiom init {folder.path}` makes one."
        )
    return load_keys(folder.keys, EXPIRY_NOT_ASKED)


def key_rows(folder: Folder, keys: Keys) -> list[dict[str, Any]]:
    """Every key that counts, by role, and whether it is here."""
    here = {key.id for key in (*keys.roots, *keys.sealers, keys.ticket)}
    rows: list[dict[str, Any]] = []
    for role, signers in keys.trust.roles.items():
        for name in sorted(signers.keys):
            where = "here" if name in here else "elsewhere"
            rows.append({"role": role.value, "key": name, "where": where, "must_sign": signers.threshold})
    if not (folder.keys / CODE_KEY).exists() and not (folder.keys / CARRIED).exists():
        return rows  # a laboratory that never had a volunteer
    code = load_code(folder.keys)
    name, where = "".join(code.public_text.split())[4:], "here" if code.key else "elsewhere"
    return [*rows, {"role": "code", "key": name[:64], "where": where, "must_sign": 1}]


def list_unsigned(folder: Folder, keys: Keys, now: datetime) -> list[dict[str, str]]:
    """What waits to be signed, and why."""
    unsigned = []
    if keys.trust.expires - now <= RENEW_ELSEWHERE and not keys.can(Role.ROOT):
        unsigned.append({"what": "trust file", "why": f"it runs out at {keys.trust.expires:%Y-%m-%d %H:%M} UTC"})
    unsigned += [{"what": program.name, "why": "no code signature yet"} for program in _unsigned(folder)]
    if folder.exists():
        laboratory = _laboratory(folder, keys)
        files, good_for = list_files(laboratory), laboratory.bundle_good_for
        with open_for_reading(folder) as db:
            unsealed = seal.list_unsealed_experiments(
                db, folder, package_folder(), files, trust=keys.trust, good_for=good_for, now=now
            )
            unsigned += [{"what": bundle.experiment, "why": bundle.why} for bundle in unsealed]
    return unsigned


def request_of(folder: Folder, now: datetime, *, withdraw: bool) -> SigningRequest:
    """Everything that has to be signed elsewhere; bundles that cannot be published are named and left out."""
    body, code = key_rotation.propose_trust(folder.keys, now, withdraw=withdraw), make_secrets(folder.keys).code
    request = SigningRequest(
        before=key_rotation.trust_file(folder.keys),
        trust=body,
        code=code.public_text,
        next_code=key_rotation.read_next_code(folder.keys),
        programs=_unsigned(folder),
    )
    return _with_seals(request, folder, now)


def is_worth_carrying(folder: Folder, request: SigningRequest) -> bool:
    """Is there something in it to sign? Where the code-signing key is elsewhere, its trust file always may be."""
    return not request.is_empty or load_code(folder.keys).key is None


def find_requested_programs(request: SigningRequest, places: Sequence[Path]) -> dict[str, Path]:
    """Which programs of a request are here, with the very bytes that it names, by MD5."""
    by_md5 = {}
    for program in request.programs:
        for place in places:
            path = place / program.name
            if path.is_file() and hash_file(path) == (program.sha256, program.md5, program.size):
                by_md5[program.md5] = path
    return by_md5


def _laboratory(folder: Folder, keys: Keys) -> Laboratory:
    settings, _ = read_process_settings(folder.settings)
    return Laboratory(folder=folder, keys=keys, settings=settings, package=package_folder())


def _unsigned(folder: Folder) -> tuple[WantedProgram, ...]:
    """The files of runners that are not offered for want of a signature. The trust file is signed as a part of it."""
    return tuple(program for program in read_unsigned_programs(folder) if not program.name.startswith(TRUST_NAMED))


def _with_seals(request: SigningRequest, folder: Folder, now: datetime) -> SigningRequest:
    """The request with every bundle that the keys which are here cannot seal."""
    trust = request.proposed or request.current
    if trust is None or not folder.exists():
        return request
    keys = keys_of(folder)
    if {key.id for key in keys.sealers} & trust.roles[Role.BUNDLE].keys.keys() and keys.can(Role.BUNDLE):
        return request
    laboratory = _laboratory(folder, keys)
    prepared = [
        functools.partial(PublishExperiment(experiment=file.stem).prepare, laboratory)
        for file in list_files(laboratory)
    ]
    with open_for_reading(folder) as db:
        seals = seal.list_wanted_seals(
            db,
            folder,
            prepared,
            trust=trust,
            good_for=laboratory.bundle_good_for,
            now=now,
            problem=lambda error: print_remark(f"Left out: {error}"),
        )
        return replace(request, seals=tuple(seals))
