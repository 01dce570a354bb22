"""Describes what comes with the program several at once: JAX is imported for all of them, and not for each.

A file of a person's own is described alone, so that nobody's file stands beside another's, and so is one that does
without JAX: whether a file needs it is seen by its being there afterwards. What is asked first is answered first: one
file by itself, then two together, then four, so that the first experiment need not wait for all.
"""

import ast
import functools
import itertools
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from axiom.errors import AxiomError
from axiom.runner.children import Described
from axiom.runner.here import Describer, describe_tree
from axiom.runner.trees import holds, write_tree
from axiom.signed.sources import collect, experiment_path

_MOST = 8  # files together, so that nobody waits long for one


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What one file declared, and the files that this followed from."""

    files: Mapping[str, bytes]
    described: Described


class Together:
    """A describer for whoever publishes a whole catalogue, one file after the other by name."""

    def __init__(
        self, package: Path, files: Sequence[Path], describe: Describer = describe_tree, *, amount: int = 1
    ) -> None:
        self._package = package
        self._files = {_module(file): file for file in files}
        self._describe = describe
        self._told: dict[str, _Told] = {}
        self._amount = amount
        self._asking = threading.Lock()

    def __call__(self, tree: Path, modules: Sequence[str]) -> tuple[Described, ...]:
        """What these modules declare. Only what was described from the very same bytes is not asked again."""
        if len(modules) != 1 or modules[0] not in self._files:
            return self._describe(tree, modules)
        with self._asking:
            if modules[0] not in self._told:
                self._look_ahead(modules[0])
            told = self._told.pop(modules[0], None)
        if told is None or told.files != holds(tree):
            return self._describe(tree, modules)
        return (told.described,)

    def _look_ahead(self, first: str) -> None:
        """Describe this one with those that come after it; nothing where it would be alone."""
        try:
            each = dict(itertools.islice(self._needing_jax(first), self._amount))
            if first not in each:
                return
            self._amount = min(2 * self._amount, _MOST)
            if len(each) == 1:
                return
            with tempfile.TemporaryDirectory(prefix="axiom-") as folder:
                for files in each.values():
                    write_tree(Path(folder), files)
                found = self._describe(Path(folder), list(each))
        except (AxiomError, OSError, SyntaxError):  # whatever one of them did to all: then each is asked by itself
            self._amount = 1
            return
        self._told = {
            name: _Told(files=each[name], described=described)
            for name, described in zip(each, found, strict=True)
            if described.manifest is not None
        }

    def _needing_jax(self, first: str) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        """Those that can be described together, from this one on, each with its files; none if it cannot be."""
        for name in sorted(self._files):
            if name >= first:
                files = collect(self._package, self._files[name])
                if _imports_jax(name, files):
                    yield name, files
                elif name == first:
                    return


def _imports_jax(module: str, files: Mapping[str, bytes]) -> bool:
    """Will JAX be there once this module is imported from these files?"""
    seen, waiting = set[str](), [module]
    while waiting:
        name = waiting.pop()
        if name.partition(".")[0] == "jax":
            return True
        body = files.get(f"{name.replace('.', '/')}.py")
        if body is not None and name not in seen:
            seen.add(name)
            waiting += _imported(body)
    return False


@functools.lru_cache(maxsize=256)
def _imported(source: bytes) -> tuple[str, ...]:
    """What importing such a file imports, each also as if what is taken from a module were one."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


def _module(file: Path) -> str:
    return experiment_path(file.stem).removesuffix(".py").replace("/", ".")
