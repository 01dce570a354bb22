"""A release of runners: the folder of built ones, with a list of their files that whoever built them has signed.

Nothing of a release is believed but what the list says, and the list only when the key is the one that was asked for.
"""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from axiom.errors import NotFound, Refused
from axiom.laboratory.runner.built import BUILT, hash_file, list_built_folders, read_built
from axiom.signed import canonical_json
from axiom.signed.canonical_json import Fields
from axiom.signed.signing_key import SigningKey, is_signed
from axiom.store.engine.folder import write_file_atomically

RELEASE = "runners.json"
RELEASE_LIMIT = 256 * 1024

_FORMAT = "axiom-runner-release-1"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}"
_HEX = r"[0-9a-f]{64}"
_LARGEST = 16 * 1024**3  # bytes of one file: six times what a runner for GPUs has


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleasedFile:
    """A file of a runner, as its builder has signed for it."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunnerRelease:
    """What was signed: when, and which files each runner has."""

    signed_at: datetime
    runners: dict[str, tuple[ReleasedFile, ...]]  # by the name of its folder: platform and plan class

    def size(self, name: str) -> int:
        """How much there is to fetch of a runner, in bytes."""
        return sum(file.size for file in self.runners[name])


def sign_release(place: Path, key: SigningKey, now: datetime) -> RunnerRelease:
    """The runners in this folder are a release: the list of their files lies there, signed."""
    folders = list_built_folders(place)
    if not folders:
        raise NotFound(
            f"There is no built runner in {place}, so nothing was signed. `scripts/build-runner` puts one into "
            "build/runners."
        )
    release = RunnerRelease(signed_at=now, runners={read_built(folder).name: _files(folder) for folder in folders})
    if odd := [folder.name for folder in folders if folder.name not in release.runners]:
        raise Refused(
            f"The folder {odd[0]} in {place} is not named after the runner in it. Nothing was signed; give it the name "
            "that `scripts/build-runner` gave it."
        )
    body = _body(release)
    signature = key.sign(canonical_json.canonical_bytes(body)).hex()
    signed = {"key": key.public, "release": body, "signature": signature}
    write_file_atomically(place / RELEASE, canonical_json.canonical_bytes(signed))
    return release


def _files(folder: Path) -> tuple[ReleasedFile, ...]:
    """Every file of a runner, compared with what its description says of it."""
    described = {piece.name: (piece.sha256, piece.md5, piece.size) for piece in read_built(folder).pieces}
    files = []
    for path in sorted(path for path in folder.iterdir() if path.is_file() and re.fullmatch(_NAME, path.name)):
        sha256, md5, size = hash_file(path)
        if described.pop(path.name, (sha256, md5, size)) != (sha256, md5, size):
            raise Refused(
                f"{path} is not the file that its {BUILT} describes. Nothing was signed; build it again with "
                "scripts/build-runner."
            )
        files.append(ReleasedFile(name=path.name, sha256=sha256, size=size))
    if described:
        raise Refused(f"{folder} lacks {min(described)}. Nothing was signed; build it again with scripts/build-runner.")
    return tuple(files)


def read_release(raw: bytes, public: str, place: str) -> RunnerRelease:
    """What this key has signed; anything else is refused, and the reason says what it is."""
    try:
        return _release(_signed(raw, public))
    except ValueError as fault:
        raise Refused(
            f"The list of runners at {place} is not believed: {fault}. Nothing was fetched. Ask whoever built them for "
            "the address and the key, another way than through that address."
        ) from None


def _signed(raw: bytes, public: str) -> dict[str, Any]:
    fields = Fields(canonical_json.parse_canonical(raw, limit=RELEASE_LIMIT), RELEASE, ("key", "release", "signature"))
    signer, body = fields.text("key", _HEX), fields.part("release")
    if signer != public:
        raise ValueError(f"it is signed by the key {signer}, and {public} was asked for")
    if not is_signed(canonical_json.canonical_bytes(body), fields.text("signature"), public):
        raise ValueError("its signature is false: it was changed after it was signed")
    return body


def _body(release: RunnerRelease) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "runners": {name: [asdict(file) for file in files] for name, files in release.runners.items()},
        "signed_at": canonical_json.utc_text(release.signed_at),
    }


def _release(body: dict[str, Any]) -> RunnerRelease:
    fields = Fields(body, "the release", ("format", "runners", "signed_at"))
    fields.text("format", _FORMAT)
    listed = fields.part("runners")
    runners = Fields(listed, "the runners", listed)
    for name in listed:
        if not re.fullmatch(_NAME, name):
            raise ValueError(f"{name[:80]!r} is no name of a runner")
    files_by_name = {name: runners.array(name, _file) for name in listed}
    for name, files in files_by_name.items():
        canonical_json.check_distinct([file.name for file in files], f"the list of files of {name}")
        if BUILT not in {file.name for file in files}:
            raise ValueError(f"{name} has no {BUILT}")
    return RunnerRelease(signed_at=fields.moment("signed_at"), runners=files_by_name)


def _file(row: object, what: str) -> ReleasedFile:
    fields = Fields(row, what, ("name", "sha256", "size"))
    size = fields.whole("size", least=1)
    if size > _LARGEST:
        raise ValueError(f"{what} has {size:,} bytes, and {_LARGEST:,} are allowed")
    return ReleasedFile(name=fields.text("name", _NAME), sha256=fields.text("sha256", _HEX), size=size)
