"""Says in words what a request asks to have signed, for a person who signs where nobody can look anything up."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from axiom.errors import AxiomError
from axiom.signed.bundles import MANIFEST, open_bundle
from axiom.signed.manifests import read_manifest
from axiom.signed.signing_requests import SigningRequest, WantedSeal
from axiom.signed.trust import Role, Signers, Trust, Untrusted

_MOST = 8


def describe_signing_request(request: SigningRequest, package: Path, looked_at: Mapping[str, Path]) -> Iterator[str]:
    """Everything that is asked for, with what differs from this installation of Axiom and what is not here to see."""
    current, proposed = request.current, request.proposed
    if proposed is not None:
        yield from _trust_words(current, proposed)
    elif current is not None:
        digest = hashlib.sha256(request.before).hexdigest()
        yield (
            f"Trust file in force, for BOINC's own check: laboratory {current.lab}, version {current.version}, good "
            f"until {current.expires:%Y-%m-%d}, SHA-256 {digest}"
        )
    if request.next_code:
        yield f"Code-signing key (BOINC's): {_short(request.next_code)} shall follow {_short(request.code)}"
    for wanted in request.seals:
        yield from _seal_words(wanted, package)
    for program in request.programs:
        here = f"as {looked_at[program.md5]}" if program.md5 in looked_at else "NOT HERE, so it will not be signed"
        yield f"Program {program.name}, {program.size} bytes, SHA-256 {program.sha256}: {here}"


def list_missing_signatures(request: SigningRequest, now: datetime) -> Iterator[str]:
    """Whose signatures are still wanted, in one sentence each."""
    if request.trust:
        try:
            request.trust_file(now)
        except Untrusted as fault:
            yield str(fault)
    if request.next_code and not request.change:
        yield "The code-signing key of today has not signed its successor."
    trust = request.proposed or request.current
    if trust is not None:
        yield from _unsealed(request, trust, now)
    unsigned = [program.name for program in request.programs if program.md5 not in request.programs_signed]
    if unsigned:
        yield f"Not signed by the code-signing key: {', '.join(unsigned[:_MOST])}."


def _unsealed(request: SigningRequest, trust: Trust, now: datetime) -> Iterator[str]:
    for wanted in request.seals:
        try:
            request.seal_text(wanted, trust, now)
        except AxiomError as fault:
            yield f"{wanted.seal.experiment}@{wanted.seal.version}: {fault}"


def _trust_words(current: Trust | None, proposed: Trust) -> Iterator[str]:
    follows = f"after version {current.version}, good until {current.expires:%Y-%m-%d}" if current else "the first one"
    yield (
        f"Trust file of laboratory {proposed.lab}: version {proposed.version}, good until "
        f"{proposed.expires:%Y-%m-%d} ({follows})"
    )
    for role in Role:
        yield f"  {role.value}: {_change(current.roles[role] if current else None, proposed.roles[role])}"


def _change(before: Signers | None, after: Signers) -> str:
    says = f"{after.threshold} of {len(after.keys)} must sign: {' '.join(name[:12] for name in sorted(after.keys))}"
    if before is None or before == after:
        return says if before is None else f"{says} (as before)"
    parts = [f"NEW {name[:12]}" for name in sorted(after.keys.keys() - before.keys.keys())]
    parts += [f"WITHDRAWN {name[:12]}" for name in sorted(before.keys.keys() - after.keys.keys())]
    if before.threshold != after.threshold:
        parts.append(f"so far {before.threshold} must sign")
    return f"{says} ({', '.join(parts)})"


def _seal_words(wanted: WantedSeal, package: Path) -> Iterator[str]:
    seal = wanted.seal
    files = open_bundle(wanted.archive, seal)
    manifest = read_manifest(files[MANIFEST])
    yield (
        f"Bundle {seal.experiment}@{seal.version}, serial {seal.serial}, {seal.size} bytes, SHA-256 {seal.digest}, "
        f"good until {seal.expires:%Y-%m-%d}"
    )
    yield f"  {manifest.question} {len(manifest.configs)} configs, {manifest.memory_mb} MB"
    differing = [name for name, body in files.items() if name != MANIFEST and not _is_ours(package, name, body)]
    if not differing:
        yield f"  all {len(files) - 1} files of code are those of this installation of Axiom"
    for name in differing[:_MOST]:
        yield f"  DIFFERS FROM THIS INSTALLATION: {name}"
    if len(differing) > _MOST:
        yield f"  and {len(differing) - _MOST} more"


def _is_ours(package: Path, name: str, body: bytes) -> bool:
    path = package.parent / name
    return path.is_file() and path.read_bytes() == body


def _short(public_text: str) -> str:
    return "".join(public_text.split())[4:20]
