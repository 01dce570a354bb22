"""Reads ten thousand damaged dumps of an official server, and a large one whose time and memory are measured.

The dumps that tests keep are cut at thousands of places and changed in ten thousand ways. A cut dump has to be refused.
A changed one is refused or has rows, never anything else, within a second. Then a dump is made as large as you like, of
the same rows with other numbers, in which each row goes into the records that a laboratory is made of; and one whose
lines are as long as a reader allows.

    scripts/campaign dumps --mutations 10000 --megabytes 200

Ends with 0 when all of this held, no reader took more than MOST_MEMORY, and at least LEAST_ROWS were read a second.
"""

import argparse
import gzip
import io
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from mutated_dumps import cut_dumps, mutated_dumps, short_rows

from axiom.errors import Refused
from axiom_adopt.dump import Dump, open_dump
from axiom_adopt.dump_syntax import LONGEST_FIELD, LONGEST_LINE
from axiom_adopt.old_server_records import KINDS

ROOT = Path(__file__).resolve().parents[2]
DUMPS = ROOT / "packages" / "axiom-adopt" / "tests" / "dumps"
MOST_MEMORY, MOST_SECONDS, LEAST_ROWS = 200 * 2**20, 1.0, 12_000
_INSERT = b"INSERT INTO `app_version` VALUES\n"
_GROWING = (b"user", b"host", b"result", b"workunit")


def main() -> int:
    """Damage, then measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--cuts", type=int, default=3_000)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.measure:
        print(json.dumps(measured(wanted.measure)))
        return 0
    chance = random.Random(wanted.seed)
    texts = [text_of(name) for name in ("project-hex.sql.gz", "project-text.sql.gz", "older-latin1.sql")]
    wrong = [
        *damaged("cut", (cut for text in texts for cut in cut_dumps(text, chance, wanted.cuts // len(texts)))),
        *damaged("changed", changes(texts, chance, wanted.mutations)),
    ]
    with tempfile.TemporaryDirectory(prefix="axiom-dumps-") as place:
        wrong += large(Path(place), wanted.megabytes * 10**6)
    print("\n".join(f"MISSED: {what}" for what in wrong) or "every figure held")
    return int(bool(wrong))


def text_of(name: str) -> bytes:
    """A kept dump, unpacked."""
    raw = (DUMPS / name).read_bytes()
    return gzip.decompress(raw) if name.endswith(".gz") else raw


def changes(texts: list[bytes], chance: random.Random, amount: int) -> Iterator[bytes]:
    """Of each dump without its longest rows as many; a tenth of them with all rows."""
    for text in texts:
        yield from mutated_dumps(text, chance, amount // (10 * len(texts)))
        yield from mutated_dumps(short_rows(text), chance, amount // len(texts) - amount // (10 * len(texts)))


def damaged(how: str, dumps: Iterable[bytes]) -> Iterator[str]:
    """Read each and print how they ended; what must not be is returned."""
    ends: Counter[str] = Counter()
    slowest = 0.0
    for number, text in enumerate(dumps):
        began = time.process_time()
        try:
            rows = sum(1 for _ in Dump(io.BytesIO(text)).read(*KINDS))
        except Refused:
            ends["refused"] += 1
        except Exception as fault:  # noqa: BLE001  what a reader must not do is counted
            ends[f"{type(fault).__name__}"] += 1
            yield f"the {how} dump {number} ended in {fault!r}"
        else:
            ends["read"] += 1
            if how == "cut":
                yield f"the cut dump {number} was read: {rows} rows"
        slowest = max(slowest, time.process_time() - began)
    counts = ", ".join(f"{end} {amount:,}" for end, amount in ends.most_common())
    print(f"{how}: {counts}; the slowest took {slowest:.3f} s", flush=True)
    if slowest > MOST_SECONDS:
        yield f"a {how} dump took {slowest:.2f} s"


def large(place: Path, size: int) -> Iterator[str]:
    """Write large dumps and measure their reading, each in a process of its own."""
    dump = place / "large.sql"
    for name in ("project-hex.sql.gz", "project-text.sql.gz"):
        with dump.open("wb") as file:
            file.writelines(grown(text_of(name), size))
        yield from judged(f"{name}, grown", dump, dump.stat().st_size, LEAST_ROWS)
    packed = place / "large.sql.gz"
    with dump.open("rb") as file, gzip.open(packed, "wb", compresslevel=1) as copy:
        while piece := file.read(2**20):
            copy.write(piece)
    yield from judged("the same, packed", packed, dump.stat().st_size, 0)
    long = place / "long.sql"
    long.write_bytes(long_lines())
    yield from judged("lines as long as may be", long, long.stat().st_size, 0)


def grown(text: bytes, size: int) -> Iterator[bytes]:
    """A dump in which people, hosts, results and workunits are many, without those whose preferences are 64 KB."""
    lines = iter(short_rows(text).splitlines(keepends=True))
    for line in lines:
        yield line
        if line.startswith(b"INSERT") and line.split(b"`")[1] in _GROWING:
            rows = [line]
            while not rows[-1].endswith(b";\n"):
                rows.append(next(lines))
            bodies = [row.rstrip(b",;\n").partition(b",")[2] for row in rows[1:]]
            written, number = 0, 1
            while written < size // len(_GROWING):
                row = b"(%d,%b,\n" % (number, bodies[number % len(bodies)])
                written, number = written + len(row), number + 1
                yield row
            yield b"(%d,%b;\n" % (number, bodies[0])


def long_lines() -> bytes:
    """A dump with a line that is nearly as long as may be, in which three fields are."""
    head, rest = text_of("older-latin1.sql").split(_INSERT)
    row, after = rest.split(b"\n", 1)
    before, _, behind = row.rstrip(b",").partition(b"0x")
    behind = behind.partition(b",")[2]
    longest = (LONGEST_FIELD - 1_000) // 2
    fields = (b"0x" + b"A5" * longest, b"'" + rb"\'" * longest + b"'", b"'" + b"''" * longest + b"'")
    rows = b",".join(b"%b%b,%b" % (before, field, behind) for field in fields)
    many = b",".join([row.rstrip(b",")] * ((LONGEST_LINE - len(rows) - 1_000) // len(row)))
    return b"".join((head, _INSERT, rows, b",", many, b";\n", _INSERT, row, b"\n", after))


def measured(path: Path) -> dict[str, float]:
    """What it takes to read a dump into records that are counted and let go."""
    began = time.process_time()
    with open_dump(path) as dump:
        rows = sum(1 for _ in dump.read(*KINDS))
    seconds = time.process_time() - began
    return {"rows": rows, "seconds": seconds, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def judged(what: str, path: Path, size: int, least_rows: float) -> Iterator[str]:
    """Print the figures of a dump that has so many bytes unpacked, and return which of them do not hold."""
    command = [sys.executable, __file__, "--measure", str(path)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures = json.loads(ended.stdout)
    rows, seconds, memory = figures["rows"], figures["seconds"], figures["memory"]
    print(
        f"{what}: {size / 1e6:,.1f} MB, {rows:,} records in {seconds:.1f} s of CPU: {rows / seconds:,.0f} a second, "
        f"{size / 1e6 / seconds:.1f} MB/s; at most {memory / 2**20:.0f} MB of memory",
        flush=True,
    )
    if memory > MOST_MEMORY:
        yield f"{what}: {memory / 2**20:.0f} MB of memory"
    if rows / seconds < least_rows:
        yield f"{what}: {rows / seconds:,.0f} rows a second"


if __name__ == "__main__":
    sys.exit(main())
