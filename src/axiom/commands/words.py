"""Words from outside: what they may be, read into a dataclass, and said to programs as JSON Schema.

The types and limits stand in the dataclass alone: limits in a field's metadata or, where fields share them, beside the
type: `Annotated[int, {"ge": 1}]`. There are ge, le, min_length, max_length, pattern and, for the schema, description.
"""

import functools
import re
import sys
from collections.abc import Callable, Mapping, Sized
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import EnumType
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from axiom.errors import NotFound, UnknownName, WrongUse
from axiom.signed.canonical_json import LARGEST
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment

T = TypeVar("T")
Limits = Mapping[str, Any]

SPEAKER = "speaker"  # marks a word that says in whose name something is said: a program's is its own
# No sign that a terminal would act on, or that turns the direction of what is read.
_UNSEEN = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f"
LINE = rf"^[^\x00-\x1f{_UNSEEN}]*$"
LINES = rf"^[^\x00-\x09\x0b-\x1f{_UNSEEN}]*$"  # the same where lines may end

NUMBER = {"ge": 1, "le": LARGEST}
FINITE = {"ge": -1e300, "le": 1e300}
WHY = {"min_length": 3, "max_length": 2_000, "pattern": LINES}
SENTENCE = {"min_length": 3, "max_length": 500, "pattern": LINES}
SAID_BY = {"min_length": 1, "max_length": 80, "pattern": LINE, SPEAKER: True}
FORECASTER = {
    "min_length": 1,
    "max_length": 80,
    "pattern": rf"^[^,\x00-\x1f{_UNSEEN}]*$",
    SPEAKER: True,
}  # its commas mean more
CALLER_NAME = {"min_length": 1, "max_length": 40, "pattern": r"^[a-z0-9][a-z0-9_.-]*$"}  # as the audit knows it
NAMED = {"min_length": 1, "max_length": 80, "pattern": r"^[a-zA-Z0-9_]+(@[0-9]{1,9})?$"}


_PLAIN = {
    str: ("text", "string"),
    int: ("a whole number", "integer"),
    float: ("a number", "number"),
    bool: ("true or false", "boolean"),
}
_HALVES = re.compile("[\ud800-\udfff]")
_SAME = {"pattern", "description"}  # what the schema calls as we do


@dataclass(frozen=True, kw_only=True)
class Word:
    """What a word must be."""

    type: Any
    limits: Limits
    default: Any  # MISSING where it must be given

    def read(self, value: Any, where: str) -> Any:
        """The value in this type: an enum comes by its value, an object by its words, and a float may be whole."""
        return _read(self.type, self.limits, value, where)


Form = Mapping[str, Word]


