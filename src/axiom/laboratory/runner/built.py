"""What `scripts/build-runner` leaves behind: a folder with the files of one runner, and `built.json`, written last."""

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from axiom.errors import Refused, StoreError
from axiom.server.scheduler.host_programs import PLATFORMS
from axiom.signed import canonical_json
from axiom.signed.atomic_files import replace_durably
from axiom.signed.canonical_json import Fields

_FORMAT = "axiom-runner-4"  # without our own code, which is offered beside it; says what it was proven by
BUILT = "built.json"
_NAME = re.compile(r"axiom_[a-z]{1,40}_([0-9a-f]{16})(\.[a-z0-9]{1,10})?")
_PLAN_CLASS = r"[a-z0-9_]{0,63}"
_FORBIDDEN = ("ati", "cuda", "opencl")  # in a plan class these make a client ask for more
_MD5, _SHA256 = r"[0-9a-f]{32}", r"[0-9a-f]{64}"
_PIECE = 1024 * 1024
_ROW = ("name", "sha256", "md5", "size", "is_main", "open_name")


@dataclass(frozen=True, kw_only=True, slots=True)
class RunnerPiece:
    """A file of a runner that is not offered yet, and where its bytes are."""

    name: str
    open_name: str
    sha256: str
    md5: str
    size: int
    is_main: bool
    signature: str = ""  # for BOINC's own check, where it was signed elsewhere
    source: Path | bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltRunner:
    platform: str
    plan_class: str
    pieces: tuple[RunnerPiece, ...]
    unpacked_bytes: int
    needs_avx: bool
    glibc: tuple[int, int] | None  # the oldest on which it runs
    proven_by: str  # the system on which it has computed, or what ran it there: Linux, Wine 10.0

    @property
    def name(self) -> str:
        return f"{self.platform}-{self.plan_class}" if self.plan_class else self.platform


def list_built_folders(place: Path) -> list[Path]:
    """The folders here that hold a whole runner; one whose name begins with a dot is being made."""
    return sorted(path.parent for path in place.glob(f"[!.]*/{BUILT}"))


def read_built(folder: Path) -> BuiltRunner:
    """Read what was built; whatever a client would stumble over is refused by name. Its bytes are not looked at."""
    try:
        return _read(folder, json.loads((folder / BUILT).read_bytes()))
    except (OSError, ValueError, RecursionError) as fault:
        raise Refused(
            f"The runner in {folder} cannot be offered: {fault}. What was offered stays; build it again with "
            "scripts/build-runner."
        ) from None


def _read(folder: Path, data: object) -> BuiltRunner:
    if not isinstance(data, dict):
        raise ValueError(f"{BUILT} is not an object")  # noqa: TRY004  the reader above knows ValueError alone
    wanted = ("format", "platform", "plan_class", "files", "unpacked_bytes", "needs_avx", "glibc", "proven_by")
    fields = Fields({name: data[name] for name in wanted if name in data}, BUILT, wanted)
    fields.text("format", _FORMAT)
    if data.get("proven_by", "") is None:
        raise ValueError("nothing has shown that it computes")
    plan_class = fields.text("plan_class", _PLAN_CLASS)
    if any(word in plan_class for word in _FORBIDDEN):
        raise ValueError(f"its plan class {plan_class!r} has {', '.join(_FORBIDDEN)} in it")
    built = BuiltRunner(
        platform=fields.text("platform", "|".join(PLATFORMS)),
        plan_class=plan_class,
        pieces=fields.array("files", lambda row, what: _piece(folder, row, what)),
        unpacked_bytes=fields.whole("unpacked_bytes"),
        needs_avx=fields.flag("needs_avx"),
        glibc=fields.either("glibc", _glibc),
        proven_by=fields.text("proven_by", r"[A-Za-z0-9][A-Za-z0-9 ._+~\-]{0,39}"),
    )
    canonical_json.check_distinct([piece.name for piece in built.pieces], "the list of files")
    if sum(piece.is_main for piece in built.pieces) != 1:
        raise ValueError("not exactly one of its files is the program")
    return built


def _glibc(value: object, what: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,3})\.([0-9]{1,3})", canonical_json.check_text(value, what))
    if match is None:
        raise ValueError(f"{what} {value!r} is not a version like 2.36")
    return int(match[1]), int(match[2])


def _piece(folder: Path, row: object, what: str) -> RunnerPiece:
    if not isinstance(row, dict):
        raise ValueError(f"{what} is not an object")  # noqa: TRY004  the reader above knows ValueError alone
    fields = Fields({name: row[name] for name in _ROW if name in row}, what, _ROW)
    name, sha256 = fields.text("name"), fields.text("sha256", _SHA256)
    matched = _NAME.fullmatch(name)
    if matched is None or matched[1] != sha256[:16]:
        raise ValueError(f"{name} is not named after its content, and a name must never change its bytes")
    return RunnerPiece(
        name=name,
        open_name=fields.text("open_name", r"[A-Za-z0-9_.\-]{0,63}"),
        sha256=sha256,
        md5=fields.text("md5", _MD5),
        size=fields.whole("size", least=1),
        is_main=fields.flag("is_main"),
        signature=canonical_json.check_text(row.get("signature", ""), f"{what}: signature"),
        source=folder / name,
    )


def place_piece(piece: RunnerPiece, path: Path) -> None:
    """The file lies here, whole and on the disk, with the bytes that its description promises, or is refused by name.

    A large file is never in memory as a whole, and where that is possible it takes no room a second time.
    """
    unfinished = path.with_name(f".{path.name}.part")
    try:
        if path.is_file() and hash_file(path) == (piece.sha256, piece.md5, piece.size):
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        _lay(piece.source, unfinished)
        if hash_file(unfinished) != (piece.sha256, piece.md5, piece.size):
            unfinished.unlink()
            raise Refused(
                f"{piece.name} is not the file that {BUILT} describes, so its runner is not offered. "
                "Build it again with scripts/build-runner."
            )
        replace_durably(unfinished, path)
    except OSError as error:
        raise StoreError(
            f"The file {path} could not be written: {error.strerror}. Free some space and repeat."
        ) from error


def _lay(source: Path | bytes, path: Path) -> None:
    if isinstance(source, bytes):
        path.write_bytes(source)
    else:
        try:
            os.link(source, path)
        except OSError:  # another disk, or one that knows no links
            shutil.copyfile(source, path)


def hash_file(path: Path) -> tuple[str, str, int]:
    """SHA-256, MD5 and size of a file that may be too large to hold."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            sha256.update(piece)
            md5.update(piece)
            size += len(piece)
    return sha256.hexdigest(), md5.hexdigest(), size
