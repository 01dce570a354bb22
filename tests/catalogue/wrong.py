"""An experiment as somebody might have written it wrongly: a truth test that it passes would be worth nothing."""

import importlib.util
import itertools
import sys
import tempfile
from pathlib import Path

import axiom

_NUMBERS = itertools.count()


def wrong(name, old, new):
    """The module of a catalogue file in which `old`, which must occur exactly once, was replaced by `new`."""
    path = Path(axiom.__file__).parent / "catalogue" / f"{name}.py"
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:  # no AssertionError, which would pass for a truth that was violated
        raise LookupError(f"{old!r} occurs {text.count(old)} times in {path.name}, and must occur once")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path.name
        file.write_text(text.replace(old, new), encoding="utf-8")
        spec = importlib.util.spec_from_file_location(f"wrong_{name}_{next(_NUMBERS)}", file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # a dataclass looks its module up
        spec.loader.exec_module(module)
    return module
