"""One form of JSON, and one reader that takes nothing else.

A signature covers bytes. If two texts could mean the same, or one text two things, a signature would cover less than
it seems to: so there is exactly one way to write a value, and every field is known by name and type.
"""

import difflib
import functools
import json
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

Scalar = str | int | float | bool
TICKET_LIMIT = 60_000  # characters of an order, plain words and all: boinc-client takes 64 kB in a command line
LARGEST = 2**63 - 1  # what a key of the database, a seed and a counter can be
_MOST_DIGITS = 4_000
T = TypeVar("T")


def canonical_bytes(data: Any) -> bytes:
    """Write a value in its one form: keys sorted, no spaces, UTF-8, no NaN and no infinity."""
    return _WRITER.encode(data).encode()


def parse_canonical(raw: bytes, *, limit: int) -> dict[str, Any]:
    if len(raw) > limit:
        raise ValueError(f"it has {len(raw)} bytes, and {limit} are allowed")
    return _in_form(raw) or _with_reason(raw)


def read_json(raw: str | bytes) -> Any:
    """Read a value in whatever form somebody wrote it; a ValueError in our words where it could not be written again.

    It may not hold NaN, a number beyond any float, half a character or a key twice, nor be nested without end.
    """
    try:
        data = _READER.decode(raw if isinstance(raw, str) else raw.decode())
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError as fault:
        raise ValueError(f"it is not JSON from line {fault.lineno}, character {fault.colno} on") from None
    try:
        canonical_bytes(data)
    except UnicodeError:
        raise ValueError("it holds half a character, which UTF-8 cannot") from None
    except ValueError:
        raise ValueError("it holds a number beyond any that is computed with") from None
    return data


def _in_form(raw: bytes) -> dict[str, Any] | None:
    """Read what is in its one form; to look for a reason to refuse it only when it is not makes this twice as fast.

    Whatever a text says twice, or with numbers that are none, is not what is written of what was read.
    """
    try:
        data, _ = _QUICK_READER.raw_decode(raw.decode())
        return data if canonical_bytes(data) == raw and isinstance(data, dict) else None
    except (ValueError, RecursionError):
        return None


def _with_reason(raw: bytes) -> dict[str, Any]:
    data = read_json(raw)
    if not isinstance(data, dict):
        raise ValueError("it is not an object")  # noqa: TRY004  every refusal of this reader is a ValueError
    if canonical_bytes(data) != raw:
        raise ValueError("it is not in canonical form: sorted keys, no spaces, each value written in one way")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("it names the same key twice")
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"it holds {name}, which is no number")


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:  # of more, Python itself refuses to make a number
        raise ValueError(f"it holds a whole number of {len(text):,} digits, and {_MOST_DIGITS:,} are the most")
    return int(text)


# Made once: to make them anew for every line costs more than to read it.
_QUICK_READER = json.JSONDecoder()
_READER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_whole)
_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def utc_text(moment: datetime) -> str:
    if moment.tzinfo is not UTC:
        raise ValueError(f"the time {moment.isoformat()} is not in UTC")
    return _moment_text(moment)


@functools.lru_cache(maxsize=64)  # all orders of a reply say the same moments
def _moment_text(moment: datetime) -> str:
    return moment.isoformat()


class Fields:
    def __init__(self, data: object, what: str, names: Collection[str]) -> None:
        if not isinstance(data, dict):
            raise ValueError(f"{what} is not an object")  # noqa: TRY004  every refusal of this reader is a ValueError
        if data.keys() != set(names):
            raise ValueError(_odd_field(data, what, names))
        self.data: dict[str, Any] = data  # as it came, and nothing else is in it
        self._what = what

    def text(self, name: str, pattern: str | re.Pattern[str] = r"(?s).*") -> str:
        value = self._of(name, str, "a text")
        if not (re.fullmatch(pattern, value) if isinstance(pattern, str) else pattern.fullmatch(value)):
            form = pattern if isinstance(pattern, str) else pattern.pattern
            raise ValueError(f"{self._what}: {name} {value[:80]!r} has not the form {form}")
        return value

    def whole(self, name: str, *, least: int = 0) -> int:
        return check_whole(self.data[name], f"{self._what}: {name}", least=least)

    def real(self, name: str, *, least: float = -math.inf) -> float:
        return check_real(self.data[name], f"{self._what}: {name}", least=least)

    def flag(self, name: str) -> bool:
        return self._of(name, bool, "true or false")

    def moment(self, name: str) -> datetime:
        text = self._of(name, str, "a time")
        try:
            moment = datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError(f"{self._what}: {name} {text[:40]!r} is not a time") from None
        if utc_text(moment) != text:
            raise ValueError(f"{self._what}: {name} {text[:40]!r} is not a time in UTC")
        return moment

    def part(self, name: str) -> dict[str, Any]:
        return self._of(name, dict, "an object")

    def array(self, name: str, read: Callable[[Any, str], T]) -> tuple[T, ...]:
        items = self._of(name, list, "a list")
        return tuple(read(item, f"{self._what}: {name}[{place}]") for place, item in enumerate(items))

    def either(self, name: str, read: Callable[[Any, str], T]) -> T | None:
        value = self.data[name]
        return None if value is None else read(value, f"{self._what}: {name}")

    def _of(self, name: str, kind: type[T], words: str) -> T:
        value = self.data[name]
        if not isinstance(value, kind):
            raise ValueError(f"{self._what}: {name} is not {words}")  # noqa: TRY004  see above
        return value


def _odd_field(data: Mapping[str, Any], what: str, names: Collection[str]) -> str:
    for name in sorted(set(data) - set(names)):
        near = difflib.get_close_matches(str(name), sorted(names), n=1, cutoff=0.5)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return f"{what} has an unknown field {name!r}{hint}"
    return f"{what} lacks the field {min(set(names) - set(data))!r}"


def check_whole(value: Any, what: str, *, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{what} is not a whole number of at least {least}")
    if value > LARGEST:
        raise ValueError(f"{what} is larger than 63 bits can say")
    return value


def check_real(value: Any, what: str, *, least: float = -math.inf) -> float:
    number = _float(value)
    if not math.isfinite(number) or number < least:
        raise ValueError(f"{what} is not a finite number" + (f" of at least {least:g}" if least > -math.inf else ""))
    return number


def _float(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def check_text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} is not a text")  # noqa: TRY004  see above
    return value


def check_pair(value: Any, what: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"{what} is not a pair of numbers")
    return check_real(value[0], what), check_real(value[1], what)


def check_config(value: Any, what: str) -> Mapping[str, Scalar]:
    if not isinstance(value, dict) or not all(map(is_plain, value.values())):
        raise ValueError(f"{what} is not an object of plain values")
    return value


def is_plain(value: Any) -> bool:
    return isinstance(value, str | bool) or math.isfinite(_float(value))


def check_distinct(values: Sequence[object], what: str) -> None:
    if not values:
        raise ValueError(f"{what} is empty")
    if len({canonical_bytes(value) for value in values}) != len(values):
        raise ValueError(f"{what} names the same thing twice")
