"""Reads out of a host's words which exception was raised at which line and config.

These words are hostile. What comes out of here is a name from a list of ours, the name of a file that the bundle has,
and a number: nothing in it can have been written by whoever owns the host. Only `find_last_print` gives words.
"""

import builtins
import json
import re
from collections.abc import Collection

from axiom.domain.failures import RaisedError

ANOTHER = "another exception"
_KNOWN = frozenset(
    name for name, thing in vars(builtins).items() if isinstance(thing, type) and issubclass(thing, BaseException)
) | {"LinAlgError", "AxisError", "XlaRuntimeError", "ConcretizationTypeError", "TracerBoolConversionError"}
_FILE = r"axiom/(?:catalogue|domain|kit)/[a-z][a-z0-9_]{0,63}\.py"
_MOST_LINE = 10_000
# As our runner says it.
_SAID = re.compile(rf"\b([A-Za-z_][A-Za-z0-9_]{{0,79}}) at ({_FILE}):([0-9]{{1,5}})(?![0-9])", re.ASCII)
# As Python prints it: frames from the outermost to the innermost, and then what was raised.
_FRAME = re.compile(rf'File "[^"\n]{{0,400}}?({_FILE})", line ([0-9]{{1,5}})(?![0-9])', re.ASCII)
_LAST = re.compile(r"^(?:[a-z_][a-z0-9_.]{0,79}\.)?([A-Za-z_][A-Za-z0-9_]{0,79})(?::|$)", re.ASCII | re.MULTILINE)
_MOST_TEXT = 20_000
_PLACE = re.compile(r"replicate [0-9]{1,9}(?: at|,) config ([0-9]{1,9})\b", re.ASCII)
_WORDS = re.compile(r', and said ("(?:[^"\\]|\\.){0,2000}")\. The task fails here', re.ASCII)


def find_raised_error(text: str, files: Collection[str]) -> RaisedError | None:
    """The exception that this text speaks of, if it names one at a line of one of the bundle's files."""
    text = text[:_MOST_TEXT]
    match = next((candidate for candidate in _SAID.finditer(text) if candidate[2] in files), None)
    if match is not None:
        return _raised_error(match[1], match[2], match[3])
    frames = [candidate for candidate in _FRAME.finditer(text) if candidate[1] in files]
    if not frames:
        return None
    after = text[frames[-1].end() :]
    names = [name for name in _LAST.findall(after) if name in _KNOWN]
    return _raised_error(names[0] if names else ANOTHER, frames[-1][1], frames[-1][2])


def find_failed_config(text: str) -> int | None:
    """The place of the config at which a task failed first, if this text speaks of one."""
    match = _PLACE.search(text[:_MOST_TEXT])
    return int(match[1]) if match else None


def find_last_print(text: str) -> str:
    """What the experiment printed last at its first failure, as our runner tells it; nothing where it does not.

    It is the file's own words if the computer is ours, and anybody's if it is not.
    """
    match = _WORDS.search(text[:_MOST_TEXT])
    try:
        printed = str(json.loads(match[1])) if match else ""
    except ValueError:
        return ""
    return printed.encode(errors="replace").decode()  # halves of characters cannot be shown


def known_exception_name(kind: str) -> str:
    """This exception's name where Python or a library gave it: a file can name its own after what it has measured."""
    return kind if kind in _KNOWN else ANOTHER


def _raised_error(kind: str, file: str, line: str) -> RaisedError | None:
    number = int(line)
    if not 0 < number <= _MOST_LINE:
        return None
    return RaisedError(kind=known_exception_name(kind), file=file, line=number)
