"""Makes `recompute.py`: one file with the laboratory's own modules in it, so that it cannot differ from the program."""

import ast
import sys
from functools import cache
from importlib import resources

from axiom.signed.sources import parse_source

_ENTRY = "axiom.web.export.recompute"
_OURS = ("axiom", "axiom_weigh")
_NAMES = {"numpy": "NumPy"}  # as people write them
_HEAD = '''#!/usr/bin/env python3
"""Weighs a finding again from the files beside this one, and compares every number with what the laboratory said.

    python recompute.py [FOLDER]

Needs {needs}, and nothing of Axiom. It writes nothing and asks no network.
Exit status: 0 when every number is the same, 1 when one differs, 2 when a file or package is missing or cannot be read.

What follows is the laboratory's own code, word for word: {amount} modules that Axiom {version} weighs findings with.
"""

import importlib.abc
import importlib.util
import sys

SOURCES = {{}}
'''
_TAIL = '''

class Carried(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports the modules of this file, and only these, by the names that they have in Axiom."""

    def find_spec(self, name, path=None, target=None):
        if name in SOURCES or self.is_package(name):
            return importlib.util.spec_from_loader(name, self, is_package=self.is_package(name))
        return None

    def is_package(self, name):
        return any(each.startswith(name + ".") for each in SOURCES)

    def get_source(self, name):
        return SOURCES.get(name, "")


if __name__ == "__main__":
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        sys.stderr.write(f"This needs {' and '.join(missing)}: python -m pip install {' '.join(missing)}\\n")
        sys.exit(2)
    sys.meta_path.insert(0, Carried())
    from ENTRY import main

    sys.exit(main(sys.argv[1:], __file__))
'''


@cache
def recompute_script(version: str) -> str:
    """Return the text of `recompute.py`; the same text for the same program."""
    modules = collect_modules(_ENTRY)
    needs = sorted({name for source in modules.values() for name in _foreign(source)})
    words = " and ".join(["Python 3.11 or newer", *(_NAMES.get(name, name) for name in needs)])
    head = _HEAD.format(needs=words, amount=len(modules), version=version)
    carried = "".join(f"\nSOURCES[{name!r}] = {_quoted(source)}\n" for name, source in modules.items())
    tail = _TAIL.replace("NEEDS", repr(needs)).replace("ENTRY", _ENTRY)
    return head + carried + tail


def collect_modules(*entries: str) -> dict[str, str]:
    """Every module of ours that these need, in their functions too, and themselves: from its name to its source."""
    waiting, sources = [*entries], dict[str, str]()
    while waiting:
        name = waiting.pop()
        source = _source(name)
        if source is None:
            raise LookupError(f"the module {name} is needed to weigh findings, and its source is not installed")
        sources[name] = source
        waiting += [wanted for wanted in _imported(source) - sources.keys() if _is_ours(wanted)]
    return dict(sorted(sources.items()))


def _imported(source: str) -> set[str]:
    """The modules that a source ever imports: of `from a import b`, `a.b` where that is a module."""
    names = set()
    for node in ast.walk(parse_source(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in below if _is_ours(name) and _source(name) is not None}
            names |= modules
            if modules != below:
                names.add(node.module)
    return names


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in _OURS


def _foreign(source: str) -> set[str]:
    packages = {name.partition(".")[0] for name in _imported(source)}
    return packages - set(sys.stdlib_module_names) - {*_OURS}


@cache
def _source(name: str) -> str | None:
    """The source of a module; None where there is no such file, as for a package or a name inside a module."""
    package, *folders = name.split(".")
    file = resources.files(package).joinpath(*folders[:-1], f"{folders[-1]}.py") if folders else None
    return file.read_text(encoding="utf-8") if file is not None and file.is_file() else None


def _quoted(source: str) -> str:
    """A string in which the source can be read as it is, where that can be."""
    quote = "'" * 3
    return repr(source) if quote in source or source.endswith(("\\", "'")) else f"r{quote}{source}{quote}"
