"""What is kept of the cell that a task was computing: a file in the task's own folder, bound to its ticket and cell.

What the state is made of, only the experiment's kit knows; here it is bytes.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from axiom.signed import canonical_json
from axiom.signed.atomic_files import write_atomically

SIZE_LIMIT = 128 * 1024 * 1024  # three of them lie in the scratch folder at most, which `bounds` must allow
_HEAD_LIMIT = 1_000
_HEAD = ("cpu_seconds", "digest", "fraction", "place", "ticket", "times")


def largest_state(disk_mb: int) -> int:
    """Return how many bytes may be kept of a cell of a task with so much disk: two of them lie there for a moment."""
    return min(SIZE_LIMIT, disk_mb * 1_000_000 // 3)  # the last third is for the output and the task's files


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    times: int = 0  # how often more of it was kept
    cpu_seconds: float = 0.0  # which that took, in all processes
    fraction: float = 0.0
    state: bytes = b""


def read_checkpoint(path: Path, *, ticket: str, cell: int) -> Checkpoint:
    try:
        with path.open("rb") as file:
            head, state = file.readline(_HEAD_LIMIT), file.read(SIZE_LIMIT + 1)
        fields = canonical_json.Fields(
            canonical_json.parse_canonical(head.removesuffix(b"\n"), limit=_HEAD_LIMIT), "what is kept", _HEAD
        )
        checkpoint = Checkpoint(
            times=fields.whole("times", least=1),
            cpu_seconds=fields.real("cpu_seconds", least=0),
            fraction=fields.real("fraction", least=0),
            state=state,
        )
        meant = (fields.text("ticket"), fields.whole("place"), fields.text("digest"))
    except (OSError, ValueError):
        return Checkpoint()
    return checkpoint if meant == (ticket, cell, _digest(state)) and checkpoint.fraction <= 1 else Checkpoint()


def write_checkpoint(path: Path, checkpoint: Checkpoint, *, ticket: str, cell: int) -> None:
    head = {
        "cpu_seconds": checkpoint.cpu_seconds,
        "digest": _digest(checkpoint.state),
        "fraction": checkpoint.fraction,
        "place": cell,  # in the order of the task; under another name the cells were in that of the ticket
        "ticket": ticket,
        "times": checkpoint.times,
    }
    write_atomically(path, canonical_json.canonical_bytes(head) + b"\n", checkpoint.state)


def _digest(state: bytes) -> str:
    return hashlib.sha256(state).hexdigest()
