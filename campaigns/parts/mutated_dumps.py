"""Dumps that were damaged on their way, or written by somebody who means harm."""

import random
from collections.abc import Iterator

COMPLETED = b"-- Dump completed\n"
_PIECES = (
    *(b"'", b"''", b"\\", b"\\'", b"\\\\", b"(", b")", b",", b";", b"\n", b"\r\n", b"\0", b"\xff\xfe", b"NULL", b"`"),
    *(
        b"0x",
        b"0xABC",
        b"--",
        b"/*",
        b"*/",
        b"),\n(",
        b");\n",
        b"-",
        b"9" * 30,
        b"1e999",
        b"nan",
        b"_binary ",
        b"'" * 99,
    ),
    *(b"\nINSERT INTO `user` VALUES (1);\n", b"\n" + COMPLETED, b"AUTO_INCREMENT=99999999999999999999", b"\\" * 101),
)


def short_rows(dump: bytes, longest: int = 4_000) -> bytes:
    """The same dump without its longest rows, so that damage falls everywhere."""
    lines = dump.splitlines(keepends=True)
    return b"".join(line for line in lines if len(line) <= longest or line.endswith(b";\n"))


def cut_dumps(dump: bytes, chance: random.Random, amount: int) -> Iterator[bytes]:
    """What is left of it after some byte; a third of them at the end of a line."""
    ends = [place + 1 for place, byte in enumerate(dump[:-1]) if byte == 10]
    for number in range(amount):
        yield dump[: chance.choice(ends) if number % 3 == 0 else chance.randrange(len(dump))]


def mutated_dumps(dump: bytes, chance: random.Random, amount: int) -> Iterator[bytes]:
    """It with one to three changes each."""
    lines = dump.splitlines(keepends=True)
    for _ in range(amount):
        changed = list(lines)
        for _ in range(chance.choice((1, 1, 2, 3))):
            _change(changed, chance)
        yield b"".join(changed)


def _change(lines: list[bytes], chance: random.Random) -> None:
    place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    line = lines[place]
    at, end = sorted((chance.randrange(len(line) + 1), chance.randrange(len(line) + 1)))
    match chance.randrange(9):
        case 0 if line:
            at = min(at, len(line) - 1)
            lines[place] = line[:at] + bytes([line[at] ^ (1 << chance.randrange(8))]) + line[at + 1 :]
        case 1 | 2:
            lines[place] = line[:at] + chance.choice(_PIECES) + line[at:]
        case 3:
            lines[place] = line[:at] + chance.choice(_PIECES) + line[end:]
        case 4:
            lines[place] = line[:at] + line[end:]
        case 5:
            lines[place] = line[:end] + line[at:end] + line[end:]
        case 6:
            lines[place], lines[other] = lines[other], lines[place]
        case 7:
            lines[place] = b""
        case _:  # cut, and filled up with something that looks well
            lines[place:] = [line[:at], chance.choice((b"\0" * 5_000 + b"\n", b"", b");\n", b"\n")), COMPLETED]
