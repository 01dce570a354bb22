import contextlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from axiom.errors import NoRoom, TooManyStarts
from axiom.limits import runner as limits
from axiom.runner.files.checkpoint_file import Checkpoint, read_checkpoint, write_checkpoint
from axiom.signed import canonical_json, outputs
from axiom.signed.atomic_files import DRAFT, fsync_path, write_atomically
from axiom.signed.outputs import CellOutput, Header
from axiom.signed.tickets import OrderedCell

_STARTS = ("cells", "kept", "starts", "ticket")


class Slot:
    """The folder of one task. The same ticket goes on where it stopped; another one begins anew."""

    def __init__(self, path: Path, most_starts: int = limits.STARTS_WITHOUT_PROGRESS) -> None:
        self.path = path
        self._most_starts = most_starts
        self.output = path / "output.jsonl"
        self.kept = Checkpoint()  # of the cell behind the finished ones
        self._starts = path / "starts"
        self._kept = path / "kept"
        self._ticket, self._cells = "", 0

    def begin(self, header: Header, cells: Sequence[OrderedCell]) -> list[CellOutput]:
        with _room(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            for draft in self.path.glob(f"{DRAFT}*"):
                draft.unlink()
            raw = self.output.read_bytes() if self.output.exists() else b""
            head = outputs.header_line(header)
            done = _done(raw.removeprefix(head), cells) if raw.startswith(head) else []
            self._ticket, self._cells = header.ticket, len(done)
            if len(done) < len(cells):  # a whole output that could not be reported yet is no failed start
                self.kept = read_checkpoint(self._kept, ticket=self._ticket, cell=self._cells)
                self._count()
            whole = head + b"".join(outputs.cell_line(cell) for cell in done)
            if raw[: len(whole)] != whole:
                self.output.write_bytes(whole)
            else:
                os.truncate(self.output, len(whole))
        return done

    def add(self, cell: CellOutput) -> None:
        self._append(outputs.cell_line(cell))
        self._cells += 1
        self.kept = Checkpoint()
        self._kept.unlink(missing_ok=True)

    def keep(self, checkpoint: Checkpoint, state: bytes) -> None:
        """Keep more of the present cell; an OSError when it cannot be, and then what was kept before still is."""
        fresh = replace(checkpoint, state=state)
        write_checkpoint(self._kept, fresh, ticket=self._ticket, cell=self._cells)
        self.kept = replace(fresh, state=b"")  # it may be large, and only the next process needs it

    def finish(self, cells: int) -> None:
        self._append(outputs.footer_line(cells), is_last=True)

    def forgive(self) -> None:
        """Take back the start that `begin` counted: the task was asked to stop, which is no failure of its own.

        On a full disk it stays counted: whoever asked for the stop waits, and the task has three starts.
        """
        counted = _read_starts(self._starts)
        if counted is not None:
            with contextlib.suppress(OSError):
                self._write_starts(counted.data | {"starts": max(0, counted.whole("starts") - 1)})

    def _append(self, line: bytes, *, is_last: bool = False) -> None:
        with _room(self.path):
            with self.output.open("ab") as file:
                file.write(line)
            if is_last:
                fsync_path(self.output)

    def _count(self) -> None:
        before, stand = _read_starts(self._starts), {"cells": self._cells, "kept": self.kept.times}
        goes_on = before is not None and before.data.items() >= (stand | {"ticket": self._ticket}).items()
        starts = before.whole("starts") + 1 if before is not None and goes_on else 1
        if starts > self._most_starts:
            raise TooManyStarts(
                f"The task began {starts - 1} times and stood at {self._cells} finished cells each time. It is given "
                "up here; the laboratory sends a copy to another host."
            )
        self._write_starts(stand | {"starts": starts, "ticket": self._ticket})

    def _write_starts(self, counted: dict[str, object]) -> None:
        write_atomically(self._starts, canonical_json.canonical_bytes(counted))


def _read_starts(path: Path) -> canonical_json.Fields | None:
    """Return the count of starts; a file that cannot be read counts as none, for it only ever ends a task early."""
    try:
        fields = canonical_json.Fields(
            canonical_json.parse_canonical(path.read_bytes(), limit=1_000), "starts", _STARTS
        )
        fields.whole("cells")
        fields.whole("kept")
        fields.whole("starts")
        fields.text("ticket")
    except (FileNotFoundError, ValueError):
        return None
    return fields


def _done(raw: bytes, cells: Sequence[OrderedCell]) -> list[CellOutput]:
    done: list[CellOutput] = []
    lines = raw.split(b"\n")[:-1]  # what stands behind the last line's end was cut
    for line, ordered in zip(lines, cells, strict=False):
        try:
            cell = outputs.read_cell(line)
        except ValueError:
            break
        if (cell.replicate, cell.config, cell.seed) != (ordered.replicate, ordered.config, ordered.seed):
            break
        done.append(cell)
    return done


@contextmanager
def _room(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise NoRoom(
            f"The output cannot be written in {path} ({fault.strerror}). What is there stays; make room, or let the "
            "laboratory send the task to another host."
        ) from None
