"""Which of our own files a runner is made of, and those files as one: what a change of our code sends to each host.

`scripts/build-runner`, too, reads this where none of our packages are installed: only the standard library is imported.
"""

from pathlib import Path

_FOLDERS = ("domain", "runner", "signed")  # what `runner/` may import; tests run it with nothing else


def runner_parts(package: Path) -> list[Path]:
    """The runner's own modules and what they may import, of the package `axiom` in this folder."""
    inner = (path for folder in _FOLDERS for path in sorted((package / folder).rglob("*.py")))
    limits = package / "limits"  # of which a runner reads its own: to tune others sends no host a new runner
    return [package / "__init__.py", package / "errors.py", limits / "__init__.py", limits / "runner.py", *inner]
