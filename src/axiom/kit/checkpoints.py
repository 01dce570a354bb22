"""The state of a loop as bytes, and back. Nothing that is read can run.

A state is made of arrays, numbers, words, None, and lists, tuples and dictionaries of these. One line of JSON tells its
shape, and the arrays follow in order as NumPy writes them. NumPy is loaded when called.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

_PLAIN = (bool, int, str, type(None))


def check(state: object) -> None:
    """Return when the state can be kept; a TypeError names what in it cannot."""
    import numpy as np  # noqa: F401  so that the first `pack` need not

    _shape(state, [])


def copy(state: Any) -> Any:
    """The same state, of which nobody else holds a part."""
    return unpack(pack(state))


def pack(state: object) -> bytes:
    """Write a state; what `unpack` returns has the same bits."""
    import numpy as np

    arrays: list[Any] = []
    buffer = io.BytesIO(json.dumps(_shape(state, arrays)).encode() + b"\n")
    buffer.seek(0, io.SEEK_END)
    for array in arrays:
        np.lib.format.write_array(buffer, np.asarray(array), allow_pickle=False)
    return buffer.getvalue()


def unpack(raw: bytes) -> Any:
    """Read a state; arrays come back as NumPy's. A ValueError says that these bytes are none."""
    import numpy as np

    buffer = io.BytesIO(raw)
    try:
        shape = json.loads(buffer.readline())
        return _state(shape, lambda: np.lib.format.read_array(buffer, allow_pickle=False))
    except (IndexError, KeyError, RecursionError, TypeError, ValueError) as fault:
        raise ValueError(f"this is no state of a loop: {fault}") from None


def _shape(node: object, arrays: list[Any]) -> list[Any]:
    """The node as JSON; each array becomes a mark, and joins the others."""
    if type(node) in _PLAIN:
        return ["plain", node]
    if type(node) is float:
        return ["float", node.hex()]  # JSON knows neither an infinity nor what is not a number
    if type(node) in (list, tuple):
        return [type(node).__name__, [_shape(part, arrays) for part in node]]  # type: ignore[attr-defined]
    if type(node) is dict and all(type(name) is str for name in node):
        return ["dict", {name: _shape(part, arrays) for name, part in node.items()}]
    return [_kind(node, arrays)]


def _kind(node: Any, arrays: list[Any]) -> str:
    import numpy as np

    try:
        is_numbers = np.dtype(node.dtype).kind in "biufc"
    except (AttributeError, TypeError):
        is_numbers = False
    if not is_numbers:
        raise TypeError(
            f"{type(node).__name__} cannot be kept: a state is made of arrays, numbers, words, None, and lists, tuples "
            "and dictionaries with words for keys"
        )
    arrays.append(node)
    return "scalar" if isinstance(node, np.generic) else "array"


def _state(shape: list[Any], read: Callable[[], Any]) -> Any:
    kind = shape[0]
    if kind in ("array", "scalar"):
        array = read()
        return array[()] if kind == "scalar" else array
    if kind == "float":
        return float.fromhex(shape[1])
    if kind == "dict":
        return {name: _state(part, read) for name, part in shape[1].items()}
    if kind in ("list", "tuple"):
        parts = [_state(part, read) for part in shape[1]]
        return parts if kind == "list" else tuple(parts)
    if kind == "plain":
        return shape[1]
    raise ValueError(f"it has a part of the unknown kind {kind!r}")
