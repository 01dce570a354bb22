"""Everything of a laboratory that has to be signed where its keys are kept, in one file to carry there."""

import functools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from axiom.cli.laboratory.key_status import keys_of, laboratory_of, list_unsigned_programs
from axiom.laboratory.experiments.catalogue_files import list_files
from axiom.laboratory.experiments.commands.experiments import PublishExperiment
from axiom.laboratory.keys import seal_bundles
from axiom.laboratory.runner.built import hash_file
from axiom.service.open_laboratory import open_for_reading
from axiom.signed import key_rotation
from axiom.signed.boinc_code_signing import load_code
from axiom.signed.keys import make_secrets
from axiom.signed.signing_requests import SigningRequest
from axiom.signed.trust import Role
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import print_remark


def request_of(folder: Folder, now: datetime, *, withdraw: bool) -> SigningRequest:
    """Everything that has to be signed elsewhere; bundles that cannot be published are named and left out."""
    body, code = key_rotation.propose_trust(folder.keys, now, withdraw=withdraw), make_secrets(folder.keys).code
    request = SigningRequest(
        before=key_rotation.trust_file(folder.keys),
        trust=body,
        code=code.public_text,
        next_code=key_rotation.read_next_code(folder.keys),
        programs=list_unsigned_programs(folder),
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


def _with_seals(request: SigningRequest, folder: Folder, now: datetime) -> SigningRequest:
    """The request with every bundle that the keys which are here cannot seal."""
    trust = request.proposed or request.current
    if trust is None or not folder.exists():
        return request
    keys = keys_of(folder)
    if {key.id for key in keys.sealers} & trust.roles[Role.BUNDLE].keys.keys() and keys.can(Role.BUNDLE):
        return request
    laboratory = laboratory_of(folder, keys)
    prepared = [
        functools.partial(PublishExperiment(experiment=file.stem).prepare, laboratory)
        for file in list_files(laboratory)
    ]
    with open_for_reading(folder) as db:
        seals = seal_bundles.list_wanted_seals(
            db,
            folder,
            prepared,
            trust=trust,
            good_for=laboratory.bundle_good_for,
            now=now,
            problem=lambda error: print_remark(f"Left out: {error}"),
        )
        return replace(request, seals=tuple(seals))
