"""What the builder reads from and does to Linux's executable files, without any tool of the computer's."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"\x7fELF\x02\x01"  # 64 bits, least significant byte first: what both Linux platforms have
_KINDS = {2, 3}  # a program, a shared library
_MACHINES = {62, 183}  # x86-64, arm64
_LOAD, _DYNAMIC = 1, 2
HEAD = 20  # so many bytes say it
_NEEDED, _STRINGS, _STRINGS_SIZE = 1, 5, 10
_GLIBC = re.compile(rb"\bGLIBC_([0-9]+)\.([0-9]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One line of a file's program header: what the kernel and the dynamic linker go by."""

    kind: int
    offset: int
    address: int
    size: int


def is_elf(raw: bytes) -> bool:
    """Is this, by its first bytes, a program or a shared library of 64-bit Linux? Code for a GPU has the same form."""
    if raw[:6] != _MAGIC or len(raw) < HEAD:
        return False
    kind, machine = struct.unpack_from("<HH", raw, 16)
    return kind in _KINDS and machine in _MACHINES


def is_elf_at(path: Path) -> bool:
    """Is the file one?"""
    with path.open("rb") as file:
        return is_elf(file.read(HEAD))


def segments(raw: bytes) -> list[Segment]:
    """Return the program header."""
    start, (size, count) = struct.unpack_from("<Q", raw, 32)[0], struct.unpack_from("<HH", raw, 54)
    lines = (struct.unpack_from("<IIQQQQ", raw, start + number * size) for number in range(count))
    return [Segment(kind=kind, offset=offset, address=at, size=length) for kind, _, offset, at, _, length in lines]


def cut(raw: bytes) -> bytes:
    """Return the file without what no segment holds: symbols and section headers, which only debuggers read.

    Unlike `strip` it moves nothing, so libraries whose segments were laid out by hand stay whole.
    """
    start, (size, count) = struct.unpack_from("<Q", raw, 32)[0], struct.unpack_from("<HH", raw, 54)
    end = max([start + size * count, *(segment.offset + segment.size for segment in segments(raw))])
    head = bytearray(raw[:64])
    struct.pack_into("<Q", head, 40, 0)  # where the section headers begin
    struct.pack_into("<HH", head, 60, 0, 0)  # how many they are, and which one holds their names
    return bytes(head) + raw[64:end]


def needed(raw: bytes) -> list[str]:
    """Return the names of the libraries that the file asks for."""
    strings, entries = _strings(raw)
    return [strings[value:].split(b"\0", 1)[0].decode() for tag, value in entries if tag == _NEEDED]


def glibc(raw: bytes) -> tuple[int, int]:
    """Return the newest version of the C library that the file asks for; zeros when it asks for none."""
    strings, _ = _strings(raw)
    return max(((int(major), int(minor)) for major, minor in _GLIBC.findall(strings)), default=(0, 0))


def newest_glibc(tree: Path) -> tuple[int, int]:
    """Return the newest version of the C library that any file below a folder asks for."""
    files = (path for path in tree.rglob("*") if path.is_file() and not path.is_symlink() and is_elf_at(path))
    return max((glibc(path.read_bytes()) for path in files), default=(0, 0))


def _strings(raw: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """The names that the dynamic linker reads, and its table of tags and values."""
    lines = segments(raw)
    table = next((line for line in lines if line.kind == _DYNAMIC), None)
    if table is None:
        return b"", []
    entries = list(struct.iter_unpack("<QQ", raw[table.offset : table.offset + table.size - table.size % 16]))
    values = dict(entries)
    for line in lines:
        if line.kind == _LOAD and line.address <= values.get(_STRINGS, -1) < line.address + line.size:
            start = line.offset + values[_STRINGS] - line.address
            return raw[start : start + values[_STRINGS_SIZE]], entries
    return b"", entries
