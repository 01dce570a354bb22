"""The code of one experiment, sealed: its file, the words, the kit and its manifest, in one archive with one digest.

Nothing inside a bundle is looked at before its size and digest are those that the bundle keys signed.
"""

import hashlib
import io
import re
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from axiom.domain.experiments import NAME
from axiom.errors import BundleAltered, BundleExpired, BundleForeign, ExperimentError
from axiom.limits import runner as limits
from axiom.signed import canonical_json
from axiom.signed.manifests import read_manifest
from axiom.signed.signing_key import SigningKey
from axiom.signed.sources import MANIFEST, collect_sources, experiment_path
from axiom.signed.trust import Role, Trust, Untrusted, seal_payload, unseal_payload

__all__ = [
    "MANIFEST",
    "SEAL_LIMIT",
    "Seal",
    "collect_sources",
    "digest_bundle",
    "experiment_path",
    "open_bundle",
    "pack_files",
    "read_bundle_files",
    "read_seal",
    "read_seal_body",
    "seal_body",
    "write_seal",
]

SEAL_LIMIT = 4_096  # characters; ten signatures fit

_KIND = "axiom-bundle-1"
_HEX = r"[0-9a-f]{64}"
_SHARED = re.compile(
    r"axiom/__init__\.py|axiom/(domain|kit)/[a-z_][a-z0-9_]*\.py|axiom/kit/digits\.bin|axiom/catalogue/__init__\.py"
)
_MODE = stat.S_IFREG | 0o644
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time that the format can say
_NOTHING = "Nothing was imported."
_ANOTHER_FORM = "it was sealed in another form than the one that Axiom writes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """What the bundle keys sign: whose code this is, and which bytes. A later bundle has a higher serial."""

    experiment: str
    version: int
    serial: int
    digest: str
    size: int
    issued: datetime
    expires: datetime


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """Return an archive that is the same bytes for the same files on every host: stored, in order, without a clock."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.external_attr = _MODE << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def digest_bundle(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def seal_body(made: Seal) -> bytes:
    times = {"issued": canonical_json.utc_text(made.issued), "expires": canonical_json.utc_text(made.expires)}
    return canonical_json.canonical_bytes({**asdict(made), **times, "kind": _KIND})


def write_seal(made: Seal, *keys: SigningKey) -> str:
    return seal_payload(seal_body(made), keys)


def read_seal_body(body: bytes) -> Seal:
    payload = canonical_json.parse_canonical(body, limit=SEAL_LIMIT)
    if payload.pop("kind", None) != _KIND:
        raise ValueError(f"it is not {_KIND}")
    return _seal(payload)


def read_seal(text: str, *, trust: Trust, now: datetime) -> Seal:
    try:
        seal = _seal(unseal_payload(text, kind=_KIND, role=Role.BUNDLE, trust=trust, limit=SEAL_LIMIT))
    except Untrusted as fault:
        raise BundleForeign(f"The bundle's seal is not the laboratory's: {fault}. {_NOTHING}") from None
    except ValueError as fault:
        raise BundleAltered(f"The bundle's seal cannot be read: {fault}. {_NOTHING} Fetch it again.") from None
    if seal.expires <= now:
        raise BundleExpired(
            f"The seal of {seal.experiment}@{seal.version} ran out at {seal.expires:%Y-%m-%d %H:%M} UTC. "
            f"{_NOTHING} The laboratory must seal the bundle again."
        )
    return seal


def _seal(payload: dict[str, Any]) -> Seal:
    fields = canonical_json.Fields(payload, "the seal", Seal.__dataclass_fields__)
    return Seal(
        experiment=fields.text("experiment", NAME.pattern),
        version=fields.whole("version", least=1),
        serial=fields.whole("serial", least=1),
        digest=fields.text("digest", _HEX),
        size=fields.whole("size", least=1),
        issued=fields.moment("issued"),
        expires=fields.moment("expires"),
    )


def open_bundle(raw: bytes, seal: Seal) -> dict[str, bytes]:
    """Return the files of a bundle, by name, once it is seen to be exactly what was sealed."""
    if len(raw) != seal.size:
        raise _refusal(f"it has {len(raw)} bytes, and {seal.size} were sealed")
    if digest_bundle(raw) != seal.digest:
        raise _refusal("its digest is not the sealed one")
    files = read_bundle_files(raw)
    _check_names(files, experiment_path(seal.experiment))
    if pack_files(files) != raw:  # links, folders, comments and hidden bytes all end here
        raise _refusal(_ANOTHER_FORM)
    try:
        manifest = read_manifest(files[MANIFEST])
    except ExperimentError as fault:
        raise _refusal(str(fault).rstrip(".")) from None
    if (manifest.name, manifest.version) != (seal.experiment, seal.version):
        raise _refusal(
            f"its manifest is of {manifest.name}@{manifest.version}, and its seal of {seal.experiment}@{seal.version}"
        )
    return files


def _check_names(files: Mapping[str, bytes], own: str) -> None:
    for name in sorted(files):
        if name not in (MANIFEST, own) and not _SHARED.fullmatch(name):
            raise _refusal(f"it was sealed with the unexpected file {name[:120]!r}")
    for name in (MANIFEST, own):
        if name not in files:
            raise _refusal(f"it was sealed without {name}")


def read_bundle_files(raw: bytes) -> dict[str, bytes]:
    """Return what an archive of our own holds; one that came from elsewhere is opened by `open_bundle`."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if len(set(names)) != len(names):
                raise _refusal("it was sealed with two files of one name")
            if sum(entry.file_size for entry in entries) > limits.BUNDLE_BYTES:
                raise _refusal(f"its files together are larger than {limits.BUNDLE_BYTES} bytes")
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise _refusal(_ANOTHER_FORM)  # before anything of it is decompressed
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as fault:
        raise _refusal(f"it is not an archive ({fault})") from None


def _refusal(why: str) -> BundleAltered:
    return BundleAltered(f"The bundle is refused: {why}. {_NOTHING} Fetch it again from the laboratory.")


SHARED = re.compile(r"(?:bundle-([0-9a-f]{64})\.zip|seal-([0-9a-f]{64})\.seal)")


def bundle_file(digest: str) -> str:
    return f"bundle-{digest}.zip"


def seal_file(seal: str) -> str:
    return f"seal-{hashlib.sha256(seal.encode()).hexdigest()}.seal"
