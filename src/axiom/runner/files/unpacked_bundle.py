"""A bundle's files in a folder, as the process that computes imports them. Nothing here asks who signed them."""

from collections.abc import Mapping
from pathlib import Path


def write_tree(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def read_tree(tree: Path) -> dict[str, bytes | None]:
    paths = (path for path in tree.rglob("*") if path.is_symlink() or not path.is_dir())
    return {
        path.relative_to(tree).as_posix(): None if path.is_symlink() or not path.is_file() else path.read_bytes()
        for path in paths
    }
