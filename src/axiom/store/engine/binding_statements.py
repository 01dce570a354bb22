"""Statements as a binding of SQLite takes them quickest: each value by its place.

Whoever asks names the values (`:name`). To bind by name, Python's binding asks SQLite for the name of each place of
each row anew, and lets go of the interpreter's lock for it: to change a task's row took twice as long by name. So each
text is read once, here.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from axiom.errors import StoreError
from axiom.store.engine.moments import at

Bound = tuple[Any, ...]  # the values of a statement in the order of their places

_MOST_KEPT = 4_096  # texts: more than this program has
# A word in quotes, a comment, or the name of a value. A cast as PostgreSQL writes it (`::`) names none.
_PIECE = re.compile(r"'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|(?<!:):([A-Za-z_]\w*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A statement with a number at each place, and the names that the numbers stand for."""

    text: str
    names: tuple[str, ...]
    take: Callable[[Mapping[str, Any]], Bound]

    def bind(self, values: Mapping[str, Any]) -> Bound:
        """The values in the order of their places; a time as the database keeps it. Others that are given are left."""
        try:
            bound = self.take(values)
        except KeyError as error:
            raise StoreError(f"A statement names a value {error} that was not given, so it was not done.") from error
        if datetime in map(type, bound):
            return tuple(at(each) if isinstance(each, datetime) else each for each in bound)
        return bound


@functools.lru_cache(maxsize=_MOST_KEPT)
def statement(sql: str) -> Statement:
    """The statement that this text is, read once."""
    places: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        name = found[1]
        return found[0] if name is None else f"?{places.setdefault(name, len(places) + 1)}"

    text = _PIECE.sub(numbered, sql)
    return Statement(text=text, names=tuple(places), take=_taker(tuple(places)))


def _taker(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Bound]:
    if not names:
        return lambda _: ()
    if len(names) == 1:
        return lambda values: (values[names[0]],)
    return itemgetter(*names)
