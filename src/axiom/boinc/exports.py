"""The statistics files that credit sites fetch, from plain values.

They are in ISO-8859-1 by old agreement; whatever that lacks is written as a character reference. Credit is written
with all its thousandths: the sums over these files are the ledger's, to the last digit.
"""

from collections.abc import Iterable, Iterator, Mapping

from axiom.boinc.xml import escaped, in_ascii

_DECLARATION = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'

Record = Mapping[str, str | int | float | None]  # by BOINC's tags; what is None is left out


def tables_xml(record: Record, experiments: Iterable[str]) -> bytes:
    names = "".join(f"<application>\n<name>{escaped(name)}</name>\n</application>\n" for name in experiments)
    lines = f"{_lines(record)}<applications>\n{names}</applications>\n"
    return in_ascii(f"{_DECLARATION}<tables>\n{lines}</tables>\n")


def records_xml(root: str, tag: str, records: Iterable[Record]) -> Iterator[bytes]:
    yield in_ascii(f"{_DECLARATION}<{root}>\n")
    for record in records:
        yield in_ascii(f"<{tag}>\n{_lines(record)}</{tag}>\n")
    yield in_ascii(f"</{root}>\n")


def as_credits(thousandths: int) -> str:
    """Thousandths as credits; a float would lose the last of them."""
    whole, rest = divmod(abs(thousandths), 1_000)
    return f"{'-' if thousandths < 0 else ''}{whole}.{rest:03d}"


def _lines(record: Record) -> str:
    return "".join(f" <{tag}>{_written(value)}</{tag}>\n" for tag, value in record.items() if value is not None)


def _written(value: str | float) -> str:
    return escaped(value) if isinstance(value, str) else f"{value:.6f}" if isinstance(value, float) else str(value)
