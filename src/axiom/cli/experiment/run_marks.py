"""A mark beside a file of one's own: what was computed of it without a laboratory, so that its forecast is not blind.

It has when, by which command and of what code, and no number that was measured. Who deletes it is found by nobody: a
laboratory says what was recorded there, and no more.
"""

import json
from array import array
from datetime import UTC, datetime
from pathlib import Path

from axiom.domain.preflights import Code, Kinship
from axiom.errors import Refused, WrongUse
from axiom.laboratory.experiments.rules.kin import find_kinship, outline_code
from axiom.signed import bundles
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import print_remark, wall_clock

MARKS = ".axiom-runs"
PASSED = "passed"
_MARK = ("at", "command", "file", "digest", "code", "fields")


def leave_mark(name: str, command: str, *, quiet: bool, text: bytes = b"", outcome: str = "") -> bytes:
    """Write down beside a FILE.py that this command computes what it holds now; nothing of the catalogue's own.

    Returns its text. With an `outcome`: how the preflight of this `text` ended, without what was measured.
    """
    file = Path(name)
    if file.suffix != ".py":
        return b""
    text = text or file.read_bytes()
    before = [mark for mark in _of_text(file, text) if mark["command"] == command]
    if before and outcome in ("", before[-1]["outcome"]):
        return text
    code = outline_code(text.decode(errors="replace"))
    mark = {
        "at": wall_clock().isoformat(timespec="seconds"),
        "command": command,
        "file": file.name,
        "digest": bundles.digest_bundle(text),
        "code": array("Q", sorted(code.parts)).tobytes().hex(),
        "fields": code.fields,
        "outcome": outcome,
    }
    try:
        with (file.parent / MARKS).open("a", encoding="utf-8") as marks:
            marks.write(f"{json.dumps(mark)}\n")
    except OSError as error:
        print_remark(
            f"No mark of this run could be left beside {file} ({error}); its forecast is not blind.", quiet=quiet
        )
    return text


def read_run_marks(file: Path, text: str) -> str:
    """What the marks beside a file say of runs of this text, or else of its kin; nothing where they say nothing."""
    marks = [mark for mark in _marks(file) if not mark["outcome"]]
    if not marks:
        return ""
    digest, code = bundles.digest_bundle(text.encode()), outline_code(text)
    near = [mark for mark in marks if mark["digest"] == digest] or [mark for mark in marks if _is_kin(code, mark)]
    if not near:
        return ""
    newest = max(near, key=lambda mark: mark["at"])
    more = f" and by {tell_amount(len(near) - 1, 'other run')}" if len(near) > 1 else ""
    moment = datetime.fromisoformat(newest["at"]).astimezone(UTC)
    return f"“axiom experiment {newest['command']} {newest['file']}” at {moment:%Y-%m-%d %H:%M} UTC{more}"


def demand_not_failed(file: Path, text: str) -> None:
    """Refuse a text that, to the byte, failed the last preflight that was tried of it here."""
    outcomes = [mark["outcome"] for mark in _of_text(file, text.encode()) if mark["outcome"]]
    if outcomes and outcomes[-1] != PASSED:
        raise Refused(
            f"{file} failed its preflight as it stands: {outcomes[-1]} Nothing was published; once it is mended, "
            f"`axiom experiment preflight {file}` tries it again."
        )


def _of_text(file: Path, text: bytes) -> list[dict[str, str]]:
    return [mark for mark in _marks(file) if mark["digest"] == bundles.digest_bundle(text)]


def _marks(file: Path) -> list[dict[str, str]]:
    path = file.parent / MARKS
    if not path.is_file():
        return []
    try:
        marks = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [{name: str(mark[name]) for name in _MARK} | {"outcome": mark.get("outcome", "")} for mark in marks]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongUse(f"The marks of runs in {path} cannot be read ({error}). Nothing was done.") from error


def _is_kin(code: Code, mark: dict[str, str]) -> Kinship | None:
    from axiom.laboratory.registrations.kin import count_usual_parts  # reads the whole catalogue

    parts = array("Q")
    parts.frombytes(bytes.fromhex(mark["code"]))
    return find_kinship(code, Code(parts=frozenset(parts), fields=mark["fields"]), count_usual_parts())
