"""What of a bundle's files this installation has compiled already, so that nobody who waits has it compiled again."""

import marshal
import sys
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

_CHECKED = (0b11).to_bytes(4, "little")  # an import compares the hash of the source, and compiles where it differs


def bytecode(files: Mapping[str, bytes], package: Path) -> dict[str, bytes]:
    """Bytecode of those files that are the very ones of our own package, under the names where an import looks for it.

    It comes from where Python keeps it for us, or is kept there from now on. There is none where we run without the
    assertions that the process which computes runs with.
    """
    if sys.flags.optimize:
        return {}
    found = {}
    for name, body in files.items():
        own = package.parent / name
        if own.is_file() and own.read_bytes() == body:
            folder, _, file = name.rpartition("/")
            place = f"{folder}/__pycache__/{file.removesuffix('.py')}.{sys.implementation.cache_tag}.pyc"
            code = SourceFileLoader(own.stem, str(own)).get_code(own.stem)
            if code is not None:
                found[place] = MAGIC_NUMBER + _CHECKED + source_hash(body) + marshal.dumps(code)
    return found
