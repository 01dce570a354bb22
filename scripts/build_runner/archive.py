"""Archives whose bytes follow from their content alone: a zip with LZMA entries, and a tar in gzip."""

import gzip
import io
import lzma
import os
import struct
import tarfile
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO

BEST, QUICK = 6, 0
_STORED, _LZMA = 0, 14
_VERSION = 63  # of the zip format, the first one with LZMA
_UNIX = 3 << 8
_ENDED, _UTF8 = 1 << 1, 1 << 11  # the LZMA stream has an end mark; the name is UTF-8
_DAY, _MINUTE = 1 << 5 | 1, 0  # the first that a zip can name: 1 January 1980
_REGULAR = 0o100000
_PIECE = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One file of a zip, compressed."""

    name: bytes
    mode: int
    method: int
    body: bytes
    checksum: int
    size: int


def files_below(tree: Path) -> dict[str, Path]:
    """Every file below a folder under its name there; links would not survive a zip, so there must be none."""
    files = {
        path.relative_to(tree).as_posix(): path
        for path in sorted(tree.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }
    if links := [name for name, path in files.items() if path.is_symlink()]:
        raise ValueError(f"{links[0]} is a link, which a zip cannot keep. Copy what it leads to.")
    return files


def write_zip(
    target: Path, files: Mapping[str, Path], preset: int, progress: Callable[[float], None] = lambda _: None
) -> None:
    """Write the files, each by itself, on two threads or on one (NPROC); the same bytes for the same content."""
    draft = target.with_name(f".{target.name}.draft")
    sizes = {name: path.stat().st_size for name, path in files.items()}
    largest_first = sorted(files, key=lambda name: (-sizes[name], name))
    whole, done, counting = max(1, sum(sizes.values())), 0, Lock()

    def count(size: int) -> None:
        nonlocal done
        with counting:
            done += size
            progress(done / whole)

    with ThreadPoolExecutor(max_workers=min(2, int(os.environ.get("NPROC", "2")))) as pool:
        waiting = {name: pool.submit(_entry, name, files[name], preset, count) for name in largest_first}
        entries = [waiting[name].result() for name in sorted(files)]
    with draft.open("wb") as file:
        write_entries(file, entries)
    draft.replace(target)


def write_entries(file: IO[bytes], entries: list[Entry]) -> None:
    """Write a whole zip of compressed files."""
    index = []
    for entry in entries:
        flags = _UTF8 | (_ENDED if entry.method == _LZMA else 0)
        facts = struct.pack("<HHHHIII", flags, entry.method, _MINUTE, _DAY, entry.checksum, len(entry.body), entry.size)
        name = struct.pack("<HH", len(entry.name), 0)
        made = struct.pack("<HH", _UNIX | _VERSION, _VERSION)
        rest = struct.pack("<HHHII", 0, 0, 0, (_REGULAR | entry.mode) << 16, file.tell())
        index.append(b"PK\x01\x02" + made + facts + name + rest + entry.name)
        file.write(b"PK\x03\x04" + struct.pack("<H", _VERSION) + facts + name + entry.name + entry.body)
    start, directory = file.tell(), b"".join(index)
    count = len(entries)
    file.write(directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), start, 0))


def tar_gz(files: Mapping[str, tuple[bytes, int]]) -> bytes:
    """Return a tar in gzip of contents and modes by name, with no word of this computer's in it."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            body, mode = files[name]
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(body), mode
            archive.addfile(member, io.BytesIO(body))
    return gzip.compress(plain.getvalue(), 9, mtime=0)


def mode_of(path: Path) -> int:
    """The mode that a file gets on a host: may everybody run it or not; nothing else of this computer's."""
    return 0o755 if path.stat().st_mode & 0o100 else 0o644


def _entry(name: str, path: Path, preset: int, count: Callable[[int], None]) -> Entry:
    raw = path.read_bytes()
    method, body = _LZMA, _compressed(raw, preset, count)
    if len(body) >= len(raw):
        method, body = _STORED, raw
    return Entry(
        name=name.encode(), mode=mode_of(path), method=method, body=body, checksum=zlib.crc32(raw), size=len(raw)
    )


def _compressed(raw: bytes, preset: int, count: Callable[[int], None]) -> bytes:
    """As the zip format wants it: a version, the properties that decoding needs, the stream.

    It is compressed piece by piece, since a few files are most of a runtime, and somebody waits.
    """
    way = {"id": lzma.FILTER_LZMA1, "preset": preset, "dict_size": _window(len(raw))}
    coder, stream = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=[way]), bytearray()
    for start in range(0, len(raw), _PIECE):
        piece = raw[start : start + _PIECE]
        stream += coder.compress(piece)
        count(len(piece))
    stream += coder.flush()
    properties = bytes([_PROPERTIES]) + struct.pack("<I", _window(len(raw)))
    return struct.pack("<BBH", 9, 4, len(properties)) + properties + bytes(stream)


_PROPERTIES = (2 * 5 + 0) * 9 + 3  # two bits of position, none of literal position, three of literal context


def _window(size: int) -> int:
    """How far back the coder looks, and so how much memory unpacking takes: at most 32 MB."""
    return min(1 << 25, max(1 << 12, 1 << max(0, size - 1).bit_length()))
