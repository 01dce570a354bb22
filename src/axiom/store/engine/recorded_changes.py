import functools
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

from axiom.errors import StoreError

Change = tuple[str, tuple[str, ...], tuple[Any, ...]]  # a statement, the names of its values, the values

FILE = ""  # in place of a statement: the change is a file beside the database; its digest and its bytes

_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(\w+)", re.DOTALL)
_CHANGING_ROWS = {"UPDATE", "DELETE"}
_CHANGING_MORE = {"INSERT", "REPLACE", "WITH", "CREATE", "ALTER", "DROP"}
_READING = {"SELECT", "VALUES", "PRAGMA", "EXPLAIN", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"}
_CHANGE_WITHIN = re.compile(
    r"\b(INSERT|REPLACE)\s+(OR\s+\w+\s+)?INTO\b|\bUPDATE\s+\w+\s+SET\b|\bDELETE\s+FROM\b", re.IGNORECASE
)


class Connection(Protocol):
    def one(self, sql: str, /, **values: Any) -> Mapping[str, Any] | None: ...

    def execute(self, sql: str, /, **values: Any) -> int: ...


class Recorder(Protocol):
    def append(self, database: Connection, changes: Sequence[Change]) -> None:
        """These changes are on the disk beside the database; called inside the transaction that made them."""

    def withdraw(self, database: Connection, error: BaseException) -> None:
        """The transaction whose changes were appended last ended with this error instead of its commit."""

    def close(self) -> None: ...


class ChangeKind(Enum):
    NOTHING = "it asks"
    ROWS = "it does nothing when it changes no row"
    MORE = "it may do something else, too: an INSERT that is ignored has used up a number all the same"


@functools.lru_cache(maxsize=4_096)
def kind_of(sql: str) -> ChangeKind:
    match = _FIRST_WORD.match(sql)
    word = match[1].upper() if match else ""
    if word in _READING or (word == "WITH" and not _CHANGE_WITHIN.search(sql)):
        return ChangeKind.NOTHING
    if word in _CHANGING_ROWS:
        return ChangeKind.ROWS
    if word in _CHANGING_MORE:
        return ChangeKind.MORE
    raise StoreError(f"Whether {sql[:60]!r} changes anything is not known here, so it was not done.")
