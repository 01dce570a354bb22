"""Words from outside: what they may be, read into a dataclass, and said to programs as JSON Schema.

The types and limits stand in the dataclass alone: limits in a field's metadata or, where fields share them, beside the
type: `Annotated[int, {"ge": 1}]`. There are ge, le, min_length, max_length, pattern and, for the schema, description.
For a terminal there are help, metavar and, where a word that must be said is an option, flag.
"""

import operator
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import EnumType
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from axiom.errors import UnknownName, WrongUse
from axiom.limits import proposals
from axiom.signed.canonical_json import LARGEST, Scalar, is_plain, read_json
from axiom_weigh.values import Verdict

T = TypeVar("T")
Form = Mapping[str, Field[Any]]

SPEAKER = "speaker"  # marks a word that says in whose name something is said: a program's is its own
# No sign that a terminal would act on, or that turns the direction of what is read.
_UNSEEN = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f"
LINE = rf"^[^\x00-\x1f{_UNSEEN}]*$"
LINES = rf"^[^\x00-\x09\x0b-\x1f{_UNSEEN}]*$"  # the same where lines may end

NUMBER = {"ge": 1, "le": LARGEST}
FINITE = {"ge": -1e300, "le": 1e300}
WHY = {"min_length": 3, "max_length": 2_000, "pattern": LINES}
PUBLIC = {"help": "Why; everybody can read it."}
SENTENCE = {"min_length": 3, "max_length": 500, "pattern": LINES}
SAID_BY = {"min_length": 1, "max_length": 80, "pattern": LINE, SPEAKER: True, "help": "Who says so."}
DECIDED_BY = SAID_BY | {"help": "Whose decision it is; everybody sees it."}
FORECASTER = {
    "min_length": 1,
    "max_length": 80,
    "pattern": rf"^[^,\x00-\x1f{_UNSEEN}]*$",
    SPEAKER: True,
    "help": "Who says so.",
}  # its commas mean more
SIGNS = {"+": Verdict.POSITIVE, "-": Verdict.NEGATIVE, "absent": Verdict.ABSENT}  # of a number, as commands name it
SIGN = r"\+|-|absent"
EXPECTS = {"pattern": r"^[+0-]$"}  # a Direction: above the null, nearer to it than what matters, below it
CALLER_NAME = {  # as the audit knows it
    "min_length": 1,
    "max_length": 40,
    "pattern": r"^[a-z0-9][a-z0-9_.-]*$",
    "metavar": "NAME",
}
CONFIGS = {"min_length": 1, "max_length": proposals.CONFIGS}
NAMED = {
    "min_length": 1,
    "max_length": 80,
    "pattern": r"^[a-zA-Z0-9_]+(@[0-9]{1,9})?$",
    "metavar": "NAME[@VERSION]",
}

_PLAIN = {
    str: ("text", "string"),
    int: ("a whole number", "integer"),
    float: ("a number", "number"),
    bool: ("true or false", "boolean"),
}
_LIMITS: Mapping[str, tuple[str, Callable[[Any, Any], object]]] = {
    "ge": ("be at least {limit}", operator.ge),
    "le": ("be at most {limit}", operator.le),
    "min_length": ("have at least {limit} {unit}", lambda value, least: len(value) >= least),
    "max_length": ("have at most {limit} {unit}", lambda value, most: len(value) <= most),
    "pattern": ("match {limit}", lambda value, pattern: re.fullmatch(pattern, value)),
}
_WITH_NONE = (UnionType, Union)  # a Literal or None is the second
_HALVES = re.compile("[\ud800-\udfff]")


def form_of(kind: Any) -> Form:
    """What the words of this dataclass must be, by name."""
    return {field.name: field for field in fields(kind)}


def read_words(kind: Callable[..., T], name: str, words: Mapping[str, Any]) -> T:
    """These words as what they should be, or one sentence about what is wrong with them."""
    form = form_of(kind)
    demand_names(form, name, words)
    return kind(**read_values(form, name, words))


def read_values(form: Form, name: str, words: Mapping[str, Any]) -> dict[str, Any]:
    """The values by name, of words that have the names that they may have."""
    return {word: _read(form[word].type, form[word].metadata, words[word], f"{name}: {word}") for word in words}


def demand_names(form: Form, name: str, words: Mapping[str, Any]) -> None:
    """Refuse a word that is none of these, and the lack of one that must be there."""
    for word in words:
        if word not in form:
            raise UnknownName(f"word of {name}", word, form)
    for word in form:
        _demand(word in words or not is_required_word(form[word]), "be given", f"{name}: {word}")


