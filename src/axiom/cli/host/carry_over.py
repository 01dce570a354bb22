"""Reads lifetime totals from a file, says what is wrong with it line by line, and has them carried over."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from axiom.cli.changes import Change
from axiom.errors import NotFound, WrongUse
from axiom.limits import credit as limits
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database

_THOUSANDTHS = 1_000
_CREDIT = re.compile(r"[0-9]{1,12}(\.[0-9]{0,15})?", re.ASCII)
_COLUMNS = {"email", "number", "credit", "source"}
_NAMED = 5  # of what is wrong, in one sentence
_NOTHING = "No credit was carried over."


@dataclass(frozen=True, kw_only=True, slots=True)
class Lifetimes:
    """What a file says: rows as the command takes them, and the lines that hold nothing for it."""

    rows: tuple[Mapping[str, Any], ...]
    unknown: tuple[int, ...]  # of volunteers who have no account here
    empty: tuple[int, ...]  # of no credit


def read_lifetimes(db: Database, file: Path, *, source: str, known_only: bool) -> Lifetimes:
    """Read a CSV file with a heading. A row that cannot be read, or of somebody unknown, refuses all of it."""
    rows: dict[tuple[int, str], Mapping[str, Any]] = {}
    unknown: list[int] = []
    empty: list[int] = []
    for line, row in _lines(file):
        amount = _amount(line, row.get("credit", ""))
        from_where = row.get("source", "") or source
        if not from_where:
            raise WrongUse(f"Line {line} does not say where its credit is from, and there is no --source. {_NOTHING}")
        number = _number(db, line, row)
        if number is None:
            unknown.append(line)
        elif not amount:
            empty.append(line)
        elif (number, from_where) in rows:
            raise WrongUse(f"Line {line} names a volunteer and a source that an earlier line names, too. {_NOTHING}")
        else:
            rows[number, from_where] = {"volunteer": number, "source": from_where, "amount": amount}
    if unknown and not known_only:
        some = ", ".join(map(str, unknown[:_NAMED])) + (", …" if len(unknown) > _NAMED else "")
        raise NotFound(
            f"{len(unknown)} rows are of volunteers who have no account here: line {some}. {_NOTHING} "
            "--known-only leaves them out; the same file may be brought again when they have come."
        )
    return Lifetimes(rows=tuple(rows.values()), unknown=tuple(unknown), empty=tuple(empty))


def carry_over_lifetimes(change: Change, read: Lifetimes) -> dict[str, Any]:
    """Have the rows carried over, so many at a time; what was carried over before is not again, however often asked."""
    carried: list[Mapping[str, Any]] = []
    kept: list[Mapping[str, Any]] = []
    for first in range(0, len(read.rows), limits.ROWS_OF_A_COMMAND):
        rows = [dict(row) for row in read.rows[first : first + limits.ROWS_OF_A_COMMAND]]
        answer = change.submit("volunteer.carry-over", {"rows": rows})
        carried += answer["carried"]
        kept += answer["kept"]
    return {
        "carried": [_shown(row) for row in carried],
        "credit": sum(row["amount"] for row in carried) / _THOUSANDTHS,
        "kept": [_shown(row) | {"kept": row["kept"] / _THOUSANDTHS} for row in kept],
        "unknown": list(read.unknown),
        "empty": list(read.empty),
        "dry_run": change.dry_run,
    }


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"volunteer": row["volunteer"], "source": row["source"], "credit": row["amount"] / _THOUSANDTHS}


def _lines(file: Path) -> list[tuple[int, dict[str, str]]]:
    """Every row with the line on which it ends."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened, strict=True)
            headings = [(name or "").strip().lower() for name in reader.fieldnames or ()]
            _check_headings(headings)
            reader.fieldnames = headings
            return [(reader.line_num, _texts(reader.line_num, row)) for row in reader]
    except (UnicodeDecodeError, csv.Error, OSError) as fault:
        raise WrongUse(f"{file} cannot be read as CSV in UTF-8: {fault}. {_NOTHING}") from fault


def _check_headings(headings: list[str]) -> None:
    strange = sorted(set(headings) - _COLUMNS)
    if strange or "credit" not in headings or not {"email", "number"} & set(headings):
        raise WrongUse(
            "The first line must name the columns: credit, email or number, and source if it is not the same for all. "
            f"It names {', '.join(headings) or 'nothing'}. {_NOTHING}"
        )


def _texts(line: int, row: Mapping[Any, Any]) -> dict[str, str]:
    if None in row or None in row.values():
        raise WrongUse(f"Line {line} has another number of fields than the first line. {_NOTHING}")
    return {name: str(value).strip() for name, value in row.items()}


def _amount(line: int, text: str) -> int:
    """Credit as it is written, to the nearest thousandth."""
    if not _CREDIT.fullmatch(text):
        raise WrongUse(
            f"Line {line}: the credit {text[:40]!r} is not a number like 12345.678, with at most 12 digits before the "
            f"point. {_NOTHING}"
        )
    return int((Decimal(text) * _THOUSANDTHS).to_integral_value(ROUND_HALF_UP))


def _number(db: Database, line: int, row: Mapping[str, str]) -> int | None:
    """The volunteer whom a row means, by number or by address; None when there is none."""
    number, email = row.get("number", ""), row.get("email", "")
    if bool(number) == bool(email):
        raise WrongUse(
            f"Line {line} must name its volunteer by a number or by an address, and by one of them. {_NOTHING}"
        )
    if email:
        volunteer = accounts.find_account_by_email(db, email.lower())
    elif number.isascii() and number.isdecimal() and len(number) < len(str(2**63)):
        volunteer = accounts.find_account(db, int(number))
    else:
        raise WrongUse(f"Line {line}: {number[:40]!r} is no volunteer's number. {_NOTHING}")
    return volunteer[0].id if volunteer else None
