import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from enum import EnumType
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from axiom.store.engine.sqlite_binding import Row
from axiom.store.engine.timestamps import moment

T = TypeVar("T")
Conversion = Callable[[Any], Any]

_AS_IT_IS = (str, int, float, bytes)


def as_value(kind: Callable[..., T], row: Row, **others: Any) -> T:
    """The value of a row. Fields whose columns have another name or form are given.

    A field's type says how its column is kept: a moment as microseconds, an enum by its value, yes or no as a number,
    sequences and mappings as JSON; a field that is a value of several columns takes them from the same row. It costs
    about a microsecond more than a call that names each field.
    """
    plain, converted, within = _columns(kind, tuple(others))
    for name in plain:
        others[name] = row[name]
    for name, convert in converted:
        others[name] = convert(row[name])
    for name, part in within:
        others[name] = as_value(part, row)
    return kind(**others)


@functools.cache
def _columns(
    kind: Any, others: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[tuple[str, Conversion], ...], tuple[tuple[str, Any], ...]]:
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name not in others}
    plain = tuple(name for name, hint in hints.items() if _but_none(hint) in _AS_IT_IS)
    within = tuple((name, hint) for name, hint in hints.items() if is_dataclass(hint))
    left = [name for name in hints if name not in plain and (name, hints[name]) not in within]
    return plain, tuple((name, _conversion(hints[name])) for name in left), within


def _conversion(hint: Any) -> Conversion:
    kind, parts = get_origin(hint) or hint, get_args(hint)
    if kind is UnionType:
        convert = _conversion(_but_none(hint))
        return lambda value: None if value is None else convert(value)
    if kind is datetime:
        return moment
    if kind is bool or isinstance(kind, EnumType):
        return kind
    if kind is tuple and is_dataclass(parts[0]):
        return lambda text: tuple(parts[0](**facts) for facts in json.loads(text))
    if kind is tuple and parts[0] not in _AS_IT_IS:
        item = _conversion(parts[0])
        return lambda text: tuple(map(item, json.loads(text)))
    if kind is tuple:
        return lambda text: tuple(json.loads(text))
    if kind in (Mapping, Sequence):
        return json.loads
    raise TypeError(f"no column is a {hint}, so its value is given")


def _but_none(hint: Any) -> Any:
    return (
        next((part for part in get_args(hint) if part is not NoneType), hint) if isinstance(hint, UnionType) else hint
    )
