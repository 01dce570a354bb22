"""The statistics files that credit sites fetch, from plain values.

They are in ISO-8859-1 by old agreement; whatever that lacks is written as a character reference. Credit is written
with all its thousandths: the sums over these files are the ledger's, to the last digit.
"""

from collections.abc import Iterable, Iterator

from axiom.boinc.xml import Facts, in_ascii, write_elements

_DECLARATION = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'


def tables_xml(totals: Facts, experiments: Iterable[str], badges: Iterable[Facts] = ()) -> bytes:
    names = "".join(f"<application>\n{write_elements({'name': name})}</application>\n" for name in experiments)
    lines = f"{write_elements(totals, ' ')}<applications>\n{names}</applications>\n"
    lines += "".join(
        ["<badges>\n", *(f"<badge>\n{write_elements(badge)}</badge>\n" for badge in badges), "</badges>\n"]
    )
    return in_ascii(f"{_DECLARATION}<tables>\n{lines}</tables>\n")


def records_xml(root: str, tag: str, records: Iterable[Facts]) -> Iterator[bytes]:
    yield in_ascii(f"{_DECLARATION}<{root}>\n")
    for record in records:
        yield in_ascii(f"<{tag}>\n{write_elements(record, ' ')}</{tag}>\n")
    yield in_ascii(f"</{root}>\n")


def as_credits(thousandths: int) -> str:
    """Thousandths as credits; a float would lose the last of them."""
    whole, rest = divmod(abs(thousandths), 1_000)
    return f"{'-' if thousandths < 0 else ''}{whole}.{rest:03d}"
