"""`dataclass` as in the standard library, at a fraction of what making such a class costs there.

A command imports some 250 of these classes, and makes instances of few. The standard library writes and compiles six
methods for each as it is imported, which was a third of what a sweep imports. Here they share all methods but the
one that makes an instance, and that one is written when the first is made (ADR 0047, `scripts/bench cli`).

What we do not use is not there: an order, and fields that are handed on alone. A class that inherits from one of these
is made by the same decorator. Those that authors of experiments make are the standard library's: its errors point at
their line, and `help` tells their arguments.
"""

from dataclasses import MISSING, FrozenInstanceError, fields
from dataclasses import dataclass as _plain
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # whoever checks types is told what it knows
    from collections.abc import Callable
    from dataclasses import Field
    from dataclasses import dataclass as dataclass
else:

    def dataclass(
        *, frozen: bool = False, kw_only: bool = False, slots: bool = False, unsafe_hash: bool = False
    ) -> "Callable[[type], type]":
        """Make a class of what is declared in its body, as the decorator of the same name does."""
        return lambda cls: _made(cls, frozen=frozen, kw_only=kw_only, slots=slots, hashed=frozen or unsafe_hash)


def _made(cls: type, *, frozen: bool, kw_only: bool, slots: bool, hashed: bool) -> Any:
    """The class with fields, and with each method that it does not have by itself."""
    own = vars(cls)
    by_itself = {name for name in own if own[name] is not None}  # who has an __eq__ has None as __hash__
    methods: dict[str, Any] = {"__repr__": _repr, "__eq__": _eq, "__hash__": _hash if hashed else None}
    if frozen:
        methods |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
    if frozen and slots:
        methods |= {"__getstate__": _state, "__setstate__": _restore}
    made: Any = _plain(init=False, repr=False, eq=False, kw_only=kw_only, slots=slots)(cls)
    if "__init__" not in by_itself:
        made.__init__ = _first(made, frozen=frozen)
    for name in methods.keys() - by_itself:
        setattr(made, name, methods[name])
    return made


def _first(made: Any, *, frozen: bool) -> "Callable[..., None]":
    """What makes the first instance: it writes what makes all others, and leaves its place to that."""

    def first(self: Any, *given: Any, **named: Any) -> None:
        _written(made, frozen=frozen)(self, *given, **named)

    return first


def _written(made: Any, *, frozen: bool) -> "Callable[..., None]":
    """Write what makes an instance, from now on; two threads write the same."""
    own = fields(made)
    known: dict[str, Any] = {"__name__": made.__module__, "set__": object.__setattr__, "absent__": MISSING}
    known |= {f"make__{one.name}": one.default_factory for one in own}  # by names that no field has
    known |= {f"default__{one.name}": one.default for one in own}
    given = [one for one in own if one.init]
    words = [_parameter(one) for one in given if not one.kw_only]
    if named := [_parameter(one) for one in given if one.kw_only]:
        words += ["*", *named]
    lines = [line for one in own if (line := _assignment(one, frozen=frozen))]
    lines += ["self.__post_init__()"] if hasattr(made, "__post_init__") else []
    text = f"def __init__(self, {', '.join(words)}):\n " + "\n ".join(lines or ["pass"])
    exec(text, known)  # noqa: S102  the names of our own fields, as the standard library does it
    written: Callable[..., None] = known["__init__"]
    written.__qualname__ = f"{made.__qualname__}.__init__"
    written.__annotations__ = {one.name: one.type for one in given} | {"return": None}
    made.__init__ = written
    return written


def _parameter(one: "Field[Any]") -> str:
    """The field among the arguments."""
    if one.default_factory is not MISSING:
        return f"{one.name}=absent__"
    return one.name if one.default is MISSING else f"{one.name}=default__{one.name}"


def _assignment(one: "Field[Any]", *, frozen: bool) -> str:
    """The line that gives the field its value; none for one that is set later."""
    value = one.name
    if one.default_factory is not MISSING:
        value = f"make__{one.name}()" + (f" if {one.name} is absent__ else {one.name}" if one.init else "")
    elif not one.init and one.default is MISSING:
        return ""
    elif not one.init:
        value = f"default__{one.name}"
    return f"set__(self, {one.name!r}, {value})" if frozen else f"self.{one.name} = {value}"


@cache
def _values(cls: type[Any]) -> "Callable[[Any], tuple[Any, ...]]":
    """What brings the values by which instances are compared."""
    names = [one.name for one in fields(cls) if one.compare]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    values = _values(self.__class__)
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(_values(self.__class__)(self))


@recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse_to_set(_self: Any, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for one, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)
