"""Which of our own files a runner is made of, for the stand-in and for `scripts/build-runner` alike.

The builder also runs where none of our packages are installed, so nothing is imported here but the standard library.
"""

from pathlib import Path

_FOLDERS = ("domain", "runner", "signed")  # what `runner/` may import; tests run it with nothing else


def runner_parts(package: Path) -> list[Path]:
    """The runner's own modules and what they may import, of the package `axiom` in this folder."""
    inner = (path for folder in _FOLDERS for path in sorted((package / folder).rglob("*.py")))
    return [package / "__init__.py", package / "errors.py", *inner]