@functools.cache
def form_of(kind: Any) -> Form:
    """What the words of this dataclass must be, by name."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        field.name: Word(
            type=hints[field.name],
            limits=field.metadata,
            default=field.default if field.default_factory is MISSING else field.default_factory(),
        )
        for field in fields(kind)
    }


def read_words(kind: Callable[..., T], name: str, words: Mapping[str, Any]) -> T:
    """These words as what they should be, or one sentence about what is wrong with them."""
    return kind(**read_values(form_of(kind), name, words))


def read_values(form: Form, name: str, words: Mapping[str, Any], prefix: str | None = None) -> dict[str, Any]:
    """The same, by name: no more than was given."""
    demand_names(form, name, words)
    prefix = f"{name}: " if prefix is None else prefix
    return {word: form[word].read(value, f"{prefix}{word}") for word, value in words.items()}


def demand_names(form: Form, name: str, words: Mapping[str, Any]) -> None:
    """Refuse a word that is none of these, and the lack of one that must be there."""
    for word in words:
        if word not in form:
            raise UnknownName(f"word of {name}", word, form)
    for word, must in form.items():
        if must.default is MISSING and word not in words:
            raise WrongUse(f"{name}: {word} is missing. Nothing was done.")


def schema_of(form: Form) -> dict[str, Any]:
    """These words as JSON Schema."""
    properties = {}
    for name, word in form.items():
        properties[name] = _schema(word.type, word.limits)
        if word.default is not MISSING:
            properties[name]["default"] = word.default
    required = [name for name, word in form.items() if word.default is MISSING]
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | {"required": required} if required else schema


def _read(kind: Any, limits: Limits, value: Any, where: str) -> Any:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _read(parts[0], {**parts[1], **limits}, value, where)
    if origin is UnionType:
        return None if value is None else _read(_but_none(parts), limits, value, where)
    if kind is Any:
        return value
    if is_dataclass(kind):
        return value if type(value) is kind else _read_object(kind, value, where)
    if choices := _choices(kind):
        among = ", ".join(repr(str(choice)) for choice in choices)
        _demand(isinstance(value, str) and value in choices, f"be one of {among}", where)
        return value if origin is Literal else kind(value)
    if origin is list:
        _demand(isinstance(value, list), "be a list", where)
        value = [_read(parts[0], {}, item, f"{where}.{index}") for index, item in enumerate(value)]
    elif origin is dict:
        _demand(isinstance(value, dict), "be an object", where)
        value = {_plain(str, key, where): _read(parts[1], {}, item, f"{where}.{key}") for key, item in value.items()}
    else:
        value = _plain(kind, value, where)
    _demand_limits(limits, value, where)
    return value


def _read_object(kind: Any, value: Any, where: str) -> Any:
    _demand(isinstance(value, dict), "be an object", where)
    return kind(**read_values(form_of(kind), where, value, f"{where}."))


def _schema(kind: Any, limits: Limits) -> dict[str, Any]:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _schema(parts[0], {**parts[1], **limits})
    if origin is UnionType:
        return {"anyOf": [_schema(_but_none(parts), limits), {"type": "null"}]}
    if kind is Any:
        return {}
    if choices := _choices(kind):
        return {"type": "string", "enum": list(choices)}
    if origin is list:
        schema, sized = {"type": "array", "items": _schema(parts[0], {})}, "Items"
    elif origin is dict:
        schema, sized = {"type": "object", "additionalProperties": _schema(parts[1], {})}, "Properties"
    elif kind not in _PLAIN:
        return schema_of(form_of(kind))
    else:
        schema, sized = {"type": _PLAIN[kind][1]}, "Length"
    names = {"ge": "minimum", "le": "maximum", "min_length": f"min{sized}", "max_length": f"max{sized}"}
    return schema | {names.get(name, name): limit for name, limit in limits.items() if name in names or name in _SAME}


def _choices(kind: Any) -> tuple[str, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(kind) if isinstance(kind, EnumType) else ()


def _but_none(parts: tuple[Any, ...]) -> Any:
    return next(part for part in parts if part is not NoneType)


def _plain(kind: type, value: Any, where: str) -> Any:
    types = int | float if kind is float else kind
    is_kind = isinstance(value, types) and (kind is bool or not isinstance(value, bool))
    _demand(is_kind, f"be {_PLAIN[kind][0]}", where)
    if kind is str:
        _demand(_HALVES.search(value) is None, "have no halves of characters", where)
    if kind is not float:
        return value
    _demand(abs(value) <= sys.float_info.max, "be finite", where)
    return float(value)


def _demand_limits(limits: Limits, value: Any, where: str) -> None:
    if isinstance(value, int | float):
        least, most = limits.get("ge", value), limits.get("le", value)
        _demand(least <= value <= most, f"be {_range(limits.get('ge'), limits.get('le'))}", where)
    if isinstance(value, Sized):
        least, most = limits.get("min_length", 0), limits.get("max_length", len(value))
        _demand(least <= len(value) <= most, f"have a length {_range(least, limits.get('max_length'))}", where)
    if isinstance(value, str) and "pattern" in limits:
        _demand(re.fullmatch(limits["pattern"], value) is not None, f"match {limits['pattern']}", where)


def _range(least: Any, most: Any) -> str:
    if least is None or most is None:
        return f"of at most {most}" if least is None else f"of at least {least}"
    return f"from {least} to {most}"


def _demand(holds: bool, must: str, where: str) -> None:
    if not holds:
        raise _wrong(must, where)


def _wrong(must: str, where: str) -> WrongUse:
    return WrongUse(f"{where} must {must}. Nothing was done.")


def moment_said(text: str, otherwise: datetime, nothing: str) -> datetime:
    """The moment that is written, or this one where none is; `nothing` says what was not done if it is none."""
    if not text:
        return otherwise
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"{text!r} is no moment like 2026-03-02T14:00. {nothing}") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def version_of(db: Database, named: str) -> StoredExperiment:
    """The published version that is meant, or an error that suggests the nearest name."""
    name, _, number = named.partition("@")
    newest = _newest(db, name)
    if not number:
        return newest
    version = experiments.by_name(db, newest.name, int(number))
    if version is None:
        raise NotFound(f"There is no version {number} of {newest.name}; its newest is {newest.version}.")
    return version


def _newest(db: Database, name: str) -> StoredExperiment:
    if newest := experiments.by_name(db, name):
        return newest
    published = experiments.everything(db)
    for version in reversed(published):
        if name in stored_manifest(version.manifest).aliases:
            return version
    raise UnknownName("published experiment", name, {version.name for version in published})
