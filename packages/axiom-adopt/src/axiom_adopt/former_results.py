"""Result files of another laboratory: JSON, read file by file into rows of numbers, and loaded in chunks.

What cannot be read is named and stops nothing else; what is no number is counted and left out.
"""

import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axiom.errors import WrongUse
from axiom.limits import experiments as limits
from axiom.limits import programs as program_limits
from axiom.signed.canonical_json import LARGEST
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import print_progress, print_remark

Row = Mapping[str, Any]  # a task with its measures and its config, as the command takes it

_LINES = (".jsonl", ".ndjson")  # endings of files with a result a line
_DEPTH = 2  # objects within a result whose numbers are taken
_KINDS = {"str": "texts", "list": "lists", "dict": f"deeper than {_DEPTH} objects"}
_CHARACTERS = 200  # of a name
_FILE_BYTES = 4 * 1024 * 1024  # the largest file, and the longest line of one with a result a line
_CHUNK_BYTES = program_limits.COMMAND_BYTES // 2
_NAMED = 20  # files or tasks that are named of those with something amiss; of the others it is said how many there are


@dataclass(kw_only=True, slots=True)
class Omissions:
    """What of the files was not taken."""

    unreadable: list[str] = field(default_factory=list)  # the first of them, and why
    unreadable_in_all: int = 0  # files, and results within files
    values: Counter[str] = field(default_factory=Counter)  # by what they are instead of numbers

    def name(self, place: str, why: object) -> None:
        self.unreadable_in_all += 1
        if len(self.unreadable) < _NAMED:
            self.unreadable.append(f"{place}: {why}")


@dataclass(kw_only=True, slots=True)
class LoadedResults:
    """What became of the files."""

    experiment: str
    source: str
    stored: int = 0
    kept: int = 0  # were there before
    differing: list[str] = field(default_factory=list)  # of these the first whose numbers are others now
    differing_in_all: int = 0
    omissions: Omissions = field(default_factory=Omissions)

    @property
    def answer(self) -> dict[str, Any]:
        """All of it, as programs get it."""
        return {
            "experiment": self.experiment,
            "source": self.source,
            "stored": self.stored,
            "kept": self.kept,
            "differing": self.differing,
            "differing_in_all": self.differing_in_all,
            "unreadable": self.omissions.unreadable,
            "unreadable_in_all": self.omissions.unreadable_in_all,
            "left_out": dict(self.omissions.values),
        }

    @property
    def sentence(self) -> str:
        """The same in words, without its full stop."""
        parts = [f"{tell_amount(self.stored, 'result')} loaded, {self.kept:,} there before or twice in the files"]
        if self.differing:
            parts.append(
                f"{self.differing_in_all:,} of these have other numbers in the files, and stay as they were: "
                + _some(self.differing, self.differing_in_all)
            )
        if self.omissions.values:
            amounts = ", ".join(f"{amount:,} {what}" for what, amount in self.omissions.values.most_common())
            parts.append(f"left out: {amounts}")
        return "; ".join(parts)


def load_former_results(
    place: Path,
    experiment: str,
    source: str,
    submit: Callable[[str, Mapping[str, Any]], Mapping[str, Any]],
    *,
    quiet: bool,
) -> LoadedResults:
    """Have every result of these files loaded, a chunk at a time. Whoever is interrupted begins again, and goes on."""
    loaded = LoadedResults(experiment=experiment, source=source)
    for chunk in chunks(read_former_results(place, loaded.omissions)):
        answer = submit("experiment.load-former", {"experiment": experiment, "source": source, "rows": chunk})
        loaded.stored += answer["stored"]
        loaded.kept += answer["kept"]
        loaded.differing_in_all += len(answer["differing"])
        loaded.differing += answer["differing"][: _NAMED - len(loaded.differing)]
        if not quiet:
            print_progress(f"{tell_amount(loaded.stored + loaded.kept, 'result')} read")
    if not quiet:
        print_progress("")
    omissions = loaded.omissions
    if loaded.stored + loaded.kept == 0:
        why = _some(omissions.unreadable, omissions.unreadable_in_all) or "no file there ends in .json or .jsonl"
        raise WrongUse(f"There is no result in {place}: {why}. Nothing was loaded.")
    for sentence in omissions.unreadable:
        print_remark(f"Left out: {sentence}", quiet=quiet)
    if omissions.unreadable_in_all > len(omissions.unreadable):
        print_remark(f"Left out: {omissions.unreadable_in_all - len(omissions.unreadable):,} more", quiet=quiet)
    return loaded


def chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """As many rows at a time as one command may bring."""
    chunk, size = list[Row](), 0
    for row in rows:
        length = len(json.dumps(row))
        if chunk and (len(chunk) == limits.FORMER_ROWS or size + length > _CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += length
    if chunk:
        yield chunk


def read_former_results(place: Path, omissions: Omissions) -> Iterator[Row]:
    """The results of a file, or of every file in a folder and those within it; one file is in memory at a time.

    A result is an object. Its `task` names it, else its file and its place there do.
    """
    for file in _files(place):
        name = file.relative_to(place).as_posix() if file != place else file.name
        try:
            for behind, text in _texts(file):
                yield from _results(text, name.removesuffix(file.suffix) + behind, f"{name}{behind}", omissions)
        except (OSError, ValueError) as error:
            omissions.name(name, error)


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    for folder, within, names in os.walk(place):
        within.sort()
        files = (Path(folder, name) for name in sorted(names) if name.endswith((".json", *_LINES)))
        yield from (file for file in files if file.is_file())  # a pipe would never end


def _texts(file: Path) -> Iterator[tuple[str, bytes]]:
    """What a file holds, or each of its lines with what tells it from the others."""
    most = _FILE_BYTES
    with file.open("rb") as opened:
        if file.suffix not in _LINES:
            raw = opened.read(most + 1)
            if len(raw) > most:
                raise ValueError(f"it is larger than {most:,} bytes")
            yield "", raw
            return
        number = 0
        while line := opened.readline(most + 1):
            number += 1
            if len(line) > most:
                raise ValueError(f"its line {number:,} is longer than {most:,} bytes, and nothing behind it was read")
            if line.strip():
                yield f":{number}", line


def _results(text: bytes, task: str, place: str, omissions: Omissions) -> Iterator[Row]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        omissions.name(place, f"it is not JSON ({error})")
        return
    entries = enumerate(data, start=1) if isinstance(data, list) else [(0, data)]
    for number, entry in entries:
        behind = f":{number}" if number else ""
        try:
            yield _row(entry, task + behind, omissions.values)
        except ValueError as error:
            omissions.name(place + behind, error)


def _row(result: object, task: str, left_out: Counter[str]) -> Row:
    if not isinstance(result, dict):
        raise ValueError("it is no object")  # noqa: TRY004  every refusal here is a ValueError
    named, config = result.pop("task", None), result.pop("config", {})
    if isinstance(named, str | int):
        task = str(named)
    if not _is_shown(task):
        raise ValueError(f"its task {task[:40]!r} is no name of at most {_CHARACTERS} characters")
    seed = {"seed": result.pop("seed")} if "seed" in result else {}
    measures = _taken(result, _number, left_out)
    if not measures:
        raise ValueError("it holds no number")
    used = seed | (config if isinstance(config, dict) else {"config": config})
    return {"task": task, "measures": measures, "config": _taken(used, _setting, left_out)}


def _taken(data: Mapping[str, Any], take: Callable[[Any], Any], left_out: Counter[str]) -> dict[str, Any]:
    """The values that can be taken by their names; of the others, why not."""
    taken: dict[str, Any] = {}
    for name, value in _leaves(data, _DEPTH):
        try:
            sound = take(value)
        except ValueError as error:
            left_out[str(error)] += 1
            continue
        if not _is_shown(name):
            left_out["whose names no page can show"] += 1
        elif len(taken) == limits.FORMER_NUMBERS:
            left_out[f"beyond {limits.FORMER_NUMBERS} of one result"] += 1
        else:
            taken[name] = sound
    return taken


def _leaves(data: Mapping[str, Any], depth: int, outer: str = "") -> Iterator[tuple[str, Any]]:
    """Every value, those of objects within under their names with dots."""
    for name, value in data.items():
        if isinstance(value, dict) and depth:
            yield from _leaves(value, depth - 1, f"{outer}{name}.")
        else:
            yield f"{outer}{name}", value


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004  see above
    if not isinstance(value, int | float):
        raise ValueError(_KINDS.get(type(value).__name__, "empty"))  # noqa: TRY004  see above
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _setting(value: Any) -> Any:
    """What it was computed with may also be a text, true or false; a seed keeps every digit."""
    if isinstance(value, bool) or (isinstance(value, str) and _is_shown(value)):
        return value
    number = _number(value)
    if isinstance(value, int):
        return value if abs(value) <= LARGEST else str(value)
    return number


def _is_shown(text: str) -> bool:
    return 0 < len(text) <= _CHARACTERS and text.isprintable()


def _some(names: Sequence[str], in_all: int) -> str:
    return ", ".join(names) + (", …" if in_all > len(names) else "")
