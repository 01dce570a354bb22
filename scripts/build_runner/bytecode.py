"""Compiles what the runtime imports, so that no host writes into the folder whose files are compared."""

import py_compile
import sys
from collections.abc import Callable
from pathlib import Path


def compile_below(tree: Path, version: str, progressed: Callable[[float], None] = lambda _: None) -> int:
    """Put bytecode beside every source that has none; how many. None for a Python that is not the one running this.

    It is not compared with its source again: the whole folder is, at each start, and with stamps.
    """
    if version != f"3.{sys.version_info.minor}":
        return 0
    written, sources = 0, sorted(tree.rglob("*.py"))
    for number, path in enumerate(sources):
        progressed(number / len(sources))
        try:
            py_compile.compile(
                str(path),
                dfile=path.relative_to(tree).as_posix(),
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except py_compile.PyCompileError:
            continue  # a template that some package brings; whoever imported it would be told
        written += 1
    return written