def is_required_word(word: Field[Any]) -> bool:
    """Is nothing taken for granted where it is not said?"""
    return word.default is MISSING and word.default_factory is MISSING


def schema_of(form: Form) -> dict[str, Any]:
    properties = {name: _schema(word.type, word.metadata) for name, word in form.items()}
    for name, word in form.items():
        if word.default is not MISSING:
            properties[name]["default"] = word.default
    needed = [name for name, word in form.items() if is_required_word(word)]
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | {"required": needed} if needed else schema


def _read(kind: Any, limits: Mapping[str, Any], value: Any, where: str) -> Any:
    """The value in its type: an enum comes by its value, a dataclass by its words, and a float may be whole."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _read(parts[0], {**parts[1], **limits}, value, where)
    if kind == Scalar:
        _demand(is_plain(value), "be a number, a truth or a word", where)
        return _plain(str, value, where) if isinstance(value, str) else value
    if origin in _WITH_NONE:
        return None if value is None else _read(parts[0], limits, value, where)
    if kind is Any or (type(value) is kind and is_dataclass(kind)):
        return value
    if choices := _choices(kind):
        _demand(isinstance(value, str) and value in choices, f"be one of {', '.join(choices)}", where)
        return value if origin is Literal else kind(value)
    if origin is list:
        value = _out_of_json(value)
        _demand(isinstance(value, list | tuple), "be a list", where)
        value = [_read(parts[0], {}, item, f"{where}.{index}") for index, item in enumerate(value)]
    elif origin is not dict and kind in _PLAIN:
        value = _plain(kind, value, where)
    else:
        _demand(isinstance(value, dict), "be an object", where)
        if origin is not dict:
            return _read_part(kind, where, value)
        value = {
            _read(parts[0], {}, key, where): _read(parts[1], {}, item, f"{where}.{key}") for key, item in value.items()
        }
    for name, (must, holds) in _LIMITS.items():
        if name in limits:
            unit = "characters" if isinstance(value, str) else "entries"
            _demand(holds(value, limits[name]), must.format(limit=limits[name], unit=unit), where)
    return value


def _read_part(kind: Callable[..., T], where: str, words: Mapping[str, Any]) -> T:
    """A value of several words, which may refuse how they stand to each other."""
    try:
        return read_words(kind, where, words)
    except ValueError as error:
        raise WrongUse(f"{where}: {error}. Nothing was done.") from error


def _out_of_json(value: Any) -> Any:
    """A list, also where it came as text in JSON: as from an older program, or a shell."""
    try:
        return read_json(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _plain(kind: type, value: Any, where: str) -> Any:
    is_kind = isinstance(value, int | float if kind is float else kind) and isinstance(value, bool) == (kind is bool)
    _demand(is_kind, f"be {_PLAIN[kind][0]}", where)
    if kind is str:
        _demand(not _HALVES.search(value), "have no halves of characters", where)
    if kind is not float:
        return value
    _demand(abs(value) <= sys.float_info.max, "be finite", where)
    return float(value)


def _schema(kind: Any, limits: Mapping[str, Any]) -> dict[str, Any]:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _schema(parts[0], {**parts[1], **limits})
    if origin in _WITH_NONE:
        return {"anyOf": [_schema(parts[0], limits), {"type": "null"}]}
    if choices := _choices(kind):
        return {"type": "string", "enum": list(choices)}
    if origin is list:
        schema, sized = {"type": "array", "items": _schema(parts[0], {})}, "Items"
    elif origin is not dict and kind in _PLAIN:
        schema, sized = {"type": _PLAIN[kind][1]}, "Length"
    else:
        described = {"description": limits["description"]} if "description" in limits else {}
        return described | ({"type": "object"} if origin is dict else schema_of(form_of(kind)))
    names = {"ge": "minimum", "le": "maximum", "min_length": f"min{sized}", "max_length": f"max{sized}"}
    names |= {"pattern": "pattern", "description": "description"}
    return schema | {names[name]: limit for name, limit in limits.items() if name in names}


def _choices(kind: Any) -> tuple[str, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(kind) if isinstance(kind, EnumType) else ()


def _demand(holds: object, must: str, where: str) -> None:
    if not holds:
        raise WrongUse(f"{where} must {must}. Nothing was done.")


def parse_moment(text: str, otherwise: datetime, nothing: str) -> datetime:
    """The moment that is written, or this one where none is; `nothing` says what was not done if it is none."""
    if not text:
        return otherwise
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the second of a moment beyond the last year, or before the first, in UTC
        raise WrongUse(f"{text!r} is no moment like 2026-03-02T14:00. {nothing}") from None
