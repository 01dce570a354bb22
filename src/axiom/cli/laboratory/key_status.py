"""What `axiom keys status` says: every key, whether it is here, and what waits for a signature."""

from datetime import datetime
from typing import Any

from axiom.errors import NoLab
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.experiments.catalogue_files import list_files
from axiom.laboratory.keys import seal_bundles
from axiom.service.open_laboratory import open_for_reading, package_folder
from axiom.settings import read_process_settings
from axiom.signed.boinc_code_signing import CARRIED, CODE_KEY, load_code
from axiom.signed.keys import EXPIRY_NOT_ASKED, RENEW_ELSEWHERE, Keys, load_keys
from axiom.signed.signing_requests import WantedProgram
from axiom.signed.trust import Role
from axiom.store.engine.folder import Folder
from axiom.store.experiments.runner_offers import TRUST_NAMED, read_unsigned_programs


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
    unsigned += [{"what": program.name, "why": "no code signature yet"} for program in list_unsigned_programs(folder)]
    if folder.exists():
        laboratory = laboratory_of(folder, keys)
        files, good_for = list_files(laboratory), laboratory.bundle_good_for
        with open_for_reading(folder) as db:
            unsealed = seal_bundles.list_unsealed_experiments(
                db, folder, package_folder(), files, trust=keys.trust, good_for=good_for, now=now
            )
            unsigned += [{"what": bundle.experiment, "why": bundle.why} for bundle in unsealed]
    return unsigned


def laboratory_of(folder: Folder, keys: Keys) -> Laboratory:
    settings, _ = read_process_settings(folder.settings)
    return Laboratory(folder=folder, keys=keys, settings=settings, package=package_folder())


def list_unsigned_programs(folder: Folder) -> tuple[WantedProgram, ...]:
    """The files of runners that are not offered for want of a signature. The trust file is signed as a part of it."""
    return tuple(program for program in read_unsigned_programs(folder) if not program.name.startswith(TRUST_NAMED))
