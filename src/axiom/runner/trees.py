"""A bundle's files in a folder, as the process that computes imports them. Nothing here asks who signed them."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

_IMPORTS = re.compile(rb"\b(?:from|import)\b(?:[^\n(\\]|\\\n)*(?:\([^)]*\))?")
_NAMES = re.compile(rb"\w+")
_ASKED = {b"declaration", b"pace"}  # modules that the process which computes asks for by itself


def write_tree(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a bundle below a folder."""
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def importable(files: Mapping[str, bytes], module: str) -> dict[str, bytes]:
    """Those of a bundle's files that importing one of its modules may take: what they name behind an `import`.

    In prose the word counts, too, so it may be more than that. It is less for who makes up names while computing, which
    no gate lets through.
    """
    found, names = dict[str, bytes](), {*_ASKED, module.rpartition(".")[2].encode(), b"__init__"}
    while named := [name for name in files.keys() - found if PurePosixPath(name).stem.encode() in names]:
        found |= {name: files[name] for name in named}
        said = b"\n".join(text for name in named for text in _IMPORTS.findall(files[name]))
        names = {*_NAMES.findall(said)}
    return found


def holds(tree: Path) -> dict[str, bytes | None]:
    """Everything below a folder; a link is shown as None, which no signed file is."""
    found = (path for path in tree.rglob("*") if path.is_symlink() or not path.is_dir())
    return {
        path.relative_to(tree).as_posix(): None if path.is_symlink() or not path.is_file() else path.read_bytes()
        for path in found
    }
