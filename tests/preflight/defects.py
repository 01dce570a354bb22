"""Experiments with one fault each: `sound.py` with the changes of `defects.patch`, and the gate that must reject it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOUND = Path(__file__).with_name("sound.py")
_HEAD = re.compile(r"=== (G[0-8]) (\w+): (.+)")


@dataclass(frozen=True)
class Defect:
    """A file that is the sound one but for its fault."""

    name: str
    gate: str
    fault: str
    changes: tuple[tuple[str, str], ...]  # what of the sound file is replaced, and by what

    def write(self, folder: Path) -> Path:
        """The file, in this folder."""
        text = SOUND.read_text(encoding="utf-8")
        for old, new in self.changes:
            if text.count(old) != 1:
                raise ValueError(f"{self.name} changes what does not stand in the sound file once: {old}")
            text = text.replace(old, new)
        file = folder / f"{self.name}.py"
        named = "sound" if self.name == "named_otherwise" else self.name  # that is its fault
        file.write_text(text.replace('name="sound"', f'name="{named}"'), encoding="utf-8")
        return file


def _read() -> Iterator[Defect]:
    text = Path(__file__).with_name("defects.patch").read_text(encoding="utf-8")
    preface, *parts = re.split(r"(?m)^(?==== )", text)
    library = preface[preface.index("@@\n") :].rstrip("\n") + "\n"
    for part in parts:
        head, *hunks = re.split(r"(?m)^@@\n", part.rstrip("\n").replace("@@ library\n", library) + "\n")
        found = _HEAD.fullmatch(head.strip())
        if found is None:
            raise ValueError(f"Not a defect: {head}")
        yield Defect(name=found[2], gate=found[1], fault=found[3], changes=tuple(map(_change, hunks)))


def _change(hunk: str) -> tuple[str, str]:
    lines = hunk.splitlines(keepends=True)
    old, new = ("".join(line[1:] if line[:1] in " +-" else line for line in lines if line[:1] != sign) for sign in "+-")
    return old, new


DEFECTS = tuple(_read())
